"""The Python array API standard: names, information, methods, and libraries that write to it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

ROOT = Path(__file__).parents[2]

# The standard's list, version 2025.12.
# ruff: noqa: SIM905
NAMES = """
e inf nan newaxis pi bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64
complex64 complex128 arange asarray empty empty_like eye from_dlpack full full_like linspace
meshgrid ones ones_like tril triu zeros zeros_like astype broadcast_arrays broadcast_shapes
broadcast_to can_cast finfo iinfo isdtype result_type abs acos acosh add asin asinh atan atan2 atanh
bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip
conj copysign cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot imag
isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not
logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow real
reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc take
take_along_axis isin matmul matrix_transpose tensordot vecdot concat expand_dims flip moveaxis
permute_dims repeat reshape roll squeeze stack tile unstack argmax argmin argsort nonzero
searchsorted where count_nonzero sort unique_all unique_counts unique_inverse unique_values
cumulative_prod cumulative_sum max mean min prod std sum var all any diff __array_api_version__
__array_namespace_info__
""".split()
LINALG = """
cholesky cross det diagonal eig eigh eigvals eigvalsh inv matmul matrix_norm matrix_power
matrix_rank matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot
vector_norm
""".split()
FFT = """
fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift
""".split()
METHODS = """
__abs__ __add__ __and__ __array_namespace__ __bool__ __complex__ __dlpack__ __dlpack_device__ __eq__
__float__ __floordiv__ __ge__ __getitem__ __gt__ __index__ __int__ __invert__ __le__ __lshift__
__lt__ __matmul__ __mod__ __mul__ __ne__ __neg__ __or__ __pos__ __pow__ __rshift__ __setitem__
__sub__ __truediv__ __xor__ to_device dtype device mT ndim shape size T
""".split()


def test_every_name_is_there():
    assert [n for n in NAMES if not hasattr(fnp, n)] == []
    assert [n for n in LINALG if not hasattr(fnp.linalg, n)] == []
    assert [n for n in FFT if not hasattr(fnp.fft, n)] == []


def test_arrays_and_tracers_have_every_method():
    def f(x):
        assert [m for m in METHODS if not hasattr(type(x), m)] == []
        assert x.__array_namespace__() is fnp
        assert x.__array_namespace__(api_version="2023.12") is fnp
        assert x.device == "cpu" and x.to_device("cpu") is x
        return x.sum()

    x = fnp.ones((2, 2))
    for g in (f, fgrad.grad(f), fgrad.jit(f), fgrad.vmap(f)):
        g(x)
    with pytest.raises(ValueError, match=r"device must be 'cpu'[^\0]*test_array_api.py"):
        fgrad.jit(lambda x: x.to_device("gpu"))(x)
    with pytest.raises(ValueError, match=r"'1999' is not supported[^\0]*test_array_api.py"):
        x.__array_namespace__(api_version="1999")


def test_information():
    info = fnp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] is True
    assert info.devices() == [info.default_device()] == ["cpu"]
    assert info.default_dtypes()["real floating"] == fnp.float64
    assert set(info.dtypes(kind="real floating")) == {"float32", "float64"}
    assert set(info.dtypes(kind=("bool", "complex floating"))) == {
        "bool",
        "complex64",
        "complex128",
    }
    assert len(info.dtypes()) == 13
    with pytest.raises(ValueError, match=r"kind must be one of[^\0]*test_array_api.py"):
        info.dtypes(kind="text")


def test_dlpack():
    x = fnp.from_dlpack(np.arange(3.0))
    assert isinstance(x, fgrad.Array) and (np.from_dlpack(x) == [0, 1, 2]).all()
    assert fgrad.jit(lambda x: fnp.from_dlpack(x) * 2)(x)[1] == 2
    with pytest.raises(fgrad.errors.TracerArrayConversionError, match="no memory to share"):
        fgrad.jit(lambda x: x.__dlpack__())(x)


def test_libraries_that_write_to_the_standard():
    """What the page says of SciPy and scikit-learn is so."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.numpy.array_api", "--json"],
        env={**os.environ, "SCIPY_ARRAY_API": "1"}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    working = [name for name, answer in found.items() if answer.startswith(("yes", "not under"))]
    page = (ROOT / "docs" / "array-api.md").read_text()
    promised = [name for name in found if f"`{name}` | yes" in page or f"`{name}` | not" in page]
    assert set(promised) <= set(working)
    assert {"scipy.special.logsumexp", "scipy.stats.kurtosis", "scipy.stats.zscore"} <= set(
        promised
    )
