"""All checks at once."""

from typing import Any

import numpy as np

from fgrad.core.tree import tree_leaves
from fgrad.testing._gradients import check_grads
from fgrad.testing._laws import check_dot_product, check_hessian_symmetry, check_linearity
from fgrad.testing._leaves import check_args, is_inexact
from fgrad.testing._transformations import check_jit, check_pure, check_vmap
from fgrad.transforms.jit import jit


def check_all(f, args, order=2, modes: Any = ("fwd", "rev"), atol=None, rtol=None):
    """Check everything that holds for a pure function, whatever it computes.

    That it is pure; that `fgrad.jit` and `fgrad.vmap` of it give what it gives; that its derivative
    is linear, the same in forward and reverse mode, and symmetric in second order; and that it is
    what differences of values say.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays, real or complex; integer leaves stay as they are.
    args : tuple
        Where to check.
    order : int
        Up to which derivatives are compared with differences; 0 for a function without any.
    modes : sequence of {"fwd", "rev"}
        Of the comparison with differences.
    atol, rtol : float, optional
        As for `check_grads`, for the comparison with differences alone.

    Raises
    ------
    CheckFailure
        An `AssertionError` that says what is wrong, and the smallest arguments that were found to
        show it.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_all
    >>> check_all(lambda x, w: {"y": np.tanh(x @ w)}, (np.ones(2), np.eye(2)))
    """
    args = check_args("check_all", f, args)
    check_pure(f, args, may_alias=True)
    check_jit(f, args)
    check_pure(jit(f), args)
    check_vmap(f, args)
    if order == 0:
        return
    check_linearity(f, args)
    check_dot_product(f, args)
    if order > 1 and not any(np.iscomplexobj(x) for x in tree_leaves(args) if is_inexact(x)):
        check_hessian_symmetry(f, args)
    check_grads(f, args, order, modes, atol, rtol)
