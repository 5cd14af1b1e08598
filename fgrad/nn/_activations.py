"""Activation functions."""

import math

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, public, value
from fgrad.numpy._mathematics import as_inexact
from fgrad.numpy._split import split_values
from fgrad.primitives import activations
from fgrad.primitives import elementwise as ew
from fgrad.primitives.parts import abs, select
from fgrad.primitives.special import erfc, logistic


def _activation(compute):
    """A public function of one array, `compute`d on its value in floating point."""

    def fun(x, *args, **kwargs):
        return compute(as_inexact(value(x, compute.__name__)), *args, **kwargs)

    fun.__name__, fun.__qualname__ = compute.__name__, compute.__qualname__
    fun.__doc__, fun.__module__, fun.__wrapped__ = compute.__doc__, compute.__module__, compute
    return public(fun)


@public
def identity(x):
    """The array itself.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.identity(2.0)
    2.0
    """
    return value(x, "identity")


@public
def relu(x):
    """``max(x, 0)``; its derivative at zero is zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.grad(fgrad.nn.relu)(0.0)
    np.float64(0.0)
    """
    return activations.relu(value(x, "relu"))


@public
def relu6(x):
    """``min(max(x, 0), 6)``; its derivative at both bounds is zero.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.relu6(7.0)
    6.0
    """
    return activations.relu6(value(x, "relu6"))


@_activation
def sigmoid(x):
    """``1 / (1 + exp(-x))``, without overflow.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.sigmoid(0.0)
    0.5
    """
    return logistic(x)


@_activation
def softplus(x):
    """``log(1 + exp(x))``, without overflow.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.softplus(1000.0)
    1000.0
    """
    return ew.logaddexp(x, 0.0)


@_activation
def soft_sign(x):
    """``x / (|x| + 1)``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.soft_sign(1.0)
    0.5
    """
    return ew.div(x, ew.add(abs(x), 1))


@_activation
def silu(x):
    """``x * sigmoid(x)``, also called swish.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.silu(0.0)
    0.0

    References
    ----------
    Elfwing, Uchibe, Doya: Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning (2017).
    """
    return ew.mul(x, logistic(x))


swish = silu


@_activation
def mish(x):
    """``x * tanh(softplus(x))``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.mish(0.0)
    0.0

    References
    ----------
    Misra: Mish: a self regularized non-monotonic activation function (2019).
    """
    return ew.mul(x, ew.tanh(ew.logaddexp(x, 0.0)))


@_activation
def log_sigmoid(x):
    """The logarithm of the sigmoid, without overflow.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.log_sigmoid(-1000.0)
    -1000.0
    """
    return ew.neg(ew.logaddexp(ew.neg(x), 0.0))


def _exponential(x, alpha):
    positive = ew.gt(x, 0)
    return select(positive, x, ew.mul(alpha, ew.expm1(select(positive, 0.0, x))))


@_activation
def elu(x, alpha=1.0):
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.elu(2.0)
    2.0

    References
    ----------
    Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential linear
    units (2015).
    """
    return _exponential(x, value(alpha, "elu: alpha"))


@_activation
def leaky_relu(x, negative_slope=0.01):
    """``x`` where it is not negative, ``negative_slope * x`` elsewhere.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.leaky_relu(-1.0)
    -0.01
    """
    return select(ew.ge(x, 0), x, ew.mul(value(negative_slope, "negative_slope"), x))


@_activation
def hard_tanh(x):
    """``x`` between -1 and 1, and the nearer of these elsewhere.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.hard_tanh(2.0)
    1.0
    """
    return select(ew.gt(x, 1), 1.0, select(ew.lt(x, -1), -1.0, x))


@_activation
def celu(x, alpha=1.0):
    """``max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1)``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.celu(2.0)
    2.0

    References
    ----------
    Barron: Continuously differentiable exponential linear units (2017).
    """
    alpha = value(alpha, "celu: alpha")
    negative = ew.mul(alpha, ew.expm1(ew.div(ew.min(x, 0), alpha)))
    return ew.add(ew.max(x, 0), negative)


@_activation
def selu(x):
    """The self-normalizing exponential unit: a multiple of `elu`.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.selu(1.0)
    1.0507009873554805

    References
    ----------
    Klambauer et al.: Self-normalizing neural networks (2017).
    """
    return ew.mul(1.0507009873554805, _exponential(x, 1.6732632423543772))


@_activation
def gelu(x, approximate=True):
    """``x`` times the probability that a normal variable is smaller.

    Parameters
    ----------
    x : array-like
    approximate : bool
        Whether to use tanh instead of the error function.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.gelu(0.0)
    0.0

    References
    ----------
    Hendrycks, Gimpel: Gaussian error linear units (2016).
    """
    if not approximate:
        return ew.mul(ew.mul(0.5, x), erfc(ew.mul(x, -math.sqrt(0.5))))
    cube = ew.mul(ew.mul(x, x), x)
    inner = ew.mul(math.sqrt(2 / math.pi), ew.add(x, ew.mul(0.044715, cube)))
    return ew.mul(x, ew.mul(0.5, ew.add(1.0, ew.tanh(inner))))


@_activation
def glu(x, axis=-1):
    """The first half along an axis times the sigmoid of the second half.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.glu([2.0, 0.0])
    Array([1.])

    References
    ----------
    Dauphin et al.: Language modeling with gated convolutional networks (2016).
    """
    axis = axis_of(axis, get_aval(x).ndim)
    if get_aval(x).shape[axis] % 2:
        raise ValueError(located(f"glu: axis {axis} of shape {get_aval(x).shape} must be even"))
    first, second = split_values(x, 2, axis, "glu")
    return ew.mul(first, logistic(second))


@_activation
def squareplus(x, b=4):
    """``(x + sqrt(x**2 + b)) / 2``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.squareplus(0.0)
    1.0
    """
    root = ew.sqrt(ew.add(ew.square(x), value(b, "squareplus: b")))
    return ew.div(ew.add(x, root), 2)


@_activation
def hard_sigmoid(x):
    """``relu6(x + 3) / 6``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.hard_sigmoid(0.0)
    0.5
    """
    return ew.div(activations.relu6(ew.add(x, 3)), 6)


@_activation
def hard_silu(x):
    """``x * hard_sigmoid(x)``, also called hard swish.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.hard_silu(3.0)
    3.0
    """
    return ew.mul(x, ew.div(activations.relu6(ew.add(x, 3)), 6))


hard_swish = hard_silu


@_activation
def sparse_plus(x):
    """Zero below -1, ``x`` above 1, ``(x + 1)**2 / 4`` between.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.sparse_plus(0.0)
    0.25
    """
    middle = ew.div(ew.square(ew.add(x, 1.0)), 4)
    return select(ew.le(x, -1.0), 0.0, select(ew.ge(x, 1.0), x, middle))


@_activation
def sparse_sigmoid(x):
    """Zero below -1, one above 1, ``(x + 1) / 2`` between.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.nn.sparse_sigmoid(0.0)
    0.5
    """
    return ew.mul(0.5, ew.min(ew.max(ew.add(x, 1.0), 0.0), 2.0))
