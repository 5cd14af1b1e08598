"""dtypes and questions about them."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

NAMES = ("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
         "float16", "float32", "float64", "complex64", "complex128")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_dtype_serves_where_numpys_does(name):
    """As a dtype argument, in comparisons, in promotion, in isinstance, and as a function."""
    ours, theirs = getattr(fnp, name), getattr(np, name)
    x = np.ones(2, ours)
    assert x.dtype == ours and x.dtype == theirs and np.dtype(ours) == theirs and ours == theirs
    assert hash(ours) == hash(np.dtype(theirs))
    assert isinstance(theirs(1), ours) and not isinstance(1j * 1, fnp.int8)
    assert ours(1).dtype == theirs
    assert fnp.result_type(ours, ours) == theirs
    assert fnp.zeros(1, dtype=ours).dtype == theirs
    assert fnp.issubdtype(ours, theirs)


def test_conversion_keeps_the_derivative():
    """float32(x) of a tracer is an array, not a number."""
    x = np.array([1.0, 2.0])
    gradient = fgrad.grad(lambda v: fnp.float32(v * v).sum())(x)
    np.testing.assert_array_equal(gradient, 2 * x)
    assert gradient.dtype == np.float64
    assert fgrad.jit(fnp.float32)(x).dtype == np.float32


def test_promotion_of_tracers():
    """A tracer of a Python number is weak; others count with their dtype."""
    seen = []

    def f(weak, strong):
        seen.append((fnp.result_type(weak, np.float32), np.result_type(strong, np.float32)))
        seen.append((fnp.can_cast(strong, np.float32), np.can_cast(strong, np.complex128)))
        return weak

    fgrad.jit(f)(1.0, np.float64(1.0))
    assert seen == [(np.float32, np.float64), (False, True)]


def test_shape_questions():
    """shape, ndim and size answer for arrays, lists and tracers, by NumPy's names too."""

    def f(x):
        assert fnp.shape(x) == np.shape(x) == (2, 3)
        assert fnp.ndim(x) == np.ndim(x) == 2
        assert fnp.size(x) == np.size(x) == 6 and fnp.size(x, 1) == np.size(x, 1) == 3
        assert fnp.isrealobj(x) and not np.iscomplexobj(x) and not fnp.isscalar(x)
        return x

    fgrad.jit(f)(np.ones((2, 3)))
    fgrad.vmap(f)(np.ones((5, 2, 3)))
    assert fnp.shape([[1, 2]]) == (1, 2) and fnp.ndim(3.0) == 0 and fnp.isscalar(2.0)


def test_astype():
    """Complex numbers that become real keep their real part, silently."""
    np.testing.assert_array_equal(fnp.astype(np.array([1 + 2j]), fnp.float32), [1])
    assert fgrad.grad(lambda x: fnp.astype(x, np.int32).astype(float).sum())(1.5) == 0.0
