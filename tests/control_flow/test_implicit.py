"""custom_linear_solve and custom_root against JAX and against finite differences."""

import functools

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.lax import custom_linear_solve, custom_root
from tests.harness import assert_same
from tests.jax_suite import Row, suite


def dense(lib):
    """A solver that asks the product for its matrix."""

    def solve(matvec, b):
        return lib.numpy.linalg.solve(lib.jacfwd(matvec)(b), b)

    return solve


def well_conditioned(lib, a):
    return a + 4 * lib.numpy.eye(len(a), dtype=a.dtype)


def linear(lib, a, b):
    a = well_conditioned(lib, a)
    return lib.lax.custom_linear_solve(lambda x: a @ x, b, dense(lib), dense(lib))


def symmetric(lib, a, b):
    a = well_conditioned(lib, a @ a.T)
    return lib.lax.custom_linear_solve(lambda x: a @ x, b, dense(lib), symmetric=True)


def with_aux(lib, a, b):
    a = well_conditioned(lib, a)
    solve = lambda matvec, b: (dense(lib)(matvec, b), {"norm": (b * b).sum()})
    x, aux = lib.lax.custom_linear_solve(lambda x: a @ x, b, solve, solve, has_aux=True)
    return x * aux["norm"]


def jacobi(lib, matvec, b, diagonal):
    """A solver that is a loop, so that no derivative can go through it in reverse."""
    body = lambda s: (s[0] + 1, s[1] + (b - matvec(s[1])) / diagonal)
    return lib.lax.while_loop(lambda s: s[0] < 100, body, (0, 0 * b))[1]


def iterated(lib, a, b):
    a = well_conditioned(lib, a) + 4 * lib.numpy.eye(len(a), dtype=a.dtype)
    solve = lambda matvec, b: jacobi(lib, matvec, b, lib.numpy.diag(a))
    return lib.lax.custom_linear_solve(lambda x: a @ x, b, solve, solve)


def in_a_tree(lib, a, b, c):
    """Two unknowns, one of them through the other."""
    a = well_conditioned(lib, a)

    def matvec(x):
        return {"u": a @ x["u"] + x["v"], "v": 2 * x["v"]}

    def solve(_, b):
        v = b["v"] / 2
        return {"u": lib.numpy.linalg.solve(a, b["u"] - v), "v": v}

    def transpose_solve(_, b):
        u = lib.numpy.linalg.solve(a.T, b["u"])
        return {"u": u, "v": (b["v"] - u) / 2}

    rhs = {"u": b, "v": c}
    return lib.lax.custom_linear_solve(matvec, rhs, solve, transpose_solve)


def newton(lib, f, x):
    jacobian = lib.jacfwd(f)
    step = lambda _, x: x - lib.numpy.linalg.solve(jacobian(x), f(x))
    return lib.lax.fori_loop(0, 12, step, x)


def of_vectors(lib, a, b):
    f = lambda x: x + 0.1 * lib.numpy.tanh(a @ x) - b
    return lib.lax.custom_root(f, lib.numpy.zeros(3), functools.partial(newton, lib), dense(lib))


def of_scalars(lib, a):
    bisect = lambda f, x: lib.lax.while_loop(
        lambda s: s[0] < 60,
        lambda s: (
            s[0] + 1,
            lib.numpy.where(f((s[1] + s[2]) / 2) < 0, (s[1] + s[2]) / 2, s[1]),
            lib.numpy.where(f((s[1] + s[2]) / 2) < 0, s[2], (s[1] + s[2]) / 2),
        ),
        (0, 0 * x - 5, 0 * x + 5),
    )[1:]
    solve = lambda f, x: (bisect(f, x)[0], {"upper": bisect(f, x)[1]})
    x, aux = lib.lax.custom_root(
        lambda x: x**3 + x - a, 1.0, solve, lambda g, y: y / g(1.0), has_aux=True
    )
    return x * aux["upper"]


ROWS = [
    Row("linear", linear, (3, 3), (3,), scale=10),
    Row("symmetric", symmetric, (3, 3), (3,), scale=10),
    Row("aux", with_aux, (3, 3), (3,), scale=10),
    Row("iterated", iterated, (2, 2), (2,), domain="fraction", scale=10),
    Row("tree", in_a_tree, (3, 3), (3,), (3,), scale=10),
    Row("root", of_vectors, (3, 3), (3,), dtypes=("float64",), scale=10),
    Row("scalar-root", of_scalars, (), dtypes=("float64",), scale=10),
]

test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_under_jit(row):
    xs = row.arrays("float64")
    fun = functools.partial(row.program, fgrad)

    def total(*xs):
        return sum(fnp.sum(v) for v in fgrad.tree.leaves(fun(*xs)))

    gradient = fgrad.grad(total)
    stacks = [np.stack([x, x + 0.1]) for x in xs]
    assert_same(fgrad.jit(fun)(*xs), fun(*xs), scale=100)
    assert_same(fgrad.jit(gradient)(*xs), gradient(*xs), scale=100)
    mapped = fgrad.vmap(gradient)
    assert_same(fgrad.jit(mapped)(*stacks), mapped(*stacks), scale=100)


def test_the_transpose_of_a_solution():
    a = np.array([[4.0, 1.0], [2.0, 3.0]])
    solve = lambda b: linear_of(a, b)
    linear_of = lambda a, b: custom_linear_solve(lambda x: a @ x, b, dense(fgrad), dense(fgrad))
    (got,) = fgrad.linear_transpose(solve, np.ones(2))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(got, np.linalg.solve(a.T, [1.0, 2.0]), rtol=1e-14)


def test_nothing_is_differentiated_through_the_solver():
    """Neither what the solver alone depends on, nor aux, has a derivative."""

    def f(p):
        solve = lambda matvec, b: (b / matvec(1.0) + 0 * p, 5 * p)
        x, aux = custom_linear_solve(lambda x: 2 * x, 6.0, solve, symmetric=True, has_aux=True)
        return x + aux

    assert f(3.0) == 18.0
    assert fgrad.grad(f)(3.0) == 0.0
    assert fgrad.jvp(f, (3.0,), (1.0,))[1] == 0.0


def test_forward_mode_needs_no_transpose():
    f = lambda a: custom_linear_solve(lambda x: a * x, 6.0, lambda matvec, b: b / matvec(1.0))
    assert fgrad.jvp(f, (2.0,), (1.0,)) == (3.0, -1.5)
    with pytest.raises(TypeError, match=r"transpose_solve, or symmetric=True[\s\S]*test_implicit"):
        fgrad.grad(f)(2.0)


def test_a_python_number_is_a_right_hand_side():
    x = custom_linear_solve(lambda x: 2 * x, 6, lambda matvec, b: b // matvec(1), symmetric=True)
    assert (x, x.dtype) == (3, np.int64)


identity = lambda x: x
first = lambda f, b: b


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: custom_linear_solve(lambda x: x[:1], np.ones(2), first), r"matvec .* b, f64\[2\]"),
        (lambda: custom_linear_solve(identity, np.ones(2), lambda f, b: [b]), "solve .* like b"),
        (lambda: custom_linear_solve(identity, 1.0, first, has_aux=True), "pair .solution, aux."),
        (lambda: custom_linear_solve(fnp.sin, 1.0, first, first), "sin is not linear"),
        (lambda: custom_linear_solve(3, 1.0, first), "expected a function; got 3"),
        (lambda: custom_linear_solve(identity, "b", first), "custom_linear_solve: b.*str"),
        (lambda: custom_root(lambda x: [x], 1.0, first, first), "f must give .* initial_guess"),
        (lambda: custom_root(identity, np.ones(2), lambda f, x: x[0], first), r"solve .* f64\[\]"),
        (lambda: custom_root(identity, {"a": 1.0}, first, lambda g, y: 2), "tangent_solve must"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(TypeError, match=text) as caught:
        call()
    assert "test_implicit.py" in str(caught.value)
