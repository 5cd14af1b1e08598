"""`fgrad.dtypes` says what JAX's says."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import dtypes

NAMES = ("bool", "int8", "uint32", "int64", "float16", "float32", "float64", "complex64")


@pytest.mark.parametrize("name", NAMES)
def test_as_in_jax(name):
    assert dtypes.canonicalize_dtype(name) == jax.dtypes.canonicalize_dtype(name)
    assert dtypes.itemsize_bits(name) == jax.dtypes.itemsize_bits(name)
    x = np.ones(2, name)
    assert dtypes.scalar_type_of(x) is jax.dtypes.scalar_type_of(x)
    for kind in (np.integer, np.floating, np.inexact, np.number, np.generic, np.bool_):
        assert dtypes.issubdtype(name, kind) == jax.dtypes.issubdtype(name, kind)


def test_promotion_and_limits():
    assert dtypes.result_type(fnp.float32, 1.0) == np.float32
    assert dtypes.finfo("float32").eps == np.finfo(np.float32).eps
    assert dtypes.iinfo("int8").max == 127


def test_random_keys():
    key = fgrad.random.key(0)
    assert dtypes.issubdtype(key.dtype, dtypes.prng_key)
    assert dtypes.issubdtype(dtypes.prng_key, dtypes.extended)
    assert not dtypes.issubdtype(key.dtype, np.number)
    assert dtypes.canonicalize_dtype(key.dtype, allow_extended_dtype=True) == key.dtype
    with pytest.raises(ValueError, match="the dtype of random keys"):
        dtypes.canonicalize_dtype(key.dtype)
    with pytest.raises(TypeError, match="has no Python type"):
        dtypes.scalar_type_of(np.zeros(2, key.dtype))
