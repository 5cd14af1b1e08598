"""Transforming all updates as one vector."""

import itertools

import fgrad.numpy as fnp
import fgrad.tree as tree

from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    with_extra_args_support,
)
from ..tree._dtypes import astype, dtype_of

__all__ = ["flatten"]


def flatten(inner: GradientTransformation) -> GradientTransformationExtraArgs:
    """Let a transformation see all parameters and updates as one vector.

    Many small arrays then cost as little as one large one; what a transformation does array by
    array (`clip_by_block_rms`, for example) it does to all of them together.

    Parameters
    ----------
    inner : GradientTransformation

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optimizer = optim.flatten(optim.adam(0.1))
    >>> optimizer.init({"w": np.ones((2, 3)), "b": np.ones(3)})[0].mu.shape
    (9,)
    """
    tx = with_extra_args_support(inner)

    def vector(values):
        return fnp.concatenate([fnp.ravel(x) for x in tree.leaves(values)])

    def like(reference, flat):
        leaves, structure = tree.flatten(reference)
        ends = list(itertools.accumulate(fnp.size(x) for x in leaves))
        parts = fnp.split(flat, ends[:-1])
        return tree.unflatten(
            structure,
            [
                astype(fnp.reshape(part, fnp.shape(x)), dtype_of(x))
                for part, x in zip(parts, leaves, strict=True)
            ],
        )

    def init(params):
        return tx.init(vector(params))

    def update(updates, state, params=None, **extra_args):
        flat, state = tx.update(
            vector(updates), state, None if params is None else vector(params), **extra_args
        )
        return like(updates, flat), state

    return GradientTransformationExtraArgs(init, update)
