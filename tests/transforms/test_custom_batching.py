"""custom_vmap and sequential_vmap against JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same, assert_traced_well

x, y = np.arange(6.0).reshape(3, 2) / 3, np.array([0.5, -1.0])


def with_rule(lib, calls=None):
    """A function whose rule differs from it, so that it shows which one ran."""

    @lib.custom_batching.custom_vmap
    def f(x, y):
        return lib.numpy.sin(x) * y, (y * y).sum()

    @f.def_vmap
    def rule(axis_size, in_batched, x, y):
        if calls is not None:
            calls.append((axis_size, in_batched))
        out = lib.numpy.cos(x) * y
        return (out, (y * y).sum(-1) + 7), (True, in_batched[1])

    return f


CALLS = {
    "both": lambda lib, f: lib.vmap(f)(x, 2 * x),
    "first": lambda lib, f: lib.vmap(f, (0, None), (0, None))(x, y),
    "axis": lambda lib, f: lib.vmap(f, (1, None), (0, None))(x.T, y),
    "jit": lambda lib, f: lib.jit(lib.vmap(f))(x, 2 * x),
    "vmap of jit": lambda lib, f: lib.vmap(lib.jit(f))(x, 2 * x),
    "unmapped": lambda lib, f: f(x, x),
    "jvp": lambda lib, f: lib.jvp(f, (x, x), (x + 1, x)),
    "jvp of vmap": lambda lib, f: lib.jvp(lib.vmap(f), (x, 2 * x), (x + 1, x)),
    "vmap of jvp": lambda lib, f: lib.vmap(lambda x, t: lib.jvp(f, (x, x), (t, x)))(x, x + 1),
    "vmap of jvp of one": lambda lib, f: lib.vmap(
        lambda x: lib.jvp(lambda y: f(x, y), (x,), (lib.numpy.ones(2),))
    )(x),
    "scan": lambda lib, f: lib.vmap(
        lambda x: lib.lax.scan(lambda c, _: (f(c, c)[0], None), x, None, length=3)[0]
    )(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_as_in_jax(name):
    call = CALLS[name]
    assert_same(call(fgrad, with_rule(fgrad)), call(jax, with_rule(jax)), scale=10)


def test_the_rule_is_told_what_is_mapped():
    calls = []
    f = with_rule(fgrad, calls)
    fgrad.vmap(f, (None, 0))(y, x)
    fgrad.vmap(f, (0, None), (0, None))(x, y)
    assert calls == [(3, [False, True]), (3, [True, False])]
    assert_traced_well(fgrad.vmap(f), x, x)


def test_reverse_mode_by_a_custom_vjp_outside():
    def derivative(lib):
        f = lib.custom_batching.custom_vmap(lambda x: x**3)
        f.def_vmap(lambda size, batched, x: (x**3, True))
        g = lib.custom_vjp(f)
        g.defvjp(lambda x: (f(x), x), lambda x, ct: (5 * x * ct,))
        return lib.vmap(lib.grad(g))(x[:, 0])

    assert_same(derivative(fgrad), derivative(jax))


@pytest.mark.parametrize("lib, numpy", [(fgrad, fnp), (jax, jnp)])
def test_sequential_vmap(lib, numpy):
    seen = []

    @lib.custom_batching.sequential_vmap
    def f(x, y):
        lib.debug.callback(lambda v: seen.append(v.tolist()), x)
        return numpy.dot(x, y)

    np.testing.assert_allclose(lib.vmap(f, (0, None))(x, y), x @ y, rtol=1e-15)
    assert seen == x.tolist()
    np.testing.assert_allclose(lib.vmap(f, (None, 0))(y, x), x @ y, rtol=1e-15)


def rule_of(out, mapped):
    f = fgrad.custom_batching.custom_vmap(lambda x: x)
    f.fun.__name__ = "f"
    f.def_vmap(lambda *_: (out, mapped))
    return f


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fgrad.custom_batching.custom_vmap(fnp.sin)(x), AttributeError, "use sin.def_vmap"),
        (lambda: fgrad.grad(with_rule(fgrad), has_aux=True)(1.0, y), TypeError, "custom_vjp"),
        (lambda: fgrad.vmap(rule_of([x], True))(x), TypeError, "rule of f must return the struct"),
        (lambda: fgrad.vmap(rule_of(y, True))(x), ValueError, r"batches of 3 .* f64\[2\]"),
        (lambda: fgrad.vmap(rule_of(y, [True]))(x), ValueError, "out_batched"),
        (
            lambda: fgrad.vmap(
                lambda x: fgrad.custom_batching.sequential_vmap(lambda y: x * y)(2.0 * x)
            )(x),
            TypeError,
            "closes over a mapped value: give it as an argument",
        ),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert "test_custom_batching.py" in str(caught.value)
