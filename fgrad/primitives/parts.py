"""Elementwise operations whose derivative is not a product with a partial derivative.

The parts of complex numbers are linear over the reals only; `abs` and `sign` are holomorphic
nowhere; a selection must not multiply by zero what may be infinite.
"""

import numpy as np

from fgrad.core.avals import result_aval, weak_types
from fgrad.core.trace import Undefined, get_aval
from fgrad.primitives.define import Elementwise, broadcast_shapes
from fgrad.primitives.elementwise import div, eq, ge, mul, neg


def _is_complex(x):
    return get_aval(x).dtype.kind == "c"


def real_part_like(ct, aval):
    """The cotangent of a value of type `aval`: only its real part if that is real."""
    return real(ct) if _is_complex(ct) and aval.dtype.kind != "c" else ct


def _real_dtype(x):
    dtype = np.dtype(x)
    return np.zeros(0, dtype).real.dtype


real = Elementwise(
    "real",
    None,
    impl=lambda x: x.real if _is_complex(x) else x,
    dtype_rule=_real_dtype,
    jvp=lambda primals, tangents: (real(*primals), real(*tangents)),
    linear=(True,),
    transpose=lambda ct, x: (complex(ct, zeros_like(ct)) if x.dtype.kind == "c" else ct,),
)
imag = Elementwise(
    "imag",
    None,
    impl=lambda x: x.imag,
    dtype_rule=_real_dtype,
    jvp=lambda primals, tangents: (imag(*primals), imag(*tangents)),
    linear=(True,),
    # JAX's convention: the transpose, without conjugation, of (re, im) -> im
    transpose=lambda ct, x: (complex(zeros_like(ct), neg(ct)),),
)


def _complex_dtype(x, y):
    if "c" in (np.dtype(x).kind, np.dtype(y).kind):
        raise TypeError("complex is made of two real numbers; got complex ones")
    dtype = np.result_type(*(np.dtype(a) if isinstance(a, type) else a for a in (x, y)), np.float16)
    return np.result_type(dtype, np.complex64)


def _make_complex(x, y):
    dtype = _complex_dtype(get_aval(x).dtype, get_aval(y).dtype)
    out = np.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), dtype)
    out.real = x
    out.imag = y
    return out if out.ndim else out[()]


def _complex_jvp(primals, tangents):
    x, y = (zeros_like(p) if t is None else t for p, t in zip(primals, tangents, strict=True))
    return complex(*primals), complex(x, y)


complex = Elementwise(
    "complex",
    None,
    impl=_make_complex,
    dtype_rule=_complex_dtype,
    jvp=_complex_jvp,
    linear=(True, True),
    transpose=lambda ct, x, y: (
        real(ct) if type(x) is Undefined else None,
        neg(imag(ct)) if type(y) is Undefined else None,
    ),
)
conj = Elementwise(
    "conj",
    np.conjugate,
    jvp=lambda primals, tangents: (conj(*primals), conj(*tangents)),
    linear=(True,),
    # (x - iy) as a real-linear map, transposed in the pairing Re(ct * t)
    transpose=lambda ct, x: (conj(ct),),
)


def _sign_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    ans = sign(x)
    if not _is_complex(x):
        return ans, None
    size = abs(x)
    size = select(eq(size, 0), 1, size)
    # d(x/|x|) turns t into its part across x: i * ans * Im(conj(ans) t) / |x|
    across = div(imag(mul(conj(ans), t)), size)
    return ans, mul(complex(zeros_like(across), across), ans)


sign = Elementwise("sign", np.sign, jvp=_sign_jvp)


def _abs_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    if _is_complex(x):
        return abs(x), real(mul(conj(sign(x)), t))
    number = get_aval(x).dtype.type
    return abs(x), mul(select(ge(x, 0), number(1), number(-1)), t)


abs = Elementwise("abs", np.absolute, jvp=_abs_jvp)


# -- select: pred ? x : y ------------------------------------------------------------------------


def _select_impl(pred, x, y):
    if type(x) in weak_types and type(y) in weak_types and np.ndim(pred) == 0:
        kind = type(x + y)  # stays weak
        return kind(x) if pred else kind(y)
    if np.size(pred) >= MANY and np.shape(pred) == np.broadcast_shapes(np.shape(x), np.shape(y)):
        dtype = np.result_type(x, y)
        if dtype.itemsize in _BITS and dtype.kind != "c":
            return blend(
                pred, np.asarray(x, dtype), np.asarray(y, dtype), np.empty(pred.shape, dtype)
            )
    return np.where(pred, x, y)[()]


# From this many elements on, bits are faster than np.where, which waits for mispredicted branches.
MANY = 1 << 10
_BITS = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def blend(pred, x, y, out):
    """``where(pred, x, y)`` by bits, into `out`: three to seven times as fast on a random mask.

    Parameters
    ----------
    pred : array of bool
        Of the shape of `out`.
    x, y : array
        Of the dtype of `out`, whose items have 4 or 8 bytes, and broadcasting to its shape.
    out : array
        May be one of the operands.
    """
    bits = _BITS[out.dtype.itemsize]
    mask = np.negative(pred.view(np.int8)).astype(bits)  # every bit set where true
    x, y = x.view(bits), y.view(bits)
    if y.ndim == 0 and y == 0:
        np.bitwise_and(x, mask, out.view(bits))
        return out
    np.bitwise_and(np.bitwise_xor(x, y), mask, mask)
    np.bitwise_xor(mask, y, out.view(bits))
    return out


def can_blend(pred, x, y, out) -> bool:
    """Whether `blend` serves operands of these avals."""
    return (
        out.size >= MANY
        and pred.shape == out.shape
        and pred.dtype.kind == "b"
        and out.dtype.itemsize in _BITS
        and out.dtype.kind != "c"
        and all(a.dtype == out.dtype or a.weak_type for a in (x, y))
    )


def _select_jvp(primals, tangents):
    pred, x, y = primals
    _, tx, ty = tangents
    ans = select(pred, x, y)
    if tx is None and ty is None:
        return ans, None
    return ans, select(pred, 0 if tx is None else tx, 0 if ty is None else ty)


def _select_transpose(ct, pred, x, y):
    return (
        None,
        select(pred, ct, 0) if type(x) is Undefined else None,
        select(pred, 0, ct) if type(y) is Undefined else None,
    )


select = Elementwise(
    "select",
    None,
    impl=_select_impl,
    jvp=_select_jvp,
    linear=(False, True, True),
    transpose=_select_transpose,
)


def _select_aval(pred, x, y):
    shape = broadcast_shapes("select", [pred.shape, x.shape, y.shape])
    aval = result_aval(shape, (x, y))
    return aval.strong() if shape else aval


select.abstract_eval = _select_aval


def zeros_like(x):
    """Zeros of the shape and dtype of `x`."""
    aval = get_aval(x)
    return np.zeros(aval.shape, aval.dtype)[()]
