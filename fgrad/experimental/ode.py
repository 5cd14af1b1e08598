"""Ordinary differential equations, under the name of ``jax.experimental.ode``.

The method is that of Dormand and Prince (1980): a step of order 5 with an error estimate of order
4, and an interpolant of order 4 (Shampine, Some practical Runge-Kutta formulas, 1986) that gives
the solution between steps. The gradient integrates the adjoint equation backward, and with it the
solution itself (Chen et al., Neural ordinary differential equations, 2018, appendix C): nothing is
kept but the solution at the times asked for.
"""

import functools

import numpy as np

import fgrad.numpy as fnp
from fgrad import lax, tree
from fgrad.core.source import located
from fgrad.flatten_util import ravel_pytree
from fgrad.transforms.closure import closure_convert
from fgrad.transforms.custom_vjp import custom_vjp
from fgrad.transforms.face import check_callable
from fgrad.transforms.grad import vjp
from fgrad.transforms.vmap import vmap

# Stage i is taken at the time c[i], of the stages before with the weights a[i].
_C = (0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1)
_A = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_SOLUTION = (*_A[6], 0)
_ERROR = (
    35 / 384 - 1951 / 21600, 0, 500 / 1113 - 22642 / 50085, 125 / 192 - 451 / 720,
    -2187 / 6784 + 12231 / 42400, 11 / 84 - 649 / 6300, -1 / 60,
)  # fmt: skip
_MIDPOINT = (
    6025192743 / 30085553152 / 2, 0, 51252292925 / 65400821598 / 2,
    -2691868925 / 45128329728 / 2, 187940372067 / 1594534317056 / 2,
    -1776094331 / 19743644256 / 2, 11237099 / 235043384 / 2,
)  # fmt: skip
_ORDER = 5


def odeint(func, y0, t, *args, rtol=1.4e-8, atol=1.4e-8, mxstep=np.inf, hmax=np.inf):
    """Solve an initial value problem with steps of adaptive size.

    Parameters
    ----------
    func : callable
        ``func(y, t, *args)``: the derivative of y by t, like y. It may close over values that are
        differentiated.
    y0 : pytree of arrays
        The value at ``t[0]``.
    t : array of float
        The times to give the solution at, increasing.
    *args : pytrees of arrays
        Parameters of `func`.
    rtol, atol : float
        The error of a step shall be below ``atol + rtol * abs(y)``, in the mean square.
    mxstep : int
        How many steps to take at most from one time to the next.
    hmax : float
        The largest step.

    Returns
    -------
    pytree of arrays
        Like `y0`, with a first axis of the length of `t`; NaN from the first time on that was not
        reached in `mxstep` steps, or where `func` gave one.

    Raises
    ------
    TypeError
        If `t` is no array of floats, or `func` gives a value unlike `y0`.
    ValueError
        If `t` has not one axis, or no entry, or decreases.

    Notes
    -----
    It has a reverse-mode derivative by `y0`, `t`, `args` and what `func` closes over, which is
    that of the exact solution within the tolerances; it has no forward-mode one.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> from fgrad.experimental.ode import odeint
    >>> decay = lambda k: odeint(lambda y, t: -k * y, 1.0, fnp.array([0.0, 1.0]))[-1]
    >>> round(float(decay(2.0)), 6), round(float(fgrad.grad(decay)(2.0)), 6)
    (0.135335, -0.135335)
    """
    check_callable(func, "odeint")
    t = fnp.asarray(t)
    if not np.issubdtype(t.dtype, np.floating):
        raise TypeError(located(f"odeint: t must be an array of floats; got dtype {t.dtype}"))
    if t.ndim != 1 or not t.size:
        raise ValueError(located(f"odeint: t must have one axis and an entry; got {t.shape}"))
    if isinstance(t, np.ndarray) and np.any(np.diff(t) < 0):
        raise ValueError(located(f"odeint: t must not decrease; got {t}"))
    y0 = tree.map(_inexact, y0)
    converted, hoisted = closure_convert(func, y0, t[0], *args)
    return _solve(converted, rtol, atol, mxstep, hmax, y0, t, *args, *hoisted)


def _inexact(x):
    x = fnp.asarray(x)
    return x if np.issubdtype(x.dtype, np.inexact) else x.astype(float)


def _solve(func, rtol, atol, mxstep, hmax, y0, ts, *args):
    flat, unravel = ravel_pytree(y0)

    def slope(y, t, *args):
        given = func(unravel(y), t, *args)
        if tree.structure(given) != tree.structure(y0):
            raise TypeError(
                located(
                    f"odeint: func must give a value like y0, {tree.structure(y0)}; it gave "
                    f"{tree.structure(given)}"
                )
            )
        f, _ = ravel_pytree(given)
        if f.shape != flat.shape:
            raise TypeError(
                located(
                    f"odeint: func must give a value like y0, of {flat.size} numbers; it gave "
                    f"{f.size}"
                )
            )
        return f.astype(flat.dtype)

    return vmap(unravel)(_odeint(slope, rtol, atol, mxstep, hmax, flat, ts, *args))


# -- one step --------------------------------------------------------------------------------------


def _weighted(weights, ks):
    """A sum of stages, each times its weight."""
    return sum(w * k for w, k in zip(weights, ks, strict=False) if w)


def _step(slope, y, f, t, dt):
    """The value and slope after a step, the error estimate, and the stages."""
    h = dt.astype(y.dtype)
    ks = [f]
    for c, a in zip(_C[1:], _A[1:], strict=True):
        ks.append(slope(y + h * _weighted(a, ks), t + c * dt))
    return y + h * _weighted(_SOLUTION, ks), ks[-1], h * _weighted(_ERROR, ks), ks


def _interpolant(y0, y1, ks, dt):
    """Coefficients, the highest first, of the polynomial of the step as a function on 0 to 1.

    It has the values and slopes of both ends and the value in the middle.
    """
    h = dt.astype(y0.dtype)
    mid = y0 + h * _weighted(_MIDPOINT, ks)
    d0, d1 = h * ks[0], h * ks[-1]
    return fnp.stack([
        2 * (d1 - d0) - 8 * (y0 + y1) + 16 * mid,
        5 * d0 - 3 * d1 + 18 * y0 + 14 * y1 - 32 * mid,
        d1 - 4 * d0 - 11 * y0 - 5 * y1 + 16 * mid,
        d0,
        y0,
    ])  # fmt: skip


def _error_ratio(error, rtol, atol, y0, y1):
    """The mean square of the error, where 1 is what is tolerated."""
    tolerated = atol + rtol * fnp.maximum(abs(y0), abs(y1))
    return fnp.sqrt(fnp.mean(abs(error / tolerated) ** 2))


def _next_size(dt, ratio):
    """The size of the next step: at most ten times, at least a fifth of this one."""
    least = fnp.where(ratio < 1, 1.0, 0.2)
    positive = fnp.where(ratio == 0, 1.0, ratio)
    factor = fnp.clip(0.9 * positive ** (-1 / _ORDER), least, 10.0)
    return dt * fnp.where(ratio == 0, 10.0, factor)


def _first_size(slope, t0, y0, f0, rtol, atol):
    """The size of the first step: Hairer, Norsett and Wanner I, section II.4."""
    scale = atol + rtol * abs(y0)
    norm = lambda x: fnp.sqrt(fnp.sum(abs(x / scale) ** 2))
    d0, d1 = norm(y0), norm(f0)
    tiny = (d0 < 1e-5) | (d1 < 1e-5)
    h0 = fnp.where(tiny, 1e-6, 0.01 * d0 / fnp.where(tiny, 1.0, d1))
    d2 = norm(slope(y0 + h0.astype(y0.dtype) * f0, t0 + h0) - f0) / h0
    flat = (d1 <= 1e-15) & (d2 <= 1e-15)
    largest = fnp.where(flat, 1.0, fnp.maximum(d1, d2))
    h1 = fnp.where(flat, fnp.maximum(1e-6, h0 * 1e-3), (0.01 / largest) ** (1 / _ORDER))
    return fnp.minimum(100 * h0, h1).astype(t0.dtype)


# -- the solution, and its gradient ----------------------------------------------------------------


@functools.partial(custom_vjp, nondiff_argnums=(0, 1, 2, 3, 4))
def _odeint(slope, rtol, atol, mxstep, hmax, y0, ts, *args):
    along = lambda y, t: slope(y, t, *args)
    limited = lambda dt: fnp.clip(dt, 0.0, hmax).astype(ts.dtype)

    def goes_on(target, state):
        i, _, _, t, dt, _, _ = state
        return (t < target) & (i < mxstep) & (dt > 0)

    def advance(state):
        i, y, f, t, dt, _, _ = state
        next_y, next_f, error, ks = _step(along, y, f, t, dt)
        ratio = _error_ratio(error, rtol, atol, y, next_y)
        size = limited(_next_size(dt, ratio))
        taken = next_y, next_f, t + dt, size, t, _interpolant(y, next_y, ks, dt)
        stayed = y, f, t, size, *state[5:]
        accepted = ratio <= 1
        return i + 1, *(fnp.where(accepted, a, b) for a, b in zip(taken, stayed, strict=True))

    def to(state, target):
        """The solution at the next time, interpolated within the step that passes it."""
        state = lax.while_loop(functools.partial(goes_on, target), advance, (0, *state))[1:]
        _, _, t, _, before, polynomial = state
        at = (target - before) / fnp.where(t == before, 1, t - before)
        y = fnp.polyval(polynomial, at.astype(y0.dtype))
        return state, fnp.where(t < target, fnp.nan, y).astype(y0.dtype)

    f0 = along(y0, ts[0])
    dt = limited(_first_size(along, ts[0], y0, f0, rtol, atol))
    still = fnp.stack([0 * y0] * 4 + [y0])
    _, ys = lax.scan(to, (y0, f0, ts[0], dt, ts[0], still), ts[1:])
    return fnp.concatenate([y0[None], ys])


def _forward(slope, rtol, atol, mxstep, hmax, y0, ts, *args):
    ys = _odeint(slope, rtol, atol, mxstep, hmax, y0, ts, *args)
    return ys, (ys, ts, args)


def _backward(slope, rtol, atol, mxstep, hmax, residuals, cts):
    ys, ts, args = residuals

    def reversed_slope(state, s, *args):
        """Of the solution and of the cotangents of solution, time and parameters, in time -s."""
        y, ct = state[0], state[1]
        f, pull = vjp(slope, y, -s, *args)
        return -f, *pull(ct)

    def back(state, i):
        """From time i to the one before."""
        ct, ct_t0, ct_args = state
        ct_t = fnp.sum(slope(ys[i], ts[i], *args) * cts[i]).real.astype(ts.dtype)
        solution = odeint(
            reversed_slope, (ys[i], ct, ct_t0 - ct_t, *ct_args), fnp.stack([-ts[i], -ts[i - 1]]),
            *args, rtol=rtol, atol=atol, mxstep=mxstep, hmax=hmax,
        )  # fmt: skip
        _, ct, ct_t0, *ct_args = tree.map(lambda x: x[1], solution)
        return (ct + cts[i - 1], ct_t0, tuple(ct_args)), ct_t

    start = cts[-1], ts[0] * 0, tree.map(fnp.zeros_like, args)
    (ct, ct_t0, ct_args), ct_ts = lax.scan(back, start, np.arange(len(ts) - 1, 0, -1))
    return ct, fnp.concatenate([ct_t0[None], ct_ts[::-1]]), *ct_args


_odeint.defvjp(_forward, _backward)
