"""make_jaxpr, eval_shape, closure_convert, stop_gradient, named_scope."""

import jax
import numpy as np
import pytest

import fgrad
from fgrad.core.check import check_jaxpr
from fgrad.transforms.scope import current_scope
from tests.harness import assert_same

X = np.arange(3.0)


def test_make_jaxpr():
    closed = fgrad.make_jaxpr(lambda x, *, y: {"out": x * y})(X, y=2.0)
    assert [e.primitive.name for e in closed.eqns] == ["mul"]
    assert [str(a) for a in closed.in_avals] == ["f64[3]", "f64[]~"]
    again = fgrad.make_jaxpr(lambda x: x * 2)(fgrad.ShapeDtypeStruct((2,), np.float32))
    assert [str(a) for a in again.out_avals] == ["f32[2]"]
    static = fgrad.make_jaxpr(lambda n, x: x * n, static_argnums=0)(3, X)
    assert len(static.in_avals) == 1


def test_static_arguments_are_counted_from_both_ends():
    f = lambda n, x, m=2: x * n * m
    for static in (0, -2, (0, 2)):  # the third argument is left out
        assert_same(fgrad.make_jaxpr(f, static_argnums=static)(3, X)(X)[0], X * 6)
    assert len(fgrad.make_jaxpr(f, static_argnums=None)(3, X).in_avals) == 2
    for static in ((0, 2), (-3, -1)):
        assert_same(fgrad.make_jaxpr(f, static_argnums=static)(3, X, 2)(X)[0], X * 6)


def test_make_jaxpr_return_shape():
    closed, shape = fgrad.make_jaxpr(lambda x: {"a": x.sum(), "b": (1,)}, return_shape=True)(X)
    assert shape == {
        "a": fgrad.ShapeDtypeStruct((), np.float64),
        "b": (fgrad.ShapeDtypeStruct((), np.int64, weak_type=True),),
    }


def test_make_jaxpr_under_transformations():
    inner = []

    def f(x):
        inner.append(fgrad.make_jaxpr(lambda y: y * x)(x))
        return x * 2

    for t in (fgrad.grad, fgrad.jit):
        t(f)(1.0)
        check_jaxpr(inner[-1].jaxpr)
        assert len(inner[-1].consts) == 1


def test_eval_shape():
    class Duck:
        shape, dtype = (4, 2), np.dtype("float32")

    def f(a, b):
        raise_if_run = np.zeros(10)
        return {"y": a["m"] @ b, "k": raise_if_run}

    out = fgrad.eval_shape(f, {"m": Duck()}, fgrad.ShapeDtypeStruct((2,), np.float32))
    assert out["y"] == fgrad.ShapeDtypeStruct((4,), np.float32)
    assert out["k"].shape == (10,)
    assert fgrad.eval_shape(lambda x: x > 0, 1.0).dtype == bool
    s = fgrad.ShapeDtypeStruct((2, 3), "int32")
    assert (s.ndim, s.size, len(s)) == (2, 6, 2)
    assert hash(s) == hash(fgrad.ShapeDtypeStruct([2, 3], np.int32))


def test_closure_convert():
    def outer(lib, w):
        f, hoisted = lib.closure_convert(lambda x, k: w * x**2 + k, 1.0, 2.0)
        return f(3.0, 4.0, *hoisted) + sum(h * 0 for h in hoisted)

    assert fgrad.grad(lambda w: outer(fgrad, w))(2.0) == 9.0
    assert outer(fgrad, 2.0) == outer(jax, 2.0) == 22.0
    f, hoisted = fgrad.closure_convert(lambda t: {"y": t["x"] * X}, {"x": 2.0})
    assert hoisted == []
    assert_same(f({"x": 3.0})["y"], 3 * X)
    with pytest.raises(TypeError, match="closure_convert"):
        f(3.0)


@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit))
def test_what_closure_convert_hoists_is_differentiated(transform):
    def f(w, v):
        g, hoisted = fgrad.closure_convert(lambda x: w * x**2 + v, 1.0)
        assert len(hoisted) == 2
        return g(3.0, *hoisted)

    assert_same(transform(fgrad.grad(f, (0, 1)))(2.0, 5.0), (9.0, 1.0))


def test_stop_gradient():
    stop = fgrad.lax.stop_gradient
    assert fgrad.grad(lambda x: x * stop(x))(3.0) == 3.0
    assert fgrad.jvp(lambda x: stop(x), (3.0,), (1.0,)) == (3.0, 0.0)
    assert fgrad.grad(fgrad.jit(lambda x: x * stop(x)))(3.0) == 3.0
    assert fgrad.grad(fgrad.grad(lambda x: x * stop(x) * x))(3.0) == 6.0
    tree = stop({"a": X, "b": (3, None, "text")})
    assert tree["b"] == (3, None, "text")
    assert_same(fgrad.vmap(fgrad.grad(lambda x: stop(x) * x))(X), X)


def test_named_scope():
    seen = []

    @fgrad.named_scope("inner")
    def f(x):
        seen.append(current_scope())
        return x * 2

    with fgrad.named_scope("outer"):
        assert fgrad.grad(f)(3.0) == 2.0
        with pytest.raises(ZeroDivisionError), fgrad.named_scope("broken"):
            _ = 1 // 0
        seen.append(current_scope())
    assert seen == ["outer/inner", "outer"]
    assert current_scope() == ""
    with pytest.raises(TypeError, match="must be a string; got 3"):
        fgrad.named_scope(3)
