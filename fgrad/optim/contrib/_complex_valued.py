"""Complex numbers as pairs of real ones."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .._base import GradientTransformation, OptState
from ..tree._dtypes import dtype_of

__all__ = ["SplitRealAndImaginaryState", "split_real_and_imaginary"]


class SplitRealAndImaginaryArrays(NamedTuple):
    """A complex array."""

    real: Any
    imaginary: Any


class SplitRealAndImaginaryState(NamedTuple):
    """The state of the transformation of real numbers."""

    inner_state: OptState


def _split(values):
    def pair(x):
        if dtype_of(x).kind != "c":
            return x
        return SplitRealAndImaginaryArrays(fnp.real(x), fnp.imag(x))

    return tree.map(pair, values)


def _join(values):
    is_pair = lambda x: isinstance(x, SplitRealAndImaginaryArrays)
    return tree.map(
        lambda x: x.real + 1j * x.imaginary if is_pair(x) else x, values, is_leaf=is_pair
    )


def split_real_and_imaginary(inner: GradientTransformation) -> GradientTransformation:
    """Let a transformation see complex parameters as pairs of real ones.

    Parameters
    ----------
    inner : GradientTransformation

    Returns
    -------
    GradientTransformation

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.contrib.split_real_and_imaginary(optim.sign_sgd(1.0))
    >>> updates, _ = optimizer.update(3.0 - 4.0j, optimizer.init(0.0j))
    >>> complex(updates)
    (-1+1j)
    """

    def init(params):
        return SplitRealAndImaginaryState(inner.init(_split(params)))

    def update(updates, state, params=None):
        split_params = None if params is None else _split(params)
        updates, inner_state = inner.update(_split(updates), state.inner_state, split_params)
        return _join(updates), SplitRealAndImaginaryState(inner_state)

    return GradientTransformation(init, update)
