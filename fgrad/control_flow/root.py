"""custom_root: a root finder given by the user, with the derivatives of the root.

Where ``f(p, x(p)) = 0`` for all p, the tangent of the root is ``x' = -(df/dx)^-1 (df/dp) p'`` (the
implicit function theorem); nothing goes through the root finder itself.
"""

from fgrad.control_flow.implicit import Unknown, together
from fgrad.control_flow.stage import strong
from fgrad.core.trace import get_aval
from fgrad.core.tree import tree_flatten
from fgrad.primitives.elementwise import neg
from fgrad.transforms.custom import Call, custom_jvp_call
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.grad import linearize
from fgrad.transforms.jaxprs import jvp_jaxpr
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import without_outputs


def custom_root(f, initial_guess, solve, tangent_solve, has_aux=False):
    """Find a root by a solver of one's own, and differentiate it.

    Derivatives are those of the root by what `f` closes over; they never go through the solver,
    which may be a loop. That `solve` finds a root is taken for granted.

    Parameters
    ----------
    f : callable
        Of a pytree like `initial_guess`, giving one like it.
    initial_guess : pytree of arrays
    solve : callable
        ``solve(f, initial_guess)``: the root.
    tangent_solve : callable
        ``tangent_solve(g, y)``: the solution of ``g(x) == y``, where `g` is `f` linearized at the
        root. For scalars that is ``y / g(1.0)``; for short vectors
        ``solve(jacobian(g)(y), y)``, with the `solve` of `fgrad.numpy.linalg`.
    has_aux : bool
        Whether `solve` gives ``(root, aux)``. Derivatives take aux as constant.

    Returns
    -------
    pytree
        What `solve` gives.

    Raises
    ------
    TypeError
        If a function gives a value unlike `initial_guess`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> def square_root(a):
    ...     newton = lambda f, x: fgrad.lax.fori_loop(0, 9, lambda _, x: (x + a / x) / 2, x)
    ...     tangent_solve = lambda g, y: y / g(1.0)
    ...     return fgrad.lax.custom_root(lambda x: x * x - a, 1.0, newton, tangent_solve)
    >>> square_root(4.0), fgrad.grad(square_root)(4.0)
    (np.float64(2.0), np.float64(0.25))
    """
    name = "custom_root"
    for function in (f, solve, tangent_solve):
        check_callable(function, name)
    leaves, tree = tree_flatten(initial_guess)
    guess = [
        strong(as_argument(x, f"{name}: initial_guess", tree, i)) for i, x in enumerate(leaves)
    ]
    unknown = Unknown(name, "initial_guess", tree, guess)
    solver = unknown.stage("solve", lambda x: solve(f, x), has_aux=has_aux)

    def solve_linearized(x, y):
        return tangent_solve(linearize(f, x)[1], y)

    linear = unknown.stage("tangent_solve", solve_linearized, 2)
    consts, programs = together([unknown.stage("f", f), solver, linear])
    function, find, solve_tangent = programs
    n, m = len(consts), len(guess)

    def rule(primals, tangents):
        consts = primals[:n]
        outs = root(*primals)
        xs = outs[:m]
        both, moved = jvp_jaxpr(function, (True,) * n + (False,) * m)
        found = iter(without_outputs(both, m)(*consts, *xs, *tangents[:n]))
        rhs = [
            instantiate(next(found) if t else None, get_aval(x))
            for t, x in zip(moved, xs, strict=True)
        ]
        solution = map(neg, solve_tangent(*consts, *xs, *rhs))
        return outs, [*solution, *(instantiate(None, get_aval(o)) for o in outs[m:])]

    def root(*args):
        return custom_jvp_call(*args, call=Call(find, (rule,), name))

    return as_results(solver[2], root(*consts, *guess), [*consts, *guess])
