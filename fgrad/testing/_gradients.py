"""Derivatives by rules against derivatives by differences of values."""

import functools
from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.testing._compare import compare
from fgrad.testing._leaves import Problem, as_reals, nudged, random_like
from fgrad.testing._measured import ONE_BY_ONE, Measured, in_double
from fgrad.testing._report import CheckFailure
from fgrad.testing._run import run
from fgrad.transforms.forward import jvp
from fgrad.transforms.grad import vjp

# Changes how everything rounds that is multiplied by it.
ODD = 1.375
# So many measured errors are tolerated: they are estimates.
ERRORS = 10
VALUE = "the value beside the derivative"


def check_jvp(f, f_jvp, args, atol=None, rtol=None, eps=None, err_msg=""):
    """Check derivatives in forward mode against differences of values.

    Every number of the arguments is moved by itself (a leaf of more than eight numbers along random
    directions), and every output looked at by itself, so that large derivatives hide no small ones.
    Steps are chosen for each by what the differences show; where `f` takes complex numbers, the
    complex step makes them exact. At a kink anything between the slopes of both sides is right.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays, real or complex; integer leaves stay as they are.
    f_jvp : callable
        ``f_jvp(primals, tangents)`` gives the value and its derivative along the tangents.
    args : tuple
        Where to check.
    atol, rtol : float, optional
        What to tolerate in addition to the measured error of the differences and of the rounding of
        the derivative itself. By default none, and the square root of the spacing of the dtype:
        1.5e-8 in double precision, 3.5e-4 in single.
    eps : float, optional
        The largest step of the differences.
    err_msg : str
        Put before the message.

    Raises
    ------
    CheckFailure
        An `AssertionError` that says which derivative is wrong and by how much, and the smallest
        arguments that were found to show it.

    Examples
    --------
    >>> import fgrad, functools, numpy as np
    >>> from fgrad.testing import check_jvp
    >>> check_jvp(np.sin, functools.partial(fgrad.jvp, np.sin), (1.0,))
    """

    def check(problem):
        for each in _precisions(problem):
            _check_forward(Measured(each, eps), f_jvp, (atol, rtol))

    run(_title("check_jvp", err_msg), f, args, check)


def check_vjp(f, f_vjp, args, atol=None, rtol=None, eps=None, err_msg=""):
    """Check derivatives in reverse mode against differences of values.

    As `check_jvp`, with ``f_vjp(*args)`` giving the value and the function from a cotangent to the
    tuple of cotangents of the arguments.

    Examples
    --------
    >>> import fgrad, functools, numpy as np
    >>> from fgrad.testing import check_vjp
    >>> check_vjp(np.sin, functools.partial(fgrad.vjp, np.sin), (1.0,))
    """

    def check(problem):
        for each in _precisions(problem):
            _check_reverse(Measured(each, eps), f_vjp, (atol, rtol))

    run(_title("check_vjp", err_msg), f, args, check)


def check_grads(f, args, order, modes: Any = ("fwd", "rev"), atol=None, rtol=None, eps=None):
    """Check fgrad's derivatives of a function against differences of values.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays, real or complex; integer leaves stay as they are.
    args : tuple
        Where to check.
    order : int
        Up to which derivatives: the second ones are those of the first, in all combinations of
        the modes.
    modes : sequence of {"fwd", "rev"}
        Whether to check `fgrad.jvp` or `fgrad.vjp` or both.
    atol, rtol, eps : float, optional
        As for `check_jvp`, which says what is compared.

    Raises
    ------
    CheckFailure
        An `AssertionError` that says which derivative is wrong and by how much, and the smallest
        arguments that were found to show it.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> from fgrad.testing import check_grads
    >>> check_grads(lambda x, w: np.tanh(x @ w), (np.ones(2), np.eye(2)), order=2)

    A wrong derivative is found, and the smallest input that shows it:

    >>> @fgrad.custom_jvp
    ... def cube(x):
    ...     return x**3
    >>> @cube.defjvp
    ... def cube_jvp(primals, tangents):
    ...     return cube(*primals), 2 * primals[0] ** 2 * tangents[0]
    >>> check_grads(cube, (np.array([1.7, 2.3]),), order=1)
    Traceback (most recent call last):
    ...
    fgrad.testing.CheckFailure: check_grads, forward, of cube
      where:     the derivative of the output, index (0,) by argument 0 (x), index (0,)
      got:       5.78
      want:      8.67
      error:     2.89, tolerance ...
    The smallest input that was found to fail:
      args = (np.array([1.0]),)
    and there
      where:     the derivative of the output, index (0,) by argument 0 (x), index (0,)
      got:       2
      want:      3
      error:     1, tolerance ...
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    for mode in modes:
        if mode not in ("fwd", "rev"):
            raise ValueError(located(f"check_grads: modes must be 'fwd' or 'rev'; got {mode!r}"))
    if not hasattr(order, "__index__") or order < 0:
        raise ValueError(located(f"check_grads: order must be 0, 1, 2, ...; got {order!r}"))

    def check(problem):
        *single, last = _precisions(problem)
        for first in single:
            _check_orders(first, min(order, 1), modes, (atol, rtol), eps)
        _check_orders(last, order, modes, (atol, rtol), eps)

    run("check_grads", f, args, check)


def _title(name, err_msg):
    return f"{err_msg}: {name}" if err_msg else name


def _precisions(problem):
    """The problem, and the same in double precision if that is another one which exists."""
    yield problem
    doubles = in_double(problem)[0]
    if doubles is not problem.inputs.values:
        yield Problem(
            f"{problem.check}, in double precision,", problem.f, problem.inputs.tree(doubles)
        )


def _check_orders(problem, order, modes, options, eps, rounding=None):
    """Check the derivatives, then theirs along random directions."""
    f, args, check = problem.f, problem.args, problem.check
    rng = np.random.default_rng(order)
    measured = Measured(problem, eps, rounding, ONE_BY_ONE if rounding is None else 0)
    if "fwd" in modes:
        problem.check = f"{check}, forward,"
        _check_forward(measured, functools.partial(jvp, f), options)
        tangents = [random_like(rng, x) for x in problem.inputs.values]

        @functools.wraps(f)
        def forward(*args):
            moving = problem.inputs.those_moving(args)
            out = jvp(f, args, problem.inputs.tangents(map(_following, tangents, moving)))[1]
            return problem.outputs.only_moving(out)

        if order > 1:
            after = Problem(f"{check}, forward, then", forward, args)
            _check_orders(after, order - 1, modes, options, eps, measured.rounding)
    if "rev" in modes:
        problem.check = f"{check}, reverse,"
        _check_reverse(measured, functools.partial(vjp, f), options)
        cotangents = [random_like(rng, x) for x in problem.outputs.values]

        @functools.wraps(f)
        def reverse(*args):
            out, pullback = vjp(f, *args)
            moving = problem.outputs.those_moving(out)
            out = pullback(problem.outputs.tangents(map(_following, cotangents, moving)))
            return problem.inputs.only_moving(out)

        if order > 1:
            after = Problem(f"{check}, reverse, then", reverse, args)
            rounding = measured.rounding.max(initial=0)
            _check_orders(after, order - 1, modes, options, eps, rounding)


def _following(t, x):
    """A tangent of the dtype of `x`, which is complex when the complex step is taken."""
    return np.asarray(t).astype(get_aval(x).dtype)[()]


def _check_forward(measured, f_jvp, options):
    problem, values = measured.problem, measured.problem.inputs.values
    nearby = [*problem.nearby(), problem.call(in_double(problem)[0])]

    def tangent(values, direction, factor):
        tangents = problem.inputs.tangents(direction.among(values, factor))
        with np.errstate(all="ignore"):
            return f_jvp(problem.inputs.tree(values), tangents)

    def check(direction):
        value, t = tangent(values, direction, 1.0)
        compare(problem, value, problem.result, VALUE, nearby)
        t = problem.outputs.those_moving(t)
        _check_types(problem, t, problem.outputs)
        got = as_reals(t)
        others = [
            as_reals(problem.outputs.those_moving(tangent(near, direction, ODD)[1]))
            for near in nudged(values)
        ]
        spread = np.max([np.abs(o / ODD - got) for o in others], axis=0)
        _judge(measured, direction, got, spread, options)

    for direction in measured.inputs:
        _narrowed(direction, check)


def _check_reverse(measured, f_vjp, options):
    problem, values = measured.problem, measured.problem.inputs.values
    nearby = [*problem.nearby(), problem.call(in_double(problem)[0])]

    def gradients(values, factor):
        with np.errstate(all="ignore"):
            value, pullback = f_vjp(*problem.inputs.tree(values))
            for ct in measured.outputs:
                cts = ct.among(problem.outputs.values, factor)
                yield value, problem.inputs.those_moving(pullback(problem.outputs.tangents(cts)))

    if not measured.outputs or not measured.inputs:
        return
    here = []
    for value, g in gradients(values, 1.0):
        compare(problem, value, problem.result, VALUE, nearby)
        _check_types(problem, g, problem.inputs)
        here.append(g)
    others = [[g for _, g in gradients(near, ODD)] for near in nudged(values)]
    weights = np.stack(
        [as_reals(map(np.conj, ct.among(problem.outputs.values))) for ct in measured.outputs]
    )

    def check(direction):
        got = _pairings(here, direction)
        spread = np.max([np.abs(_pairings(o, direction) / ODD - got) for o in others], axis=0)
        _judge(measured, direction, got, spread, options, weights)

    for direction in measured.inputs:
        _narrowed(direction, check)


def _pairings(gradients, direction):
    """The real parts of the sums of products, as JAX pairs cotangents and tangents."""
    used = np.flatnonzero(direction.step)  # infinity elsewhere is nothing to us
    of_leaf = np.stack([np.ravel(g[direction.leaf])[used] for g in gradients])
    return (of_leaf @ np.ravel(direction.step)[used]).real.astype(np.float64)


def _check_types(problem, got, leaves):
    """Fail unless derivatives have the shapes and dtypes of what they belong to."""
    for k, (g, x) in enumerate(zip(got, map(np.asarray, leaves.values), strict=True)):
        g = np.asarray(g)
        if g.shape != x.shape or g.dtype != x.dtype:
            problem.fail(
                f"the derivative of {leaves.place(k)}"
                if leaves is problem.outputs
                else f"the gradient by {leaves.place(k)}",
                f"an array of shape {g.shape} and dtype {g.dtype}",
                f"shape {x.shape} and dtype {x.dtype}",
            )


def _narrowed(direction, check):
    """Do a check along a direction; where it fails, along its halves, to name one number."""
    try:
        check(direction)
    except CheckFailure:
        if np.count_nonzero(direction.step) > 1:
            for half in direction.halves():
                _narrowed(half, check)
        raise


def _judge(measured, direction, got, spread, options, weights=None):
    """Fail if numbers are not the derivatives along a direction.

    Parameters
    ----------
    got, spread : array, shape (n,)
        What was computed, and how far rounding moves it.
    weights : array, shape (n, outputs), optional
        If `got` are sums of derivatives of the outputs: their weights.
    """
    problem, outputs = measured.problem, measured.problem.outputs
    want, error, kink, _ = measured.slope(direction)
    least = measured.least_error(direction)
    places = outputs.place_of_real
    if weights is not None:
        used = weights != 0
        want = np.where(used, weights * np.where(used, want, 0), 0).sum(axis=1)
        error = np.where(used, np.abs(weights) * np.where(used, error, 0), 0).sum(axis=1)
        least = (np.abs(weights) * least).sum(axis=1)
        kink = (np.abs(weights) * kink).sum(axis=1)
        places = lambda i: measured.outputs[i].place(outputs)
    atol, rtol = options
    rtol = np.sqrt(measured.eps) if rtol is None else rtol
    with np.errstate(all="ignore"):
        tolerance = (atol or 0) + rtol * np.abs(want) + least + kink
        tolerance += ERRORS * (error + np.nan_to_num(spread))
        off = np.abs(got - want)
        known = np.isfinite(error)
        wrong = ~(off <= tolerance) | ~known
        if not wrong.any():
            return
        i = int(np.argmax(np.where(wrong, np.nan_to_num(off / tolerance, nan=np.inf), -1)))
    hint = ""
    if not known[i]:
        hint = "the function has no finite values around this place to compare with"
    elif kink[i]:
        hint = "the function has a kink here: its slopes on the two sides differ"
    where = f"the derivative of {places(i)} by {direction.place(problem.inputs)}"
    problem.fail(where, got[i], want[i], float(off[i]), float(tolerance[i]), hint)
