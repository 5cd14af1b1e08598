"""Nests of loops over groups of equations: random ones, and sizes around the length of vectors."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler.native import kernel
from tests.compiler.native.helpers import check, compiled, kernels

SIZES = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)
LENGTHS = st.sampled_from((1, 1, *SIZES)) | st.integers(1, 40) | st.integers(200, 400)
NUMBERS = st.integers(0, 1000)
DTYPES = st.sampled_from("ddddffffilbBh?")


@st.composite
def spaces(draw):
    """Shapes of up to four axes and some ten thousand points."""
    shape = draw(st.lists(LENGTHS, max_size=4))
    while math.prod(shape) > 20_000:
        largest = shape.index(max(shape))
        shape[largest] = max(1, shape[largest] // 5)
    return tuple(shape)


@st.composite
def operands(draw, shape):
    """Arrays that broadcast to a space."""
    own = [draw(st.sampled_from((n, n, n, 1))) for n in shape]
    own = own[draw(st.sampled_from((0, 0, 0, *range(len(own) + 1)))) :]
    dtype = np.dtype(draw(DTYPES))
    r = np.random.default_rng(draw(NUMBERS))
    x = (
        r.normal(size=own) * 3
        if dtype.kind == "f"
        else r.integers(0, 2 if dtype.kind == "b" else 9, own)
    )
    return np.asarray(x).astype(dtype)


def real(x):
    return x if np.dtype(x.dtype).kind == "f" else x.astype(np.float64)


def number(x):
    return x if np.dtype(x.dtype) != bool else x.astype(np.int64)


def softmax(x):
    e = fnp.exp(real(x) - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layernorm(x):
    c = real(x) - real(x).mean(axis=-1, keepdims=True)
    return c / fnp.sqrt((c * c).mean(axis=-1, keepdims=True) + 1e-3)


def logsumexp(x, axes):
    most = real(x).max(axis=axes, keepdims=True)
    return fnp.log(fnp.exp(x - most).sum(axis=axes)) + most.reshape(fnp.sum(x, axis=axes).shape)


ONE = (
    lambda x: fnp.tanh(real(x)),
    lambda x: fnp.exp(-(real(x) ** 2)),
    lambda x: fnp.sin(real(x)),
    lambda x: fnp.log(fnp.abs(real(x)) + 1),
    lambda x: real(x) * 0.5,
    lambda x: number(x) * 2,
    lambda x: real(x).astype("f"),
    lambda x: x != 0,
    lambda x: x.T,
    lambda x: x.reshape(-1),
)
ROWS = (
    softmax,
    layernorm,
    lambda x: x[..., ::-1][..., ::-1],
    lambda x: x[..., :-1],
    lambda x: x[0],
)
TWO = (
    lambda x, y: number(x) + y,
    lambda x, y: number(x) * y,
    lambda x, y: fnp.maximum(x, y),
    lambda x, y: fnp.where(number(x) > y, x, y),
    lambda x, y: number(x) < y,
)
REDUCE = (fnp.sum, fnp.max, fnp.min, fnp.mean, fnp.sum, logsumexp)


@st.composite
def programs(draw):
    """A function of arrays, and arrays."""
    shape = draw(spaces())
    args = draw(st.lists(operands(shape), min_size=1, max_size=3))
    plan = draw(st.lists(st.tuples(st.integers(0, 9), NUMBERS, NUMBERS, NUMBERS), min_size=2,
                         max_size=12))  # fmt: skip
    wanted = draw(st.lists(NUMBERS, max_size=3))
    return lambda *xs: _run(plan, wanted, xs), args


def _run(plan, wanted, args):
    values = list(args)
    for kind, one, other, how in plan:
        x = values[-1 - one % min(len(values), 3)]
        y = values[other % len(values)]
        if kind < 3:
            z = ONE[how % len(ONE)](x)
        elif kind < 6 and _fit(x, y):
            z = TWO[how % len(TWO)](x, y)
        elif kind == 6 and x.ndim and x.shape[-1] > 1:
            z = ROWS[how % len(ROWS)](number(x))
        elif kind > 6 and x.ndim:
            z = _reduced(number(x), other, how)
        else:
            z = number(x) + 1
        if z.size and z.ndim <= 4 and z.size < 100_000:
            values.append(z)
    made = values[len(args) :]
    return [made[-1], *(made[i % len(made)] for i in wanted)]


def _fit(x, y):
    try:
        return len(np.broadcast_shapes(x.shape, y.shape)) <= 4
    except ValueError:
        return False


def _reduced(x, which, how):
    n = 1 + which % x.ndim
    axes = (tuple(range(n)), tuple(range(x.ndim - n, x.ndim)), tuple(range(x.ndim)), (n - 1,))
    axes, reduce = axes[how % 4], REDUCE[how // 4 % len(REDUCE)]
    if reduce is logsumexp:
        return reduce(x, axes)
    return reduce(x, axis=axes, keepdims=bool(how // 32 % 2))


@given(programs())
def test_random_programs(program):
    f, args = program
    single = any(x.dtype == np.float32 for x in args) or "f" in _dtypes(f, args)
    rtol = 1e-3 if single else 1e-9
    check(f, *args, rtol=rtol, atol=rtol)


def _dtypes(f, args):
    closed = fgrad.make_jaxpr(f)(*args)
    return {v.aval.dtype.char for e in closed.jaxpr.eqns for v in e.outvars}


def everything(x, y):
    """Each kind of value, and several passes."""
    s = softmax(x)
    t = fnp.exp(fnp.sin(x)) * y  # is dear, and needed again
    mean = t.mean(axis=-1, keepdims=True)
    return s, (t - mean) / (t.max(axis=-1, keepdims=True) + mean), (s * t).sum(axis=0), x.max(), t


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("n", (*SIZES, 255, 256, 257, 4095, 4096, 4097, 10_000))
def test_rows_of_all_lengths(n, dtype):
    r = np.random.default_rng(n)
    x, y = r.normal(size=(2, 3, n)).astype(dtype)
    rtol = 2e-5 if dtype == "f" else 1e-12
    check(everything, x, y, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", "fdbh?")
@pytest.mark.parametrize("n", (*SIZES, 255, 256, 257, 4095, 4096, 4097, 8193, 100_000))
def test_arrays_of_all_lengths(n, dtype):
    x = (np.random.default_rng(n).normal(size=n) * 3).astype(dtype)

    def f(x):
        y = fnp.sin(real(x)) * 2
        return y, number(x).max(), (y * x).sum(), number(x) * 3, x == 0, (x == 0).any()

    rtol = 2e-5 if dtype == "f" else 1e-12
    check(f, x, rtol=rtol, atol=rtol)


@pytest.mark.parametrize(
    "shape", [(1,), (1, 1), (5, 1), (1, 5), (1, 5, 1), (2, 1, 3), (1, 1, 9, 1)]
)
@pytest.mark.parametrize("keepdims", (False, True))
def test_axes_of_length_one(shape, keepdims):
    x = np.random.default_rng(0).normal(size=shape)
    for axes in {(0,), (len(shape) - 1,), tuple(range(len(shape)))}:

        def f(x, axes=axes):
            s = fnp.exp(x).sum(axis=axes, keepdims=keepdims)
            return s, s * 2, fnp.sin(s).sum(), x - x.max(axis=axes, keepdims=True), s.max()

        check(f, x)


@pytest.mark.parametrize("shape", ((3, 1, 1), (1, 4, 1), (3, 4, 1), (1, 1, 5), (3, 1, 5)))
def test_arrays_along_some_axes(shape):
    x, y = np.arange(60.0).reshape(3, 4, 5), np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    check(lambda x, y: [(x * y).sum(2), x - y, (x + y).max(0)], x, y)


def test_sums_of_rows_spread_over_rows_of_another_length():
    def f(x, y):
        s = fnp.broadcast_to(x.sum(1, keepdims=True), (3, 7))
        return s, s * y

    check(f, np.arange(15.0).reshape(3, 5), np.arange(21.0).reshape(3, 7))


def test_sums_of_sums():
    def f(x):
        rows = fnp.exp(x).sum(axis=1, keepdims=True)
        over = (rows * 2).sum()
        return over, fnp.sin(rows) * over, (rows + 1).sum(axis=0)

    for shape in ((1, 9), (9, 1), (1, 1), (5, 40)):
        check(f, np.random.default_rng(0).normal(size=shape))


def test_a_long_sum_in_single_precision_is_as_good_as_numpys():
    x = np.random.default_rng(0).uniform(0, 1, 3_000_000).astype("f")
    total = compiled(lambda x: (x * 1).sum())(x)
    exact = x.astype(float).sum()
    assert abs(total - exact) <= 4 * np.spacing(np.float32(exact))


def test_views_of_inputs():
    x = np.random.default_rng(0).normal(size=(4, 6, 10))

    def f(x):
        left, right = x[..., :5], x[..., 5:]
        rows = fnp.broadcast_to(x[:, 1, None, :5], left.shape)
        return (
            fnp.sin(left) * right + rows,
            (x[1:, ::2] * x[:-1, 1::2]).sum(axis=-1),
            x.reshape(24, 10)[::3] * 2 + x[0, 0],
            fnp.exp(x[2]) - x[2].max(axis=1, keepdims=True),
        )

    check(f, x)
    assert len(kernels(f, x)) <= 5


def test_softmax_is_one_kernel():
    x = np.random.default_rng(0).normal(size=(20, 30))
    assert len(kernels(softmax, x)) == 1
    assert len(kernels(layernorm, x)) == 1


def test_many_equations_are_several_kernels():
    def f(x):
        for i in range(400):
            x = x * 0.99 + 0.01 * i
        return x, x.sum(axis=1)

    x = np.random.default_rng(0).normal(size=(5, 7))
    assert len(kernels(f, x)) > 1
    check(f, x)


@pytest.mark.parametrize("n", (1000, 5000))
def test_rows_whose_buffers_do_not_fit_the_stack(n):
    def f(x):
        values = [fnp.exp(fnp.sin(x * (i + 1))) for i in range(4)]
        return [v / v.sum(axis=1, keepdims=True) for v in values]

    check(f, np.random.default_rng(0).normal(size=(3, n)))


@pytest.mark.parametrize("shared", (False, True))
@pytest.mark.parametrize("shape", ((7, 5), (1, 9), (4, 3, 17), (2, 1, 20), (3, 4, 2, 6)))
def test_sums_over_any_axes(shape, shared, monkeypatch):
    monkeypatch.setattr(kernel, "SHARED", 1 if shared else kernel.SHARED)
    x = np.random.default_rng(0).normal(size=shape)
    for n in range(1, len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), n):
            for keep in (False, True):
                check(
                    lambda x: (fnp.tanh(x * 2).sum(axes, keepdims=keep),  # noqa: B023
                               (x + 1).max(axes, keepdims=keep), x * 3 - 1, x * x),  # noqa: B023
                    x,
                )  # fmt: skip


@pytest.mark.parametrize("shared", (False, True))
@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("outer", ((31,), (2, 40)))
@pytest.mark.parametrize("length", (1, 3, 8))
def test_short_rows(outer, length, dtype, shared, monkeypatch):
    monkeypatch.setattr(kernel, "SHARED", 1 if shared else kernel.SHARED)
    r = np.random.default_rng(length)
    x, w, s = (r.normal(size=n).astype(dtype) for n in ((*outer, length), length, outer))

    def f(x, w, s):
        h = fnp.tanh(x * w + s[..., None])
        e = fnp.exp(h - h.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        rows = fnp.log(e.sum(-1)) + s
        over = tuple(range(len(outer)))
        return p, rows, rows.sum(), (p * x).sum(), p.sum(0), h > 0, (h > 0).any(-1), p.sum(over)

    tolerance = (
        {"rtol": 1e-10, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-5}
    )
    check(f, x, w, s, **tolerance)
    slope = fgrad.grad(lambda *a: (f(*a)[0] ** 2).sum() + f(*a)[2], (0, 1, 2))
    check(slope, x, w, s, **{k: 10 * v for k, v in tolerance.items()})


# -- arrays among zeros ----------------------------------------------------------------------------


@st.composite
def pieces(draw):
    """A shape, and slices of it with a step of one."""
    shape = draw(st.lists(st.integers(1, 20), min_size=1, max_size=3))
    cuts = []
    for _ in range(draw(st.integers(1, 4))):
        starts = [draw(st.integers(0, n - 1)) for n in shape]
        stops = [draw(st.integers(s + 1, n)) for s, n in zip(starts, shape, strict=True)]
        cuts.append(tuple([slice(*ends) for ends in zip(starts, stops, strict=True)]))
    return tuple(shape), cuts


SUMS = st.sampled_from((None, 0, -1))


@given(pieces(), st.sampled_from("dfil?"), SUMS, st.integers(0, 99))
def test_sums_of_padded_pieces(given, dtype, axis, seed):
    shape, cuts = given
    r = np.random.default_rng(seed)
    x = r.normal(size=shape).astype(dtype) if dtype in "df" else r.integers(0, 5, shape)

    def fun(x, *parts):
        whole = [fnp.zeros(shape, x.dtype).at[c].set(p) for c, p in zip(cuts, parts, strict=True)]
        total = sum([w * (i + 1) for i, w in enumerate(whole)], x)
        return total, (total * whole[0]).sum(axis=axis), fnp.where(total > 0, whole[-1], x)

    parts = [x[c].astype(dtype) for c in cuts]
    # float32 sums of up to 8000 terms are taken in another order
    check(
        fun, x, *parts, rtol=1e-4 if dtype == "f" else 1e-10, atol=1e-3 if dtype == "f" else 1e-11
    )


@given(pieces(), st.integers(0, 99))
def test_gradients_of_slices(given, seed):
    shape, cuts = given
    x = np.random.default_rng(seed).normal(size=shape)
    loss = lambda x: sum([(x[c] ** 2).sum() * fnp.sin(x[c]).sum() for c in cuts])
    check(fgrad.grad(loss), x, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "made", (lambda x: x[0], lambda x: x.sum(), lambda x: x[1:2], lambda x: x.sum(keepdims=True))
)
@pytest.mark.parametrize("count", (1, 3))
def test_a_number_among_zeros(made, count):
    def spread(n):
        piece = fnp.broadcast_to(n.reshape(1), (count,))
        return lax.pad(piece, 0.0, [(1, 3 - count, 0)])

    x = np.arange(1.0, 5)
    check(lambda x: spread(made(x)) * x + x, x)
    check(lambda x: lax.scan(lambda c, _: (spread(made(c)) + c, None), x, None, length=3), x)
    check(lambda n, x: spread(n) + x, np.float64(3), x)


def test_a_padded_array_is_read_where_it_lies():
    x = np.arange(10.0)
    (first, second) = kernels(fgrad.grad(lambda x: ((x[1:] - x[:-1]) ** 2).sum()), x)
    assert second.outvars[0].aval.shape == (10,)
    assert {v.aval.shape for v in second.invars} == {(9,)}
