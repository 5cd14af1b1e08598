"""The check: an effect that refuses to go on where a condition does not hold.

``check(pred, *values, failure)`` gives nothing. The first axes of `values` are those of `pred`, one
check for each of its elements; `failure` says what is wrong, out of the values.
"""

import numpy as np

from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import broadcast_to, moveaxis


class CheckError(ValueError):
    """A check failed."""


def _impl(pred, *values, failure):
    if not failure.debug and not np.all(pred):
        at = np.unravel_index(np.argmin(pred), np.shape(pred))
        raise CheckError(failure.message([np.asarray(v)[at] for v in values]))
    return []


def _jvp(primals, tangents, **params):
    check(*primals, **params)
    return [], []


def _batch(args, dims, size, **params):
    mapped = [
        broadcast_to(x, (size, *get_aval(x).shape)) if d is None else moveaxis(x, d, 0)
        for x, d in zip(args, dims, strict=True)
    ]
    return check(*mapped, **params), []


check = Primitive("check", multiple_results=True)
check.effectful = True
set_rules(
    check,
    impl=_impl,
    abstract_eval=lambda *avals, failure: [],
    jvp=_jvp,
    batch=_batch,
)
