"""Shapes, values and parameters drawn at random, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fgrad
import fgrad.numpy as fnp
from fgrad.primitives import contract, reduce, shape
from fgrad.testing import check_dot_product, check_jit, check_vmap
from fgrad.testing.strategies import arrays, broadcastable, indices, shapes
from tests.harness import assert_same, assert_traced_well
from tests.primitives.rows import ROWS

SHAPES = shapes(max_dims=4)
ELEMENTWISE = [
    r for r in ROWS if getattr(r.primitive, "ufunc", None) is r.numpy and "float64" in r.values
]
ONE = [r for r in ELEMENTWISE if r.numpy.nin == 1]
TWO = [r for r in ELEMENTWISE if r.numpy.nin == 2 and r.primitive.name != "ldexp"]


def agree(primitive, ufunc, *args):
    """Value and dtype, outside and under jit; a refusal where NumPy refuses."""
    with np.errstate(all="ignore"):
        try:
            want = ufunc(*args)
        except TypeError:
            with pytest.raises(TypeError):
                primitive(*args)
            return
        assert_same(primitive(*args), want)
        assert_same(fgrad.jit(primitive.bind)(*args), want, scale=10)


@given(st.sampled_from(ONE), arrays(special=True))
def test_one_operand(row, x):
    agree(row.primitive, row.numpy, x)


@given(st.sampled_from(TWO), broadcastable(2, special=True))
def test_two_operands(row, args):
    agree(row.primitive, row.numpy, *args)


@given(
    st.sampled_from([r for r in TWO if r.dtypes]),
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    st.integers(0, 2**32 - 1),
)
def test_broadcasting_is_transposed_right(row, shapes, seed):
    """<ct, J t> = <J' ct, t>, whatever the shapes."""
    rng = np.random.default_rng(seed)
    args = tuple(rng.uniform(0.5, 2.0, s) for s in shapes.input_shapes)
    tangents = tuple(rng.normal(size=s) for s in shapes.input_shapes)
    ct = rng.normal(size=shapes.result_shape)[()]
    _, tangent = fgrad.jvp(row.primitive, args, tangents)
    pulled = fgrad.vjp(row.primitive, *args)[1](ct)
    for p, a in zip(pulled, args, strict=True):
        assert p.shape == a.shape
    np.testing.assert_allclose(
        np.sum(ct * tangent),
        sum(np.sum(p * t) for p, t in zip(pulled, tangents, strict=True)),
        rtol=1e-9,
        atol=1e-9,
    )


@given(arrays("float64", SHAPES), st.data())
def test_reductions(x, data):
    axes = tuple(sorted(data.draw(st.sets(st.integers(0, x.ndim - 1))) if x.ndim else ()))
    empty = any(x.shape[a] == 0 for a in axes)
    ufuncs = {reduce.reduce_sum: np.add, reduce.reduce_prod: np.multiply}
    if not empty:
        ufuncs |= {reduce.reduce_max: np.maximum, reduce.reduce_min: np.minimum}
    for primitive, ufunc in ufuncs.items():
        want = ufunc.reduce(x, axis=axes)
        f = lambda x, p=primitive: p(x, axes=axes)
        assert_same(f(x[()]), want)
        assert_traced_well(f, x[()])
        assert fgrad.vjp(f, x[()])[1](np.ones_like(want)[()])[0].shape == x.shape
        got = fgrad.vmap(f, in_axes=-1)(np.stack([x, -x], -1))
        assert_same(got, np.stack([want, ufunc.reduce(-x, axis=axes)]))


@given(SHAPES.filter(len), st.data())
def test_slices_and_pads_are_each_other_s_transpose(sizes, data):
    index = []
    for n in sizes:
        s = slice(*data.draw(st.tuples(*[st.none() | st.integers(-5, 5)] * 2)),
                  data.draw(st.sampled_from([None, 1, 2, 3, -1, -2])))  # fmt: skip
        start, stop, step = s.indices(n)
        used = range(start, stop, step)
        one = n and data.draw(st.integers(0, 4)) == 0
        index.append(used[0] if one and len(used) else (start, stop, step))
    index = tuple(index)
    numpy_index = shape.as_numpy_index(index)
    x = np.arange(float(np.prod(sizes))).reshape(sizes)
    want = x[numpy_index]
    take = lambda x: shape.slice(x, index=index)
    put = lambda y: shape.pad(y, shape=sizes, index=index)
    assert_same(take(x), want)
    back = np.zeros(sizes)
    back[numpy_index] = want
    assert_same(put(want), back)
    assert_same(fgrad.vjp(take, x)[1](want)[0], back)
    assert_same(fgrad.vjp(put, want)[1](x)[0], want)
    assert_traced_well(take, x)
    assert_traced_well(put, want)


@st.composite
def contractions(draw):
    """Two operands with shared, kept and summed labels, in any order."""
    labels = "abcdef"
    sizes = {c: draw(st.integers(0 if c == "f" else 1, 3)) for c in labels}
    roles = {c: draw(st.sampled_from(["batch", "sum", "left", "right", "none"])) for c in labels}
    lhs = [c for c, r in roles.items() if r in ("batch", "sum", "left")]
    rhs = [c for c, r in roles.items() if r in ("batch", "sum", "right")]
    out = [c for c, r in roles.items() if r in ("batch", "left", "right")]
    lhs, rhs, out = (draw(st.permutations(v)) for v in (lhs, rhs, out))
    subscripts = f"{''.join(lhs)},{''.join(rhs)}->{''.join(out)}"
    return subscripts, tuple(sizes[c] for c in lhs), tuple(sizes[c] for c in rhs)


@given(shapes(min_dims=1, max_side=3), st.data())
def test_every_index_of_numpy(shape, data):
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    index = data.draw(indices(shape))
    take = lambda x: x[index]
    check_jit(take, (x,))
    check_vmap(take, (x,))
    check_dot_product(take, (x,))
    put = lambda x, y: fnp.asarray(x).at[index].add(y)
    want = np.array(x)
    np.add.at(want, index, 0.5)
    assert_same(put(x, 0.5), want)
    check_dot_product(put, (x, 0.5))


@given(contractions(), st.integers(0, 2**32 - 1))
def test_contractions(drawn, seed):
    subscripts, left, right = drawn
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=left), rng.normal(size=right)
    f = lambda x, y: contract.einsum(x, y, subscripts=subscripts)
    want = np.einsum(subscripts, x, y)
    assert_same(f(x[()], y[()]), want)
    assert_traced_well(f, x[()], y[()])
    ct = rng.normal(size=want.shape)[()]
    cx, cy = fgrad.vjp(f, x[()], y[()])[1](ct)
    np.testing.assert_allclose(np.sum(cx * x), np.sum(ct * want), atol=1e-10)
    np.testing.assert_allclose(np.sum(cy * y), np.sum(ct * want), atol=1e-10)
    rows = fgrad.vmap(f, in_axes=(-1, None))(np.stack([x, 2 * x], -1), y[()])
    assert_same(rows, np.stack([want, 2 * want]), scale=10)
    both = fgrad.vmap(f, in_axes=(0, -1))(np.stack([x, 2 * x]), np.stack([y, 3 * y], -1))
    assert_same(both, np.stack([want, 6 * want]), scale=10)
