"""custom_linear_solve: a solver given by the user, with the derivatives of solving.

The primitive ``custom_linear_solve(*consts, *b)`` holds four programs, each of the constants and a
vector: the product with the matrix and the solver, and the same for the transpose. From
``A x = b`` follow the tangent ``x' = A^-1 (b' - A' x)`` and the transpose, which is a solution with
the transposed matrix; nothing goes through the solver itself.
"""

from fgrad.control_flow.implicit import Unknown, together
from fgrad.control_flow.stage import strong
from fgrad.core.jaxpr import ClosedJaxpr
from fgrad.core.source import located
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive, get_aval
from fgrad.core.tree import tree_flatten
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import neg, sub
from fgrad.primitives.shape import broadcast_to
from fgrad.transforms.face import as_argument, as_results, check_callable
from fgrad.transforms.jaxprs import batch_jaxpr, batch_to_front, jvp_jaxpr, transpose_jaxpr
from fgrad.transforms.linear import instantiate
from fgrad.transforms.programs import memoized, with_outputs, without_outputs


@memoized
def _transposed(matvec, num_consts):
    """The program of the constants and a cotangent of ``A x`` that gives that of ``x``."""
    avals = matvec.out_avals
    n = len(avals)
    closed, nonzero = transpose_jaxpr(matvec, (False,) * num_consts + (True,) * n, (True,) * n)

    def run(*args):
        found = iter(closed(*args))
        return [
            instantiate(next(found) if nz else None, a)
            for nz, a in zip(nonzero, avals, strict=True)
        ]

    return trace_to_jaxpr(run, closed.in_avals, matvec.jaxpr.debug_name)


def _vectors_alone(closed, n):
    """A solver without what it gives besides."""
    if closed is None or len(closed.out_avals) == n:
        return closed
    return with_outputs(closed, closed.jaxpr.outvars[:n])


def _jvp(primals, tangents, *, num_consts, matvec, solve, transpose_solve, **params):
    programs = {"matvec": matvec, "num_consts": num_consts, **params}
    outs = linear_solve(*primals, solve=solve, transpose_solve=transpose_solve, **programs)
    n = len(matvec.out_avals)
    consts, xs = primals[:num_consts], outs[:n]
    given = [t for t in tangents[:num_consts] if t is not None]
    rhs = tangents[num_consts:]
    if given:
        nonzero = tuple([t is not None for t in tangents[:num_consts]]) + (False,) * n
        both, moved = jvp_jaxpr(matvec, nonzero)
        found = iter(without_outputs(both, n)(*consts, *xs, *given))
        moved = [next(found) if m else None for m in moved]
        rhs = [_difference(b, m) for b, m in zip(rhs, moved, strict=True)]
    if all(t is None for t in rhs):
        return outs, [None] * len(outs)
    rhs = [instantiate(t, get_aval(x)) for t, x in zip(rhs, xs, strict=True)]
    found = linear_solve(
        *consts, *rhs, **programs,
        solve=_vectors_alone(solve, n), transpose_solve=_vectors_alone(transpose_solve, n),
    )  # fmt: skip
    return outs, [*found, *(None for _ in outs[n:])]


def _difference(a, b):
    if b is None:
        return a
    return neg(b) if a is None else sub(a, b)


def _transpose(cts, *args, num_consts, matvec, vecmat, solve, transpose_solve):
    if transpose_solve is None:
        raise TypeError(
            located(
                "custom_linear_solve: reverse mode solves with the transposed matrix: give "
                "transpose_solve, or symmetric=True"
            )
        )
    n = len(matvec.out_avals)
    found = linear_solve(
        *args[:num_consts], *cts[:n], num_consts=num_consts,
        matvec=vecmat, vecmat=matvec, solve=transpose_solve, transpose_solve=solve,
    )  # fmt: skip
    return [*(None for _ in range(num_consts)), *found[:n]]


def _batch(args, dims, size, *, num_consts, **programs):
    mapped = [d is not None for d in dims[:num_consts]]
    flags = (*mapped, *(True for _ in dims[num_consts:]))
    values = batch_to_front(args, dims)
    for k in range(num_consts, len(args)):
        if dims[k] is None:
            values[k] = broadcast_to(values[k], (size, *get_aval(values[k]).shape))
    batched = {
        name: closed and batch_jaxpr(closed, size, flags, True)[0]
        for name, closed in programs.items()
    }
    outs = linear_solve(*values, num_consts=num_consts, **batched)
    return outs, [0] * len(outs)


def _solved(*args, solve: ClosedJaxpr, **_):
    return solve(*args)


linear_solve = Primitive("custom_linear_solve", multiple_results=True)
set_rules(
    linear_solve,
    impl=_solved,
    abstract_eval=lambda *avals, solve, **_: solve.out_avals,
    jvp=_jvp,
    linear="args",
    transpose=_transpose,
    batch=_batch,
)
linear_solve.expand = _solved


def custom_linear_solve(matvec, b, solve, transpose_solve=None, symmetric=False, has_aux=False):
    """Solve a linear equation by a solver of one's own, and differentiate the solution.

    Derivatives are those of the solution of ``matvec(x) == b``, by `b` and by what `matvec` closes
    over; they never go through the solver, which may be a loop.

    Parameters
    ----------
    matvec : callable
        A linear function of a pytree like `b`, giving one like it.
    b : pytree of arrays
        The right-hand side.
    solve : callable
        ``solve(matvec, b)``: the solution.
    transpose_solve : callable, optional
        ``transpose_solve(vecmat, b)``: the solution with the transposed matrix; `vecmat` is the
        transpose of `matvec`. Reverse mode needs it.
    symmetric : bool
        Whether the matrix is its own transpose; `solve` then serves for both.
    has_aux : bool
        Whether the solvers give ``(solution, aux)``. Derivatives take aux as constant.

    Returns
    -------
    pytree
        What `solve` gives.

    Raises
    ------
    TypeError
        If `matvec` is not linear, or a function gives a value unlike `b`; in reverse mode, if there
        is no `transpose_solve`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> def root(a):
    ...     solve = lambda matvec, b: b / matvec(1.0)
    ...     return fgrad.lax.custom_linear_solve(lambda x: a * x, 6.0, solve, symmetric=True)
    >>> root(2.0), fgrad.grad(root)(2.0)
    (np.float64(3.0), np.float64(-1.5))
    """
    name = "custom_linear_solve"
    for f in (matvec, solve) if transpose_solve is None else (matvec, solve, transpose_solve):
        check_callable(f, name)
    leaves, tree = tree_flatten(b)
    values = [strong(as_argument(x, f"{name}: b", tree, i)) for i, x in enumerate(leaves)]
    unknown = Unknown(name, "b", tree, values)
    staged = [
        unknown.stage("matvec", matvec),
        unknown.stage("solve", lambda v: solve(matvec, v), has_aux=has_aux),
    ]
    if transpose_solve is not None:
        vecmat = matvec if symmetric else _vecmat(staged[0], tree)
        staged.append(
            unknown.stage("transpose_solve", lambda v: transpose_solve(vecmat, v), has_aux=has_aux)
        )
    consts, (product, solver, *other) = together(staged)
    n = len(consts)
    if symmetric and not other:
        other = [solver]
    outs = linear_solve(
        *consts, *values, num_consts=n,
        matvec=product,
        vecmat=None if not other else product if symmetric else _transposed(product, n),
        solve=solver,
        transpose_solve=other[0] if other else None,
    )  # fmt: skip
    return as_results(staged[1][2], outs, [*consts, *values])


def _vecmat(staged, tree):
    """The transpose of a staged function, for the user's solver."""
    consts, (product,) = together([staged])
    transposed = _transposed(product, len(consts))

    def vecmat(ct):
        leaves, _ = tree_flatten(ct)
        values = [as_argument(x, "vecmat", tree, i) for i, x in enumerate(leaves)]
        return as_results(tree, transposed(*consts, *values))

    return vecmat
