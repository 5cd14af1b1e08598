"""Integrals of samples: `fgrad.scipy.integrate`."""

from fgrad.numpy import trapezoid
