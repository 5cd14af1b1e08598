"""Convolutions against jax.lax: any order of axes, stride, padding, dilation and groups."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same, assert_vmap_is_the_loop

counts = st.integers(1, 3)


@st.composite
def convolutions(draw):
    """Shapes and parameters of a convolution."""
    d = draw(st.integers(0, 3))
    several = lambda s: draw(st.lists(s, min_size=d, max_size=d))
    groups, batches = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (9, 1), (1, 2), (1, 8)]))
    space, window = several(st.integers(1, 7)), several(st.integers(1, 4))
    lhs = [draw(counts) * batches, groups * draw(counts), *space]
    rhs = [draw(counts) * groups * batches, lhs[1] // groups, *window]
    dilation = several(st.sampled_from([1, 1, 2, 3]))
    pairs = several(st.tuples(st.integers(-1, 3), st.integers(-1, 3)))
    names = st.just(pairs) if max(dilation, default=1) > 1 else st.sampled_from(
        [pairs, "SAME", "VALID", "SAME_LOWER"]
    )  # fmt: skip
    letters = ["NC" + "HWD"[:d], "OI" + "HWD"[:d], "NC" + "HWD"[:d]]
    numbers = tuple("".join(draw(st.permutations(x))) for x in letters)
    lhs, rhs = (
        [shape[x.index(c)] for c in order]
        for shape, x, order in zip((lhs, rhs), letters[:2], numbers[:2], strict=True)
    )
    params = {
        "window_strides": several(counts),
        "padding": draw(names),
        "lhs_dilation": dilation,
        "rhs_dilation": several(st.integers(1, 2)),
        "dimension_numbers": numbers,
        "feature_group_count": groups,
        "batch_group_count": batches,
    }
    return lhs, rhs, params


@settings(max_examples=settings().max_examples // 2)  # JAX compiles each
@given(convolutions(), st.integers(0, 9))
def test_values_and_derivatives_are_jaxs(drawn, seed):
    lhs, rhs, params = drawn
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=lhs), rng.normal(size=rhs)

    def run(lib):
        f = lambda x, w: lib.lax.conv_general_dilated(x, w, **params)

        @lib.jit
        def derivatives(x, w, ct):
            value, pull = lib.vjp(f, x, w)
            again = lib.vjp(lambda x, w: lib.vjp(f, x, w)[1](ct), x, w)[1]((x, w))
            return value, pull(ct), lib.jvp(f, (x, w), (x, w)), again

        return f, derivatives

    try:
        shape = jax.eval_shape(run(jax)[0], x, w).shape
    except ValueError:  # the padding takes more than there is
        assume(False)
    ct = rng.normal(size=shape)
    want = run(jax)[1](x, w, ct)
    f, derivatives = run(fgrad)
    assert_same(derivatives(x, w, ct), want, 10)
    assert_same(f(x, w), want[0], 10)


@pytest.mark.parametrize("groups", (1, 2))
def test_vmap_is_the_loop(groups):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 2, 4, 5)), rng.normal(size=(3, 2, 4 // groups, 3))
    f = lambda x, w: fgrad.lax.conv_general_dilated(x, w, (2,), "SAME", feature_group_count=groups)
    draws = list(zip(x, w, strict=True))
    for axes in ((0, 0), (0, None), (None, 0), (2, 1)):
        assert_vmap_is_the_loop(f, draws, axes, 3)


@pytest.mark.parametrize("dtype", ("float32", "complex128", "int32", "float16"))
def test_dtypes(dtype):
    x, w = np.arange(10).reshape(1, 2, 5).astype(dtype), np.ones((3, 2, 2), dtype)
    got = fgrad.lax.conv(x, w, (1,), "SAME")
    assert_same(got, np.asarray(jax.lax.conv(x, w, (1,), "SAME")))
    assert got.dtype == dtype
    wide = fgrad.lax.conv(x, w, (1,), "SAME", preferred_element_type=np.complex128)
    assert wide.dtype == np.complex128


def test_large_ones_in_blocks_and_shares():
    """Larger than a block, several images to a block, and a few lines of one."""
    rng = np.random.default_rng(0)
    numbers = ("NHWC", "HWIO", "NHWC")
    for shape, kernel in (((40, 30, 30, 8), (3, 3, 8, 16)), ((2, 300, 200, 8), (5, 5, 8, 4))):
        x, w = rng.normal(size=shape), rng.normal(size=kernel)

        def run(lib, x=x, w=w):
            f = lambda x, w: lib.lax.conv_general_dilated(
                x, w, (1, 1), "SAME", dimension_numbers=numbers
            )
            return lib.jit(lib.value_and_grad(lambda x, w: (f(x, w) ** 2).sum(), (0, 1)))(x, w)

        got, want = run(fgrad), run(jax)
        np.testing.assert_allclose(got[0], want[0], rtol=1e-11)
        for g, w in zip(got[1], want[1], strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-10, atol=1e-10 * np.abs(w).max())


@pytest.mark.parametrize("padding", ("SAME", "VALID", [(1, 2), (0, 1)]))
@pytest.mark.parametrize("options", (
    {}, {"transpose_kernel": True}, {"rhs_dilation": (2, 1)}, {"use_consistent_padding": True},
))  # fmt: skip
@pytest.mark.parametrize("strides", ((1, 1), (2, 3)))
def test_conv_transpose(padding, options, strides):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(3, 2, 3, 3))
    run = lambda lib: lib.lax.conv_transpose(x, w, strides, padding, **options)
    assert_same(run(fgrad), run(jax), 10)


@pytest.mark.parametrize("numbers", (None, ("NHWC", "HWIO", "NHWC"), ("CHNW", "OHWI", "HNWC")))
def test_patches_and_local(numbers):
    rng = np.random.default_rng(0)
    order = "NCHW" if numbers is None else numbers[0]
    x = rng.normal(size=(2, 3, 5, 6)).transpose(["NCHW".index(c) for c in order])
    spec = (2, 3), (1, 2), [(1, 0), (0, 1)]
    run = lambda lib: lib.lax.conv_general_dilated_patches(x, *spec, dimension_numbers=numbers)
    assert_same(run(fgrad), run(jax), 10)
    order = "OIHW" if numbers is None else numbers[1]
    w = rng.normal(size=(4, 18, 5, 3)).transpose(["OIHW".index(c) for c in order])
    run = lambda lib: lib.lax.conv_general_dilated_local(
        x, w, spec[1], spec[2], spec[0], dimension_numbers=numbers
    )
    assert_same(run(fgrad), run(jax), 10)


def test_other_names():
    x, w = np.arange(12.0).reshape(1, 2, 6), np.arange(12.0).reshape(3, 2, 2)
    for run in (
        lambda lib: lib.lax.conv(x, w, (2,), "SAME"),
        lambda lib: lib.lax.conv_with_general_padding(x, w, (1,), [(1, 1)], (2,), (1,)),
    ):
        assert_same(run(fgrad), np.asarray(run(jax)))


CALL = fgrad.lax.conv_general_dilated
X, W = np.ones((2, 4, 5)), np.ones((4, 4, 3))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    (
        (lambda: CALL(X, W.astype(np.float32), (1,), "SAME"), TypeError, "one dtype"),
        (lambda: CALL(X, W[:, :3], (1,), "SAME"), ValueError, "lhs has 4 features"),
        (lambda: CALL(X, W, (1, 1), "SAME"), ValueError, "window_strides must be 1 positive"),
        (lambda: CALL(X, W, (0,), "SAME"), ValueError, "window_strides must be 1 positive"),
        (lambda: CALL(X, W, (1,), [(1, 1), (1, 1)]), ValueError, "padding must be 1 pairs"),
        (lambda: CALL(X, W, (1,), "SAME", (2,)), ValueError, "given in numbers"),
        (lambda: CALL(X, W, (1,), "SOME"), RuntimeError, "padding must be"),
        (lambda: CALL(X, W[:3], (1,), "SAME", batch_group_count=2), ValueError, "do not fall"),
        (lambda: CALL(X[:1], W, (1,), "SAME", batch_group_count=2), ValueError, "do not fall"),
        (
            lambda: CALL(X, W, (1,), "SAME", feature_group_count=2, batch_group_count=2),
            ValueError,
            "one of them 1",
        ),
    ),
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_convolution"):
        call()


# -- windows ---------------------------------------------------------------------------------------


@st.composite
def windows(draw):
    """An array and parameters of a reduction."""
    d = draw(st.integers(1, 3))
    several = lambda s: tuple(draw(st.lists(s, min_size=d, max_size=d)))
    pairs = several(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    shape, window = several(st.integers(1, 7)), several(counts)
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    ties = draw(st.booleans())
    x = rng.integers(-2, 3, shape).astype(float) if ties else rng.normal(size=shape)
    padding = draw(st.sampled_from([pairs, "SAME", "VALID"]))
    return x, (window, several(counts), padding, several(st.integers(1, 2)), several(counts))


KINDS = {"max": -np.inf, "min": np.inf, "add": 0.0, "mul": 1.0, "general": 0.0}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=settings().max_examples // 3)  # JAX compiles each
@given(windows(), st.booleans())
def test_windows_are_jaxs(kind, drawn, off):
    """Also with an initial value that is not neutral, and with ties."""
    x, params = drawn
    start = 0.5 if off and kind in ("max", "add") else KINDS[kind]

    def run(lib):
        combine = getattr(lib.lax, kind, lambda a, b: a + b)
        f = lambda x: lib.lax.reduce_window(x, start, combine, *params)
        dilated = max(params[3]) > 1 or max(params[4]) > 1
        if kind in ("mul", "general") or start == 0.5 or (dilated and kind != "add"):
            return f(x)  # JAX has no derivative
        return lib.jit(lambda x: (f(x), lib.vjp(f, x)[1](f(x)), lib.jvp(f, (x,), (x,))))(x)

    assert_same(run(fgrad), jax.tree.map(np.asarray, run(jax)), 10)


def test_windows_of_several_arrays():
    x = np.array([3.0, 1.0, 2.0, 5.0, 4.0])

    def run(lib, np_):
        def later(a, b):
            first = a[0] >= b[0]
            return np_.where(first, a[0], b[0]), np_.where(first, a[1], b[1])

        return lib.lax.reduce_window(
            (x, np.arange(5)), (-np.inf, np.array(-1)), later, (2,), (2,), [(0, 1)]
        )

    assert_same(run(fgrad, fnp), jax.tree.map(np.asarray, run(jax, jax.numpy)))


def test_windows_have_second_derivatives_and_are_mapped():
    x = np.random.default_rng(0).normal(size=(3, 6, 6))
    pool = lambda x: fgrad.lax.reduce_window(x, -fnp.inf, fgrad.lax.max, (2, 2), (2, 2), "VALID")
    assert_vmap_is_the_loop(pool, [(v,) for v in x], (0,), 3)
    f = lambda x: (pool(x) ** 3).sum()
    got = fgrad.jit(fgrad.vmap(lambda x: fgrad.grad(lambda y: (fgrad.grad(f)(y) * x).sum())(x)))(x)
    largest = x == np.repeat(np.repeat(np.stack([pool(v) for v in x]), 2, 1), 2, 2)
    np.testing.assert_allclose(got, np.where(largest, 6 * x * x, 0))


def test_nan_wins():
    x = np.array([1.0, np.nan, 3.0, 2.0])
    pool = lambda x: fgrad.lax.reduce_window(x, -fnp.inf, fgrad.lax.max, (2,), (2,), "VALID")
    np.testing.assert_array_equal(pool(x), [np.nan, 3.0])


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    (
        ((X, 0.0, fgrad.lax.add, (2, 2)), ValueError, "window_dimensions must be 3"),
        ((X, 0.0, fgrad.lax.add, (2, 2, 0)), ValueError, "window_dimensions must be 3"),
        ((X, (0.0, 1.0), fgrad.lax.add, (2, 2, 2)), TypeError, "structure"),
        ((X, 0.0, fgrad.lax.add, (1, 1, 1), None, [(0, 0)]), ValueError, "padding must be 3"),
        (((X, X[0]), (0.0, 0.0), fgrad.lax.add, (1, 1, 1)), ValueError, "one shape"),
    ),
)
def test_errors_of_windows(arguments, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_convolution"):
        fgrad.lax.reduce_window(*arguments)
