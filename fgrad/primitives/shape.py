"""Operations that move elements without changing them: all linear, each with its transpose.

Static indices (`slice`, `pad`) are tuples with one entry for each axis: an int, which drops the
axis, or ``(start, stop, step)``.
"""

import math
from typing import Any

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.primitives.define import View, set_rules
from fgrad.primitives.parts import real_part_like


def _linear_jvp(primitive):
    def jvp(primals, tangents, **params):
        return primitive(*primals, **params), primitive(*tangents, **params)

    return jvp


# -- reshape -------------------------------------------------------------------------------------


def _reshape_aval(x, *, new_sizes):
    if math.prod(new_sizes) != x.size:
        raise ValueError(
            located(f"reshape: cannot make shape {new_sizes} of {x.size} elements, shape {x.shape}")
        )
    return shaped_array(new_sizes, x.dtype, x.weak_type and not new_sizes)


def _reshape_batch(args, dims, size, *, new_sizes):
    return reshape(moveaxis(args[0], dims[0], 0), new_sizes=(size, *new_sizes)), 0


reshape = View("reshape")
set_rules(
    reshape,
    impl=lambda x, *, new_sizes: np.reshape(x, new_sizes) if new_sizes else np.reshape(x, ())[()],
    abstract_eval=_reshape_aval,
    jvp=_linear_jvp(reshape),
    linear=(True,),
    transpose=lambda ct, x, *, new_sizes: (reshape(ct, new_sizes=x.shape),),
    batch=_reshape_batch,
)

# -- transpose -----------------------------------------------------------------------------------


def _transpose_aval(x, *, permutation):
    if sorted(permutation) != list(range(x.ndim)):
        raise ValueError(
            located(f"transpose: {permutation} is no permutation of the axes of shape {x.shape}")
        )
    return x.update(shape=tuple([x.shape[i] for i in permutation]))


def _inverse(permutation):
    inverse = [0] * len(permutation)
    for i, p in enumerate(permutation):
        inverse[p] = i
    return tuple(inverse)


def _transpose_batch(args, dims, size, *, permutation):
    (d,) = dims
    inner = [i for i in range(len(permutation) + 1) if i != d]
    return transpose(args[0], permutation=(d, *(inner[p] for p in permutation))), 0


transpose = View("transpose")
set_rules(
    transpose,
    impl=lambda x, *, permutation: np.transpose(x, permutation) if permutation else x,
    abstract_eval=_transpose_aval,
    jvp=_linear_jvp(transpose),
    linear=(True,),
    transpose=lambda ct, x, *, permutation: (transpose(ct, permutation=_inverse(permutation)),),
    batch=_transpose_batch,
)


def moveaxis(x, source, destination):
    """Move one axis (both non-negative)."""
    if source == destination:
        return x
    permutation = [i for i in range(get_aval(x).ndim) if i != source]
    permutation.insert(destination, source)
    return transpose(x, permutation=tuple(permutation))


# -- broadcast_in_dim ----------------------------------------------------------------------------


def _broadcast_impl(x, *, shape, broadcast_dimensions):
    if not shape:
        return x
    x = np.asarray(x)
    strides = [0] * len(shape)
    for n, s, d in zip(x.shape, x.strides, broadcast_dimensions, strict=True):
        if n != 1:
            if n != shape[d]:
                raise ValueError(located(f"cannot broadcast shape {x.shape} to shape {shape}"))
            strides[d] = s
    if x.flags.c_contiguous and x.size:
        # what np.broadcast_to gives, at an eighth of its cost
        out = np.ndarray(shape, x.dtype, x, 0, strides)
        out.flags.writeable = False
        return out
    inner = [1] * len(shape)
    for n, d in zip(x.shape, broadcast_dimensions, strict=True):
        inner[d] = n
    return np.broadcast_to(x.reshape(inner), shape)


def _broadcast_aval(x, *, shape, broadcast_dimensions):
    fits = len(broadcast_dimensions) == x.ndim and all(
        n in (1, shape[d]) for n, d in zip(x.shape, broadcast_dimensions, strict=True)
    )
    if not fits:
        raise ValueError(located(f"cannot broadcast shape {x.shape} to shape {shape}"))
    return shaped_array(shape, x.dtype, x.weak_type and not shape)


def _broadcast_transpose(ct, x, *, shape, broadcast_dimensions):
    kept = {d for n, d in zip(x.shape, broadcast_dimensions, strict=True) if n == shape[d]}
    axes = tuple(d for d in range(len(shape)) if d not in kept)
    ct = reductions.reduce_sum(ct, axes=axes) if axes else ct
    return (reshape(ct, new_sizes=x.shape) if get_aval(ct).shape != x.shape else ct,)


def _broadcast_batch(args, dims, size, *, shape, broadcast_dimensions):
    x = moveaxis(args[0], dims[0], 0)
    dimensions = (0, *(d + 1 for d in broadcast_dimensions))
    return broadcast_in_dim(x, shape=(size, *shape), broadcast_dimensions=dimensions), 0


broadcast_in_dim = View("broadcast_in_dim")
set_rules(
    broadcast_in_dim,
    impl=_broadcast_impl,
    abstract_eval=_broadcast_aval,
    jvp=_linear_jvp(broadcast_in_dim),
    linear=(True,),
    transpose=_broadcast_transpose,
    batch=_broadcast_batch,
)


def broadcast_to(x, shape):
    """NumPy's broadcast of `x` to `shape`."""
    have = get_aval(x).shape
    if have == shape:
        return x
    if len(have) > len(shape):
        raise ValueError(located(f"cannot broadcast shape {have} to shape {shape}"))
    dimensions = tuple(range(len(shape) - len(have), len(shape)))
    return broadcast_in_dim(x, shape=shape, broadcast_dimensions=dimensions)


def expand_dims(x, axes):
    """Insert axes of length one at the (non-negative) positions `axes` of the result."""
    shape = list(get_aval(x).shape)
    for a in sorted(axes):
        shape.insert(a, 1)
    return reshape(x, new_sizes=tuple(shape))


# -- slice and pad: each the other's transpose ---------------------------------------------------


def dilated(n, dilation):
    """The length of an axis with `dilation` - 1 elements put between each two."""
    return (n - 1) * dilation + 1 if n else 0


def as_numpy_index(index):
    """A static index as NumPy takes it."""
    return tuple([i if type(i) is int else slice_object(*i) for i in index])


def slice_object(start, stop, step):
    """A Python slice; a stop below zero means: past the front (a start there: nothing at all)."""
    if start < 0:
        return _builtin_slice(0, 0)
    return _builtin_slice(start, None if stop < 0 else stop, step)


_builtin_slice = slice


def _sliced_shape(shape, index):
    if len(shape) != len(index):
        raise ValueError(located(f"slice: {len(index)} indices for shape {shape}"))
    return tuple([len(range(*i)) for i in index if type(i) is not int])


def _slice_aval(x, *, index):
    for i, n in zip(index, x.shape, strict=True):
        used = (i,) if type(i) is int else range(*i)
        if len(used) and not (0 <= used[0] < n and 0 <= used[-1] < n):
            raise IndexError(located(f"slice: index {i} is out of bounds for size {n}"))
    return x.update(shape=_sliced_shape(x.shape, index))


def _slice_batch(args, dims, size, *, index):
    return slice(moveaxis(args[0], dims[0], 0), index=((0, size, 1), *index)), 0


slice = View("slice")
slice.takes_elements = True
set_rules(
    slice,
    impl=lambda x, *, index: x[as_numpy_index(index)] if index else x,
    abstract_eval=_slice_aval,
    jvp=_linear_jvp(slice),
    linear=(True,),
    transpose=lambda ct, x, *, index: (pad(ct, shape=x.shape, index=index),),
    batch=_slice_batch,
)


def _pad_impl(x, *, shape, index):
    if not shape:
        return x
    out = np.zeros(shape, get_aval(x).dtype)
    out[as_numpy_index(index)] = x
    return out


def _pad_aval(x, *, shape, index):
    if _sliced_shape(shape, index) != x.shape:
        raise ValueError(located(f"pad: shape {x.shape} does not fit index {index} of {shape}"))
    return x.update(shape=shape, weak_type=x.weak_type and not shape)


def _pad_batch(args, dims, size, *, shape, index):
    x = moveaxis(args[0], dims[0], 0)
    return pad(x, shape=(size, *shape), index=((0, size, 1), *index)), 0


pad = Primitive("pad")  # zeros of `shape`, but for `index`, where the operand stands
set_rules(
    pad,
    impl=_pad_impl,
    abstract_eval=_pad_aval,
    jvp=_linear_jvp(pad),
    linear=(True,),
    transpose=lambda ct, x, *, shape, index: (slice(ct, index=index),),
    batch=_pad_batch,
)


def row(x, i):
    """``x[i]`` for a non-negative int."""
    return slice(x, index=(i, *((0, n, 1) for n in get_aval(x).shape[1:])))


def stack_rows(rows):
    """Arrays of one shape and dtype along a new first axis."""
    shape = (1, *get_aval(rows[0]).shape)
    return concatenate(*(reshape(r, new_sizes=shape) for r in rows), dimension=0)


def slice_axis(x, start, stop, axis, step=1):
    """The elements ``start:stop:step`` along one axis."""
    index = [(0, n, 1) for n in get_aval(x).shape]
    index[axis] = (start, stop, step)
    return slice(x, index=tuple(index))


# -- concatenate ---------------------------------------------------------------------------------


def _concatenate_impl(*xs, dimension):
    return np.concatenate(xs, axis=dimension)


def _concatenate_aval(*xs, dimension):
    first = xs[0]
    for x in xs[1:]:
        if x.ndim != first.ndim or any(
            m != n for i, (m, n) in enumerate(zip(x.shape, first.shape, strict=True))
            if i != dimension
        ):  # fmt: skip
            raise ValueError(
                located(
                    f"concatenate along axis {dimension}: shapes {[a.shape for a in xs]} "
                    "differ in another axis"
                )
            )
    total = sum(x.shape[dimension] for x in xs)
    shape = (*first.shape[:dimension], total, *first.shape[dimension + 1 :])
    return shaped_array(shape, np.result_type(*(x.dtype for x in xs)))


def _concatenate_jvp(primals, tangents, *, dimension):
    full = [
        np.zeros(get_aval(p).shape, get_aval(p).dtype) if t is None else t
        for p, t in zip(primals, tangents, strict=True)
    ]
    return concatenate(*primals, dimension=dimension), concatenate(*full, dimension=dimension)


def _concatenate_transpose(ct, *xs, dimension):
    cts, start = [], 0
    for x in xs:
        n = (x.shape if type(x) is Undefined else get_aval(x).shape)[dimension]
        linear = type(x) is Undefined
        cts.append(slice_axis(ct, start, start + n, dimension) if linear else None)
        start += n
    return cts


def _concatenate_batch(args, dims, size, *, dimension):
    full = [
        moveaxis(a, d, 0) if d is not None else broadcast_to(a, (size, *get_aval(a).shape))
        for a, d in zip(args, dims, strict=True)
    ]
    return concatenate(*full, dimension=dimension + 1), 0


concatenate = Primitive("concatenate")
set_rules(
    concatenate,
    impl=_concatenate_impl,
    abstract_eval=_concatenate_aval,
    jvp=_concatenate_jvp,
    linear="all",
    transpose=_concatenate_transpose,
    batch=_concatenate_batch,
)

# -- convert_element_type and stop_gradient ------------------------------------------------------


def _convert_aval(x, *, new_dtype, weak_type=False):
    return shaped_array(x.shape, new_dtype, weak_type)


def _convert_impl(x, *, new_dtype, weak_type=False):
    if weak_type:
        return new_dtype.type(x).item()
    if type(x) is np.ndarray or isinstance(x, np.generic):
        # what is imaginary gets lost, but it is not nothing
        real = x.dtype.kind == "c" and new_dtype.kind not in "cb"
        return (x.real if real else x).astype(new_dtype)
    return np.asarray(x).astype(new_dtype)[()]


def _convert_jvp(primals, tangents, *, new_dtype, weak_type=False):
    ans = convert_element_type(*primals, new_dtype=new_dtype, weak_type=weak_type)
    if new_dtype.kind not in "fc":
        return ans, None
    return ans, convert_element_type(*tangents, new_dtype=new_dtype)


def _convert_transpose(ct, x, *, new_dtype, weak_type=False):
    ct = real_part_like(ct, x.aval)
    return (convert_element_type(ct, new_dtype=x.dtype),)


convert_element_type = Primitive("convert_element_type")
convert_element_type.keeps_weak = False  # its params say whether it does
set_rules(
    convert_element_type,
    impl=_convert_impl,
    abstract_eval=_convert_aval,
    jvp=_convert_jvp,
    linear=(True,),
    transpose=_convert_transpose,
    batch=lambda args, dims, size, **params: (convert_element_type(*args, **params), dims[0]),
)


def astype(x, dtype) -> Any:
    """`x` with another dtype; itself if it has that already and is not weak."""
    aval = get_aval(x)
    if aval.dtype == dtype and not aval.weak_type:
        return x
    return convert_element_type(x, new_dtype=np.dtype(dtype), weak_type=False)


stop_gradient = Primitive("stop_gradient")
set_rules(
    stop_gradient,
    impl=lambda x: x,
    abstract_eval=lambda x: x,
    jvp=lambda primals, tangents: (stop_gradient(*primals), None),
    batch=lambda args, dims, size: (stop_gradient(*args), dims[0]),
)

from fgrad.primitives import reduce as reductions  # noqa: E402  (sums are the transpose of repeats)
