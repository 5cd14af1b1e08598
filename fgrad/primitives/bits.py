"""The bits of numbers: read as another dtype, and rounded to fewer."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Primitive
from fgrad.primitives.define import Elementwise, set_rules
from fgrad.primitives.shape import moveaxis

# -- bitcast_convert_type: narrower numbers stand along a new last axis, wider ones take it --------


def _bitcast_impl(x, *, new_dtype):
    x = np.array(x, order="C")  # a copy: the result is no view
    if new_dtype.itemsize < x.dtype.itemsize:
        return x[..., None].view(new_dtype)
    if new_dtype.itemsize > x.dtype.itemsize:
        return x.view(new_dtype)[..., 0]
    return x.view(new_dtype)[()]


def _bitcast_aval(x, *, new_dtype):
    have, want = x.dtype.itemsize, new_dtype.itemsize
    if want < have:
        return shaped_array((*x.shape, have // want), new_dtype)
    if want == have:
        return shaped_array(x.shape, new_dtype)
    if not x.shape or x.shape[-1] * have != want:
        raise ValueError(
            located(
                f"bitcast_convert_type: {new_dtype} is made of {want // have} numbers {x.dtype}: "
                f"the last axis must be that long; got {x}"
            )
        )
    return shaped_array(x.shape[:-1], new_dtype)


bitcast_convert_type = Primitive("bitcast_convert_type")
set_rules(
    bitcast_convert_type,
    impl=_bitcast_impl,
    abstract_eval=_bitcast_aval,
    jvp=lambda primals, tangents, **params: (bitcast_convert_type(*primals, **params), None),
    batch=lambda args, dims, size, **params: (
        bitcast_convert_type(moveaxis(args[0], dims[0], 0), **params),
        0,
    ),
)

# -- reduce_precision ----------------------------------------------------------------------------


def _reduce_precision_dtype(x, *, exponent_bits, mantissa_bits):
    dtype = np.dtype(x)
    if dtype.kind != "f":
        raise TypeError(f"reduce_precision: wanted real floats; got {dtype}")
    if exponent_bits < 1 or mantissa_bits < 0:
        raise ValueError(
            "reduce_precision: wanted exponent_bits >= 1 and mantissa_bits >= 0; got "
            f"{exponent_bits} and {mantissa_bits}"
        )
    return dtype


def _reduce_precision_impl(x, *, exponent_bits, mantissa_bits):
    """The nearest number with so few bits, ties to even; what is out of range is 0 or infinite."""
    x = np.asarray(x)
    dtype = _reduce_precision_dtype(
        x.dtype, exponent_bits=exponent_bits, mantissa_bits=mantissa_bits
    )
    info = np.finfo(dtype)
    number = np.dtype(f"u{dtype.itemsize}").type
    one, sign = number(1), number(1) << number(8 * dtype.itemsize - 1)
    size = x.view(number) & ~sign
    infinite = number((1 << info.nexp) - 1) << number(info.nmant)
    drop = info.nmant - mantissa_bits
    if drop > 0:
        last = one << number(drop)
        odd = (size >> number(drop)) & one
        size = (size + (last >> one) - one + odd) & ~(last - one)
    if exponent_bits < info.nexp:
        bias, kept = (1 << info.nexp - 1) - 1, (1 << exponent_bits - 1) - 1
        exponent = size & infinite
        size = np.where(exponent > number((bias + kept) << info.nmant), infinite, size)
        size = np.where(exponent <= number((bias - kept) << info.nmant), number(0), size)
    out = (size | (x.view(number) & sign)).view(dtype)
    return np.where(np.isnan(x), x, out)[()]


reduce_precision = Elementwise(
    "reduce_precision",
    None,
    impl=_reduce_precision_impl,
    dtype_rule=_reduce_precision_dtype,
    jvp=lambda primals, tangents, **params: (
        reduce_precision(*primals, **params),
        reduce_precision(*tangents, **params),
    ),
    linear=(True,),
    transpose=lambda ct, x, **params: (reduce_precision(ct, **params),),
)
