"""The order that sorts an array along an axis; equal elements keep theirs."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.shape import moveaxis


def _argsort_batch(args, dims, size, *, dimension):
    return argsort(moveaxis(args[0], dims[0], 0), dimension=dimension + 1), 0


argsort = Primitive("argsort")
set_rules(
    argsort,
    impl=lambda x, *, dimension: np.argsort(x, axis=dimension, kind="stable"),
    abstract_eval=lambda x, *, dimension: shaped_array(x.shape, np.dtype(np.intp)),
    jvp=lambda primals, tangents, **params: (argsort(*primals, **params), None),
    batch=_argsort_batch,
)
