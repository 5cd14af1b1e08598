"""Elementwise operations against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same
from tests.jax_suite import Row, suite

UNARY = {
    "any": "neg abs sign floor ceil is_finite exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh"
    " erf erfc logistic square round conj",
    "positive": "log log1p sqrt rsqrt cbrt reciprocal",
    "unit": "asin acos atanh erf_inv",
    "above one": "acosh",
}
BINARY = "add sub mul div max min atan2 complex eq ne lt le gt ge rem nextafter"
FLAT = "sign floor ceil is_finite round eq ne lt le gt ge nextafter"
COMPLEX = "neg abs exp log sqrt sin cos tanh real imag conj add sub mul div"


def row(name, arity, domain="any", **options):
    """A row for an operation of one or two arrays."""
    smooth = name not in FLAT.split()
    return Row(
        name,
        lambda lib, *xs: getattr(lib.lax, name)(*xs),
        *((2, 3),) * arity,
        domain=domain,
        **({"smooth": smooth} | options),
    )


ROWS = [
    *(row(name, 1, domain) for domain, names in UNARY.items() for name in names.split()),
    *(row(name, 2, "nonzero") for name in BINARY.split()),
    row("pow", 2, "positive"),
    *(
        row(name, 1 + (name in BINARY.split()), "nonzero", dtypes=("complex128",))
        for name in COMPLEX.split()
    ),
    Row("integer_pow", lambda lib, x: lib.lax.integer_pow(x, -3), (3,), domain="positive"),
    Row("clamp", lambda lib, x: lib.lax.clamp(x.dtype.type(-0.5), x, x.dtype.type(0.5)), (9,)),
    Row("clamp-traced", lambda lib, a, x, b: lib.lax.clamp(a, x, b), (9,), (9,), (9,)),
    Row("select", lambda lib, x, y: lib.lax.select(x > y, x, y), (9,), (9,)),
    Row("select_n", lambda lib, x, y: lib.lax.select_n(x > y, x, y), (9,), (9,)),
    Row(
        "select_n-3",
        lambda lib, x, y: lib.lax.select_n(np.arange(9, dtype=np.int32) % 3, x, y, x * y),
        (9,),
        (9,),
    ),
    Row(
        "round-even",
        lambda lib, x: lib.lax.round(x, lib.lax.RoundingMethod.TO_NEAREST_EVEN),
        (9,),
        smooth=False,
    ),
]
for _r in ROWS:
    _r.name += "-complex" if _r.dtypes == ("complex128",) else ""
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint32", "uint64"])
@pytest.mark.parametrize(
    "name",
    [
        "div",
        "rem",
        "add",
        "sub",
        "mul",
        "max",
        "min",
        "bitwise_and",
        "bitwise_or",
        "bitwise_xor",
        "bitwise_not",
        "population_count",
        "clz",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "sign",
    ],
)
def test_integers(name, dtype):
    """Integer arithmetic is JAX's: division rounds towards zero."""
    info = np.iinfo(dtype)
    x = np.array([info.max, info.max // 3, 7, 1, 0, info.min, info.min // 3, 100], dtype)
    y = np.array([3, 2, 2, 5, 1, 7, 4, 6], dtype)
    unary = name in ("bitwise_not", "population_count", "clz", "sign")
    args = (x,) if unary else (x, y)
    with np.errstate(all="ignore"):
        got = getattr(fgrad.lax, name)(*args)
    assert_same(got, np.asarray(getattr(jax.lax, name)(*args)))
    if name == "div" and info.min < 0:
        got = fgrad.lax.div(x, np.negative(y))
        assert_same(got, np.asarray(jax.lax.div(x, np.negative(y))))


def test_round_halves():
    """Halves go away from zero, and the largest number below a half goes to zero."""
    x = np.array([0.5, 1.5, 2.5, -0.5, -2.5, 0.49999999999999994, 4503599627370497.0])
    assert_same(fgrad.lax.round(x), np.asarray(jax.lax.round(x)))


def test_erf_inv_at_the_ends():
    """It is infinite at the ends and NaN beyond them, and good to the last digits between."""
    np.testing.assert_array_equal(
        fgrad.lax.erf_inv(np.array([-1.0, 0.0, 1.0, 1.5, np.nan])),
        [-np.inf, 0.0, np.inf, np.nan, np.nan],
    )
    x = np.concatenate([np.linspace(-1, 1, 1001)[1:-1], 1 - np.logspace(-15, -1, 99)])
    back = fgrad.lax.erf(fgrad.lax.erf_inv(x))
    np.testing.assert_allclose(back, x, rtol=1e-14)


def test_select_wants_booleans():
    """A number does not choose between two."""
    with pytest.raises(TypeError, match="pred must be boolean"):
        fgrad.lax.select(np.array([1.0]), np.ones(1), np.ones(1))
    with pytest.raises(TypeError, match="cannot choose between 3 cases"):
        fgrad.lax.select_n(np.array([True]), *np.ones((3, 1)))


def test_erf_inv_of_float16():
    """Its coefficients are out of the range of float16."""
    x = np.linspace(-0.999, 0.999, 51).astype(np.float16)
    got = fgrad.lax.erf_inv(x)
    assert got.dtype == x.dtype
    want = fgrad.lax.erf_inv(x.astype(np.float64))
    np.testing.assert_allclose(got, want, rtol=2e-3)  # two units in the last place
