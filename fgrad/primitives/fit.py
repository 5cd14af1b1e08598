"""Fitting tangents and cotangents to types: what elementwise rules leave to their caller.

Elementwise operations broadcast and promote; their derivative rules do not say how to undo it.
"""

from fgrad.core.trace import get_aval
from fgrad.primitives.parts import real_part_like
from fgrad.primitives.reduce import reduce_sum
from fgrad.primitives.shape import astype, broadcast_to, reshape


def fit_cotangent(ct, aval):
    """The cotangent of a value of type `aval` that was promoted to the type of `ct`."""
    have = get_aval(ct)
    if have.shape != aval.shape:
        ct = _sum_to_shape(ct, have.shape, aval.shape)
    if have.dtype != aval.dtype:
        ct = astype(real_part_like(ct, aval), aval.dtype)
    return ct


def _sum_to_shape(ct, have, want):
    extra = len(have) - len(want)
    if extra > 0 and have[extra:] == want:
        return reduce_sum(ct, axes=tuple(range(extra)))
    axes = tuple([i for i, n in enumerate(have) if i < extra or (n != 1 and want[i - extra] == 1)])
    return reshape(reduce_sum(ct, axes=axes), new_sizes=want)


def fit_tangent(t, aval):
    """The tangent `t` broadcast and promoted to the type `aval` of the primal result."""
    have = get_aval(t)
    if have.dtype != aval.dtype:
        t = astype(real_part_like(t, aval), aval.dtype)
    return broadcast_to(t, aval.shape) if have.shape != aval.shape else t
