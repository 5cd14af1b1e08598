"""One array taken apart along an axis."""

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, concrete, public, value
from fgrad.numpy._shape import squeeze_values
from fgrad.primitives.shape import slice_axis


def split_values(x, indices_or_sections, axis, name="split", equal=True):
    """NumPy's split of a value or tracer, as a list."""
    ndim = get_aval(x).ndim
    if ndim == 0:
        raise ValueError(located(f"{name}: a 0-d array has no axis to split"))
    axis = axis_of(axis, ndim)
    n = get_aval(x).shape[axis]
    if hasattr(indices_or_sections, "__len__"):
        cuts = [int(i) for i in concrete(indices_or_sections, f"{name}: the places to split at")]
    else:
        cuts = _section_cuts(n, int(indices_or_sections), name, equal)
    pieces = []
    for start, stop in zip([0, *cuts], [*cuts, n], strict=True):
        start, stop, _ = slice(start, stop).indices(n)
        pieces.append(slice_axis(x, start, max(start, stop), axis))
    return pieces


def _section_cuts(n, sections, name, equal):
    if sections <= 0:
        raise ValueError(located(f"{name}: the number of sections must be positive"))
    if equal and n % sections:
        raise ValueError(
            located(f"{name}: an axis of {n} does not divide into {sections} equal sections")
        )
    size, longer = divmod(n, sections)
    return [i * size + min(i, longer) for i in range(1, sections)]


@public
def split(ary, indices_or_sections, axis=0):
    """A list of parts of an array.

    Parameters
    ----------
    ary : array-like
    indices_or_sections : int or sequence of int
        The number of equal parts, or where they begin.
    axis : int

    Returns
    -------
    list of array

    Raises
    ------
    ValueError
        If the axis does not divide into that many parts.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.split(fnp.arange(4.0), 2)
    [Array([0., 1.]), Array([2., 3.])]
    """
    return split_values(value(ary, "split"), indices_or_sections, axis)


@public
def array_split(ary, indices_or_sections, axis=0):
    """As `split`; parts need not be equal, the first are then one longer.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.array_split(fnp.arange(3.0), 2)
    [Array([0., 1.]), Array([2.])]
    """
    x = value(ary, "array_split")
    return split_values(x, indices_or_sections, axis, "array_split", equal=False)


def _checked(ary, name, least):
    x = value(ary, name)
    if get_aval(x).ndim < least:
        raise ValueError(
            located(f"{name} needs an array of at least {least} axes; got {get_aval(x)}")
        )
    return x


@public
def hsplit(ary, indices_or_sections):
    """`split` along the second axis, or the only one.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.hsplit(fnp.arange(2.0), 2)
    [Array([0.]), Array([1.])]
    """
    x = _checked(ary, "hsplit", 1)
    return split_values(x, indices_or_sections, int(get_aval(x).ndim > 1), "hsplit")


@public
def vsplit(ary, indices_or_sections):
    """`split` along the first axis of at least two.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vsplit(fnp.ones((2, 1)), 2)
    [Array([[1.]]), Array([[1.]])]
    """
    return split_values(_checked(ary, "vsplit", 2), indices_or_sections, 0, "vsplit")


@public
def dsplit(ary, indices_or_sections):
    """`split` along the third axis.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.dsplit(fnp.ones((1, 1, 2)), 2)
    [Array([[[1.]]]), Array([[[1.]]])]
    """
    return split_values(_checked(ary, "dsplit", 3), indices_or_sections, 2, "dsplit")


@public
def unstack(x, /, *, axis=0):
    """The arrays that `stack` would join again, as a tuple.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.unstack(fnp.ones((2, 1)))
    (Array([1.]), Array([1.]))
    """
    x = _checked(x, "unstack", 1)
    axis = axis_of(axis, get_aval(x).ndim)
    n = get_aval(x).shape[axis]
    pieces = split_values(x, n, axis, "unstack") if n else []
    return tuple(squeeze_values(p, (axis,)) for p in pieces)
