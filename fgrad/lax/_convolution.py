"""Convolutions under JAX's names: any order of axes, strides, dilations and groups."""

import math

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.lax._windows import conv_dimension_numbers, conv_transpose_padding, padtype_to_pads
from fgrad.numpy._face import give, value
from fgrad.primitives.contract import einsum
from fgrad.primitives.convolution import conv as conv_p
from fgrad.primitives.shape import astype, dilated, moveaxis, reshape, slice, transpose


def conv_general_dilated(
    lhs,
    rhs,
    window_strides,
    padding,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    feature_group_count=1,
    batch_group_count=1,
    precision=None,
    preferred_element_type=None,
    out_sharding=None,
):
    """The products of a kernel with all windows of an array, summed.

    As in neural networks: the kernel is not turned round.

    Parameters
    ----------
    lhs : array of shape (batch, features, ...)
        The axes may stand in another order: see `dimension_numbers`.
    rhs : array of shape (output features, features / feature_group_count, ...)
        The kernel.
    window_strides : sequence of int
        Steps between windows, one for each spatial axis.
    padding : {'SAME', 'SAME_LOWER', 'VALID'} or sequence of (int, int)
        Zeros before and behind each spatial axis; negative numbers cut off.
    lhs_dilation, rhs_dilation : sequence of int, optional
        One more than the number of zeros put between the elements of the array, of the kernel.
    dimension_numbers : tuple of str, or ConvDimensionNumbers, optional
        Of array, kernel and result, as ``('NHWC', 'HWIO', 'NHWC')``; by default ``NC...``,
        ``OI...``, ``NC...``.
    feature_group_count : int
        The features fall into so many groups, each with its own part of the kernels.
    batch_group_count : int
        The batch falls into so many groups, each with its own part of the kernels.
    preferred_element_type : dtype, optional
        In which to compute.
    precision, out_sharding : optional
        Accepted for compatibility.

    Returns
    -------
    array of shape (batch / batch_group_count, output features, ...)

    Raises
    ------
    TypeError, ValueError
        If ranks, dtypes or sizes do not fit each other.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> x = fnp.arange(5.0).reshape(1, 1, 5)
    >>> fgrad.lax.conv_general_dilated(x, fnp.array([[[1.0, 1.0]]]), (1,), "VALID")
    Array([[[1., 3., 5., 7.]]])
    """
    name = "conv_general_dilated"
    lhs, rhs = value(lhs, "lhs"), value(rhs, "rhs")
    a, b = get_aval(lhs), get_aval(rhs)
    if preferred_element_type is not None:
        lhs, rhs = (astype(v, np.dtype(preferred_element_type)) for v in (lhs, rhs))
    elif a.dtype != b.dtype:
        raise TypeError(located(f"{name} wants arguments of one dtype; got {a} and {b}"))
    numbers = conv_dimension_numbers(a.shape, b.shape, dimension_numbers)
    lhs, rhs = _ordered(lhs, numbers.lhs_spec), _ordered(rhs, numbers.rhs_spec)
    n = a.ndim - 2
    strides = _counts(name, "window_strides", window_strides, n)
    before = _counts(name, "lhs_dilation", lhs_dilation, n)
    inside = _counts(name, "rhs_dilation", rhs_dilation, n)
    shapes = get_aval(lhs).shape, get_aval(rhs).shape
    _check_groups(name, *shapes, feature_group_count, batch_group_count)
    pads = _pads(name, shapes, strides, padding, before, inside)
    if not n:  # a product of matrices is a convolution along no axis
        lhs, rhs = (reshape(v, new_sizes=(*s, 1)) for v, s in zip((lhs, rhs), shapes, strict=True))
        strides = before = inside = (1,)
        pads = ((0, 0),)
    out = _grouped(lhs, rhs, feature_group_count, batch_group_count, {
        "strides": strides, "padding": pads, "lhs_dilation": before, "rhs_dilation": inside,
    })  # fmt: skip
    if not n:
        out = reshape(out, new_sizes=get_aval(out).shape[:2])
    back = tuple(map(int, np.argsort(numbers.out_spec)))
    return give(_ordered(out, back))


def _ordered(x, axes):
    axes = tuple(axes)
    return x if axes == tuple(range(len(axes))) else transpose(x, permutation=axes)


def _counts(name, what, counts, n):
    counts = (1,) * n if counts is None else tuple(map(int, counts))
    if len(counts) != n or min(counts, default=1) < 1:
        raise ValueError(
            located(f"{name}: {what} must be {n} positive integers, one for each spatial axis; "
                    f"got {counts}")
        )  # fmt: skip
    return counts


def _check_groups(name, lhs, rhs, feature_groups, batch_groups):
    if feature_groups < 1 or batch_groups < 1 or (feature_groups > 1 and batch_groups > 1):
        raise ValueError(
            located(f"{name}: feature_group_count and batch_group_count must be positive, and one "
                    f"of them 1; got {feature_groups} and {batch_groups}")
        )  # fmt: skip
    if lhs[1] != rhs[1] * feature_groups:
        raise ValueError(
            located(f"{name}: lhs has {lhs[1]} features; wanted feature_group_count times those of "
                    f"rhs, {feature_groups} * {rhs[1]}")
        )  # fmt: skip
    for what, size, groups in (("output features", rhs[0], feature_groups * batch_groups),
                               ("examples", lhs[0], batch_groups)):  # fmt: skip
        if size % groups:
            raise ValueError(located(f"{name}: {size} {what} do not fall into {groups} groups"))


def _pads(name, shapes, strides, padding, before, inside):
    lhs = [dilated(n, d) for n, d in zip(shapes[0][2:], before, strict=True)]
    rhs = [dilated(n, d) for n, d in zip(shapes[1][2:], inside, strict=True)]
    if isinstance(padding, str):
        if any(d != 1 for d in before):
            raise ValueError(
                located(f"{name}: with lhs_dilation the padding must be given in numbers, not as "
                        f"{padding!r}; or use conv_transpose")
            )  # fmt: skip
        return tuple([(int(a), int(b)) for a, b in padtype_to_pads(lhs, rhs, strides, padding)])
    pads = tuple([tuple(map(int, p)) for p in padding])
    if len(pads) != len(lhs) or any(len(p) != 2 for p in pads):
        raise ValueError(
            located(f"{name}: padding must be {len(lhs)} pairs, one for each spatial axis; "
                    f"got {padding}")
        )  # fmt: skip
    return pads


def _grouped(lhs, rhs, feature_groups, batch_groups, params):
    """The convolution of each group."""
    (n, c, *space), (o, i, *window) = get_aval(lhs).shape, get_aval(rhs).shape
    g = feature_groups * batch_groups
    if feature_groups > 1:
        lhs = moveaxis(reshape(lhs, new_sizes=(n, g, c // g, *space)), 1, 0)
    else:
        lhs = reshape(lhs, new_sizes=(g, n // g, c, *space))
    rhs = reshape(rhs, new_sizes=(g, o // g, i, *window))
    out = moveaxis(conv_p(lhs, rhs, **params), 0, 1)  # (examples, groups, features of each, ...)
    shape = get_aval(out).shape
    return reshape(out, new_sizes=(shape[0], o, *shape[3:]))


def conv(lhs, rhs, window_strides, padding, precision=None, preferred_element_type=None):
    """A convolution without dilation, of axes in standard order: see `conv_general_dilated`.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> fgrad.lax.conv(fnp.ones((1, 1, 3)), fnp.ones((1, 1, 3)), (1,), "SAME")
    Array([[[2., 3., 2.]]])
    """
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_with_general_padding(
    lhs,
    rhs,
    window_strides,
    padding,
    lhs_dilation,
    rhs_dilation,
    precision=None,
    preferred_element_type=None,
):
    """A convolution of axes in standard order: see `conv_general_dilated`.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> x = fnp.ones((1, 1, 3))
    >>> fgrad.lax.conv_with_general_padding(x, x, (1,), [(2, 0)], (1,), (1,))
    Array([[[1., 2., 3.]]])
    """
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_transpose(
    lhs,
    rhs,
    strides,
    padding,
    rhs_dilation=None,
    dimension_numbers=None,
    transpose_kernel=False,
    precision=None,
    preferred_element_type=None,
    use_consistent_padding=False,
):
    """A convolution with a fractional stride, which makes arrays larger.

    Also called a deconvolution.

    Parameters
    ----------
    lhs, rhs, rhs_dilation, dimension_numbers, precision, preferred_element_type
        As in `conv_general_dilated`; by default the features stand last: ``('NHWC', 'HWIO',
        'NHWC')``.
    strides : sequence of int
        How many times larger the result is.
    padding : {'SAME', 'VALID'} or sequence of (int, int)
        Pairs are those of the convolution that is done, or with `use_consistent_padding` those of
        the one that this is the transpose of.
    transpose_kernel : bool
        Whether to turn the kernel round and exchange its features: then this is the transpose of
        the convolution with the same kernel.
    use_consistent_padding : bool

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> x, w = fnp.array([[[1.0], [2.0]]]), fnp.ones((2, 1, 1))
    >>> fgrad.lax.conv_transpose(x, w, (2,), "SAME")[0, :, 0]
    Array([1., 1., 2., 2.])
    """
    rhs = value(rhs, "rhs")
    ndim = get_aval(rhs).ndim
    if dimension_numbers is None:
        spatial = "HWD"[: ndim - 2]
        if ndim > 5:
            raise ValueError(located("conv_transpose: dimension_numbers are needed for 4 axes"))
        dimension_numbers = (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C")
    numbers = conv_dimension_numbers(np.shape(lhs), get_aval(rhs).shape, dimension_numbers)
    out, inn, *space = numbers.rhs_spec
    sizes = [get_aval(rhs).shape[i] for i in space]
    inside = _counts("conv_transpose", "rhs_dilation", rhs_dilation, len(space))
    strides = _counts("conv_transpose", "strides", strides, len(space))
    windows = [dilated(k, r) for k, r in zip(sizes, inside, strict=True)]
    if isinstance(padding, str):
        pads = [
            conv_transpose_padding(k, s, padding) for k, s in zip(windows, strides, strict=True)
        ]
    elif use_consistent_padding:
        pads = [(k - 1 - a, k - 1 - b) for k, (a, b) in zip(windows, padding, strict=True)]
    else:
        pads = padding
    if transpose_kernel:
        index = [(0, n, 1) for n in get_aval(rhs).shape]
        for i in space:
            index[i] = (index[i][1] - 1, -1, -1)
        order = list(range(ndim))
        order[out], order[inn] = inn, out
        rhs = transpose(slice(rhs, index=tuple(index)), permutation=tuple(order))
    return conv_general_dilated(
        lhs, rhs, (1,) * len(space), pads, strides, rhs_dilation, numbers, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_general_dilated_patches(
    lhs,
    filter_shape,
    window_strides,
    padding,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    precision=None,
    preferred_element_type=None,
):
    """What stands in each window of an array, as features.

    Parameters
    ----------
    filter_shape : sequence of int
        The lengths of the window along the spatial axes.
    lhs, window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers, ...
        As in `conv_general_dilated`.

    Returns
    -------
    array
        With as many features as there are elements in a window of all features, these first.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> fgrad.lax.conv_general_dilated_patches(fnp.arange(3.0)[None, None], (2,), (1,), "VALID")[0]
    Array([[0., 1.],
           [1., 2.]])
    """
    lhs = value(lhs, "lhs")
    aval, filter_shape = get_aval(lhs), tuple(filter_shape)
    full = (1,) * (aval.ndim - len(filter_shape)) + filter_shape
    numbers = conv_dimension_numbers(aval.shape, full, dimension_numbers)
    features = aval.shape[numbers.lhs_spec[1]]
    size = math.prod(filter_shape)
    dtype = np.dtype(preferred_element_type or aval.dtype)
    kernel = np.eye(size, dtype=dtype).reshape(size, 1, *filter_shape)
    kernel = np.tile(kernel, (features, *(1,) * (aval.ndim - 1)))
    kernel = kernel.transpose(np.argsort(numbers.rhs_spec))
    return conv_general_dilated(
        astype(lhs, dtype), kernel, window_strides, padding, lhs_dilation, rhs_dilation, numbers,
        feature_group_count=features, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_general_dilated_local(
    lhs,
    rhs,
    window_strides,
    padding,
    filter_shape,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    precision=None,
):
    """A convolution with a kernel of its own for each window.

    Parameters
    ----------
    rhs : array of shape (output features, features * window size, ...)
        The spatial axes are those of the result.
    filter_shape : sequence of int
        The lengths of the window along the spatial axes.
    lhs, window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers, precision
        As in `conv_general_dilated`.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> x, w = fnp.arange(3.0)[None, None], fnp.array([[[1.0, 0.0], [0.0, 1.0]]])
    >>> fgrad.lax.conv_general_dilated_local(x, w, (1,), "VALID", (2,))
    Array([[[0., 2.]]])
    """
    lhs, rhs = value(lhs, "lhs"), value(rhs, "rhs")
    numbers = conv_dimension_numbers(get_aval(lhs).shape, get_aval(rhs).shape, dimension_numbers)
    patches = value(
        conv_general_dilated_patches(
            lhs, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, numbers,
            precision,
        )
    )  # fmt: skip
    patches, rhs = _ordered(patches, numbers.out_spec), _ordered(rhs, numbers.rhs_spec)
    space = "xyzuvw"[: get_aval(lhs).ndim - 2]
    out = einsum(patches, rhs, subscripts=f"nc{space},oc{space}->no{space}")
    return give(_ordered(out, tuple(map(int, np.argsort(numbers.out_spec)))))
