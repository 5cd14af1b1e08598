"""The face of the minimizers."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad.core.source import located
from fgrad.scipy._arguments import real
from fgrad.scipy.optimize._bfgs import minimize_bfgs
from fgrad.transforms.grad import value_and_grad


class OptimizeResults(NamedTuple):
    """What `minimize` gives.

    Attributes
    ----------
    x : array
        The place that was found.
    success : bool
        Whether the gradient is small there.
    status : int
        0 for success, 1 if there were too many iterations, 2 if no step made the value less.
    fun, jac, hess_inv : array
        The value, the gradient and the approximate inverse of the Hessian there.
    nfev, njev, nit : int
        How many values, gradients and iterations it took.
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    jac: Any
    hess_inv: Any
    nfev: Any
    njev: Any
    nit: Any


def minimize(fun, x0, args=(), *, method, tol=None, options=None):
    """A place where a function is least.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``: a number.
    x0 : array of shape (n,)
        Where to begin.
    args : tuple
    method : {"BFGS"}
    tol : float, optional
        How small the gradient has to be; the option "gtol".
    options : dict, optional
        "maxiter", "gtol" (1e-5), "norm" (the order of the norm of the gradient, infinite) and
        "line_search_maxiter".

    Returns
    -------
    OptimizeResults

    Raises
    ------
    ValueError
        If `x0` is no vector or the method is another one.
    TypeError
        If `args` is no tuple, or an option is unknown.

    Notes
    -----
    It can be compiled and mapped, and has derivatives in forward mode; `fgrad.lax.custom_root`
    gives them in reverse.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> from fgrad.scipy.optimize import minimize
    >>> found = minimize(lambda x: fnp.sum((x - 3.0) ** 2), fnp.zeros(2), method="BFGS")
    >>> found.x.round(6)
    array([3., 3.])
    """
    if not isinstance(args, tuple):
        raise TypeError(located(f"minimize: args must be a tuple; got {type(args).__name__}"))
    if not isinstance(method, str) or method.lower() != "bfgs":
        raise ValueError(located(f"minimize: method must be 'BFGS'; got {method!r}"))
    options = dict(options or {})
    unknown = sorted(set(options) - {"maxiter", "gtol", "norm", "line_search_maxiter"})
    if unknown:
        raise TypeError(located(f"minimize: unknown options {unknown}"))
    if tol is not None:
        options.setdefault("gtol", tol)
    x = fnp.asarray(real("minimize", x0=x0))
    if x.ndim != 1 or not x.shape[0]:
        raise ValueError(located(f"minimize: x0 must be a vector; got shape {x.shape}"))
    state = minimize_bfgs(value_and_grad(lambda x: fun(x, *args)), x, **options)
    status = fnp.where(state.converged, 0, fnp.where(state.failed, 2, 1))
    return OptimizeResults(
        state.x, state.converged, status, state.f, state.g, state.h, state.nfev, state.nfev,
        state.nit,
    )  # fmt: skip
