"""dtypes, as objects that also convert; and what NumPy says about them and about shapes."""

import numpy as np
from numpy import dtype, finfo, iinfo

from fgrad.core.avals import key_dtype, prng_key, promotion_operand
from fgrad.core.trace import Tracer, get_aval
from fgrad.numpy._create import array
from fgrad.numpy._face import axis_of, public, value
from fgrad.primitives import shape as sh


class _DTypeMeta(type):
    """A dtype that is called like a function: ``float32(x)`` is an array, also of a tracer."""

    def __call__(cls, x=0):
        return array(x, dtype=cls.dtype)

    def __eq__(cls, other):
        try:
            return cls.dtype == other
        except TypeError:
            return NotImplemented

    def __hash__(cls):
        return hash(cls.dtype)

    def __instancecheck__(cls, x):
        return isinstance(x, cls.dtype.type)

    def __repr__(cls):
        return f"<fgrad.numpy dtype {cls.__name__}>"


def _dtype(name):
    scalar = getattr(np, name)
    doc = f"The dtype {name}; called with an array-like, that as an array of this dtype."
    return _DTypeMeta(name, (), {"dtype": np.dtype(scalar), "__doc__": doc})


(
    bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64,
    complex64, complex128,
) = (
    _dtype(name)
    for name in (
        "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
)  # fmt: skip
bool, int_, uint, float_, complex_ = bool_, int64, uint64, float64, complex128
single, double, csingle, cdouble = float32, float64, complex64, complex128


def _promotion(x):
    """What NumPy's promotion takes for an argument: a dtype, or a number if it is weak."""
    if isinstance(x, Tracer):
        aval = get_aval(x)
        return promotion_operand(aval)(0) if aval.weak_type else aval.dtype
    return x.dtype if isinstance(x, _DTypeMeta) else x


def result_type(*arrays_and_dtypes):
    """The dtype that NumPy's promotion gives for arrays and dtypes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.result_type(fnp.float32, 1.0)
    dtype('float32')
    """
    return np.result_type(*map(_promotion, arrays_and_dtypes))


def promote_types(a, b):
    """The smallest dtype that both can be cast to.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.promote_types("int32", "float32")
    dtype('float64')
    """
    return np.promote_types(np.dtype(a), np.dtype(b))


def can_cast(from_, to, casting="safe"):
    """Whether a dtype, or that of an array, can be cast to another by a casting rule.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.can_cast(fnp.float32, fnp.float64)
    True
    """
    source = from_.dtype if isinstance(from_, Tracer | np.ndarray) else np.dtype(from_)
    return np.can_cast(source, np.dtype(to), casting)


def issubdtype(arg1, arg2):
    """Whether a dtype is of a kind; the dtype of random keys is a `fgrad.dtypes.prng_key`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fnp.issubdtype(fnp.float32, np.floating)
    True
    >>> fnp.issubdtype(fgrad.random.key(0).dtype, fgrad.dtypes.prng_key)
    True
    """
    if isinstance(arg1, np.dtype) and arg1 == key_dtype:
        arg1 = prng_key
    return np.issubdtype(arg1, arg2)


@public
def astype(x, dtype, /, *, copy=False, device=None):
    """The same numbers in another dtype; of complex numbers that become real, the real part.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.astype(fnp.array([1.5]), fnp.int32)
    Array([1], dtype=int32)
    """
    return sh.astype(value(x, "astype"), np.dtype(dtype))


def shape(a):
    """The sizes of the axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.shape([[1, 2, 3]])
    (1, 3)
    """
    return get_aval(value(a, "shape")).shape


def ndim(a):
    """The number of axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ndim([[1, 2, 3]])
    2
    """
    return get_aval(value(a, "ndim")).ndim


def size(a, axis=None):
    """The number of elements, or the length of an axis, or the product of several lengths.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.size([[1, 2, 3]])
    3
    """
    aval = get_aval(value(a, "size"))
    if axis is None:
        return aval.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    total = 1
    for i in axes:
        total *= aval.shape[axis_of(i, aval.ndim)]
    return total


def isscalar(element):
    """Whether this is a number, or an array or tracer without axes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.isscalar(1.0)
    True
    """
    return element.ndim == 0 if isinstance(element, Tracer) else np.isscalar(element)


__all__ = ["dtype", "finfo", "iinfo"]
