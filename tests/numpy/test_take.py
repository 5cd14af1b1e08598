"""Elements by their places."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

I = np.array([[2, 0], [-1, 2]])
ROWS = [
    Row("take", lambda xp, x: xp.take(x, I), [(3,)], [(3, 4)]),
    Row("take-axis", lambda xp, x: xp.take(x, I, axis=1), [(2, 3, 2)]),
    Row("take-scalar", lambda xp, x: xp.take(x, 1, axis=0), [(2, 3)]),
    Row("take-wrap", lambda xp, x: xp.take(x, np.array([5, -7]), mode="wrap"), [(3,)]),
    Row("take-clip", lambda xp, x: xp.take(x, np.array([5, -7]), mode="clip"), [(3,)]),
    Row("take-outside", lambda xp, x: xp.take(x, np.array([3])), [(3,)], smooth=False),
    Row("take_along_axis", lambda xp, x: xp.take_along_axis(x, I, axis=1), [(2, 3)]),
    Row("take_along_axis-0", lambda xp, x: xp.take_along_axis(x, I[:1] % 2, axis=0), [(2, 2)]),
    Row("take_along_axis-stretched", lambda xp, x: xp.take_along_axis(x, I[:, :1], 1), [(1, 3)]),
    Row("take_along_axis-none", lambda xp, x: xp.take_along_axis(x, I[0], None), [(2, 3)]),
    Row("choose", lambda xp, x, y: xp.choose(I % 2, [x, y]), [(2, 2), (2,)], smooth=False),
    Row(
        "compress",
        lambda xp, x: xp.compress([True, False, True], x, axis=1),
        [(2, 3)],
        smooth=False,
    ),
    Row("extract", lambda xp, x: xp.extract(I > 0, x), [(2, 2)], smooth=False),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)

PLACES = ("nonzero", "flatnonzero", "argwhere", "where")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,)])
def test_places_of_what_is_true(name, shape):
    """The places are NumPy's, also of a tracer that has a value."""
    x = np.random.default_rng(0).integers(0, 2, shape) * 1.5
    want = getattr(np, name)(x)
    for got in (getattr(fnp, name)(x), _inside_grad(getattr(np, name), x)):
        assert isinstance(got, tuple) == isinstance(want, tuple)
        np.testing.assert_array_equal(
            np.stack(got) if isinstance(got, tuple) else got,
            np.stack(want) if isinstance(want, tuple) else want,
        )


def _inside_grad(fun, x):
    """What `fun` gives on a tracer of `grad`."""
    seen = []

    def loss(v):
        seen.append(fun(v))
        return v.sum()

    fgrad.grad(loss)(x)
    return seen[0]


@pytest.mark.parametrize("name", PLACES)
def test_places_under_jit_are_refused(name):
    """Their number is unknown without values."""
    with pytest.raises(fgrad.errors.ConcretizationTypeError, match=name):
        fgrad.jit(getattr(fnp, name))(np.ones(3))


def test_nonzero_of_a_given_size():
    """size= cuts off or fills up."""
    x = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(fnp.nonzero(x, size=1)[0], [1])
    np.testing.assert_array_equal(fnp.nonzero(x, size=4, fill_value=7)[0], [1, 2, 7, 7])


def test_take_that_fills():
    """mode='fill' puts NaN, or a given number, where an index is out of bounds."""
    x = np.arange(3.0)
    np.testing.assert_array_equal(fnp.take(x, [1, 5], mode="fill"), [1.0, np.nan])
    np.testing.assert_array_equal(fnp.take(x, [-1, -5], mode="fill", fill_value=9), [2.0, 9.0])
    grad = fgrad.grad(lambda v: fnp.take(v, np.array([1, 5]), mode="fill", fill_value=0).sum())(x)
    np.testing.assert_array_equal(grad, [0, 1, 0])


def test_put_along_axis():
    """A copy with values put in; in place is refused."""
    x, i = np.zeros((2, 3)), np.array([[2], [0]])
    want = x.copy()
    np.put_along_axis(want, i, 5.0, axis=1)
    got = fnp.put_along_axis(x, i, 5.0, axis=1, inplace=False)
    np.testing.assert_array_equal(got, want)
    assert not x.any()
    with pytest.raises(ValueError, match="inplace=False"):
        fnp.put_along_axis(x, i, 5.0, axis=1)
    gradient = fgrad.grad(
        lambda v, u: (fnp.put_along_axis(v, i, u, axis=1, inplace=False) ** 2).sum(), argnums=(0, 1)
    )(x + 1.0, np.array([[2.0], [3.0]]))
    np.testing.assert_array_equal(gradient[0], 2.0 - 2.0 * want / 5.0)
    np.testing.assert_array_equal(gradient[1], [[4.0], [6.0]])
