"""jit: one program for each kind of arguments."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler import executable
from fgrad.core.check import check_jaxpr
from tests.harness import assert_same

X = np.arange(3.0)


def counting(f):
    """A function that counts how often it is traced."""

    def counted(*args, **kwargs):
        counted.traces += 1
        return f(*args, **kwargs)

    counted.traces = 0
    return counted


def test_traced_once_for_each_kind_of_arguments():
    f = counting(lambda x, y=1.0: x * y)
    g = fgrad.jit(f)
    for _ in range(3):
        assert_same(g(X), X)
        assert_same(g(X, 2.0), 2 * X)
        assert_same(g(X, y=2.0), 2 * X)
    assert f.traces == 3
    g(X.astype(np.float32))
    g(X[:2])
    g(2.0)
    g(2)
    g(np.float64(2.0))
    assert f.traces == 8
    info = g.cache_info()
    assert info.misses == info.currsize == 8
    assert info.hits == 6
    g.clear_cache()
    assert g.cache_info().currsize == 0
    g(X)
    assert f.traces == 9


def test_pytrees_in_and_out():
    f = fgrad.jit(lambda t, *, scale: {"out": [t["a"] * scale, None], "b": (t["b"],)})
    got = f({"a": X, "b": 3}, scale=np.float32(2.0))
    assert_same(got["out"][0], 2 * X)
    assert got["out"][1] is None
    assert type(got["b"][0]) is np.int64


def test_static_arguments():
    f = counting(lambda x, n, *, mode: x * n if mode == "times" else x + n)
    g = fgrad.jit(f, static_argnums=1, static_argnames="mode")
    assert_same(g(X, 3, mode="times"), 3 * X)
    assert_same(g(X, 3, mode="times"), 3 * X)
    assert_same(g(X, 3, mode="plus"), 3 + X)
    assert_same(g(X, n=4, mode="plus"), 4 + X)
    assert f.traces == 3
    h = fgrad.jit(lambda n, x: x * sum(range(n)), static_argnums=(0,))
    assert_same(h(4, X), 6 * X)
    assert fgrad.jit(lambda x, k: x * len(k), static_argnums=-1)(2.0, "abc") == 6.0
    # 1, 1.0 and True are equal, but make different programs
    kinds = fgrad.jit(lambda n: n * 1, static_argnums=0)
    assert [type(kinds(v)) for v in (1, 1.0)] == [np.int64, np.float64]


def test_as_a_decorator_with_and_without_options():
    @fgrad.jit
    def f(x):
        return x + 1

    @fgrad.jit(static_argnames=["n"])
    def g(x, n=2):
        return x * n

    assert f(1.0) == 2.0
    assert g(3.0) == 6.0
    assert g(3.0, n=3) == 9.0


def test_on_methods():
    class Model:
        def __init__(self, scale):
            self.scale = scale

        @fgrad.jit
        def doubled(x):
            return 2 * x

        def __call__(self, x):
            return fgrad.jit(self.scaled)(x)

        def scaled(self, x):
            return self.scale * x

    assert Model.doubled(3.0) == 6.0
    assert Model(4.0)(2.0) == 8.0

    class Counter:
        @fgrad.jit(static_argnums=0)
        def add(self, x):
            return x + 1

    assert Counter().add(1.0) == 2.0


def test_nested_and_closed_over():
    inner = fgrad.jit(lambda x, y: x * y)
    outer = fgrad.jit(lambda x: inner(x, x + 1) + inner(x, 2.0))
    assert outer(3.0) == 18.0

    def f(w):
        g = fgrad.jit(lambda x: w * x)  # closes over a value being differentiated
        return g(2.0) + g(3.0) * fgrad.jit(lambda: w)()

    assert fgrad.grad(f)(4.0) == 2.0 + 2 * 3.0 * 4.0
    assert fgrad.jit(fgrad.grad(f))(4.0) == 26.0
    assert_same(fgrad.vmap(f)(np.array([1.0, 2.0])), np.array([5.0, 16.0]))


def test_a_closed_over_value_is_not_frozen():
    f = fgrad.jit(lambda x, w: x * w)
    for w in (1.0, 2.0):
        assert fgrad.grad(lambda x, w=w: f(x, w))(3.0) == w


def test_side_effects_happen_while_tracing_only():
    seen = []
    f = fgrad.jit(lambda x: seen.append(x) or x)
    f(1.0)
    f(2.0)
    assert len(seen) == 1
    assert "f64[]" in repr(seen[0])


def test_lower():
    f = fgrad.jit(lambda x, y: fnp.sin(x) * y + x)
    low = f.lower(X, 2.0)
    check_jaxpr(low.jaxpr)
    check_jaxpr(low.optimized)
    assert [e.primitive.name for e in low.jaxpr.eqns] == ["sin", "mul", "add"]
    compile(low.source, "source", "exec")
    assert "sin" in low.source
    assert low.as_text() == low.source
    assert low.out_info == fgrad.ShapeDtypeStruct((3,), np.float64)
    run = low.compile()
    assert_same(run(X, 2.0), np.sin(X) * 2 + X)
    assert_same(f.trace(X, 2.0).lower().compile()(X, 2.0), run(X, 2.0))
    with pytest.raises(TypeError, match="compiled for"):
        run(X[:2], 2.0)
    shapes = f.lower(fgrad.ShapeDtypeStruct((2,), np.float32), 1.0)
    assert shapes.out_info.dtype == np.float32
    assert f.eval_shape(X, 1.0).shape == (3,)


def test_donated_arguments():
    f = fgrad.jit(lambda x, y: x * 2 + y, donate_argnums=0)
    for _ in range(3):
        assert_same(f(np.arange(1000.0), 1.0), 2 * np.arange(1000.0) + 1)
    kept = np.arange(1000.0)
    plain = fgrad.jit(lambda x: x + 1)
    plain(kept)
    assert_same(kept, np.arange(1000.0))


def test_donated_leaves_are_counted_without_static_arguments(monkeypatch):
    donated = []
    program = executable.Program
    record = lambda closed, leaves: (donated.append(tuple(leaves)), program(closed, leaves))[1]
    monkeypatch.setattr(executable, "Program", record)
    pair = (X, X)
    fgrad.jit(lambda a, b: a * b[0], donate_argnums=0)(X, pair)
    fgrad.jit(lambda a, b: a * b[0], donate_argnums=(1,))(X, pair)
    fgrad.jit(lambda n, a, b: a * b[0] * n, static_argnums=0, donate_argnums=2)(3, X, pair)
    fgrad.jit(lambda a, n, b: a * b[0] * n, static_argnums=1, donate_argnums=(0, 2))(X, 3, pair)
    fgrad.jit(lambda a, *, b: a * b[0], donate_argnames="b")(X, b=pair)
    fgrad.jit(lambda a, b: a * b[0])(X, pair)
    assert donated == [(0,), (1, 2), (1, 2), (0, 1, 2), (1, 2), ()]


def test_disable_jit():
    f = fgrad.jit(lambda x: x if float(x) > 0 else -x)
    with pytest.raises(fgrad.errors.ConcretizationTypeError):
        f(1.0)
    with fgrad.disable_jit():
        assert f(-1.0) == 1.0
        assert fgrad.grad(f)(-1.0) == -1.0
        with fgrad.disable_jit(False), pytest.raises(fgrad.errors.ConcretizationTypeError):
            f(1.0)
    with pytest.raises(fgrad.errors.ConcretizationTypeError):
        f(1.0)


def test_an_exception_while_tracing_leaves_no_program():
    calls = []

    def f(x):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("first")
        return x + 1

    g = fgrad.jit(f)
    with pytest.raises(RuntimeError):
        g(1.0)
    assert g(1.0) == 2.0


def test_weak_arguments():
    f = fgrad.jit(lambda x, s: x * s)
    x = X.astype(np.float32)
    assert f(x, 2.0).dtype == np.float32
    assert f(x, np.float64(2.0)).dtype == np.float64
    assert f(x, True).dtype == np.float32
    assert type(f(2, 3.0)) is np.float64


def test_empty_and_repeated_outputs():
    assert fgrad.jit(lambda x: ())(X) == ()
    assert fgrad.jit(lambda: 3)() == 3
    a, b = fgrad.jit(lambda x: (x * 2,) * 2)(X)
    a[0] = 7.0
    assert b[0] == 0.0


def test_programs_that_return_their_inputs_and_constants():
    table = np.arange(3.0)
    x = np.ones(3)
    f = fgrad.jit(lambda x: (x, table, x, x[::-1], x.reshape(3, 1), table.T))
    for _ in range(2):
        outs = f(x)
        for o in outs:
            o[...] = 9.0
    assert_same(x, np.ones(3))
    assert_same(table, np.arange(3.0))


def test_results_of_two_calls_are_apart():
    f = fgrad.jit(lambda x: fnp.tanh(x @ np.eye(3)) * 2 + 1)
    a = f(X)
    before = a.copy()
    b = f(X + 1)
    assert_same(a, before)
    b[...] = 0.0
    assert_same(a, before)


def test_recursion():
    f = fgrad.jit(lambda x, n: x if n == 0 else f(x * 2, n - 1), static_argnums=1)
    assert f(1.0, 5) == 32.0


def test_a_function_named_as_an_operation():
    def power(x, n):
        return x**n

    def exp(x):
        return fnp.exp(x) * 2

    assert fgrad.jit(power)(2.0, 3.0) == 8.0
    assert fgrad.jit(exp)(0.0) == 2.0
