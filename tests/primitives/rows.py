"""The table of primitives: how each is called, what it equals in JAX, where it is drawn."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from fgrad.primitives import (
    activations,
    bessel,
    cumulative,
    dynamic,
    erf_inv,
    index,
    parts,
    reduce,
    shape,
    sort,
    special,
)
from fgrad.primitives import elementwise as ew
from fgrad.primitives import fft as fourier
from fgrad.primitives.contract import einsum
from fgrad.primitives.convolution import conv
from fgrad.primitives.fma import fma
from fgrad.primitives.name import name
from fgrad.primitives.window import window_max, window_min
from tests.primitives.row import BINARY as _BINARY
from tests.primitives.row import BOTH, REAL, VALUES
from tests.primitives.row import UNARY as _UNARY
from tests.primitives.row import binary as _binary
from tests.primitives.row import row as _row
from tests.primitives.row import unary as _unary
from tests.primitives.rows_bits import BITS
from tests.primitives.rows_gamma import GAMMA
from tests.primitives.rows_scipy import SCIPY


def _complex(x, y):
    if np.iscomplexobj(x):
        raise TypeError("not of complex numbers")
    return (x + y * np.complex64(1j)).astype(np.result_type(x, np.complex64))


def _sign(x):
    # the derivative of jnp.sign is zero for complex numbers too, which are not constant
    return x / jnp.abs(x) if jnp.iscomplexobj(x) else jnp.sign(x)


def _scalar_function(function):
    """A function of math, over arrays, giving the floating dtype that NumPy's functions would."""

    def vectorized(x):
        if np.iscomplexobj(x):
            raise TypeError("not of complex numbers")
        return np.vectorize(function, otypes=[float])(x).astype(np.result_type(x, 1.0))[()]

    return vectorized


_ELEMENTWISE = [
    _binary(ew.add, jnp.add),
    _binary(ew.sub, jnp.subtract),
    _binary(ew.mul, jnp.multiply),
    _unary(ew.neg, jnp.negative),
    _binary(ew.div, jnp.divide, ("any", "nonzero")),
    _binary(ew.pow, jnp.power, ("positive", "any")),
    _unary(ew.square, jnp.square),
    _unary(ew.reciprocal, jnp.reciprocal, "nonzero"),
    _binary(ew.floor_divide, jnp.floor_divide, ("any", "nonzero"), REAL),
    _binary(ew.remainder, jnp.remainder, ("any", "nonzero"), REAL),
    _binary(ew.rem, jnp.fmod, ("any", "nonzero"), REAL),
    _unary(ew.positive, jnp.positive),
    _binary(ew.max, jnp.maximum, dtypes=REAL),
    _binary(ew.min, jnp.minimum, dtypes=REAL),
    *(
        _binary(p, None)
        for p in (
            ew.eq,
            ew.ne,
            ew.lt,
            ew.le,
            ew.gt,
            ew.ge,
            ew.logical_and,
            ew.logical_or,
            ew.logical_xor,
            ew.bitwise_and,
            ew.bitwise_or,
            ew.bitwise_xor,
        )
    ),
    *(
        _unary(p, None)
        for p in (
            ew.logical_not,
            ew.bitwise_not,
            ew.population_count,
            ew.isnan,
            ew.isinf,
            ew.is_finite,
            ew.signbit,
        )
    ),
    *(
        _binary(p, None, ("positive", "positive"))
        for p in (ew.shift_left, ew.shift_right, ew.gcd, ew.lcm)
    ),
    _unary(ew.floor, jnp.floor, dtypes=REAL),
    _unary(ew.ceil, jnp.ceil, dtypes=REAL),
    _unary(ew.trunc, jnp.trunc, dtypes=REAL),
    _unary(ew.round, jnp.rint, dtypes=REAL),
    _binary(ew.nextafter, None),
    _unary(ew.spacing, None, dtypes=REAL),
    _binary(ew.copysign, jnp.copysign, dtypes=REAL),
    _unary(ew.exp, jnp.exp),
    _unary(ew.exp2, jnp.exp2),
    _unary(ew.expm1, jnp.expm1),
    _unary(ew.log, jnp.log, "positive"),
    _unary(ew.log2, jnp.log2, "positive"),
    _unary(ew.log10, jnp.log10, "positive"),
    _unary(ew.log1p, jnp.log1p, "positive"),
    _unary(ew.sqrt, jnp.sqrt, "positive"),
    _unary(ew.rsqrt, lax.rsqrt, "positive", numpy=lambda x: np.true_divide(1, np.sqrt(x))),
    _unary(ew.cbrt, jnp.cbrt, "nonzero", REAL),
    _binary(ew.logaddexp, jnp.logaddexp, dtypes=REAL),
    _binary(ew.logaddexp2, jnp.logaddexp2, dtypes=REAL),
    _unary(ew.sin, jnp.sin),
    _unary(ew.cos, jnp.cos),
    _unary(ew.tan, jnp.tan, "unit"),
    _unary(ew.asin, jnp.asin, "unit"),
    _unary(ew.acos, jnp.acos, "unit"),
    _unary(ew.atan, jnp.atan, "unit"),
    _binary(ew.atan2, jnp.atan2, ("nonzero", "nonzero"), REAL),
    _unary(ew.sinh, jnp.sinh),
    _unary(ew.cosh, jnp.cosh),
    _unary(ew.tanh, jnp.tanh),
    _unary(ew.asinh, jnp.asinh),
    _unary(ew.acosh, jnp.acosh, "above one"),
    _unary(ew.atanh, jnp.atanh, "unit"),
    _binary(ew.hypot, jnp.hypot, ("nonzero", "nonzero"), REAL),
    _row(
        ew.integer_pow,
        lambda x, *, y: np.power(x, y),
        lambda x, *, y: lax.integer_pow(x, y),
        [(((2, 3),), {"y": y}) for y in (-3, -1, 0, 1, 2, 3, 7)] + [(((),), {"y": 2})],
        ("nonzero",),
        BOTH,
    ),
    _row(
        fma,
        lambda x, y, z: x * y + z,
        lambda x, y, z: x * y + z,
        [(((2, 3), (2, 3), (2, 3)), {}), (((), (2, 3), (3,)), {}), (((), (), ()), {})],
        ("any", "any", "any"),
        values=("int32", "float32", "float64"),
    ),
    _row(
        ew.clamp,
        lambda low, x, high: np.minimum(np.maximum(x, low), high),
        lambda low, x, high: lax.clamp(*jnp.broadcast_arrays(low, x, high)),
        [
            (((2, 3), (2, 3), (2, 3)), {}),
            (((), (2, 3), ()), {}),
            (((), (), ()), {}),
            (((3,), (0, 3), ()), {}),
        ],
        ("unit", "any", "positive"),
        values=("int32", "float32", "float64"),
    ),
    _row(
        ew.ldexp,
        np.ldexp,
        jnp.ldexp,
        [(((2, 3), np.array([2, -1, 0])), {}), (((), np.int64(3)), {})],
        values=("float32", "float64"),
    ),
    _row(ew.exponent, lambda x: np.frexp(x)[1], None, _UNARY, values=("float32", "float64")),
    _row(
        ew.heaviside,
        np.heaviside,
        jnp.heaviside,
        _BINARY,
        ("any", "any"),
        values=("float32", "float64"),
    ),
    # -- parts of complex numbers, and choices
    _unary(parts.real, jnp.real, numpy=np.real),
    _unary(parts.imag, jnp.imag, dtypes=("complex128",), numpy=np.imag),
    _row(
        parts.complex,
        _complex,
        lambda x, y: lax.complex(*jnp.broadcast_arrays(x, y)),
        _BINARY,
        ("any", "any"),
        values=("float32", "float64", "complex128"),
    ),
    _unary(parts.conj, jnp.conj),
    _unary(parts.sign, _sign, "nonzero"),
    _unary(parts.abs, jnp.abs, "nonzero"),
    _row(
        parts.select,
        np.where,
        jnp.where,
        [
            ((np.array([[True], [False]]), (2, 3), (3,)), {}),
            ((np.bool_(True), (), ()), {}),
            ((np.bool_(False), (2,), ()), {}),
            ((np.zeros((0, 3), bool), (), (3,)), {}),
        ],
        ("any", "any", "any"),
        BOTH,
    ),
    # -- special functions
    _unary(special.erf, jax.scipy.special.erf, dtypes=REAL, numpy=_scalar_function(math.erf)),
    _unary(special.erfc, jax.scipy.special.erfc, dtypes=REAL, numpy=_scalar_function(math.erfc)),
    _row(
        erf_inv.erf_inv,
        scipy.special.erfinv,
        jax.scipy.special.erfinv,
        _UNARY,
        ("unit",),
        values=("float32", "float64"),
    ),
    *(
        _row(p, theirs, jaxs, _UNARY, ("any",), values=("float32", "float64"))
        for p, theirs, jaxs in (
            (bessel.i0e, scipy.special.i0e, jax.scipy.special.i0e),
            (bessel.i1e, scipy.special.i1e, jax.scipy.special.i1e),
        )
    ),
    _unary(activations.relu, jax.nn.relu, dtypes=REAL, numpy=lambda x: np.maximum(x, 0)),
    _unary(
        activations.relu6,
        jax.nn.relu6,
        dtypes=REAL,
        numpy=lambda x: np.minimum(np.maximum(x, 0), 6.0),
    ),
    _unary(special.logistic, jax.nn.sigmoid, numpy=lambda x: 1 / (1 + np.exp(-1.0 * x))),
]


# -- shapes --------------------------------------------------------------------------------------


def _static(index):
    return tuple(
        i if isinstance(i, int) else slice(i[0], None if i[1] < 0 else i[1], i[2]) for i in index
    )


def _pad(lib):
    def pad(x, *, shape, index):
        zeros = lib.zeros(shape, x.dtype)
        if lib is jnp:
            return zeros.at[_static(index)].set(x)
        zeros[_static(index)] = x
        return zeros

    return pad


def _broadcast(x, *, shape, broadcast_dimensions):
    sizes = [1] * len(shape)
    for d, n in zip(broadcast_dimensions, np.shape(x), strict=True):
        sizes[d] = n
    return np.broadcast_to(np.reshape(x, sizes), shape)


_WINDOWS = [
    ((4, 5), ((1, 3, 1), (0, 5, 2))),
    ((4, 5), ((3, -1, -1), 2)),
    ((4, 5), ((3, 0, -2), (4, 4, 1))),
    ((3,), (1,)),
    ((), ()),
    ((0, 3), ((0, 0, 1), (0, 3, 1))),
    ((2, 3, 4), ((0, 2, 1), 1, (1, 4, 2))),
]


def _windowed(shape, index):
    return np.zeros(shape)[_static(index)].shape


_SHAPES = [
    _row(
        shape.reshape,
        lambda x, *, new_sizes: np.reshape(x, new_sizes),
        lambda x, *, new_sizes: jnp.reshape(x, new_sizes),
        [
            (((2, 6),), {"new_sizes": (3, 4)}),
            (((1, 1),), {"new_sizes": ()}),
            (((),), {"new_sizes": (1, 1)}),
            (((0, 3),), {"new_sizes": (3, 0)}),
        ],
        dtypes=BOTH,
    ),
    _row(
        shape.transpose,
        lambda x, *, permutation: np.transpose(x, permutation),
        lambda x, *, permutation: jnp.transpose(x, permutation),
        [
            (((2, 3, 4),), {"permutation": (2, 0, 1)}),
            (((2, 3),), {"permutation": (1, 0)}),
            (((),), {"permutation": ()}),
            (((0, 3),), {"permutation": (1, 0)}),
        ],
        dtypes=BOTH,
    ),
    _row(
        shape.broadcast_in_dim,
        _broadcast,
        lambda x, **params: lax.broadcast_in_dim(x, **params),
        [
            (((3,),), {"shape": (2, 3), "broadcast_dimensions": (1,)}),
            (((3,),), {"shape": (3, 2), "broadcast_dimensions": (0,)}),
            (((2, 1),), {"shape": (2, 4, 3), "broadcast_dimensions": (0, 2)}),
            (((),), {"shape": (2, 2), "broadcast_dimensions": ()}),
            (((),), {"shape": (), "broadcast_dimensions": ()}),
            (((1,),), {"shape": (0, 1), "broadcast_dimensions": (1,)}),
            (((1,),), {"shape": (0,), "broadcast_dimensions": (0,)}),
        ],
        dtypes=BOTH,
    ),
    _row(
        shape.slice,
        lambda x, *, index: x[_static(index)],
        lambda x, *, index: x[_static(index)],
        [((s,), {"index": i}) for s, i in _WINDOWS],
        dtypes=BOTH,
    ),
    _row(
        shape.pad,
        _pad(np),
        _pad(jnp),
        [((_windowed(s, i),), {"shape": s, "index": i}) for s, i in _WINDOWS],
        dtypes=BOTH,
    ),
    _row(
        shape.concatenate,
        lambda *xs, dimension: np.concatenate(xs, dimension),
        lambda *xs, dimension: jnp.concatenate(xs, dimension),
        [
            (((2, 3), (1, 3)), {"dimension": 0}),
            (((2, 1), (2, 0), (2, 3)), {"dimension": 1}),
            (((2,),), {"dimension": 0}),
        ],
        ("any", "any", "any"),
        BOTH,
    ),
    *(
        _row(
            shape.convert_element_type,
            lambda x, *, new_dtype: (
                np.real_if_close(x, 1e300).astype(new_dtype)
                if new_dtype.kind != "c" and np.iscomplexobj(x)
                else np.asarray(x).astype(new_dtype)[()]
            ),
            lambda x, *, new_dtype: lax.convert_element_type(x, new_dtype),
            [((s,), {"new_dtype": np.dtype(d)}) for s in ((2, 3), (), (0,))],
            dtypes=BOTH if np.dtype(d).kind == "c" else REAL,
            values=VALUES[:-2] if np.dtype(d).kind != "c" else VALUES,
        )
        for d in ("float64", "complex128", "int32", "bool")
    ),
    _row(shape.stop_gradient, lambda x: x, lax.stop_gradient, _UNARY, dtypes=BOTH),
    _row(
        name,
        lambda x, *, name: x,
        checkpoint_name,
        [(operands, {"name": "a"}) for operands, _ in _UNARY],
        dtypes=BOTH,
    ),
]

# -- reductions ----------------------------------------------------------------------------------

_AXES = [
    (((),), {"axes": ()}),
    (((2, 3, 4),), {"axes": (0, 2)}),
    (((3, 4),), {"axes": (1,)}),
    (((3, 4),), {"axes": (0, 1)}),
    (((3,),), {"axes": ()}),
    (((3, 0),), {"axes": (0,)}),
    (((2, 3, 4),), {"axes": (0, 2), "keepdims": True}),
    (((3, 4),), {"axes": (1,), "keepdims": True}),
    (((3, 4),), {"axes": (0, 1), "keepdims": True}),
]
_EMPTY = [(((3, 0),), {"axes": (1,)}), (((0,),), {"axes": (0,)})]
_ONE_AXIS = [(((3, 4),), {"axis": 0}), (((2, 3, 4),), {"axis": 2}), (((1,),), {"axis": 0})]
_RUNNING = [
    (s, {**p, "reverse": r})
    for s, p in (*_ONE_AXIS, (((0, 2),), {"axis": 0}), (((7,),), {"axis": 0}))
    for r in (False, True)
]


def _reduced(function, keep=True):
    def reduce_numpy(x, *, axes, keepdims=False):
        dtype = {"dtype": x.dtype} if keep else {}
        return function(x, axis=axes, keepdims=keepdims, **dtype)

    return reduce_numpy


def _ran(accumulate):
    def run(x, *, axis, reverse):
        x = np.flip(x, axis) if reverse else x
        out = accumulate(x, axis=axis, dtype=x.dtype)
        return np.flip(out, axis) if reverse else out

    return run


def _lax_ran(function):
    return lambda x, *, axis, reverse: function(x, axis=axis, reverse=reverse)


_NUMBERS = VALUES[1:]
_REDUCTIONS = [
    _row(
        reduce.reduce_sum,
        _reduced(np.add.reduce),
        lambda x, *, axes, keepdims=False: jnp.sum(x, axes, keepdims=keepdims),
        _AXES + _EMPTY,
        dtypes=BOTH,
        values=_NUMBERS,
    ),
    _row(
        reduce.reduce_prod,
        _reduced(np.multiply.reduce),
        lambda x, *, axes, keepdims=False: jnp.prod(x, axes, keepdims=keepdims),
        _AXES + _EMPTY,
        dtypes=BOTH,
        values=_NUMBERS,
    ),
    _row(
        reduce.reduce_max,
        _reduced(np.maximum.reduce),
        lambda x, *, axes, keepdims=False: jnp.max(x, axes, keepdims=keepdims),
        _AXES,
    ),
    _row(
        reduce.reduce_min,
        _reduced(np.minimum.reduce),
        lambda x, *, axes, keepdims=False: jnp.min(x, axes, keepdims=keepdims),
        _AXES,
    ),
    *(
        _row(p, _reduced(f.reduce), None, _AXES + _EMPTY, values=("bool", "int32"))
        for p, f in (
            (reduce.reduce_and, np.bitwise_and),
            (reduce.reduce_or, np.bitwise_or),
            (reduce.reduce_xor, np.bitwise_xor),
        )
    ),
    *(
        _row(
            p,
            lambda x, *, axis, index_dtype, f=f: f(x, axis=axis).astype(index_dtype),
            None,
            [
                (s, {**params, "index_dtype": np.dtype(d)})
                for s, params in _ONE_AXIS
                for d in ("int64", "int32")
            ],
        )
        for p, f in ((reduce.argmax, np.argmax), (reduce.argmin, np.argmin))
    ),
    _row(
        reduce.cumsum,
        _ran(np.add.accumulate),
        _lax_ran(lax.cumsum),
        _RUNNING,
        dtypes=BOTH,
        values=_NUMBERS,
    ),
    _row(
        reduce.cumprod,
        _ran(np.multiply.accumulate),
        _lax_ran(lax.cumprod),
        _RUNNING,
        dtypes=BOTH,
        values=_NUMBERS,
    ),
    _row(
        cumulative.cumlogsumexp,
        _ran(np.logaddexp.accumulate),
        _lax_ran(lax.cumlogsumexp),
        _RUNNING,
        values=("float32", "float64"),
    ),
    _row(reduce.cummax, _ran(np.maximum.accumulate), _lax_ran(lax.cummax), _RUNNING),
    _row(reduce.cummin, _ran(np.minimum.accumulate), _lax_ran(lax.cummin), _RUNNING),
]

# -- contraction ---------------------------------------------------------------------------------

_CONTRACTIONS = [
    ((2, 3), (3, 4), "ab,bc->ac"),
    ((2, 3), (3, 4), "ab,bc->ca"),
    ((3, 2), (4, 3), "ba,cb->ac"),
    ((5, 2, 3), (5, 3, 4), "zab,zbc->zac"),
    ((5, 2, 3), (3, 4), "zab,bc->zac"),
    ((2, 3), (5, 3, 4), "ab,zbc->zac"),
    ((3,), (3,), "a,a->"),
    ((3,), (2,), "a,b->ba"),
    ((2, 3), (2, 3), "ab,ab->"),
    ((2, 3), (3, 2), "ab,ba->"),
    ((2, 3), (2, 3), "ab,ab->ba"),
    ((2, 3, 4), (4, 3), "abc,cb->a"),
    ((2, 3, 4), (4, 5, 3), "abc,cdb->ad"),
    ((), (2,), ",a->a"),
    ((), (), ",->"),
    ((0, 3), (3, 2), "ab,bc->ac"),
    ((2, 0), (0, 2), "ab,bc->ac"),
    ((6, 2, 3), (6, 3), "zab,zb->za"),
    ((2, 3, 4, 5), (5, 4), "abcd,dc->ba"),
]


def _convolved(lib):
    """By the one-dimensional case, group by group: tests/lax/test_convolution.py has the rest."""

    def conv(x, w, **params):
        numbers = {"strides": "window_strides"}
        params = {numbers.get(k, k): v for k, v in params.items()}
        groups = [jax.lax.conv_general_dilated(*pair, **params) for pair in zip(x, w, strict=True)]
        return lib.stack([lib.asarray(g) for g in groups])

    return conv


_CONVOLUTION = {"strides": (2,), "padding": ((1, 2),), "lhs_dilation": (1,), "rhs_dilation": (2,)}
_WINDOW = {"window": (1, 3), "strides": (1, 2), "dilation": (1, 1)}


def _pooled(lib, combine, start):
    return lambda x, *, window, strides, dilation: lib.asarray(
        jax.lax.reduce_window(x, start(x.dtype), combine, window, strides, "VALID")
    )


_WINDOWS = [
    _row(
        conv,
        _convolved(np),
        _convolved(jnp),
        [(((2, 3, 2, 7), (2, 4, 2, 3)), _CONVOLUTION)],
        ("any", "any"),
        BOTH,
        values=("float32", "float64", "complex64", "complex128"),
    ),
    _row(
        window_max,
        _pooled(np, jax.lax.max, lambda dtype: np.array(-np.inf, dtype)),
        _pooled(jnp, jax.lax.max, lambda dtype: np.array(-np.inf, dtype)),
        [(((2, 8),), _WINDOW)],
        values=("float32", "float64"),
    ),
    _row(
        window_min,
        _pooled(np, jax.lax.min, lambda dtype: np.array(np.inf, dtype)),
        _pooled(jnp, jax.lax.min, lambda dtype: np.array(np.inf, dtype)),
        [(((2, 8),), _WINDOW)],
        values=("float32", "float64"),
    ),
]
_PRODUCTS = [
    *_WINDOWS,
    _row(
        einsum,
        lambda x, y, *, subscripts: np.einsum(subscripts, x, y),
        lambda x, y, *, subscripts: jnp.einsum(subscripts, x, y),
        [((x, y), {"subscripts": s}) for x, y, s in _CONTRACTIONS],
        ("any", "any"),
        BOTH,
        values=("int32", "float32", "float64", "complex64", "complex128"),
    ),
]

# -- indexing ------------------------------------------------------------------------------------


def _numpy_index(ndim, indices, axes):
    """The index arrays between slices, and where NumPy puts their axes."""
    full = [slice(None)] * ndim
    for a, i in zip(axes, indices, strict=True):
        full[a] = i
    return tuple(full), (axes[0] if axes[-1] - axes[0] == len(axes) - 1 else 0)


def _moved(lib, x, block, source, destination):
    return lib.moveaxis(x, range(source, source + block), range(destination, destination + block))


def _gather(lib):
    def gather(x, *indices, axes, out_axis):
        index, at = _numpy_index(x.ndim, indices, axes)
        block = max(i.ndim for i in indices)
        return _moved(lib, x[index], block, at, out_axis)

    return gather


def _scatter_numpy(updates, x, *indices, axes, out_axis, op):
    index, at = _numpy_index(x.ndim, indices, axes)
    updates = _moved(np, updates, max(i.ndim for i in indices), out_axis, at)
    out = np.array(x)
    ufunc = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}.get(op)
    if ufunc is None:
        out[index] = updates
    else:
        ufunc.at(out, index, updates)
    return out


def _scatter_jax(updates, x, *indices, axes, out_axis, op):
    index, at = _numpy_index(x.ndim, indices, axes)
    updates = _moved(jnp, updates, max(i.ndim for i in indices), out_axis, at)
    method = getattr(x.at[index], {"mul": "multiply"}.get(op, op))
    return method(updates, unique_indices=op == "mul")  # JAX asks for it, to differentiate


_PLACES = [  # shape of the array, index arrays, axes, out_axis, shape of what is gathered
    ((5,), (np.array([0, 3, 2]),), (0,), 0, (3,)),
    ((5,), (np.array([[-1, 0], [2, 1]]),), (0,), 0, (2, 2)),
    ((3, 4), (np.array([1, 0]),), (1,), 0, (2, 3)),
    ((3, 4), (np.array([1, 0]),), (1,), 1, (3, 2)),
    ((3, 4), (np.array([1, 0]), np.array([2, -1])), (0, 1), 0, (2,)),
    ((3, 4, 2), (np.array([[1], [0]]), np.array([1, 0])), (0, 2), 1, (4, 2, 2)),
    ((3, 4, 2), (np.array([1, 2]),), (1,), 2, (3, 2, 2)),
    ((3,), (np.zeros(0, int),), (0,), 0, (0,)),
    ((3, 4), (np.array(1),), (0,), 0, (4,)),
]
_REPEATED = [
    ((5,), (np.array([2, 3, 2]),), (0,), 0, (3,)),
    ((3, 4), (np.array([1, 1]), np.array([2, -2])), (0, 1), 0, (2,)),
]


def _scatter_cases():
    cases = []
    for op in ("set", "add", "mul", "min", "max"):
        # JAX does not say which of several values set at one place stays, nor differentiates mul
        places = _PLACES if op in ("set", "mul") else _PLACES + _REPEATED
        for s, indices, axes, out_axis, gathered in places:
            params = {"axes": axes, "out_axis": out_axis, "op": op}
            cases.append(((gathered, s, *indices), params))
    return cases


_INDEXING = [
    _row(
        index.gather,
        _gather(np),
        _gather(jnp),
        [((s, *i), {"axes": a, "out_axis": o}) for s, i, a, o, _ in _PLACES + _REPEATED],
        dtypes=BOTH,
    ),
    _row(
        index.scatter,
        _scatter_numpy,
        _scatter_jax,
        _scatter_cases(),
        ("any", "any"),
        values=_NUMBERS,
    ),
    _row(
        sort.sort,
        lambda x, *, dimension: np.sort(x, dimension),
        lambda x, *, dimension: jnp.sort(x, dimension),
        [(s, {"dimension": p["axis"]}) for s, p in _ONE_AXIS] + [(((0, 2),), {"dimension": 0})],
    ),
    _row(
        sort.argsort,
        lambda x, *, dimension: np.argsort(x, dimension, kind="stable"),
        None,
        [(s, {"dimension": p["axis"]}) for s, p in _ONE_AXIS],
    ),
]

_INDEXING += [
    _row(
        sort.searchsorted,
        lambda x, q, *, side, batched: np.vectorize(
            lambda row, v: np.searchsorted(row, v, side), otypes=[int], signature="(n),(m)->(m)"
        )(x, q),
        None,
        [
            ((np.array([0.0, 1.0, 1.0, 2.0]), np.array([1.0, 3.0])), {"side": s, "batched": 0})
            for s in ("left", "right")
        ]
        + [
            (
                (np.array([[0.0, 1.0], [-1.0, 0.5]]), np.array([[0.7], [0.7]])),
                {"side": "left", "batched": 1},
            )
        ],
        (),
        values=("float64",),
    )
]

_SLICES = [  # shape, size of the slice, starts: also past the end and negative
    ((5,), (2,), (1,)),
    ((5,), (2,), (9,)),
    ((5,), (2,), (-2,)),
    ((5,), (2,), (-4,)),
    ((5,), (2,), (-9,)),
    ((5,), (2,), (0,)),
    ((3, 4, 2), (2, 4, 1), (1, 0, 1)),
    ((3, 4), (0, 2), (0, 1)),
]


def _place(shape, sizes, starts):
    starts = [int(np.clip(s + n if s < 0 else s, 0, n - k))
              for s, n, k in zip(starts, shape, sizes, strict=True)]  # fmt: skip
    return tuple(slice(s, s + k) for s, k in zip(starts, sizes, strict=True))


def _updated(x, update, *starts):
    out = np.array(x)
    out[_place(x.shape, update.shape, starts)] = update
    return out


_INDEXING += [
    _row(
        dynamic.dynamic_slice,
        lambda x, *starts, slice_sizes: x[_place(x.shape, slice_sizes, starts)],
        lambda x, *starts, slice_sizes: lax.dynamic_slice(x, starts, slice_sizes),
        [((x, *map(np.int64, i)), {"slice_sizes": k}) for x, k, i in _SLICES],
        dtypes=BOTH,
    ),
    _row(
        dynamic.dynamic_update_slice,
        _updated,
        lambda x, u, *starts: lax.dynamic_update_slice(x, u, starts),
        [((x, k, *map(np.int64, i)), {}) for x, k, i in _SLICES],
        ("any", "any"),
        BOTH,
    ),
]

_INEXACT = ("float32", "float64", "complex64", "complex128")


def _inverse_fft(lib):
    return lambda x, axes: lib.fft.ifftn(x, axes=axes, norm="forward")


_TRANSFORMS = [
    _row(
        fourier.fft,
        lambda x, *, axes, inverse: (_inverse_fft(np) if inverse else np.fft.fftn)(x, axes=axes),
        lambda x, *, axes, inverse: (_inverse_fft(jnp) if inverse else jnp.fft.fftn)(x, axes=axes),
        [
            (((3, 4),), {"axes": (1,), "inverse": False}),
            (((2, 3, 4),), {"axes": (2, 0), "inverse": True}),
            (((0, 3),), {"axes": (1,), "inverse": False}),
        ],
        dtypes=BOTH,
        values=_INEXACT,
    ),
    _row(
        fourier.rfft,
        lambda x, *, axes: np.fft.rfftn(x, axes=axes),
        lambda x, *, axes: jnp.fft.rfftn(x, axes=axes),
        [(((3, 4),), {"axes": (1,)}), (((2, 3, 5),), {"axes": (2, 0)}), (((1,),), {"axes": (0,)})],
        values=_INEXACT[:2],
    ),
    _row(
        fourier.irfft,
        lambda x, *, axes, n: np.fft.irfftn(x, _lengths(x, axes, n), axes, norm="forward"),
        lambda x, *, axes, n: jnp.fft.irfftn(x, _lengths(x, axes, n), axes, norm="forward"),
        [
            (((3, 4),), {"axes": (1,), "n": 6}),
            (((3, 4),), {"axes": (1,), "n": 7}),
            (((3, 2, 3),), {"axes": (1, 0), "n": 5}),
        ],
        dtypes=("complex128",),
        values=_INEXACT[2:],
    ),
]


def _lengths(x, axes, n):
    return [*(x.shape[a] for a in axes[:-1]), n]


ROWS = (
    _ELEMENTWISE
    + _SHAPES
    + _REDUCTIONS
    + _PRODUCTS
    + _INDEXING
    + _TRANSFORMS
    + GAMMA
    + BITS
    + SCIPY
)

FACTORIZATIONS = {
    "cholesky", "cholesky_update", "cofactors", "cofactors_along", "det", "eig", "eigh", "full_qr",
    "hessenberg", "lu", "lu_pivots_to_permutation", "pinv", "qr", "qr_pivots", "schur", "slogdet",
    "solve", "sqrtm", "svd", "sylvester", "triangular_solve", "tridiagonal", "tridiagonal_solve",
}  # fmt: skip
"""Primitives of linear algebra: test_linalg.py in tests/primitives, lax and scipy compare them."""

HOLD_PROGRAMS = {
    "checkpoint", "cond", "custom_jvp_call", "custom_linear_solve", "custom_lin",
    "custom_vjp_call", "custom_vmap_call", "jit", "linear_call", "scan", "while",
    "while_tangent",
}  # fmt: skip
"""Primitives whose parameters are programs: tests/transforms has a file for each."""

RANDOM = {
    "random_binomial", "random_bits", "random_clone", "random_fold_in", "random_gamma",
    "random_integers", "random_normal", "random_poisson", "random_seed", "random_split",
    "random_unit", "random_unwrap", "random_wrap",
}  # fmt: skip
"""Primitives of random keys: tests/primitives/test_random.py, and tests/random."""

WITHOUT_RESULT = {"check", "dce_sink"}
"""Primitives that give nothing to compare: tests/lax/test_stage.py and tests/experimental."""

COLLECTIVES = {"all_gather", "sum_scatter"}
"""Primitives along mapped axes, which a row has none of: tests/lax/test_collective.py."""

CALLBACKS = {"pure_callback", "io_callback", "debug_callback"}
"""Primitives that call functions of Python: tests/transforms/test_callback.py."""
