"""Geometry: `fgrad.scipy.spatial`."""

from fgrad.scipy.spatial import transform
