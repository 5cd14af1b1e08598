"""Making arrays."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer
from fgrad.numpy._face import public, shape_of, unweak, value
from fgrad.numpy._inplace import clone, copied, fresh
from fgrad.primitives import shape as sh
from fgrad.transforms.stage import ShapeDtypeStruct, abstract


def _converted(x, dtype, name):
    """An array-like as a value of a dtype; NumPy minds which Python numbers fit into it."""
    v = value(x, name)
    if dtype is None:
        return v
    plain = isinstance(x, list | tuple | int | float | complex)
    if plain and not isinstance(v, Tracer):
        try:
            return np.asarray(x, np.dtype(dtype))
        except (OverflowError, TypeError) as e:
            raise type(e)(located(f"{name}: {e}")) from None
    return sh.astype(v, np.dtype(dtype))


@public
def array(object, dtype=None, copy=True, order="K", ndmin=0):
    """An array of an array-like; a list may hold values being transformed.

    Parameters
    ----------
    object : array-like
        Numbers, arrays, or nested lists of them.
    dtype : dtype-like, optional
        NumPy's choice by default.
    copy, order : optional
        Accepted for compatibility; the result is always a new array.
    ndmin : int
        The least number of axes; new ones are put in front.

    Returns
    -------
    array

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.array([1.0, 2.0])
    Array([1., 2.])
    """
    x = unweak(_converted(object, dtype, "array"))
    if isinstance(x, Tracer):
        missing = ndmin - x.ndim
        return clone(sh.reshape(x, new_sizes=(1,) * missing + x.shape) if missing > 0 else x)
    return np.array(x, ndmin=ndmin)


@public
def asarray(a, dtype=None, order=None, *, copy=None, device=None):
    """An array of an array-like, not copied where that is not needed.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.asarray([1, 2])
    Array([1, 2])
    """
    x = _converted(a, dtype, "asarray")
    if isinstance(x, Tracer):
        return clone(x) if copy else x
    return np.array(unweak(x)) if copy else np.asarray(unweak(x))


@public
def copy(a, order=None, subok=False):
    """A new array of the same numbers.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.copy([1, 2])
    Array([1, 2])
    """
    x = unweak(value(a, "copy"))
    return copied(x)


_TO_FILL = frozenset(("zeros", "empty"))  # made to be assigned into


def _filled(name, doc):
    make = getattr(np, name)

    @public
    def fun(shape, dtype=None, order="C", *, device=None):
        x = make(shape_of(shape), dtype=float if dtype is None else dtype)
        return fresh(x) if name in _TO_FILL and x.ndim else x

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = doc
    return fun


zeros = _filled(
    "zeros",
    """An array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype-like
        float64 by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.zeros(2)
    Array([0., 0.])
    """,
)
ones = _filled(
    "ones",
    """An array of ones.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype-like
        float64 by default.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ones(2)
    Array([1., 1.])
    """,
)
empty = _filled(
    "empty",
    """An array whose elements are not set.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.empty((2, 3)).shape
    (2, 3)
    """,
)


def _like(name, fill, doc):
    @public
    def fun(a, dtype=None, shape=None, *, device=None, order="K", subok=True):
        v = a if isinstance(a, ShapeDtypeStruct) else value(a, name)
        aval = abstract(v)
        shape = aval.shape if shape is None else shape_of(shape)
        x = np.full(shape, fill, aval.dtype if dtype is None else dtype)
        return fresh(x) if isinstance(v, Tracer) and x.ndim else x

    fun.__name__ = fun.__qualname__ = name
    fun.__doc__ = doc
    return fun


zeros_like = _like(
    "zeros_like",
    0,
    """Zeros of the shape and dtype of an array, where `shape` and `dtype` do not say otherwise.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.zeros_like(fnp.ones(2))
    Array([0., 0.])
    """,
)
ones_like = _like(
    "ones_like",
    1,
    """Ones of the shape and dtype of an array, where `shape` and `dtype` do not say otherwise.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.ones_like(fnp.zeros(2))
    Array([1., 1.])
    """,
)
empty_like = _like(
    "empty_like",
    0,
    """An array of the shape and dtype of another, to be filled.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.empty_like(fnp.zeros((2, 3))).shape
    (2, 3)
    """,
)


@public
def full(shape, fill_value, dtype=None, order="C", *, device=None):
    """An array of one value, which may be one being transformed.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.full(2, 7.0)
    Array([7., 7.])
    """
    x = unweak(value(fill_value, "full"))
    if dtype is not None:
        x = sh.astype(x, np.dtype(dtype))
    out = sh.broadcast_to(x, shape_of(shape))
    return out if isinstance(x, Tracer) else np.array(out)


@public
def full_like(a, fill_value, dtype=None, shape=None, *, device=None, order="K", subok=True):
    """An array of one value, of the shape and dtype of another.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.full_like(fnp.zeros(2), 7.0)
    Array([7., 7.])
    """
    aval = abstract(a if isinstance(a, ShapeDtypeStruct) else value(a, "full_like"))
    x = sh.astype(value(fill_value), aval.dtype if dtype is None else np.dtype(dtype))
    return sh.broadcast_to(x, aval.shape if shape is None else shape_of(shape))


def _number(x):
    """A number as NumPy's constructors need it: concrete tracers become numbers."""
    if isinstance(x, Tracer):
        return x.__index__() if x.dtype.kind in "iu" else float(x)
    return x


@public
def arange(start, stop=None, step=None, dtype=None, *, device=None):
    """Evenly spaced numbers from `start` (0) up to, without, `stop`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.arange(3)
    Array([0, 1, 2])
    """
    if stop is None:
        start, stop = 0, start
    return np.arange(_number(start), _number(stop), _number(1 if step is None else step), dtype)


@public
def eye(N, M=None, k=0, dtype=float, order="C", *, device=None):
    """Ones on a diagonal, zeros elsewhere.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.eye(2)
    Array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(
        _number(N), None if M is None else _number(M), k, float if dtype is None else dtype
    )


@public
def identity(n, dtype=None):
    """The identity matrix.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.identity(2)
    Array([[1., 0.],
           [0., 1.]])
    """
    return np.identity(n, float if dtype is None else dtype)
