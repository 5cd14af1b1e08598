"""Operations on many small arrays, done on all of them at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp

RNG = np.random.default_rng(0)
SHAPES = [(3,), (2, 2), (5,), (1, 4, 2), (3,), (7,), (2, 1), (4,)]
LEAVES = [RNG.normal(size=s) for s in SHAPES]


def _momentum(params, velocity):
    velocity = [0.9 * v + fnp.cos(p) for p, v in zip(params, velocity, strict=True)]
    return [p - 0.1 * fnp.tanh(v) for p, v in zip(params, velocity, strict=True)], velocity


def _names(f, *args):
    return [e.primitive.name for e in fgrad.jit(f).lower(*args).optimized.eqns]


def _same(f, *args):
    got, want = fgrad.jit(f)(*args), f(*args)
    for a, b in zip(fgrad.tree.leaves(got), fgrad.tree.leaves(want), strict=True):
        assert np.shape(a) == np.shape(b)
        assert a.dtype == b.dtype
        # NumPy's sine may differ by a unit in the last place between the middle and end of an array
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


def test_each_operation_is_done_once():
    names = _names(_momentum, LEAVES, LEAVES[::-1][::-1])
    assert sorted(names) == sorted(
        ["join", "cos", "join", "mul", "add", "part", "tanh", "mul", "sub", "part"]
    )
    _same(_momentum, LEAVES, [x + 1 for x in LEAVES])


def test_results_share_no_memory():
    params, velocity = fgrad.jit(_momentum)(LEAVES, LEAVES)
    params[0][...] = 7.0
    np.testing.assert_allclose(params[4], _momentum(LEAVES, LEAVES)[0][4])
    assert params[0].base is None or params[0].base.size == params[0].size


def test_few_arrays_and_large_ones_are_left():
    assert "join" not in _names(_momentum, LEAVES[:3], LEAVES[:3])
    large = [np.ones(5000)] * 6
    assert "join" not in _names(_momentum, large, [x + 1 for x in large])


def test_where_it_does_not_pay():
    assert "join" not in _names(lambda xs: [fnp.sin(x) for x in xs], LEAVES)


@pytest.mark.parametrize(
    "fun",
    (
        # each depends on the one before, through something that is not elementwise
        lambda xs: _chain(xs, lambda x, y: fnp.sin(fnp.cos(x + 1) * 2 - x) * y.sum()),
        lambda xs: _chain(xs, lambda x, y: fnp.sin(fnp.cos(x + 1) * 2 - x) * y.reshape(-1)[0]),
        # what is joined is read one by one too, and in another order
        lambda xs: [fnp.tanh(fnp.exp(x) * 2 + x) + fnp.exp(x).sum() for x in xs],
        lambda xs: [a * 2 + b for a, b in zip(_moved(xs), _moved(xs[::-1])[::-1], strict=True)],
        lambda xs: [fnp.where(x > 0, fnp.exp(x), -x * x) + 1 for x in xs],
        lambda xs: [(x.astype(np.float32) * 3 + 1) / (abs(x).astype(np.float32) + 1) for x in xs],
        lambda xs: [(x * xs[0].sum() + 2) * (x - xs[1].max()) * 3 for x in xs],
        lambda xs: [((x > 0) & (x < 1)) | ~(x > -1) for x in xs],
    ),
)
def test_the_numbers_are_the_same(fun):
    _same(fun, LEAVES)


def _chain(xs, step):
    out = [xs[0]]
    for x in xs[1:]:
        out.append(step(x, out[-1]))
    return out


def _moved(xs):
    return [fnp.sin(fnp.cos(x * 2) + 1) - x for x in xs]


_OPS = [
    lambda a, b: fnp.sin(a) * b.mean(),
    lambda a, b: a * 2 + 1,
    lambda a, b: fnp.tanh(a) - a,
    lambda a, b: a * b.sum(),
    lambda a, b: fnp.maximum(a, 0.5),
    lambda a, b: fnp.cumsum(a.reshape(-1)).reshape(a.shape) / 3,
    lambda a, b: (a + a.T.reshape(a.shape)) / 2,
]


@given(
    st.lists(
        st.tuples(st.sampled_from(range(len(_OPS))), st.integers(0, 7), st.integers(0, 7)),
        min_size=2, max_size=12,
    ),
    st.integers(0, 3),
)  # fmt: skip
def test_random_rounds(steps, which):
    """Each step does an operation on most of the arrays, with one of them read by all."""

    def fun(xs):
        xs = list(xs)
        for op, reads, skips in steps:
            y = xs[reads]
            xs = [x if i == skips else _OPS[op](x, y) for i, x in enumerate(xs)]
        return xs if which else (xs, [x * 2 for x in xs])

    _same(fun, LEAVES)
