"""Nothing is changed, nothing is shared: not inputs, not constants, not one result with another."""

import itertools

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

N = 4
TABLE = np.arange(float(N))

# functions of a vector whose results might be views of it, of a constant, or of each other
FUNCTIONS = {
    "identity": lambda x: x,
    "twice": lambda x: (x, x),
    "constant": lambda x: TABLE,
    "constant twice": lambda x: [TABLE, TABLE],
    "reverse": lambda x: x[::-1],
    "reshape": lambda x: (x.reshape(2, 2), x),
    "slices": lambda x: (x[1:], x[:2]),
    "transpose": lambda x: x.reshape(2, 2).T,
    "broadcast": lambda x: fnp.broadcast_to(x, (3, N)),
    "broadcast constant": lambda x: fnp.broadcast_to(fnp.asarray(TABLE), (3, N)),
    "broadcast scalar": lambda x: fnp.broadcast_to(x[0], (3, N)),
    "real": lambda x: (fnp.real(x), fnp.real(x * 1j)),
    "imag": lambda x: fnp.imag(x * 1j),
    "astype": lambda x: x.astype(float),
    "power": lambda x: (x**1, +x, fnp.asarray(x), fnp.array(x)),
    "stop": lambda x: fgrad.lax.stop_gradient(x),
    "computed twice": lambda x: (lambda y: (y, y, y[:2], y.reshape(2, 2)))(fnp.sin(x)),
    "squeeze": lambda x: fnp.squeeze(x[:, None]),
    "where": lambda x: fnp.where(x > -1, x, TABLE),
    "sums": lambda x: (x + 0, x * 1, x - 0.0, x / 1),
    "update": lambda x: (fnp.asarray(x).at[0].set(5.0), x),
    "whole update": lambda x: fnp.asarray(x).at[:].set(TABLE),
    "concatenate": lambda x: fnp.concatenate([x]),
}
TRANSFORMED = {
    "jit": fgrad.jit,
    "jvp": lambda f: lambda x: fgrad.jvp(f, (x,), (TABLE,)),
    "vjp": lambda f: lambda x: _pulled(f, x),
    "linearize": lambda f: lambda x: _pushed(f, x),
    "vmap": lambda f: lambda x: fgrad.vmap(f, in_axes=None, axis_size=2)(x),
    "vmap rows": lambda f: lambda x: fgrad.vmap(f)(fnp.stack([x, x])),
    "checkpoint": fgrad.checkpoint,
    "jit of vjp": lambda f: fgrad.jit(lambda x: _pulled(f, x)),
    "custom_jvp": lambda f: _custom(f),
    "aux": lambda f: fgrad.grad(lambda x: (fnp.sum(x), f(x)), has_aux=True),
    "closure_convert": lambda f: lambda x: fgrad.closure_convert(f, x)[0](x),
}


def _pulled(f, x):
    y, pull = fgrad.vjp(f, x)
    return y, pull(y), pull(y)


def _pushed(f, x):
    y, push = fgrad.linearize(f, x)
    return y, push(TABLE), push(TABLE)


def _custom(f):
    g = fgrad.custom_jvp(f)
    g.defjvp(lambda primals, tangents: fgrad.jvp(f, primals, tangents))
    return g


def arrays(tree):
    """All arrays of nested tuples and lists."""
    if isinstance(tree, tuple | list):
        return [a for t in tree for a in arrays(t)]
    return [tree] if isinstance(tree, np.ndarray) else []


@pytest.mark.parametrize("transformation", TRANSFORMED)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_shared(name, transformation):
    x = np.array([1.0, 1.25, 1.5, 2.0])
    before = x.copy()
    f = TRANSFORMED[transformation](FUNCTIONS[name])
    for _ in range(2):  # a compiled program runs differently the second time
        outs = arrays(f(x))
        assert_same(x, before)
        for o in outs:
            assert type(o) is fgrad.Array
            assert not np.shares_memory(o, x)
            assert not np.shares_memory(o, TABLE)
            if o.dtype.names is None:
                assert o.flags.writeable
                own = o.copy()
                o[...] = 7.0
                o[...] = own
                assert_same(o, own)  # no element is another one too
        for a, b in itertools.combinations(outs, 2):
            assert not np.shares_memory(a, b)


def test_a_broadcast_cannot_be_written_through():
    """Outside transformations views are views, as in NumPy; these would be many elements in one."""
    for view in (fnp.broadcast_to(TABLE, (3, N)), fnp.broadcast_to(fnp.asarray(TABLE), (3, N))):
        assert not view.flags.writeable or not np.shares_memory(view, TABLE)


def test_residuals_do_not_change_with_the_input():
    x = np.ones(3)
    y, pull = fgrad.vjp(lambda x: fnp.sum(x**3), x)
    y2, push = fgrad.linearize(lambda x: x**3, x)
    first = pull(1.0)[0].copy(), push(np.ones(3)).copy()
    fgrad.grad(lambda x: fnp.sum(x**2))(x)[...] = 5.0
    assert_same((pull(1.0)[0], push(np.ones(3))), first)


def test_cotangents_are_not_shared_with_their_seeds():
    ct = np.ones(3)
    (g,) = fgrad.vjp(lambda x: x, np.zeros(3))[1](ct)
    g[...] = 4.0
    assert_same(ct, np.ones(3))
    t = np.ones(3)
    _, tangent = fgrad.jvp(lambda x: x, (np.zeros(3),), (t,))
    tangent[...] = 4.0
    assert_same(t, np.ones(3))
    _, push = fgrad.linearize(lambda x: x, np.zeros(3))
    push(t)[...] = 4.0
    assert_same(t, np.ones(3))


def test_results_are_numpy_scalars_or_arrays():
    for t in ("jit", "jvp", "vjp", "linearize", "checkpoint", "custom_jvp"):
        out = TRANSFORMED[t](lambda x: fnp.sum(x) * 1.0)(np.ones(N))
        leaf = out[0] if isinstance(out, tuple) else out
        assert type(leaf) is np.float64, t
    assert isinstance(np.float64(1.0), fgrad.Array)
    assert isinstance(fnp.zeros(3), np.ndarray)
    assert type(fnp.zeros(3) + 1) is fgrad.Array
    assert not isinstance(np.zeros(3), fgrad.Array)
    seen = []
    fgrad.grad(lambda x: seen.append(isinstance(x, fgrad.Array)) or x)(1.0)
    assert seen == [True]


def test_parts_of_a_complex_argument_are_copies():
    z = np.array([1 + 2j, 3 - 1j])
    for f in (fgrad.jit(lambda z: (fnp.real(z), fnp.imag(z))), lambda z: fgrad.vjp(fnp.imag, z)):
        re, *_ = arrays(f(z))
        re += 5.0
        np.testing.assert_array_equal(z, [1 + 2j, 3 - 1j])
    _, im = fgrad.jit(lambda z: (fnp.real(z), fnp.imag(z)))(z)
    assert not np.shares_memory(im, z)
