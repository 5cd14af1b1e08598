"""What every derivative obeys, whatever the function: checks that need no differences."""

import numpy as np

from fgrad.testing._leaves import as_reals, epsilon, nudged, random_like
from fgrad.testing._run import run
from fgrad.transforms.forward import jvp
from fgrad.transforms.grad import vjp

DRAWS = 3  # of random directions
ERRORS = 10  # so many times the observed effect of rounding is tolerated


def check_linearity(f, args, atol=None, rtol=None):
    """Check that the derivative of a function is linear in the tangent.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays; integer leaves stay as they are.
    args : tuple
        Where to check.
    atol, rtol : float, optional
        What to tolerate in addition to the observed effect of rounding; `rtol`, by default
        ``eps ** 0.75``, is relative to the terms that are summed.

    Raises
    ------
    CheckFailure
        If ``jvp(a s + b t)`` is not ``a jvp(s) + b jvp(t)`` for some tangents s and t.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_linearity
    >>> check_linearity(np.sin, (1.0,))
    """

    def check(problem):
        rng = np.random.default_rng(0)
        a, b = 0.75, -1.375
        for _ in range(DRAWS):
            s, t = (_directions(problem, rng) for _ in range(2))
            both = [np.asarray(a * x + b * y).astype(x.dtype) for x, y in zip(s, t, strict=True)]

            def sides(values, both=both, s=s, t=t):
                terms = a * _tangent(problem, values, s), b * _tangent(problem, values, t)
                return _tangent(problem, values, both), terms

            place = lambda i: f"the tangent of {problem.outputs.place_of_real(i)}"
            _balance(problem, sides, place, atol, rtol)

    run("check_linearity", f, args, check)


def check_dot_product(f, args, atol=None, rtol=None):
    """Check that forward and reverse mode give the same derivative: <vjp(u), v> = <u, jvp(v)>.

    For every leaf of the arguments, and every leaf of the output, so that large ones hide no small
    ones.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays; integer leaves stay as they are.
    args : tuple
        Where to check.
    atol, rtol : float, optional
        What to tolerate in addition to the observed effect of rounding; `rtol`, by default
        ``eps ** 0.75``, is relative to the terms that are summed.

    Raises
    ------
    CheckFailure
        If the two numbers differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_dot_product
    >>> check_dot_product(lambda x: np.cumsum(x) ** 2, (np.ones(3),))
    """

    def check(problem):
        rng = np.random.default_rng(0)
        pairs = np.ndindex(len(problem.inputs.values), len(problem.outputs.values))
        for i, o in pairs:
            v = _only(i, problem.inputs.values, rng)
            u = _only(o, problem.outputs.values, rng)

            def sides(values, u=u, v=v):
                ahead = as_reals(map(np.conj, u)) * _tangent(problem, values, v)
                back = as_reals(map(np.conj, v)) * as_reals(_cotangents(problem, values, u))
                return ahead.sum()[None], back[:, None]

            where = f"{problem.inputs.place(i)} and {problem.outputs.place(o)}"
            _balance(problem, sides, lambda _, where=where: where, atol, rtol)

    run("check_dot_product", f, args, check)


def check_hessian_symmetry(f, args, atol=None, rtol=None):
    """Check that second derivatives do not depend on their order, forward and in reverse.

    An output that is no real scalar is first summed up with random weights.

    Parameters
    ----------
    f : callable
        A function of pytrees of real arrays; integer leaves stay as they are.
    args : tuple
        Where to check.
    atol, rtol : float, optional
        What to tolerate in addition to the observed effect of rounding; `rtol`, by default
        ``eps ** 0.75``, is relative to the terms that are summed.

    Raises
    ------
    CheckFailure
        If ``<s, H t>`` is not ``<t, H s>``, with H either of forward over reverse mode or of
        reverse over reverse mode.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_hessian_symmetry
    >>> check_hessian_symmetry(lambda x: np.prod(np.sin(x)), (np.ones(3),))
    """

    def check(problem):
        if any(np.iscomplexobj(x) for x in problem.inputs.values):
            raise TypeError("check_hessian_symmetry: the arguments must be real")
        rng = np.random.default_rng(0)
        u = _directions(problem, rng, problem.outputs)
        n = len(problem.inputs.values)
        for i, j in np.ndindex(n, n):
            if j < i:
                continue
            s, t = _only(i, problem.inputs.values, rng), _only(j, problem.inputs.values, rng)

            def sides(values, s=s, t=t):
                forward = [as_reals(_hessian(problem, values, u, x, jvp)) for x in (s, t)]
                reverse = as_reals(_hessian(problem, values, u, t, vjp))
                first, second = as_reals(t) * forward[0], as_reals(s) * forward[1]
                again = as_reals(s) * reverse
                return np.array([first.sum(), again.sum()]), second[:, None]

            where = f"{problem.inputs.place(i)} and {problem.inputs.place(j)}"
            modes = (", forward over reverse mode", ", reverse over reverse mode")
            place = lambda k, where=where, modes=modes: (
                f"the second derivative by {where}{modes[k]}"
            )
            # Where it is small next to the gradient, it is known as well as that rounds.
            gradient = as_reals(_cotangents(problem, problem.inputs.values, u))
            size = np.abs(gradient) @ (np.abs(as_reals(s)) + np.abs(as_reals(t)))
            _balance(problem, sides, place, atol, rtol, size)

    run("check_hessian_symmetry", f, args, check)


def _balance(problem, sides, place, atol, rtol, size=0.0):
    """Fail unless the left side is the sum of the terms on the right, but for rounding.

    ``sides(values)`` gives a vector and a list of vectors. Rounding is relative to these, and to
    `size`.
    """
    rtol = (
        epsilon(*problem.inputs.values, *problem.outputs.values) ** 0.75 if rtol is None else rtol
    )
    with np.errstate(all="ignore"):
        got, terms = sides(problem.inputs.values)
        want = sum(terms, np.zeros_like(got))
        size = sum(map(np.abs, terms), size + np.abs(got))
        spread = np.zeros_like(got)
        for near in nudged(problem.inputs.values):
            left, right = sides(near)
            spread = np.fmax(spread, np.abs(left - got))
            spread = np.fmax(spread, np.abs(sum(right, np.zeros_like(got)) - want))
        tolerance = (atol or 0) + rtol * size + ERRORS * spread
        error = np.abs(got - want)
        wrong = ~(error <= tolerance) & ~(np.isnan(got) & np.isnan(want)) & (got != want)
    if wrong.any():
        i = int(np.argmax(wrong))
        problem.fail(place(i), got[i], want[i], float(error[i]), float(tolerance[i]))


def _directions(problem, rng, leaves=None):
    return [random_like(rng, x) for x in (leaves or problem.inputs).values]


def _only(k, values, rng):
    """Random numbers for one leaf and zeros for the others."""
    return [
        random_like(rng, x) if i == k else np.zeros_like(np.asarray(x))[()]
        for i, x in enumerate(values)
    ]


def _tangent(problem, values, tangents):
    """The derivative of the outputs along tangents, as one real vector."""
    args = problem.inputs.tree(values)
    out = jvp(problem.f, args, problem.inputs.tangents(tangents))[1]
    return as_reals(problem.outputs.those_moving(out))


def _cotangents(problem, values, cts):
    """The cotangents of the inputs that can move."""
    pullback = vjp(problem.f, *problem.inputs.tree(values))[1]
    return problem.inputs.those_moving(pullback(problem.outputs.tangents(cts)))


def _hessian(problem, values, u, t, mode):
    """The derivative along `t` of the gradient of the outputs' sum with weights `u`."""
    gradient = lambda *values: _cotangents(problem, values, u)
    if mode is jvp:
        return jvp(gradient, tuple(values), tuple(t))[1]
    return vjp(gradient, *values)[1](list(t))
