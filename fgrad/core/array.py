"""`fgrad.Array`: a NumPy array with `.at`, and what passes for one."""

import numpy as np

from fgrad.core.errors import TracerArrayConversionError, TracerIntegerConversionError
from fgrad.core.trace import Tracer
from fgrad.core.weak import WeakComplex, WeakFloat, WeakInt, as_weak

TracerError = (TracerArrayConversionError, TracerIntegerConversionError)


class _ArrayMeta(type):
    """Tracers and NumPy scalars are Arrays to `isinstance`, though they do not inherit from it."""

    def __instancecheck__(cls, x):
        return isinstance(
            x, Tracer | np.generic | WeakFloat | WeakInt | WeakComplex
        ) or type.__instancecheck__(cls, x)


class Array(np.ndarray, metaclass=_ArrayMeta):
    """A NumPy array whose ``x.at[index]`` makes changed copies, and that tracers can index.

    Everything that gives an array in `fgrad` gives one of these. It is a `np.ndarray` in every
    other way: it has NumPy's methods, operators and dtypes.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> x = fnp.zeros(3)
    >>> x.at[1].set(5.0)
    Array([0., 5., 0.])
    """

    __slots__ = ()

    def __getitem__(self, index):
        try:
            return np.ndarray.__getitem__(self, index)
        except TracerError:
            # A table indexed by a value being traced: NumPy would need its numbers.
            return getitem(self, index)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return array[()] if return_scalar else array.view(Array)

    @property
    def at(self):
        """Functional updates by index: ``x.at[i].set(v)``, ``.add``, ``.multiply``, ..."""
        return make_at(self)

    def block_until_ready(self):
        """The array itself: its numbers are there."""
        return self


make_at = getitem = None  # set by fgrad.numpy, which knows the operations


def as_eager(x):
    """A value as `fgrad.numpy` hands it to users: weak if it came from Python scalars alone."""
    if type(x) is np.ndarray:
        return x.view(Array) if x.ndim else x[()]
    return as_weak(x)


_NUMPY_SCALARS = {float: np.float64, int: np.int64, complex: np.complex128}


def as_user(x):
    """An interpreter's value as users see it."""
    t = type(x)
    if t is np.ndarray:
        return x.view(Array) if x.ndim else x[()]
    scalar = _NUMPY_SCALARS.get(t)
    return x if scalar is None else scalar(x)
