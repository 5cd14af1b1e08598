"""NumPy's own functions of what must be known: windows, places in triangles, files."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import give, public, value
from fgrad.numpy._nonzero import nonzero_values


def _static(name, text, arguments, result):
    """NumPy's function of numbers that must be known."""
    function = getattr(np, name)

    @public
    def fun(*args, **kwargs):
        return function(*args, **kwargs)

    fun.__name__ = fun.__qualname__ = name
    fun.__wrapped__ = function  # for its signature
    fun.__doc__ = f"""{text}; see `numpy.{name}`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.{name}{arguments}
    {result}
    """
    return fun


tril_indices = _static(
    "tril_indices", "The indices of the lower triangle of a matrix", "(2)[0]", "Array([0, 1, 1])"
)
triu_indices = _static(
    "triu_indices", "The indices of the upper triangle of a matrix", "(2)[0]", "Array([0, 0, 1])"
)
diag_indices = _static(
    "diag_indices", "The indices of the diagonal of a matrix", "(2)[0]", "Array([0, 1])"
)
ix_ = _static(
    "ix_", "The index of all combinations of sequences", "([0, 1], [2])[1]", "Array([[2]])"
)
hanning = _static("hanning", "The Hann window", "(3)", "Array([0., 1., 0.])")
hamming = _static("hamming", "The Hamming window", "(3)", "Array([0.08, 1.  , 0.08])")
bartlett = _static("bartlett", "The triangular window", "(3)", "Array([0., 1., 0.])")
blackman = _static("blackman", "The Blackman window", "(1)", "Array([1.])")
kaiser = _static("kaiser", "The Kaiser window", "(3, 0.0)", "Array([1., 1., 1.])")
fromiter = _static("fromiter", "An array from an iterable", "(range(2), float)", "Array([0., 1.])")
frombuffer = _static(
    "frombuffer",
    "An array of the bytes of a buffer",
    "(b'ab', 'uint8')",
    "Array([97, 98], dtype=uint8)",
)
fromstring = _static(
    "fromstring", "An array of the numbers in a text", "('1 2', sep=' ')", "Array([1., 2.])"
)


@public
def fromfile(*args, **kwargs):
    """An array of the numbers in a file; see `numpy.fromfile`."""
    return np.fromfile(*args, **kwargs)


def _square(name, arr, ndim):
    shape = get_aval(value(arr, name)).shape
    if (ndim and len(shape) != ndim) or len(shape) < 2:
        raise ValueError(located(f"{name}: wanted {ndim or 'at least two'} axes; got {shape}"))
    return shape


@public
def tril_indices_from(arr, k=0):
    """The indices of the lower triangle of a matrix like this; see `tril_indices`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.tril_indices_from(fnp.ones((2, 2)))[0]
    Array([0, 1, 1])
    """
    n, m = _square("tril_indices_from", arr, 2)
    return np.tril_indices(n, k, m)


@public
def triu_indices_from(arr, k=0):
    """The indices of the upper triangle of a matrix like this; see `triu_indices`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.triu_indices_from(fnp.ones((2, 2)))[0]
    Array([0, 0, 1])
    """
    n, m = _square("triu_indices_from", arr, 2)
    return np.triu_indices(n, k, m)


@public
def diag_indices_from(arr):
    """The indices of the diagonal of an array like this; see `diag_indices`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.diag_indices_from(fnp.ones((2, 2)))[0]
    Array([0, 1])
    """
    shape = _square("diag_indices_from", arr, None)
    if len(set(shape)) > 1:
        raise ValueError(located(f"diag_indices_from: the axes must be of one length; got {shape}"))
    return np.diag_indices(shape[0], len(shape))


@public
def mask_indices(n, mask_func, k=0, *, size=None):
    """The indices of the part of a square matrix that a function of it leaves.

    Parameters
    ----------
    n : int
    mask_func : callable
        ``mask_func(matrix, k)``, such as `triu`.
    k : array-like
    size : int, optional
        As for `nonzero`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.mask_indices(2, fnp.triu)[0]
    Array([0, 0, 1])
    """
    kept = value(mask_func(give(np.ones((n, n), int)), k), "mask_indices")
    return nonzero_values(kept, "mask_indices", size)
