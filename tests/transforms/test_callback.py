"""Python functions called from inside programs, under every transformation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.experimental import io_callback

X = np.arange(3.0)


def _like(x):
    return fgrad.ShapeDtypeStruct(np.shape(x), x.dtype)


def _cumsum(x, **options):
    return fgrad.pure_callback(lambda v: np.cumsum(v, axis=-1), _like(x), x, **options)


@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit))
def test_a_pure_callback_gives_numbers(transform):
    np.testing.assert_array_equal(transform(_cumsum)(X), np.cumsum(X))
    got = transform(lambda x: fgrad.pure_callback(lambda v: float(v) + 1, _like(x), x))(
        np.float64(2.0)
    )
    assert got == 3.0
    assert isinstance(got, np.float64)


@pytest.mark.parametrize("method", ("sequential", "sequential_unrolled", "expand_dims",
                                    "broadcast_all"))  # fmt: skip
@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit))
def test_a_pure_callback_is_mapped(transform, method):
    xs = np.arange(12.0).reshape(2, 3, 2)
    f = lambda x: _cumsum(x, vmap_method=method)
    np.testing.assert_array_equal(transform(fgrad.vmap(f))(xs), np.cumsum(xs, -1))
    np.testing.assert_array_equal(transform(fgrad.vmap(fgrad.vmap(f)))(xs), np.cumsum(xs, -1))
    np.testing.assert_array_equal(
        transform(fgrad.vmap(f, in_axes=2))(xs), np.cumsum(xs.transpose(2, 0, 1), -1)
    )


@pytest.mark.parametrize("method", ("sequential", "expand_dims", "broadcast_all"))
def test_shapes_under_vmap_are_jaxs(method):
    def shapes(lib, np_):
        seen = []

        def f(x, y):
            def call(a, b):
                seen.append((np.shape(a), np.shape(b)))
                return np.asarray(a) + np.asarray(b)

            spec = lib.ShapeDtypeStruct(x.shape, x.dtype)
            return lib.pure_callback(call, spec, x, y, vmap_method=method)

        lib.block_until_ready(lib.vmap(f, in_axes=(0, None))(np_.ones((2, 3)), np_.ones(3)))
        return seen

    assert shapes(fgrad, fnp) == shapes(jax, jnp)


def test_pytrees_and_keywords_go_in_and_out():
    def call(tree, *, scale):
        return {"a": tree[0] * scale, "b": (tree[1],)}

    spec = {"a": _like(X), "b": (_like(np.float32(1)),)}
    f = fgrad.jit(lambda x, y: fgrad.pure_callback(call, spec, (x, y), scale=x[1] * 2))
    out = f(X, np.float32(7))
    np.testing.assert_array_equal(out["a"], X * 2)
    assert out["b"][0] == np.float32(7)


def test_what_comes_back_is_checked_and_copied():
    bad = {
        "shape": lambda v: v[1:],
        "dtype": lambda v: v.astype(np.float32),
        "structure": lambda v: (v, v),
    }
    for wrong in bad.values():
        with pytest.raises(ValueError, match="announced|structure"):
            fgrad.pure_callback(wrong, _like(X), X)
    kept = []
    f = fgrad.jit(lambda x: fgrad.pure_callback(lambda v: (kept.append(v), v)[1], _like(x), 2 * x))
    out = f(X)
    kept[0][...] = 9
    np.testing.assert_array_equal(out, 2 * X)
    with pytest.raises(TypeError, match="shape and a dtype"):
        fgrad.pure_callback(np.sin, 3.0, X)
    with pytest.raises(TypeError, match="must be a function"):
        fgrad.pure_callback(3, _like(X), X)
    with pytest.raises(ValueError, match="vmap_method must be"):
        _cumsum(X, vmap_method="some")


def test_what_has_no_meaning_is_refused():
    with pytest.raises(ValueError, match="custom_jvp"):
        fgrad.grad(lambda x: _cumsum(x).sum())(X)
    with pytest.raises(NotImplementedError, match="vmap_method='sequential'"):
        fgrad.vmap(_cumsum)(X[:, None])
    with pytest.raises(ValueError, match="custom_jvp"):
        fgrad.grad(lambda x: io_callback(np.sum, _like(x[0]), x))(X)
    with pytest.raises(ValueError, match="ordered=True cannot be mapped"):
        fgrad.vmap(lambda x: io_callback(np.sum, _like(x), x, ordered=True))(X)


def test_custom_rules_give_a_pure_callback_a_derivative():
    @fgrad.custom_jvp
    def sine(x):
        return fgrad.pure_callback(np.sin, _like(x), x, vmap_method="expand_dims")

    sine.defjvp(lambda primals, tangents: (sine(*primals), fnp.cos(*primals) * tangents[0]))
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(lambda x: sine(x).sum()))(X), np.cos(X))
    np.testing.assert_allclose(fgrad.vmap(fgrad.grad(sine))(X), np.cos(X))


@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit))
def test_effects_happen_each_time_and_in_order(transform):
    seen = []
    note = lambda tag: lambda *v: seen.append((tag, *map(float, v)))

    def f(x):
        fgrad.debug.callback(note("in"), x)
        io_callback(note("constant"), None)
        y = fgrad.lax.fori_loop(
            0, 2, lambda i, c: (fgrad.debug.callback(note("step"), c), c * 2)[1], x
        )
        fgrad.debug.callback(note("out"), y)
        return x

    want = [("in", 1.0), ("constant",), ("step", 1.0), ("step", 2.0), ("out", 4.0)]
    g = transform(f)
    for _ in range(2):
        seen.clear()
        g(1.0)
        assert seen == want


def test_debug_callbacks_leave_derivatives_alone():
    seen = []

    def f(x):
        y = fnp.sin(x)
        fgrad.debug.callback(lambda v: seen.append(np.array(v)), y)
        return y * y

    want = fgrad.grad(lambda x: fnp.sin(x) ** 2)(0.3)
    for g in (fgrad.grad(f), fgrad.jit(fgrad.grad(f)), fgrad.grad(fgrad.jit(f))):
        seen.clear()
        np.testing.assert_allclose(g(0.3), want)
        np.testing.assert_allclose(seen, [np.sin(0.3)])
    seen.clear()
    np.testing.assert_allclose(fgrad.jit(fgrad.vmap(fgrad.grad(f)))(X), np.sin(2 * X), atol=1e-15)
    np.testing.assert_allclose(seen, np.sin(X))
    seen.clear()
    fgrad.hessian(f)(0.3)
    assert seen


def test_branches_and_conditions():
    seen = []
    note = lambda v: seen.append(float(v))

    def f(x):
        positive = lambda v: (fgrad.debug.callback(note, v), 2 * v)[1]
        return fgrad.lax.cond(x > 0, positive, lambda v: v, x)

    assert fgrad.jit(fgrad.grad(f))(1.0) == 2.0
    assert fgrad.jit(f)(-1.0) == -1.0
    assert seen == [1.0]
    fgrad.jit(lambda x: fgrad.lax.while_loop(lambda c: c < 3, lambda c: (note_(c), c + 1)[1], x))(
        0.0
    )
    assert seen == [1.0]
    assert noted == [0.0, 1.0, 2.0]


noted = []


def note_(x):
    fgrad.debug.callback(lambda v: noted.append(float(v)), x)
