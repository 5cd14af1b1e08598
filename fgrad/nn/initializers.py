"""First values for the weights of neural networks: `fgrad.nn.initializers`.

An initializer is a function ``init(key, shape, dtype)``; most names here make one.
"""

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

import fgrad.numpy as fnp
from fgrad import random
from fgrad.core.source import located
from fgrad.numpy._face import axis_of

# standard deviations of normal numbers given that they are below 2 in size: of real ones, and of
# complex ones
_TRUNCATED_REAL = 0.87962566103423978
_TRUNCATED_COMPLEX = 0.95311164380491208


@runtime_checkable
class Initializer(Protocol):
    """A function that makes first values out of a key."""

    def __call__(self, key, shape, dtype=None) -> Any: ...


def zeros(key, shape, dtype=None):
    """Zeros; itself an initializer.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.zeros(fgrad.random.key(0), (2,), "float32")
    Array([0., 0.], dtype=float32)
    """
    return fnp.zeros(shape, _dtype(dtype))


def ones(key, shape, dtype=None):
    """Ones; itself an initializer.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.ones(fgrad.random.key(0), (2,), "float32")
    Array([1., 1.], dtype=float32)
    """
    return fnp.ones(shape, _dtype(dtype))


def _dtype(dtype):
    return np.dtype(float if dtype is None else dtype)


def _number(x, dtype) -> Any:
    return fnp.asarray(x, dtype)


def _real(dtype):
    """The dtype of the parts of complex numbers."""
    return np.zeros(0, dtype).real.dtype


def constant(value, dtype=None):
    """An initializer that fills with a value.

    Parameters
    ----------
    value : array-like
    dtype : dtype-like
        What the initializer gives unless it is asked for another; float64 if None. So everywhere
        here.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.constant(-7)(fgrad.random.key(0), (2,), "float32")
    Array([-7., -7.], dtype=float32)
    """

    def init(key, shape, dtype=dtype):
        return fnp.full(shape, value, dtype=_dtype(dtype))

    return init


def uniform(scale=0.01, dtype=None):
    """An initializer of numbers that are uniform in ``[0, scale)``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.uniform(10.0)(fgrad.random.key(0), (2,), "float32")
    Array([9.47667 , 9.785799], dtype=float32)
    """

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        return random.uniform(key, shape, dtype) * _number(scale, dtype)

    return init


def normal(stddev=0.01, dtype=None):
    """An initializer of normal numbers of a standard deviation.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.normal(5.0)(fgrad.random.key(0), (2, 3)).shape
    (2, 3)
    """

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        return random.normal(key, shape, dtype) * _number(stddev, dtype)

    return init


def truncated_normal(stddev=0.01, dtype=None, lower=-2.0, upper=2.0):
    """An initializer of normal numbers between bounds, which count in standard deviations.

    `stddev` is that before the numbers out of bounds are left out.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.truncated_normal(5.0)(fgrad.random.key(0), (2, 3)).shape
    (2, 3)
    """

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        draws = random.truncated_normal(key, lower, upper, shape, dtype)
        return draws * _number(stddev, dtype)

    return init


def _length(shape, axes):
    axes = (axes,) if isinstance(axes, int) else axes
    return math.prod(shape[axis_of(a, len(shape), "variance_scaling: axis")] for a in axes)


def _fans(shape, in_axis, out_axis, batch_axis):
    """How many inputs a unit has, and how many outputs."""
    if len(shape) <= 1 and in_axis == -2:
        raise ValueError(
            located(
                f"variance_scaling: weights of shape {shape} have no inputs and outputs by "
                "default; give in_axis and out_axis"
            )
        )
    inputs, outputs = _length(shape, in_axis), _length(shape, out_axis)
    field = math.prod(shape) / inputs / outputs / _length(shape, batch_axis)
    return inputs * field, outputs * field


_DENOMINATORS = {
    "fan_in": lambda fan_in, fan_out: fan_in,
    "fan_out": lambda fan_in, fan_out: fan_out,
    "fan_avg": lambda fan_in, fan_out: (fan_in + fan_out) / 2,
    "fan_geo_avg": lambda fan_in, fan_out: (fan_in * fan_out) ** 0.5,
}


def _direction(key, shape, dtype) -> Any:
    """Complex numbers of size one."""
    angle = 2 * np.pi * random.uniform(key, shape, _real(dtype)).astype(dtype)
    return fnp.exp(1j * angle)


def _truncated(key, shape, dtype, variance):
    if dtype.kind == "f":
        scale = fnp.sqrt(variance) / np.asarray(_TRUNCATED_REAL, dtype)
        return random.truncated_normal(key, -2, 2, shape, dtype) * scale
    size_key, angle_key = random.split(key)
    u = random.uniform(size_key, shape, _real(dtype)).astype(dtype)
    below = (1 - fnp.exp(_number(-4, dtype))) * u
    size = fnp.sqrt(-fnp.log(1 - below))
    scale = fnp.sqrt(variance) / np.asarray(_TRUNCATED_COMPLEX, dtype)
    return size * _direction(angle_key, shape, dtype) * scale


def _normal(key, shape, dtype, variance):
    return random.normal(key, shape, dtype) * fnp.sqrt(variance)


def _uniform(key, shape, dtype, variance):
    if dtype.kind == "f":
        return random.uniform(key, shape, dtype, -1) * fnp.sqrt(3 * variance)
    size_key, angle_key = random.split(key)
    square = 2 * random.uniform(size_key, shape, _real(dtype))
    disk = fnp.sqrt(square).astype(dtype) * _direction(angle_key, shape, dtype)
    return disk * fnp.sqrt(variance)


_DRAWS = {"truncated_normal": _truncated, "normal": _normal, "uniform": _uniform}


def variance_scaling(scale, mode, distribution, in_axis=-2, out_axis=-1, batch_axis=(), dtype=None):
    """An initializer whose variance is `scale` over a number of inputs or outputs.

    Parameters
    ----------
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg", "fan_geo_avg"}
        By what to divide: the inputs of a unit, its outputs, or a mean of both.
    distribution : {"truncated_normal", "normal", "uniform"}
    in_axis, out_axis, batch_axis : int or sequence of int
        The axes of inputs, of outputs, and those that count for neither. All others are the field
        that a unit sees, as in a convolution.
    dtype : dtype-like
        See `constant`.

    Raises
    ------
    ValueError
        For an unknown mode or distribution.

    Examples
    --------
    >>> import fgrad
    >>> init = fgrad.nn.initializers.variance_scaling(1.0, "fan_in", "uniform")
    >>> bool(abs(init(fgrad.random.key(0), (300, 2))).max() < 0.1)
    True
    """
    for what, given, known in (
        ("mode", mode, _DENOMINATORS),
        ("distribution", distribution, _DRAWS),
    ):
        if given not in known:
            names = ", ".join(map(repr, known))
            raise ValueError(located(f"variance_scaling: {what} must be of {names}; got {given!r}"))

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        denominator = _DENOMINATORS[mode](*_fans(shape, in_axis, out_axis, batch_axis))
        variance = _number(scale / denominator, dtype)
        return _DRAWS[distribution](key, shape, dtype, variance)

    return init


def _scaled(name, authors, scale, mode, distribution):
    """An initializer that has a name."""

    def make(in_axis=-2, out_axis=-1, batch_axis=(), dtype=None):
        return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""`variance_scaling` by {scale}, "{mode}" and "{distribution}".

    {authors}

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.initializers.{name}()(fgrad.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return make


_GLOROT = "X. Glorot, Y. Bengio, AISTATS (2010)."
_LECUN = "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Muller, Efficient BackProp (1998)."
_HE = "K. He, X. Zhang, S. Ren, J. Sun, ICCV (2015)."
glorot_uniform = _scaled("glorot_uniform", _GLOROT, 1.0, "fan_avg", "uniform")
glorot_normal = _scaled("glorot_normal", _GLOROT, 1.0, "fan_avg", "truncated_normal")
lecun_uniform = _scaled("lecun_uniform", _LECUN, 1.0, "fan_in", "uniform")
lecun_normal = _scaled("lecun_normal", _LECUN, 1.0, "fan_in", "truncated_normal")
he_uniform = _scaled("he_uniform", _HE, 2.0, "fan_in", "uniform")
he_normal = _scaled("he_normal", _HE, 2.0, "fan_in", "truncated_normal")
xavier_uniform, xavier_normal = glorot_uniform, glorot_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal


def orthogonal(scale=1.0, column_axis=-1, dtype=None):
    """An initializer of orthogonal matrices, times `scale`.

    A. M. Saxe, J. L. McClelland, S. Ganguli, ICLR (2014).

    Parameters
    ----------
    scale : float
    column_axis : int
        The axis of the columns; all others together make the rows. The shorter are orthonormal.
    dtype : dtype-like
        See `constant`.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> w = fgrad.nn.initializers.orthogonal()(fgrad.random.key(0), (2, 3))
    >>> np.allclose(w @ w.T, np.eye(2))
    True
    """

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        if len(shape) < 2:
            raise ValueError(located(f"orthogonal: wanted two axes or more; got shape {shape}"))
        axis = axis_of(column_axis, len(shape), "orthogonal: column_axis")
        if 0 in shape:
            return fnp.zeros(shape, dtype)
        columns = shape[axis]
        q = random.orthogonal(key, math.prod(shape) // columns, (), dtype, columns)
        q = fnp.reshape(q, (*shape[:axis], *shape[axis + 1 :], columns))
        return _number(scale, dtype) * fnp.moveaxis(q, -1, axis)

    return init


def delta_orthogonal(scale=1.0, column_axis=-1, dtype=None):
    """An initializer of convolutions that do an orthogonal matrix to each point.

    L. Xiao, Y. Bahri, J. Sohl-Dickstein, S. S. Schoenholz, J. Pennington, ICML (2018).

    Parameters
    ----------
    scale, column_axis, dtype
        See `orthogonal`. The shape has one to three axes of the field, then inputs and outputs.

    Examples
    --------
    >>> import fgrad, numpy as np
    >>> w = fgrad.nn.initializers.delta_orthogonal()(fgrad.random.key(0), (3, 2, 2))
    >>> np.allclose(w[1] @ w[1].T, np.eye(2)), float(abs(w[0]).max())
    (True, 0.0)
    """
    matrix = orthogonal(scale, column_axis, dtype)

    def init(key, shape, dtype=dtype):
        dtype = _dtype(dtype)
        if len(shape) not in (3, 4, 5):
            raise ValueError(located(f"delta_orthogonal: wanted 3, 4 or 5 axes; got {shape}"))
        if shape[-1] < shape[-2]:
            raise ValueError(
                located(f"delta_orthogonal: there are fewer outputs than inputs in shape {shape}")
            )
        middle = tuple((n - 1) // 2 for n in shape[:-2])
        return fnp.zeros(shape, dtype).at[middle].set(matrix(key, shape[-2:], dtype))

    return init
