"""The least values of functions: `fgrad.scipy.optimize`."""

from fgrad.scipy.optimize._minimize import OptimizeResults, minimize
