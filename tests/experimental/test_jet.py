"""Taylor mode against nested forward mode, JAX's too, and against JAX's own Taylor mode."""

import functools
import math

import jax
import jax.numpy as jnp
import jax.scipy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.experimental import jet as of_jax

import fgrad
import fgrad.numpy as fnp
from fgrad.experimental.jet import jet
from tests.harness import assert_same

ORDER = 4
X = np.array([0.3, 0.7])
SERIES = [np.array([1.0, -0.5]), np.array([0.3, 0.2]), np.array([-0.1, 0.4]), np.array([0.7, 0.1])]
M = np.array([[2.0, 0.3], [0.1, 1.5]])


def elementwise(name):
    return lambda lib, x: getattr(lib.numpy, name)(x)


def spd(lib, x):
    return lib.numpy.outer(x, x) + M @ M.T


def looped(lib, x):
    return lib.lax.scan(lambda c, a: (lib.numpy.sin(c * a), c**2), x, np.array([0.5, 1.5]))


def while_true(lib, x):
    return lib.lax.while_loop(lambda s: s[0] < 2, lambda s: (s[0] + 1, s[1] * lib.numpy.sin(x)),
                              (0, x))[1]  # fmt: skip


def branched(lib, x):
    return lib.lax.cond(x[0] < 1, lib.numpy.sin, lambda x: x * x, x)


ELEMENTWISE = [
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh",
    "arctanh", "exp", "exp2", "expm1", "log", "log1p", "log2", "sqrt", "cbrt", "abs",
    "sign", "floor", "square", "reciprocal", "negative", "prod", "cumprod", "cumsum",
    "max", "min", "sort", "sinc",
]  # fmt: skip

PROGRAMS = {
    **{name: elementwise(name) for name in ELEMENTWISE},
    "erf": lambda lib, x: lib.lax.erf(x),
    "erfc": lambda lib, x: lib.lax.erfc(x),
    "erf_inv": lambda lib, x: lib.lax.erf_inv(x),
    "logistic": lambda lib, x: lib.lax.logistic(x),
    "rsqrt": lambda lib, x: lib.lax.rsqrt(x),
    "power": lambda lib, x: (x**3, x**-2, x**2.5, 2.0**x, x**x),
    "quotient": lambda lib, x: (x / (1 + x), 3 / x, x / 3, x[0] / x),
    "remainder": lambda lib, x: (5 * x) % 1.3,
    "arctan2": lambda lib, x: lib.numpy.arctan2(x, x[::-1]),
    "hypot": lambda lib, x: lib.numpy.hypot(x, 2.0),
    "maximum": lambda lib, x: (lib.numpy.maximum(x, 0.5), lib.numpy.clip(x, 0.4, 0.6)),
    "where": lambda lib, x: lib.numpy.where(x > 0.5, x * x, lib.numpy.sin(x)),
    "shapes": lambda lib, x: lib.numpy.concatenate([x[::-1], x.reshape(1, 2)[0, :1], x]) * 2,
    "broadcast": lambda lib, x: x[:, None] + x * np.ones((2, 2)),
    "pad": lambda lib, x: lib.numpy.pad(x, 1) + 1,
    "index": lambda lib, x: x[np.array([1, 0, 1])] * lib.numpy.asarray(x).at[0].add(x[1])[0],
    "einsum": lambda lib, x: lib.numpy.einsum("i,ij,jk,k", x, M, M, x),
    "matmul": lambda lib, x: M @ x @ lib.numpy.outer(x, x),
    "fft": lambda lib, x: lib.numpy.fft.fft(x * x).imag,
    "solve": lambda lib, x: lib.numpy.linalg.solve(spd(lib, x), x),
    "cholesky": lambda lib, x: lib.numpy.linalg.cholesky(spd(lib, x)),
    "det": lambda lib, x: lib.numpy.linalg.det(spd(lib, x)),
    "logdet": lambda lib, x: lib.numpy.linalg.slogdet(spd(lib, x))[1],
    "eigvalsh": lambda lib, x: lib.numpy.linalg.eigh(spd(lib, x))[0],
    "norm": lambda lib, x: lib.numpy.linalg.norm(x),
    "softmax": lambda lib, x: lib.nn.softmax(x),
    "logsumexp": lambda lib, x: lib.nn.logsumexp(x),
    "gelu": lambda lib, x: lib.nn.gelu(x),
    "jit": lambda lib, x: lib.jit(lambda x: lib.numpy.sin(x) ** 2)(x),
    "checkpoint": lambda lib, x: lib.checkpoint(lambda x: lib.numpy.sin(x) ** 2)(x),
    "scan": looped,
    "while": while_true,
    "cond": branched,
    "constant": lambda lib, x: {"a": lib.numpy.ones(3), "s": x * 0},
}


def curve(x):
    return lambda t: x + sum(c * t**k / math.factorial(k) for k, c in enumerate(SERIES, 1))


def derivatives(lib, f, x):
    """The value of `f` and its derivatives along the curve, by forward mode in forward mode."""
    along = lambda t: f(curve(x)(t))
    found = [along(0.0)]
    for _ in range(ORDER):
        along = functools.partial(derivative, lib, along)
        found.append(along(lib.numpy.float64(0.0)))
    return found


def derivative(lib, f, t):
    return lib.jvp(f, (t,), (lib.numpy.ones_like(t),))[1]


OF_JAX = ["sin", "tanh", "exp", "log", "sqrt", "erf", "power", "quotient", "arctan2", "einsum"]


@functools.cache
def answers_of_jax():
    def everything(x):
        return {n: derivatives(jax, functools.partial(PROGRAMS[n], jax), x) for n in OF_JAX}

    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(everything, compiler_options=options)(X)


def taylor(f, x=X):
    """Value and derivatives of each leaf of the result."""
    value, rows = jet(f, (x,), (SERIES,))
    leaves, tree = fgrad.tree.flatten(value)
    return leaves, tree.flatten_up_to(rows)


def assert_taylor(name, got):
    if name in OF_JAX:
        value, *rows = answers_of_jax()[name]
    else:  # first and second derivatives of these are compared with JAX elsewhere
        value, *rows = derivatives(fgrad, functools.partial(PROGRAMS[name], fgrad), X)
    value = jax.tree.leaves(value)
    assert_same(got[0], value, scale=100)
    for i in range(len(value)):
        # each order differentiates once more: some digits more are lost
        assert_same(got[1][i], [jax.tree.leaves(r)[i] for r in rows], scale=1e4)


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_along_a_curve(name):
    assert_taylor(name, taylor(functools.partial(PROGRAMS[name], fgrad)))


@pytest.mark.parametrize("name", ["tanh", "power", "solve", "scan", "max"])
def test_under_other_transformations(name):
    f = functools.partial(PROGRAMS[name], fgrad)
    assert_taylor(name, fgrad.jit(lambda x: taylor(f, x))(X))
    mapped = fgrad.vmap(lambda x: taylor(f, x))(np.stack([X, X + 0.1]))
    assert_taylor(name, fgrad.tree.map(lambda v: v[0], mapped))


def test_derivatives_of_series():
    """By the point: the derivative of derivative k of exp(sin x) is derivative k + 1."""
    f = lambda x: jet(lambda x: fnp.exp(fnp.sin(x)), (x,), ((1.0, 0.0, 0.0),))[1]
    both = fgrad.jvp(f, (0.4,), (1.0,)), fgrad.jacrev(f)(0.4)
    g, want = lambda x: jnp.exp(jnp.sin(x)), []
    for _ in range(4):
        g = jax.grad(g)
        want.append(g(0.4))
    (values, tangents), reverse = both
    assert_same(values, want[:3], scale=100)
    assert_same(tangents, want[1:], scale=100)
    assert_same(reverse, want[1:], scale=100)


@pytest.mark.parametrize("scaled", [True, False])
def test_arguments_and_results_as_in_jax(scaled):
    def f(lib, x, y):
        return {"a": x * lib.numpy.sin(y), "b": [lib.numpy.dot(x, y), y]}

    args = (X, 2 * X), (SERIES[:3], SERIES[1:])
    got = jet(functools.partial(f, fgrad), *args, factorial_scaled=scaled)
    want = of_jax.jet(functools.partial(f, jax), *args, factorial_scaled=scaled)
    assert_same(got, want, scale=10)


def test_dtypes():
    value, (row,) = jet(lambda x: [fnp.sin(x) * 2.0], (np.float32(0.5),), ((1.0, 0.0),))
    assert {v.dtype for v in (*value, *row)} == {np.dtype(np.float32)}


def test_a_custom_rule_is_used():
    f = fgrad.custom_jvp(lambda x: x**2)
    f.defjvp(lambda primals, tangents: (f(*primals), 3 * primals[0] * tangents[0]))
    assert jet(f, (2.0,), ((1.0, 0.0, 0.0),))[1] == [6.0, 3.0, 0.0]
    g = fgrad.custom_vjp(lambda x: x**2)
    g.defvjp(lambda x: (g(x), x), lambda x, ct: (3 * x * ct,))
    assert jet(g, (2.0,), ((1.0, 0.0),))[1] == [4.0, 2.0]  # of a reverse rule nothing is known


def test_solvers_of_the_user():
    def root(a):
        halve = lambda f, x: fgrad.lax.fori_loop(0, 30, lambda _, x: (x + a / x) / 2, x)
        return fgrad.lax.custom_root(lambda x: x * x - a, 1.0, halve, lambda g, y: y / g(1.0))

    def quotient(a):
        solve = lambda matvec, b: b / matvec(1.0)
        return fgrad.lax.custom_linear_solve(lambda x: a * x, 6.0, solve, symmetric=True)

    rows = jet(lambda a: (root(a + 2), quotient(a)), (2.0,), ((1.0, 0.0, 0.0),))[1]
    np.testing.assert_allclose(rows, [[1 / 4, -1 / 32, 3 / 256], [-1.5, 1.5, -2.25]], rtol=1e-14)


def test_assignment():
    def f(x):
        constant = np.array([2.0, 3.0])
        a = fnp.sin(x) + constant * x
        old = x + 0
        constant[0] = 5.0
        x[0] = x[1] ** 2
        b = fnp.sin(x) + constant * x
        c = fnp.cos(x)
        c[1] = 0.0
        return a, b, c, fnp.cos(x), fnp.cos(old)

    want = derivatives(fgrad, f, X)
    value, rows = jet(f, (X,), (SERIES,))
    assert_same(value, want[0])
    assert_same([list(r) for r in zip(*rows, strict=True)], list(map(list, want[1:])), scale=100)


def test_long_programs_and_high_orders():
    def chain(x):
        for _ in range(3000):
            x = x * 1.0001
        return x

    np.testing.assert_allclose(jet(chain, (1.0,), ((1.0, 0.0),))[1][0], 1.0001**3000, rtol=1e-12)
    n = 20
    rows = jet(lambda x: 1 / (1 - x), (0.0,), ([1.0] + [0.0] * (n - 1),), factorial_scaled=False)[1]
    np.testing.assert_allclose(rows, np.ones(n), rtol=1e-13)
    rows = jet(fnp.sin, (0.5,), ([1.0] + [0.0] * (n - 1),))[1]
    np.testing.assert_allclose(rows, [np.sin(0.5 + k * np.pi / 2) for k in range(1, n + 1)], 1e-12)


def test_the_work_grows_with_the_square_of_the_order():
    def operations(n):
        f = lambda x: jet(lambda x: fnp.tanh(fnp.sin(x)), (x,), ([1.0] + [0.0] * (n - 1),))[1]
        return len(fgrad.make_jaxpr(f)(0.5).eqns)

    assert operations(16) < 4.5 * operations(8)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=7), st.floats(0.5, 1.5))
def test_product_and_quotient_are_inverse(terms, x):
    f = lambda y: fnp.exp(y) * fnp.sin(y) / fnp.exp(y) - fnp.sin(y)
    value, rows = jet(f, (x,), (terms,), factorial_scaled=False)
    # sums of up to 7**2 products of numbers up to exp(1.5)
    np.testing.assert_allclose([value, *rows], np.zeros(len(terms) + 1), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: jet(fnp.sin, 1.0, ((1.0,),)), TypeError, "primals must be a tuple"),
        (lambda: jet(fnp.sin, (1.0,), ()), ValueError, "a series for each"),
        (lambda: jet(fnp.add, (1.0, 2.0), ((1.0,), (1.0, 2.0))), ValueError, r"length: \[1, 2\]"),
        (lambda: jet(fnp.sin, (X,), ((1.0,),)), ValueError, r"term 1 of argument 0.*\(2,\)"),
        (lambda: jet(fnp.sin, (3,), ((1.0,),)), TypeError, "floating dtype; got i64"),
        (lambda: jet(fnp.sin, ("a",), ((1.0,),)), TypeError, "argument 0.*str"),
        (lambda: jet(3, (1.0,), ((1.0,),)), TypeError, "expected a function"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert "test_jet.py" in str(caught.value)
