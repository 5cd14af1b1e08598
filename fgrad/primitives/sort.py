"""Sorting. The derivative of a sorted array is the derivative of the elements in their new places."""

import numpy as np

from fgrad.core.avals import shaped_array
from fgrad.core.trace import Primitive
from fgrad.primitives.define import set_rules
from fgrad.primitives.index import take_along_axis
from fgrad.primitives.shape import moveaxis

# -- argsort -------------------------------------------------------------------------------------


def _argsort_batch(args, dims, size, *, dimension):
    return argsort(moveaxis(args[0], dims[0], 0), dimension=dimension + 1), 0


argsort = Primitive("argsort")  # stable, as JAX's
set_rules(
    argsort,
    impl=lambda x, *, dimension: np.argsort(x, axis=dimension, kind="stable"),
    abstract_eval=lambda x, *, dimension: shaped_array(x.shape, np.dtype(np.intp)),
    jvp=lambda primals, tangents, **params: (argsort(*primals, **params), None),
    batch=_argsort_batch,
)

# -- sort ----------------------------------------------------------------------------------------


def _sort_jvp(primals, tangents, *, dimension):
    (x,), (t,) = primals, tangents
    order = argsort(x, dimension=dimension)
    return take_along_axis(x, order, dimension), take_along_axis(t, order, dimension)


def _sort_batch(args, dims, size, *, dimension):
    return sort(moveaxis(args[0], dims[0], 0), dimension=dimension + 1), 0


sort = Primitive("sort")
set_rules(
    sort,
    impl=lambda x, *, dimension: np.sort(x, axis=dimension),
    abstract_eval=lambda x, *, dimension: x.strong(),
    jvp=_sort_jvp,
    batch=_sort_batch,
)
