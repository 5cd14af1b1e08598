"""The dtype rules are NumPy's, for every pair of dtypes and for Python's weak scalars."""

import itertools
import operator

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.avals import ShapedArray, shaped_array, short_name
from fgrad.core.trace import get_aval
from fgrad.primitives.define import Elementwise
from tests.primitives.rows import ROWS

DTYPES = [
    np.dtype(d)
    for d in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
]  # fmt: skip
SCALARS = (2, 2.0, 2j)
BINARY = [
    r.primitive
    for r in ROWS
    if isinstance(r.primitive, Elementwise)
    and r.primitive.ufunc is not None
    and r.primitive.ufunc.nin == 2
]
UNARY = [
    r.primitive
    for r in ROWS
    if isinstance(r.primitive, Elementwise)
    and r.primitive.ufunc is not None
    and r.primitive.ufunc.nin == 1
]


def refused(call):
    """The result of a call, or None if it refuses its dtypes."""
    try:
        with np.errstate(all="ignore"):
            return call()
    except (TypeError, OverflowError):
        return None


def assert_promoted(primitive, operands):
    want = refused(lambda: primitive.ufunc(*operands))
    got = refused(lambda: primitive(*operands))
    try:
        promised = primitive.abstract_eval(*map(get_aval, operands))
    except TypeError:
        promised = None
    text = f"{primitive.name} of {[getattr(o, 'dtype', o) for o in operands]}"
    assert (got is None) == (want is None), text
    assert (promised is None) == (want is None), text
    if want is not None:
        assert np.asarray(got).dtype == want.dtype, text
        assert promised.dtype == want.dtype, text
        assert promised == get_aval(got), text


@pytest.mark.parametrize("primitive", BINARY, ids=repr)
def test_binary_primitives_promote_as_numpy(primitive):
    for a, b in itertools.product(DTYPES, repeat=2):
        assert_promoted(primitive, (np.ones(2, a), np.ones(2, b)))
        assert_promoted(primitive, (np.ones(2, a), b.type(1)))
        assert_promoted(primitive, (a.type(1), b.type(1)))
    for a, scalar in itertools.product(DTYPES, SCALARS):
        assert_promoted(primitive, (np.ones(2, a), scalar))
        assert_promoted(primitive, (scalar, a.type(1)))


@pytest.mark.parametrize("primitive", UNARY, ids=repr)
def test_unary_primitives_give_the_dtype_of_numpy(primitive):
    for dtype in DTYPES:
        assert_promoted(primitive, (np.ones(2, dtype),))
        assert_promoted(primitive, (dtype.type(1),))


_OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.eq, operator.lt,
]  # fmt: skip


@pytest.mark.parametrize("op", _OPERATORS, ids=lambda f: f.__name__)
def test_operators_on_tracers_promote_as_on_arrays(op):
    """Array with array, and array with Python scalar on either side, traced and not."""
    for a, b in itertools.product(DTYPES, [*DTYPES, int, float, complex]):
        x = np.ones(2, a)
        y = np.ones(2, b) if isinstance(b, np.dtype) else b(1)
        for args in ((x, y), (y, x)):
            want = refused(lambda args=args: op(*args))
            try:
                got = fgrad.eval_shape(op, *args)
            except TypeError:
                got = None
            assert (got is None) == (want is None), (a, b)
            if want is not None:
                assert got.dtype == want.dtype, (op, args[0], args[1])


def test_python_scalars_do_not_widen():
    x = np.ones(3, np.float32)
    for f in (
        lambda x: x * 2.0 + 1,
        lambda x: fnp.where(x > 0, x, 0.0),
        lambda x: fnp.maximum(x, 0),
        lambda x: x**2 + fnp.sqrt(2.0) * x,
        lambda x: x * fnp.exp(fnp.log(2.0)),
        lambda x: fnp.clip(x, 0.0, 1.0),
        lambda x: x / fnp.mean(x) - fnp.sum(x),
        lambda x: fnp.logaddexp(x, 0.0),
    ):
        assert f(x).dtype == np.float32
        assert fgrad.jit(f)(x).dtype == np.float32
        assert fgrad.grad(lambda x, f=f: fnp.sum(f(x)))(x).dtype == np.float32
        assert fgrad.jit(fgrad.grad(lambda x, f=f: fnp.sum(f(x))))(x).dtype == np.float32
        assert fgrad.vmap(f)(x[None]).dtype == np.float32
        assert fgrad.jvp(f, (x,), (x,))[1].dtype == np.float32


def test_a_gradient_has_the_dtype_of_its_argument():
    for dtype in ("float16", "float32", "float64", "complex64", "complex128"):
        x = np.ones(2, dtype)
        wide = np.ones(2, np.complex128 if x.dtype.kind == "c" else np.float64)

        def f(x, wide=wide):
            y = fnp.sum(x * wide)
            return fnp.real(y * fnp.conj(y))

        assert fgrad.grad(f)(x).dtype == dtype
        assert fgrad.grad(f)(x[0]).dtype == dtype


def test_gradients_at_python_numbers_are_numpy_scalars():
    g = fgrad.grad(lambda x: x * x)(3.0)
    assert type(g) is np.float64
    value, g = fgrad.value_and_grad(lambda x: x * x)(3.0)
    assert type(value) is np.float64
    assert type(g) is np.float64
    assert type(fgrad.grad(lambda x: (x * fnp.conj(x)).real)(1 + 2j)) is np.complex128
    assert type(fgrad.jit(lambda x: x + 1)(1.0)) is np.float64
    assert type(fgrad.jit(lambda x: x + 1)(1)) is np.int64
    assert type(fgrad.jvp(lambda x: x * 2, (1.0,), (1.0,))[1]) is np.float64


def test_avals():
    a = shaped_array((2, 3), np.dtype("float32"))
    assert a is shaped_array((2, 3), np.dtype("float32"))
    assert a == ShapedArray((2, 3), np.dtype("float32"))
    assert a != shaped_array((2, 3), np.dtype("float64"))
    assert (a.ndim, a.size, a.inexact) == (2, 6, True)
    assert str(a) == "f32[2,3]"
    assert str(get_aval(1.0)) == "f64[]~"
    assert get_aval(1.0).strong() == get_aval(np.float64(1.0))
    assert str(get_aval(True)) == "bool[]"
    assert get_aval(np.ones(2, ">f8")).dtype.isnative
    assert [short_name(d) for d in DTYPES][-4:] == ["f32", "f64", "c64", "c128"]


def test_big_endian_and_subclass_inputs():
    swapped = np.arange(3.0).astype(">f8")
    assert fgrad.grad(lambda x: fnp.sum(x**2))(swapped).dtype.isnative
    np.testing.assert_array_equal(fgrad.jit(lambda x: x * 2)(swapped), [0.0, 2.0, 4.0])
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, False])
    np.testing.assert_array_equal(fgrad.grad(lambda x: fnp.sum(x**2))(masked), [2.0, 4.0])
