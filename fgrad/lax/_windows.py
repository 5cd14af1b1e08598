"""The shapes of what sliding windows give: of convolutions and of reductions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.primitives.shape import dilated


class ConvDimensionNumbers(NamedTuple):
    """Where the axes of a convolution stand.

    Attributes
    ----------
    lhs_spec : sequence of int
        The axes of the array: batch, feature, and those that the window slides along.
    rhs_spec : sequence of int
        The axes of the kernel: output feature, input feature, the others.
    out_spec : sequence of int
        The axes of the result: batch, feature, the others.
    """

    lhs_spec: Sequence[int]
    rhs_spec: Sequence[int]
    out_spec: Sequence[int]


ConvGeneralDilatedDimensionNumbers = tuple[str, str, str] | ConvDimensionNumbers | None


def padtype_to_pads(in_shape, window_shape, window_strides, padding):
    """How many elements a named padding puts before and behind each axis.

    Parameters
    ----------
    in_shape, window_shape, window_strides : sequence of int
    padding : {'VALID', 'SAME', 'SAME_LOWER'}
        ``'VALID'`` is none. The others give one window for every stride of the array; if that takes
        an odd number, ``'SAME'`` puts one more behind and ``'SAME_LOWER'`` one more before.

    Returns
    -------
    list of (int, int)

    Raises
    ------
    RuntimeError
        If the padding is none of these.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.padtype_to_pads((5, 6), (3, 3), (1, 2), "SAME")
    [(1, 1), (0, 1)]
    """
    name = padding.upper() if isinstance(padding, str) else padding
    if name not in ("VALID", "SAME", "SAME_LOWER"):
        raise RuntimeError(
            located(f"padding must be 'VALID', 'SAME' or 'SAME_LOWER'; got {padding!r}")
        )
    pads = []
    for n, window, stride in zip(in_shape, window_shape, window_strides, strict=True):
        missing = max((-(-n // stride) - 1) * stride + window - n, 0)
        less, more = missing // 2, missing - missing // 2
        pads.append({"VALID": (0, 0), "SAME": (less, more), "SAME_LOWER": (more, less)}[name])
    return pads


def _windows(n, window, stride):
    """How many windows fit."""
    return max((n - window) // stride + 1, 0)


def _padded(name, shape, pads):
    if len(pads) != len(shape):
        raise TypeError(located(f"{name}: wanted {len(shape)} pairs of padding; got {len(pads)}"))
    out = [n + sum(p) for n, p in zip(shape, pads, strict=True)]
    if min(out, default=0) < 0:
        raise ValueError(located(f"{name}: padding {pads} takes more than there is of {shape}"))
    return out


def reduce_window_shape_tuple(
    operand_shape,
    window_dimensions,
    window_strides,
    padding,
    base_dilation=None,
    window_dilation=None,
):
    """The shape of a reduction over sliding windows.

    Parameters
    ----------
    operand_shape, window_dimensions, window_strides : sequence of int
    padding : sequence of (int, int)
    base_dilation, window_dilation : sequence of int, optional
        How far apart the elements of the array, and those of the window, stand.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.reduce_window_shape_tuple((6,), (2,), (2,), [(1, 1)])
    (4,)
    """
    shape, window = tuple(operand_shape), tuple(window_dimensions)
    if base_dilation is not None:
        shape = tuple(map(dilated, shape, base_dilation))
    if window_dilation is not None:
        window = tuple(map(dilated, window, window_dilation))
    return tuple(map(_windows, _padded("reduce_window", shape, padding), window, window_strides))


# -- convolutions --------------------------------------------------------------------------------


def conv_general_permutations(dimension_numbers):
    """The axes of a convolution in standard order, from their letters.

    Parameters
    ----------
    dimension_numbers : (str, str, str)
        One letter for each axis of array, kernel and result: N and C are batch and feature, O and I
        a kernel's output and input feature, any others the axes that the window slides along.

    Returns
    -------
    ConvDimensionNumbers

    Raises
    ------
    TypeError
        If the letters do not fit together.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conv_general_permutations(("NHWC", "HWIO", "NHWC")).rhs_spec
    (3, 2, 0, 1)
    """
    specs = tuple(dimension_numbers)
    spatial = []
    for spec, ends in zip(specs, ("NC", "OI", "NC"), strict=True):
        if len(set(spec)) != len(spec) or not set(ends) <= set(spec):
            raise TypeError(
                located(f"dimension_numbers: {spec!r} must hold {ends[0]}, {ends[1]}, and no "
                        "letter twice")
            )  # fmt: skip
        spatial.append([c for c in spec if c not in ends])
    if not set(spatial[0]) == set(spatial[1]) == set(spatial[2]):
        raise TypeError(located(f"dimension_numbers: {specs} slide along different axes"))
    return ConvDimensionNumbers(*(
        tuple(spec.index(c) for c in (*ends, *spatial[1]))
        for spec, ends in zip(specs, ("NC", "OI", "NC"), strict=True)
    ))  # fmt: skip


def conv_dimension_numbers(lhs_shape, rhs_shape, dimension_numbers):
    """The dimension numbers of a convolution in their normal form.

    Parameters
    ----------
    lhs_shape, rhs_shape : sequence of int
    dimension_numbers : (str, str, str), ConvDimensionNumbers or None
        See `conv_general_permutations`; None is batch, feature, others, and for the kernel output
        feature, input feature, others.

    Returns
    -------
    ConvDimensionNumbers

    Raises
    ------
    TypeError
        If they do not fit the shapes.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conv_dimension_numbers((1, 5, 5, 3), (3, 3, 3, 8), ("NHWC", "HWIO", "NHWC"))
    ConvDimensionNumbers(lhs_spec=(0, 3, 1, 2), rhs_spec=(3, 2, 0, 1), out_spec=(0, 3, 1, 2))
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return dimension_numbers
    ndim = len(lhs_shape)
    if len(rhs_shape) != ndim:
        raise TypeError(
            located(f"a convolution of shapes {lhs_shape} and {rhs_shape}, of different lengths")
        )
    if dimension_numbers is None:
        return ConvDimensionNumbers(*(tuple(range(ndim)),) * 3)
    letters = isinstance(dimension_numbers, tuple | list) and all(
        isinstance(spec, str) and len(spec) == ndim for spec in dimension_numbers
    )
    if not letters or len(dimension_numbers) != 3:
        raise TypeError(
            located(
                f"dimension_numbers: wanted three strings of {ndim} letters; got "
                f"{dimension_numbers!r}"
            )
        )
    return conv_general_permutations(dimension_numbers)


def conv_shape_tuple(lhs_shape, rhs_shape, strides, pads, batch_group_count=1):
    """The shape of a convolution whose axes stand in standard order.

    Parameters
    ----------
    lhs_shape, rhs_shape : sequence of int
        Batch, feature, others; output feature, input feature, others.
    strides : sequence of int
    pads : str or sequence of (int, int)
    batch_group_count : int

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conv_shape_tuple((1, 3, 5), (8, 3, 3), (1,), "SAME")
    (1, 8, 5)
    """
    spatial, window = tuple(lhs_shape[2:]), tuple(rhs_shape[2:])
    if isinstance(pads, str):
        pads = padtype_to_pads(spatial, window, strides, pads)
    if lhs_shape[0] % batch_group_count:
        raise ValueError(
            located(f"a batch of {lhs_shape[0]} does not make {batch_group_count} groups")
        )
    out = map(_windows, _padded("a convolution", spatial, pads), window, strides)
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *out)


def _in_place(lhs_shape, rhs_shape, dimension_numbers, shape_of):
    """`shape_of` of the shapes in standard order, put back into the given order."""
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    shape = shape_of([lhs_shape[i] for i in lhs], [rhs_shape[i] for i in rhs])
    return tuple(shape[i] for i in np.argsort(out))


def conv_general_shape_tuple(lhs_shape, rhs_shape, window_strides, padding, dimension_numbers):
    """The shape of a convolution whose axes stand as `dimension_numbers` say.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conv_general_shape_tuple(
    ...     (1, 5, 3), (3, 3, 8), (1,), "VALID", ("NHC", "HIO", "NHC")
    ... )
    (1, 3, 8)
    """
    return _in_place(
        lhs_shape,
        rhs_shape,
        dimension_numbers,
        lambda lhs, rhs: conv_shape_tuple(lhs, rhs, window_strides, padding),
    )


def conv_transpose_padding(window, stride, padding):
    """What a named padding of a transposed convolution puts before and behind an axis."""
    if padding == "SAME":
        total = window + stride - 2
        before = window - 1 if stride > window - 1 else -(-total // 2)
    elif padding == "VALID":
        total = window + stride - 2 + max(window - stride, 0)
        before = window - 1
    else:
        raise ValueError(located(f"padding must be 'SAME' or 'VALID'; got {padding!r}"))
    return before, total - before


def conv_transpose_shape_tuple(lhs_shape, rhs_shape, window_strides, padding, dimension_numbers):
    """The shape of a transposed convolution whose axes stand as `dimension_numbers` say.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.conv_transpose_shape_tuple(
    ...     (1, 5, 3), (3, 8, 3), (2,), "SAME", ("NHC", "HOI", "NHC")
    ... )
    (1, 10, 8)
    """

    def shape_of(lhs, rhs):
        pads = padding
        if isinstance(padding, str):
            pads = [
                conv_transpose_padding(k, s, padding)
                for k, s in zip(rhs[2:], window_strides, strict=True)
            ]
        out = [
            (n - 1) * s - k + 2 + sum(p)
            for n, k, s, p in zip(lhs[2:], rhs[2:], window_strides, pads, strict=True)
        ]
        return [lhs[0], rhs[0], *out]

    return _in_place(lhs_shape, rhs_shape, dimension_numbers, shape_of)
