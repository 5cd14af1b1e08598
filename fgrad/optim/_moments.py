"""Running means of gradients and of their squares."""

import fgrad.numpy as fnp
import fgrad.tree as tree

from ._trees import abs_sq, dtype_of, map_present, scaled


def update_moment(updates, moments, decay):
    """The exponential moving average of the updates."""
    return map_present(lambda g, m: scaled(1 - decay, g) + scaled(decay, m), updates, moments)


def update_second_moment(updates, moments, decay):
    """The exponential moving average of the squared absolute values of the updates."""
    return map_present(
        lambda g, v: scaled(1 - decay, abs_sq(g)) + scaled(decay, v), updates, moments
    )


def bias_correction(moments, decay, count):
    """Undo the pull towards zero of an average that started at zero `count` steps ago."""
    # In the dtype of `decay` and `count`: in a small one `decay**count` may round to 1.
    weight = 1 - decay**count
    return tree.map(lambda m: m / fnp.asarray(weight, dtype=dtype_of(m)), moments)
