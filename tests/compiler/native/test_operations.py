"""Elementwise operations and reductions in vector code give NumPy's numbers."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler.native import elementary, operations
from fgrad.compiler.native.values import DTYPES
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.fma import fma
from fgrad.primitives.shape import convert_element_type
from tests.compiler.native.helpers import check, kernels

ROWS = {**operations.ROWS, **operations._SINGLE}
UNARY = [p for p in ROWS if p.ufunc is not None and p.ufunc.nin == 1]
BINARY = [p for p in ROWS if p.ufunc is not None and p.ufunc.nin == 2]
# Those of whose equal operands either is right, zeros of either sign too.
EITHER = {ew.max, ew.min}
# Those that are not exact: functions of `elementary`, whose own tests say how good they are.
INEXACT = {p for p in ROWS if p.name in dir(elementary)} | {ew.pow}
NAMES = sorted((d.char for d in DTYPES), key="?bBhHiIlLqQfd".index)


def special(dtype):
    """Numbers at which operations differ."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "f":
        tiny, large = np.finfo(dtype).tiny, np.finfo(dtype).max
        x = [0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 1e6 + 0.5, tiny, tiny / 4, large, np.inf]
        return np.array([*x, *(-v for v in x), np.nan], dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return np.unique(np.array([low, low + 1, 0, 1, 2, 3, 100, high - 1, high], dtype))


def pairs(x, y):
    """All pairs of two lists of numbers."""
    return [np.ascontiguousarray(z.ravel()) for z in np.meshgrid(x, y)]


def takes(p, *xs):
    """Whether NumPy has an operation for operands of these dtypes."""
    try:
        p(*(x[:1] for x in xs))
    except (TypeError, ValueError):
        return False
    return True


def all_of(primitives):
    """Many operations on the same operands."""
    return lambda *xs: [p(*xs) for p in primitives]


@pytest.mark.parametrize("name", NAMES)
def test_operations_on_one_operand(name):
    x = special(name)
    with np.errstate(all="ignore"):
        primitives = [p for p in UNARY if takes(p, x)]
    exact = [p for p in primitives if p not in INEXACT]
    check(all_of(exact), x, rtol=0, atol=0)
    check(all_of([p for p in primitives if p in INEXACT]), x, rtol=5e-7, atol=0)


@pytest.mark.parametrize("one", NAMES)
def test_operations_on_two_operands(one):
    for other in NAMES:
        x, y = pairs(special(one), special(other))
        with np.errstate(all="ignore"):
            exact = [p for p in BINARY if p not in INEXACT | EITHER and takes(p, x, y)]
        check(all_of(exact), x, y, rtol=0, atol=0)
        check(lambda x, y: [p(x, y) + 0 for p in EITHER], x, y, rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_becomes_machine_code_for_its_dtypes(name):
    dtype = np.dtype(name)
    x = special(name)
    y = x[::-1].copy()
    for p, row in ROWS.items():
        wide = p in operations._SINGLE and dtype != np.float32
        if dtype.kind not in row.kinds or wide or p in (ew.positive,):
            continue
        nin = 3 if p in (fma, ew.clamp) else p.ufunc.nin
        found = kernels(all_of([p]), *(x, y, x)[:nin])
        assert found and any(e.primitive is p for k in found for e in k.params["jaxpr"].eqns), p


@pytest.mark.parametrize("name", NAMES)
def test_operations_with_literals(name):
    x = special(name)
    numbers = [0, 1, 3] if x.dtype.kind in "bu" else [0, -1, 3]
    if x.dtype.kind == "f":
        numbers += [0.5, -2.75, np.inf, -np.inf, np.nan, 1e30]
    some = [ew.add, ew.sub, ew.mul, ew.eq, ew.ne, ew.lt, ew.le, ew.gt, ew.ge]
    if x.dtype.kind == "b":
        some = some[:1] + some[2:3]
    check(lambda x: [p(x, c) for p in some for c in numbers], x, rtol=0, atol=0)
    check(lambda x: [p(c, x) for p in some for c in numbers], x, rtol=0, atol=0)
    if x.dtype.kind != "b":
        check(lambda x: [p(x, c) + 0 for p in EITHER for c in numbers], x, rtol=0, atol=0)


@pytest.mark.parametrize("name", [n for n in NAMES if np.dtype(n).kind in "iu"])
def test_comparisons_with_literals_that_do_not_fit(name):
    x = special(name)
    numbers = [-1, 300, 70000, 1 << 40, 0.5, -0.5, 1e30, np.inf, np.nan]
    comparisons = [ew.eq, ew.ne, ew.lt, ew.le, ew.gt, ew.ge]
    check(lambda x: [p(x, c) for p in comparisons for c in numbers], x, rtol=0, atol=0)


@pytest.mark.parametrize("weak", (True, 2, 1.5, -3))
def test_operations_with_weak_numbers_that_are_arguments(weak):
    def f(x, w):
        return x * w, x + w, ew.max(x, w), x < w, ew.eq(w, x)

    for name in "hilfd":
        check(f, special(name), weak, rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_conversions(name):
    x = special(name)
    if x.dtype.kind == "f":
        targets = "?ilfd"
        x = np.append(x, np.array([1e10, -1e10, 1e19, 2**31, -(2.0**31), 0.99, -0.99], x.dtype))
    else:
        targets = NAMES
    check(lambda x: [convert_element_type(x, new_dtype=np.dtype(t), weak_type=False)
                     for t in targets], x, rtol=0, atol=0)  # fmt: skip


def test_what_a_conversion_out_of_range_gives_is_left_to_numpy():
    x = np.array([-1.0, 300.0, 70000.0, -1e10, np.nan])
    check(lambda x: [(x * 1.0).astype(t) for t in "bBhHIL"], x, rtol=0, atol=0)


@pytest.mark.parametrize("other", "?BlLfd")
@pytest.mark.parametrize("one", "?bilfd")
def test_choices(one, other):
    x, y = pairs(special(one), special(other))

    def f(x, y):
        c = x == y
        return [parts.select(c, x, y), parts.select(~c, x, y), fnp.where(c, 1, y),
                fnp.where(c, x, 2)]  # fmt: skip

    check(f, x, y, rtol=0, atol=0)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "?"])
def test_clamped(name):
    x, low = pairs(special(name), special(name))
    high = low[::-1].copy()
    check(lambda low, x, high: [lax.clamp(low, x, high) + 0, lax.clamp(high, x, low) + 0,
                                lax.clamp(x, x, x), lax.clamp(low, high, x) + 0],
          low, x, high, rtol=0, atol=0)  # fmt: skip


@pytest.mark.parametrize("name", "fd")
def test_fused_products(name):
    x = special(name)
    x = x[(np.abs(x) < 1e30) & (np.abs(x) > 1e-30)]  # NumPy's are in pieces, which may overflow
    x, y = pairs(x, x)
    z = np.roll(x, 7)
    check(lambda x, y, z: [fma(x, y, z), fma(z, x, y), fma(y, z, x), fma(x, x, y)], x, y, z,
          rtol=0, atol=0)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", (1, 5, 16, 100))
def test_reductions(name, n):
    x = np.resize(np.roll(special(name), 2), (3, n))
    with np.errstate(all="ignore"):
        x = x % 5 if name in "fd" else x  # sums in any order are the same
    functions = [fnp.max, fnp.min, fnp.any, fnp.all]
    functions += [lambda x, **k: fnp.sum(x, dtype=name, **k)] if name not in "?fd" else []
    functions += [lambda x, **k: fnp.prod(x, dtype=name, **k)] if name not in "?fd" else []
    check(lambda x: [f(x, axis=a) for f in functions for a in (None, 0, 1)], x, rtol=0, atol=0)


@pytest.mark.parametrize("name", "fd")
def test_extremes_of_nan_and_infinity(name):
    x = np.full((3, 37), -np.inf, name)
    x[1, 30] = np.nan
    x[2] = np.inf
    check(lambda x: [f(x, axis=a) for f in (fnp.max, fnp.min) for a in (None, 0, 1)], x)
