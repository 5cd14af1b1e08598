"""Checks that find wrong derivatives and broken promises.

What the project tests itself with, for tests of programs that use it: `check_grads` compares
derivatives with differences of values, and `check_all` does everything that can be said about a
function without knowing it. A check that fails raises `CheckFailure`, an `AssertionError` that
names the number that is wrong and the smallest input that was found to show it.

`fgrad.testing.strategies` draws arguments for property-based tests with hypothesis; it needs
``pip install 'fgrad[testing]'``.

>>> import numpy as np
>>> from fgrad.testing import check_grads
>>> check_grads(lambda x, w: np.tanh(x @ w).sum(), (np.ones(2), np.eye(2)), order=2)
"""

from ._everything import check_all
from ._gradients import check_grads, check_jvp, check_vjp
from ._laws import check_dot_product, check_hessian_symmetry, check_linearity
from ._report import CheckFailure
from ._transformations import check_jit, check_pure, check_vmap
