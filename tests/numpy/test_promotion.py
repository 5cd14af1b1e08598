"""Result dtypes equal NumPy's, of every function, over all dtypes and pairs of them.

The calls are those of the table of protocols; where NumPy refuses, so must fgrad, and say where.
"""

import jax
import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.protocols import CALLS, PLAIN_CALLS
from tests.numpy.suite import quiet

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
    "float32", "float64", "complex64", "complex128",
)  # fmt: skip
NUMBERS = (True, 2, 2.5, 2j)
VECTOR, MATRIX = np.array([1, 1, 2]), np.eye(3) + 1
NAMES = [
    name
    for name in dir(np)
    if not name.startswith("_")
    and callable(getattr(np, name))
    and not isinstance(getattr(np, name), type)
    and getattr(fnp, name, getattr(np, name)) is not getattr(np, name)
    # in place, so the dtype is the array's
    and name not in ("fill_diagonal", "place", "put", "put_along_axis")
    and name != "issubdtype"  # takes dtypes alone
]
PAIRS = [
    name
    for name in NAMES
    if isinstance(getattr(np, name), np.ufunc)
    and getattr(np, name).nin == 2
    and getattr(np, name).signature is None
]


def answer(call, *args):
    """The dtypes of what a call gives; the error if it is refused."""
    with quiet():
        try:
            out = call(*args)
        except (TypeError, ValueError, IndexError, NotImplementedError, OverflowError) as e:
            return e
    return [np.asarray(leaf).dtype for leaf in jax.tree.leaves(out)]


def compare(got, want, what):
    """The same dtypes, or a refusal that names the user's line."""
    if isinstance(want, Exception):
        assert isinstance(got, Exception), f"{what}: numpy refuses ({want}), and fgrad gives {got}"
        assert isinstance(got, np.linalg.LinAlgError | OverflowError) or "-->" in str(got), (
            f"{what}: {got!r} does not name the line"
        )
    else:
        assert got == want, f"{what}: {got!r}, wanted {want}"


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name):
    """All pairs of dtypes, with Python's numbers on either side."""
    theirs, ours = getattr(np, name), getattr(fnp, name)
    operands = [VECTOR.astype(d) for d in DTYPES] + list(NUMBERS)
    for x in operands:
        for y in operands:
            if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
                what = f"{name}({getattr(x, 'dtype', x)}, {getattr(y, 'dtype', y)})"
                compare(answer(ours, x, y), answer(theirs, x, y), what)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(PAIRS)))
def test_functions(name):
    """Every other function, as the table of protocols calls it,."""
    theirs, ours = getattr(np, name), getattr(fnp, name)
    for program in (CALLS | PLAIN_CALLS).get(name, [lambda f, x: f(x)]):
        if "like" in str(program.__code__.co_consts):
            continue
        for dtype in DTYPES:
            x = MATRIX.astype(dtype)
            want = answer(program, theirs, x)
            compare(answer(program, ours, x), want, f"{name}({dtype})")
