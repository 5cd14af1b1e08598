"""Distinct elements, set operations, and places of what is true in arrays of a given size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

NAN = np.array([3.0, 1.0, 3.0, np.nan, 2.0, np.nan])
FLOATS = np.array([1.0, 5.0, np.nan, 2.0, 2.0, 7.0])
INTEGERS = np.array([3, 1, 3, 4, 2])
TABLE = np.array([[1, 5], [5, 2], [9, 9]])
EMPTY = np.zeros(0)
PAIRS = {
    "nan": (NAN, FLOATS), "integers": (INTEGERS, TABLE), "mixed": (NAN, INTEGERS),
    "empty": (EMPTY, NAN), "none": (NAN, EMPTY), "bool": (np.array([True, False]), INTEGERS),
    "complex": (np.array([1j, 2, 1j, np.nan]), FLOATS),
}  # fmt: skip
OPERATIONS = ("union1d", "intersect1d", "setdiff1d", "setxor1d")
PROGRAMS = {
    **{name: lambda xp, x, y, name=name: getattr(xp, name)(x, y) for name in OPERATIONS},
    "setdiff1d-unique": lambda xp, x, y: xp.setdiff1d(x, y, assume_unique=True),
    "intersect1d-indices": lambda xp, x, y: xp.intersect1d(x, y, return_indices=True),
    "isin": lambda xp, x, y: xp.isin(x, y),
    "isin-not": lambda xp, x, y: xp.isin(y, x, invert=True),
    "unique": lambda xp, x, y: xp.unique(y, True, True, True),
    "unique-nan": lambda xp, x, y: xp.unique(x, True, True, True, equal_nan=False),
    "unique_all": lambda xp, x, y: tuple(xp.unique_all(y)),
    "unique_counts": lambda xp, x, y: tuple(xp.unique_counts(x)),
    "unique_inverse": lambda xp, x, y: tuple(xp.unique_inverse(x)),
    "unique_values": lambda xp, x, y: xp.sort(xp.unique_values(x)),
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_numpys_answer(name, pair):
    """NaN, empty arrays and pairs of dtypes included."""
    x, y = PAIRS[pair]
    want = PROGRAMS[name](np, x, y)
    assert_same(PROGRAMS[name](fnp, x, y), want)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(3, 4), (0, 3), (3, 0), (4, 2, 2)])
def test_unique_slices(axis, shape):
    """Whole rows or columns."""
    x = np.random.default_rng(0).integers(0, 2, shape) * 1.0
    x[-1:] = x[:1]
    try:
        want = np.unique(x, True, True, True, axis=axis)
    except ValueError:
        return
    assert_same(fnp.unique(x, True, True, True, axis=axis), want)


SIZED = {
    **{
        name: lambda xp, x, y, name=name, **kw: getattr(xp, name)(x, y, **kw) for name in OPERATIONS
    },
    "intersect1d-indices": lambda xp, x, y, **kw: xp.intersect1d(x, y, return_indices=True, **kw),
    "unique": lambda xp, x, y, **kw: xp.unique(x, True, True, True, **kw),
    "unique-axis": lambda xp, x, y, **kw: xp.unique(xp.stack([y, y]), axis=1, **kw),
    "unique_all": lambda xp, x, y, **kw: tuple(xp.unique_all(x, **kw)),
    "nonzero": lambda xp, x, y, **kw: xp.nonzero(xp.stack([y - 1, y - 5]), **kw),
    "argwhere": lambda xp, x, y, **kw: xp.argwhere(xp.stack([y - 1, y - 5]), **kw),
    "flatnonzero": lambda xp, x, y, **kw: xp.flatnonzero(y - 1, **kw),
    "where": lambda xp, x, y, **kw: xp.where(y > 2, **kw),
}  # fmt: skip
FIRST, SECOND = np.array([3.0, 1.0, 3.0, 4.0, 2.0]), np.array([1.0, 5.0, 2.0, 2.0, 7.0])


def _sized(lib, xp):
    """Every program with every size, compiled as one."""

    def everything(x, y):
        return {
            f"{name}-{size}-{fill}": program(xp, x, y, size=size, fill_value=fill)
            for name, program in SIZED.items()
            for size in (2, 9)
            for fill in (None, -1)
        }

    return lib.jit(everything)(FIRST, SECOND)


def test_given_sizes():
    """Under jit with size= and fill_value=, as JAX's."""
    got, want = _sized(fgrad, fnp), _sized(jax, jnp)
    for name, expected in want.items():
        ours = jax.tree.map(np.asarray, got[name])
        for g, w in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            np.testing.assert_array_equal(g, w, err_msg=name)


@pytest.mark.parametrize("name", [*OPERATIONS, "unique", "unique_all", "nonzero", "where"])
def test_without_a_size(name):
    """Under jit the number of elements is unknown, and the error says what to give."""
    with pytest.raises(fgrad.errors.ConcretizationTypeError, match="size="):
        fgrad.jit(lambda x, y: SIZED[name](fnp, x, y))(FIRST, SECOND)


def test_derivatives_and_batches():
    """The derivative is that of the elements where they were; a batch is the loop."""

    def f(x):
        return fnp.unique(x * x, size=4, fill_value=0)

    x = np.array([2.0, -1.0, 2.0, 3.0])
    want = np.array([[0, -2, 0, 0], [4, 0, 0, 0], [0, 0, 0, 6], [0, 0, 0, 0.0]])
    assert_same(fgrad.jacrev(f)(x), want)
    assert_same(fgrad.jacfwd(f)(x), want)
    assert_same(fgrad.vmap(f)(np.stack([x, x[::-1]])), np.stack([f(x), f(x[::-1])]))


@pytest.mark.parametrize("name", ["compress", "extract"])
def test_chosen_elements_of_a_given_size(name):
    """compress and extract under jit."""

    def f(xp, x, **options):
        return getattr(xp, name)(x > 2, x * x, **options)

    want = jax.jit(lambda x: f(jnp, x, size=3))(FIRST)
    assert_same(fgrad.jit(lambda x: f(fnp, x, size=3))(FIRST), np.asarray(want))
    assert_same(f(fnp, FIRST), f(np, FIRST))
