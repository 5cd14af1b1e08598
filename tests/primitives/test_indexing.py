"""Indices as NumPy writes them, drawn at random: x[i], and x.at[i] with every update."""

import jax
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_promises_kept, assert_same

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


@st.composite
def entry(draw, n):
    """An index of one axis of `n` elements."""
    kind = draw(st.sampled_from(["int", "slice", "array", "full"]))
    if kind == "int":
        return draw(st.integers(-n, n - 1))
    if kind == "slice":
        bound = st.none() | st.integers(-n - 1, n + 1)
        step = st.none() | st.integers(1, 3) | st.integers(-3, -1)
        return slice(draw(bound), draw(bound), draw(step))
    if kind == "array":
        return None  # filled in by `indices`, where all arrays get shapes that broadcast
    return slice(None)


@st.composite
def indices(draw, shape, masks=True):
    """Anything NumPy takes as an index of an array of that shape."""
    if masks and draw(st.integers(0, 5)) == 0:  # a mask of the leading axes
        mask = draw(hnp.arrays(bool, shape[: draw(st.integers(1, len(shape)))]))
        rest = [draw(entry(n)) or slice(None) for n in shape[mask.ndim :]]
        return (mask, *(r if isinstance(r, slice) else slice(None) for r in rest))
    kept = draw(st.integers(0, len(shape)))
    front = draw(st.integers(0, kept))
    axes = [*range(front), *range(len(shape) - (kept - front), len(shape))]
    block = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=1, max_side=3))
    items = []
    for axis in axes:
        item = draw(entry(shape[axis]))
        if item is None:
            own = tuple(n if draw(st.booleans()) else 1 for n in block)
            own = own[draw(st.integers(0, len(own))) :] if own else own
            item = draw(
                hnp.arrays(np.int64, own, elements=st.integers(-shape[axis], shape[axis] - 1))
            )
        items.append(item)
    if kept < len(shape) or draw(st.booleans()):
        items.insert(front, ...)
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return items[0] if len(items) == 1 and draw(st.booleans()) else tuple(items)


@st.composite
def places(draw, masks=True):
    shape = draw(SHAPES)
    return shape, draw(indices(shape, masks))


def numbers(shape):
    return np.arange(1.0, 1.0 + int(np.prod(shape))).reshape(shape)


@given(places())
@example(((3, 4), (np.array([0, 2]), None, np.array([[1], [-1]]))))
@example(((2, 3, 4), (np.array([0]), slice(None), np.array([1, 2]))))
@example(((3, 4), np.zeros((3, 4), bool)))
@example(((3,), (None, slice(None, None, -1), None)))
@example(((3, 2), ()))
def test_getitem(place):
    shape, index = place
    x = numbers(shape)
    want = x[index]
    get = lambda x: fnp.asarray(x)[index]
    for got in (fgrad.jit(get)(x), fgrad.vjp(get, x)[0]):
        assert_same(got, want)
    closed = fgrad.make_jaxpr(get)(x)
    assert_promises_kept(closed, [x])
    # the transpose puts each cotangent back where its element came from, adding up
    ct = np.random.default_rng(0).normal(size=want.shape)
    expected = np.zeros(shape)
    np.add.at(expected, index, ct)
    assert_same(fgrad.vjp(get, x)[1](ct)[0], expected)
    assert_same(fgrad.jit(lambda ct: fgrad.vjp(get, x)[1](ct)[0])(ct), expected)


@given(places())
def test_getitem_batched(place):
    shape, index = place
    x = np.stack([numbers(shape), -numbers(shape)], axis=-1)
    got = fgrad.vmap(lambda x: x[index], in_axes=-1)(x)
    assert_same(got, np.stack([x[..., 0][index], x[..., 1][index]]))


_UFUNCS = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}


def updated(x, index, op, values):
    """NumPy's own update, out of place."""
    out = np.array(x)
    if op == "set":
        out[index] = values
    else:
        _UFUNCS[op].at(out, index, values)
    return out


@given(places(), st.sampled_from(["set", *_UFUNCS]), st.booleans())
@example(((3, 4), (None, np.array([0, 2]))), "set", False)
@example(((2, 2), ()), "multiply", True)
@example(((3,), np.array([True, False, True])), "set", False)
def test_updates(place, op, scalar):
    shape, index = place
    x = numbers(shape)
    values = np.asarray(2.5) if scalar else -numbers(x[index].shape)
    want = updated(x, index, op, values)
    update = lambda x, v: getattr(x.at[index], op)(v)
    before = x.copy()
    assert_same(update(fnp.asarray(x), values), want)
    assert_same(fgrad.jit(update)(x, values), want)
    assert_same(x, before)
    assert_promises_kept(fgrad.make_jaxpr(update)(x, values), [x, values[()]])
    both = [fgrad.vmap(update, in_axes=(0, None))(np.stack([x, 2 * x]), values)]
    both += [
        fgrad.vmap(lambda v: update(fnp.asarray(x), v), -1)(np.stack([values, 3 * values], -1))
    ]
    assert_same(both[0], np.stack([want, updated(2 * x, index, op, values)]))
    assert_same(both[1], np.stack([want, updated(x, index, op, 3 * values)]))


@given(places(masks=False), st.sampled_from(["set", "add"]))
def test_linear_updates_are_transposed_right(place, op):
    """<ct, J t> = <J' ct, t>, and the JVP is the update of tangents."""
    shape, index = place
    rng = np.random.default_rng(0)
    x = numbers(shape)
    v = numbers(x[index].shape)
    update = lambda x, v: getattr(x.at[index], op)(v)
    tx, tv, ct = (rng.normal(size=s) for s in (shape, v.shape, shape))
    tangent = fgrad.jvp(update, (x, v), (tx, tv))[1]
    assert_same(tangent, updated(tx, index, op, tv))
    cx, cv = fgrad.vjp(update, x, v)[1](ct)
    np.testing.assert_allclose(np.sum(ct * tangent), np.sum(cx * tx) + np.sum(cv * tv))


# structure, not numbers: the shapes that JAX compiles are few
_FIXED = [
    ((4,), np.array([1, 3])),
    ((3, 4), (slice(None), np.array([0, 2]))),
    ((3, 4), (np.array([0, 2]), None, np.array([[1], [3]]))),
    ((2, 3, 4), (np.array([0, 1]), slice(None, None, -1), np.array([1, 2]))),
    ((5,), np.array([True, False, True, True, False])),
    ((3, 4), (1, slice(3, 0, -2))),
]


@pytest.mark.parametrize("op", ["set", "add", "multiply", "min", "max"])
def test_derivatives_of_updates_are_those_of_jax(op):
    rng = np.random.default_rng(1)
    problems = []
    for shape, index in _FIXED:
        x = rng.normal(size=shape)
        v = rng.normal(size=x[index].shape)
        problems.append((index, x, v, rng.normal(size=shape), rng.normal(size=v.shape)))

    def everything(lib, xs):
        out = []
        for (index, *_), (x, v, tx, tv) in zip(problems, xs, strict=True):
            options = {"unique_indices": True} if op == "multiply" else {}
            f = lambda x, v: getattr(x.at[index], op)(v, **options)  # noqa: B023
            out.append(lib.jvp(f, (x, v), (tx, tv)))
            out.append(lib.vjp(f, x, v)[1](tx))
            pull = lambda x, v: lib.vjp(f, x, v)[1](tx)  # noqa: B023
            out.append(lib.jvp(pull, (x, v), (tx, tv)))
        return out

    arguments = [p[1:] for p in problems]
    want = jax.jit(lambda xs: everything(jax, xs))(arguments)
    assert_same(everything(fgrad, arguments), want, scale=10)


def test_an_index_out_of_bounds_is_refused():
    """As in NumPy; JAX would clamp it."""
    x = np.arange(3.0)
    for i in (3, -4, np.array([0, 5])):
        with pytest.raises(IndexError):
            fgrad.grad(lambda x, i=i: fnp.sum(x[i]))(x)
        with pytest.raises(IndexError):
            fnp.asarray(x).at[i].set(0.0)
    with pytest.raises(IndexError, match="too many"):
        fgrad.jit(lambda x: x[0, 0])(x)


def test_traced_integer_indices():
    x = np.arange(12.0).reshape(3, 4)
    got = fgrad.jit(lambda x, i, j: x[i, :, j])(x[:, :, None], np.array([0, 2]), np.array(0))
    assert_same(got, x[[0, 2]])
    each = fgrad.vmap(lambda i: fnp.asarray(x).at[i, ::-1].get())(np.array([2, 0, -1]))
    assert_same(each, x[[2, 0, -1], ::-1])
    put = fgrad.vmap(lambda row, i: row.at[i].add(1.0))(x, np.array([0, 1, -1]))
    assert_same(put, x + np.eye(4)[[0, 1, 3]])


def test_repeated_indices_act_one_after_the_other():
    x = np.ones(3)
    i = np.array([1, 1, 1])
    v = np.array([2.0, 3.0, 4.0])
    for op in ("set", "add", "multiply", "max", "min"):
        assert_same(getattr(fnp.asarray(x).at[i], op)(v), updated(x, i, op, v))


def test_only_the_update_that_stays_has_a_derivative():
    def last(v):
        return fnp.zeros(2).at[np.array([0, 0, 1])].set(v)

    jacobian = fgrad.jacrev(last)(np.array([1.0, 2.0, 3.0]))
    assert_same(jacobian, np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert_same(fgrad.jacfwd(last)(np.array([1.0, 2.0, 3.0])), np.asarray(jacobian))


def test_updates_that_multiply_by_zero():
    """The derivative of a product with a zero factor is the product of the others."""
    i = np.array([0, 0, 1])

    def product(v):
        return fnp.sum(fnp.ones(2).at[i].multiply(v))

    v = np.array([0.0, 3.0, 0.0])
    want = np.array([3.0, 0.0, 1.0])
    assert_same(fgrad.grad(product)(v), want)
