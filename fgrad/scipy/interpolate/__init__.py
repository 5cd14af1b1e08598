"""Functions from samples of them: `fgrad.scipy.interpolate`."""

from fgrad.scipy.interpolate._grid import RegularGridInterpolator
