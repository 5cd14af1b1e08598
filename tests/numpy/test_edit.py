"""Changed copies: delete, insert, trim_zeros, put, place, fill_diagonal."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same
from tests.numpy.suite import Row, suite

MASK = np.array([True, False, True])
ROWS = [
    *(
        Row(f"delete-{i}-{axis}", lambda xp, x, o=o, a=axis: xp.delete(x, o, axis=a), [(3, 4)],
            smooth=axis == 0)
        for i, o in enumerate((1, -1, [0, 2], [2, 2], slice(2, 0, -1), MASK, 7, []))
        for axis in (0, None)
    ),
    *(
        Row(
            f"insert-{i}-{axis}",
            lambda xp, x, v, o=o, a=axis: xp.insert(x, o, v, axis=a),
            *cases,
            dtypes=("float64", "int32"),
            smooth=axis == 0,
            traced=axis == 0,
        )
        for i, o in enumerate((1, -1, [0, 2], [2, 0, 0], slice(None, None, 2), [0, -1], 7, [1]))
        for axis, cases in (
            (0, ([(3, 4), ()], [(3, 4), (4,)])),
            (None, ([(3, 4), ()], [(3, 4), (3,)])),
            (-1, ([(3, 4), (3, 1)],)),
        )
    ),
    Row("histogram-weights", lambda xp, x, w: xp.histogram(x, 4, weights=w), [(9,), (9,)],
        dtypes=("float64",), jax=lambda xp, x, w: xp.histogram(x, 4, weights=w)),
    Row("histogram-density", lambda xp, x: xp.histogram(x, 4, density=True), [(9,)],
        dtypes=("float64", "float32"), scale=10),
]  # fmt: skip
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)

X = np.arange(12.0).reshape(3, 4)
PUTS = {
    f"{name}-{i}-{j}": (name, x, arguments, options)
    for name, rows in {
        "put": [
            (X, ([0, 3], 5), {}), (X, ([[1, 2], [1, 5]], [1, 2]), {}), (X, (-1, [1.5]), {}),
            (X, ([99], 5), {}), (X, ([99, -99], 5), {"mode": "wrap"}),
            (X, (np.zeros(0, int), []), {}),
            (X, ([99, -99], 5), {"mode": "clip"}), (X, ([1], []), {}),
        ],
        "place": [
            (X, (X > 3, 5), {}), (X, (X > 3, [1, 2]), {}), (X, (X > 3, []), {}),
            (X, (X > 99, []), {}), (X, (X[0] > 0, 1), {}),
        ],
        "fill_diagonal": [
            (np.zeros(shape), (v,), {"wrap": wrap})
            for shape in ((3, 4), (4, 3), (7, 2), (3, 3, 3), (3,), (2, 3, 3))
            for v in (5, [1, 2], np.arange(20))
            for wrap in (False, True)
        ],
    }.items()
    for i, (x, arguments, options) in enumerate(rows)
    for j in (0,)
}  # fmt: skip


@pytest.mark.parametrize("case", PUTS)
def test_what_numpy_does_in_place(case):
    """The copy is what NumPy makes of the array, which stays as it was."""
    name, x, arguments, options = PUTS[case]
    want = x.copy()

    def ours(x):
        return getattr(fnp, name)(x, *arguments, inplace=False, **options)

    try:
        getattr(np, name)(want, *arguments, **options)
    except (ValueError, IndexError):
        with pytest.raises((ValueError, IndexError)):
            ours(x)
        return
    before = x.copy()
    assert_same(ours(x), want)
    np.testing.assert_array_equal(x, before)
    assert_same(fgrad.jit(ours)(x), want)


@pytest.mark.parametrize("name", ["put", "place", "fill_diagonal"])
def test_in_place_is_refused(name):
    """The error says what to write."""
    _, x, arguments, _ = PUTS[f"{name}-0-0"]
    with pytest.raises(ValueError, match=f"x = fgrad.numpy.{name}.*inplace=False"):
        getattr(fnp, name)(x, *arguments)


def test_derivatives_of_put():
    """They go to the array where it stayed and to the values where they were put."""
    gx, gv = fgrad.grad(
        lambda x, v: (fnp.place(x, X > 9, v, inplace=False) ** 2).sum(), argnums=(0, 1)
    )(X, np.array([2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(gx, np.where(X > 9, 0, 2 * X))
    np.testing.assert_array_equal(gv, [4.0, 6.0, 0.0])


def test_traced_places():
    """An index may be traced where the shape of the result does not depend on it."""
    assert_same(fgrad.jit(lambda i: fnp.delete(X, i, axis=0))(1), np.delete(X, 1, axis=0))
    i, x = np.array([2, 0]), np.arange(3.0)
    assert_same(fgrad.jit(lambda i: fnp.insert(x, i, 9.0))(i), np.insert(x, i, 9.0))
    unique = fgrad.jit(lambda i: fnp.delete(x, i, assume_unique_indices=True))
    assert_same(unique(i), np.delete(x, i))
    with pytest.raises(fgrad.errors.ConcretizationTypeError, match="assume_unique_indices"):
        fgrad.jit(lambda i: fnp.delete(x, i))(i)


@pytest.mark.parametrize("trim", ["fb", "f", "b"])
@pytest.mark.parametrize("x", [[0, 1, 2, 0], [0, 0], [], [[0, 0, 0], [0, 1, 0]]], ids=str)
def test_trim_zeros(x, trim):
    """Along one and all axes."""
    x = np.array(x)
    for axis in (None, *range(x.ndim)):
        assert_same(fnp.trim_zeros(x, trim, axis), np.trim_zeros(x, trim, axis))
