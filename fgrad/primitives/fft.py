"""Discrete Fourier transforms over several axes, none of them scaled.

`fft` sums ``x[j] exp(-2 pi i jk / n)`` (with ``inverse``, the conjugate): a symmetric matrix, its
own transpose. `rfft` gives the first half of that of a real array; `irfft` is the inverse sum of
such a half, continued by its conjugate mirror image.
"""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.extras import installed
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import mul
from fgrad.primitives.parts import conj, real_part_like
from fgrad.primitives.shape import moveaxis, pad

# Elements from which on SciPy's transforms, which do several at once in a vector, are worth their
# import.
LARGE = 1 << 13


def _library(x):
    return (x.size >= LARGE and installed("scipy.fft")) or np.fft


def _complex(dtype):
    return np.result_type(dtype, np.complex64)


def _check(name, x, axes, kinds):
    if x.dtype.kind not in kinds or not all(0 <= a < x.ndim for a in axes):
        raise TypeError(located(f"{name}: {x} has no such transform over the axes {axes}"))
    if any(x.shape[a] == 0 for a in axes):
        raise ValueError(located(f"{name}: the transform of no data points, {x}, axes {axes}"))


def _jvp_of(primitive):
    return lambda primals, tangents, **params: (
        primitive(*primals, **params),
        primitive(*tangents, **params),
    )


def _batch_of(primitive):
    def batch(args, dims, size, *, axes, **params):
        x = moveaxis(args[0], dims[0], 0)
        return primitive(x, axes=tuple([a + 1 for a in axes]), **params), 0

    return batch


# -- fft -------------------------------------------------------------------------------------------


def _fft_impl(x, *, axes, inverse):
    if inverse:
        return _library(x).ifftn(x, axes=axes, norm="forward")
    return _library(x).fftn(x, axes=axes)


def _fft_aval(x, *, axes, inverse):
    _check("fft", x, axes, "fc")
    return shaped_array(x.shape, _complex(x.dtype))


fft = Primitive("fft")
set_rules(
    fft,
    impl=_fft_impl,
    abstract_eval=_fft_aval,
    jvp=_jvp_of(fft),
    linear=(True,),
    transpose=lambda ct, x, **params: (real_part_like(fft(ct, **params), x),),
    batch=_batch_of(fft),
)

# -- rfft: along the last of the axes only the first half ------------------------------------------


def _rfft_aval(x, *, axes):
    _check("rfft", x, axes, "f")
    shape = list(x.shape)
    shape[axes[-1]] = shape[axes[-1]] // 2 + 1
    return shaped_array(tuple(shape), _complex(x.dtype))


def _rfft_transpose(ct, x, *, axes):
    index = tuple([(0, n, 1) for n in get_aval(ct).shape])
    return (real_part_like(fft(pad(ct, shape=x.shape, index=index), axes=axes, inverse=False), x),)


rfft = Primitive("rfft")
set_rules(
    rfft,
    impl=lambda x, *, axes: _library(x).rfftn(x, axes=axes),
    abstract_eval=_rfft_aval,
    jvp=_jvp_of(rfft),
    linear=(True,),
    transpose=_rfft_transpose,
    batch=_batch_of(rfft),
)

# -- irfft: `n` is the length of the result along the last of the axes -----------------------------


def _irfft_impl(x, *, axes, n):
    sizes = [x.shape[a] for a in axes[:-1]] + [n]
    return _library(x).irfftn(x, sizes, axes, norm="forward")


def _irfft_aval(x, *, axes, n):
    _check("irfft", x, axes, "c")
    shape = list(x.shape)
    if shape[axes[-1]] != n // 2 + 1:
        raise ValueError(located(f"irfft: {x} is no half of {n} points along axis {axes[-1]}"))
    shape[axes[-1]] = n
    return shaped_array(tuple(shape), np.dtype(x.dtype.char.lower()))


def _irfft_transpose(ct, x, *, axes, n):
    """Every coefficient but the first, and that at the middle, stands for two."""
    weights = np.full(n // 2 + 1, 2.0, get_aval(ct).dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    shape = [1] * x.ndim
    shape[axes[-1]] = len(weights)
    return (conj(mul(rfft(ct, axes=axes), weights.reshape(shape))),)


irfft = Primitive("irfft")
set_rules(
    irfft,
    impl=_irfft_impl,
    abstract_eval=_irfft_aval,
    jvp=_jvp_of(irfft),
    linear=(True,),
    transpose=_irfft_transpose,
    batch=_batch_of(irfft),
)
