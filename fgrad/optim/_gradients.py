"""Gradients that are scaled on their way back."""

import fgrad.tree as tree
from fgrad import custom_jvp, lax

from ._base import Params, Scalar
from .tree._arithmetic import scaled

__all__ = ["scale_gradient"]


@custom_jvp
def _same(x, scale):
    return x


@_same.defjvp
def _same_jvp(primals, tangents):
    (x, scale), (dx, _) = primals, tangents
    return x, scaled(scale, dx)


def scale_gradient(inputs: Params, scale: Scalar) -> Params:
    """What is given, with derivatives times a number.

    Parameters
    ----------
    inputs : pytree of arrays
    scale : scalar

    Returns
    -------
    pytree of arrays
        `inputs`.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> float(fgrad.grad(lambda x: optim.scale_gradient(x, 0.5) ** 2)(3.0))
    3.0
    """
    if isinstance(scale, (int, float)) and scale == 0:
        return tree.map(lax.stop_gradient, inputs)
    return tree.map(lambda x: _same(x, scale), inputs)
