"""The method of Broyden, Fletcher, Goldfarb and Shanno.

J. Nocedal, S. J. Wright, Numerical optimization (2006), algorithm 6.1. Its line search is the
bisection of A. S. Lewis, M. L. Overton, Nonsmooth optimization via quasi-Newton methods,
Mathematical Programming 141 (2013): it ends where both of Wolfe's conditions hold.
"""

import math
from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import lax

_DECREASE, _CURVATURE = 1e-4, 0.9


class State(NamedTuple):
    """Where the search is: place, value, gradient, inverse Hessian; counts; how it stands."""

    x: Any
    f: Any
    g: Any
    h: Any
    nfev: Any
    nit: Any
    converged: Any
    failed: Any


class _Line(NamedTuple):
    """The step to try and the bounds on it; the best step so far, with what is there."""

    step: Any
    low: Any
    high: Any
    best: Any
    f: Any
    g: Any
    tried: Any
    found: Any


def _search(value_and_grad, x, f, g, p, step, most):
    """A step along `p` that fulfils Wolfe's conditions, or the best that was met."""
    slope = g @ p

    def go_on(line):
        return ~line.found & (line.tried < most)

    def try_step(line):
        value, gradient = value_and_grad(x + line.step * p)
        decreased = value <= f + _DECREASE * line.step * slope
        steep = gradient @ p < _CURVATURE * slope
        low = fnp.where(decreased, line.step, line.low)
        high = fnp.where(decreased, line.high, line.step)
        better = decreased & (value < line.f)
        return _Line(
            fnp.where(high < math.inf, 0.5 * (low + high), 2 * line.step),
            low,
            high,
            fnp.where(better, line.step, line.best),
            fnp.where(better, value, line.f),
            fnp.where(better, gradient, line.g),
            line.tried + 1,
            decreased & ~steep & better,
        )

    zero = fnp.zeros_like(f)
    start = _Line(step, zero, zero + math.inf, zero, f, g, fnp.asarray(0), fnp.asarray(False))
    return lax.while_loop(go_on, try_step, start)


def _updated(h, s, y, first):
    """The inverse Hessian after a step `s` that changed the gradient by `y`."""
    curvature = s @ y
    usable = curvature > 0
    rho = 1 / fnp.where(usable, curvature, 1)
    scaled = fnp.where(first & usable, curvature / fnp.where(usable, y @ y, 1), 1)
    h = h * scaled
    hy = h @ y
    change = (rho * rho * (y @ hy) + rho) * fnp.outer(s, s)
    new = h + change - rho * (fnp.outer(hy, s) + fnp.outer(s, hy))
    return fnp.where(usable, new, h)


def minimize_bfgs(value_and_grad, x, maxiter=None, norm=math.inf, gtol=1e-5,
                  line_search_maxiter=40):  # fmt: skip
    """The last `State` of a search from `x` on.

    Parameters
    ----------
    value_and_grad : callable
    x : array of shape (n,)
    maxiter : int, optional
        200 n unless given.
    norm : number
        The order of the norm that the gradient is measured by.
    gtol : float
        How small it has to be.
    line_search_maxiter : int
        How many steps may be tried along one line.
    """
    maxiter = 200 * x.shape[0] if maxiter is None else maxiter

    def small(g):
        return fnp.linalg.norm(g, ord=norm) < gtol

    def go_on(state):
        return ~state.converged & ~state.failed & (state.nit < maxiter)

    def iterate(state):
        p = -(state.h @ state.g)
        first = state.nit == 0
        length = fnp.linalg.norm(state.g)
        step = fnp.where(first, 1 / fnp.maximum(length, 1), 1)
        line = _search(
            value_and_grad, state.x, state.f, state.g, p, step.astype(x.dtype), line_search_maxiter
        )
        s = line.best * p
        return State(
            state.x + s,
            line.f,
            line.g,
            _updated(state.h, s, line.g - state.g, first),
            state.nfev + line.tried,
            state.nit + 1,
            small(line.g),
            line.best == 0,
        )

    f, g = value_and_grad(x)
    one, no = fnp.asarray(1), fnp.asarray(False)
    start = State(x, f, g, fnp.eye(x.shape[0], dtype=x.dtype), one, one * 0, small(g), no)
    return lax.while_loop(go_on, iterate, start)
