"""Arithmetic on pytrees whose leaves may be missing, in the dtype of what is being updated."""

import fgrad.numpy as fnp
import fgrad.tree as tree


def map_present(f, first, *rest):
    """``tree.map`` that gives None wherever `first` holds None, whatever `rest` holds there."""
    return tree.map(
        lambda x, *others: None if x is None else f(x, *others),
        first,
        *rest,
        is_leaf=lambda x: x is None,
    )


def zeros_like(params, dtype=None):
    return tree.map(lambda p: fnp.zeros_like(p, dtype=dtype), params)


def cast(x, dtype):
    """`x` in `dtype`, without a copy where it has that dtype already."""
    return x if x.dtype == dtype else x.astype(dtype)


def cast_like(updated, reference):
    """Give each leaf of `updated` the dtype of its leaf in `reference`.

    A state that changed its dtype from step to step would be compiled anew at each.
    """
    return map_present(lambda x, ref: cast(x, ref.dtype), updated, reference)


def dtype_of(x):
    """The dtype of an array, a traced value or a Python number."""
    return x.dtype if hasattr(x, "dtype") else fnp.result_type(x)


def scaled(factor, x):
    """``factor * x`` in the dtype of `x`.

    Schedules compute in float64 whatever the dtype of the parameters; their values must not
    promote float32 updates.
    """
    if isinstance(factor, (int, float)) and not hasattr(factor, "dtype"):
        return factor * x
    return fnp.asarray(factor, dtype=dtype_of(x)) * x


def abs_sq(x):
    """``|x|**2``, real also for complex `x`."""
    return fnp.real(x * fnp.conj(x)) if dtype_of(x).kind == "c" else x * x


def global_norm(updates):
    r"""The Euclidean norm of all numbers in a pytree, taken as one vector.

    .. math:: \|u\| = \sqrt{\textstyle\sum_i |u_i|^2}

    Parameters
    ----------
    updates : pytree of arrays

    Returns
    -------
    scalar

    Examples
    --------
    >>> from fgrad import optim
    >>> float(optim.global_norm({"w": [3.0, 0.0], "b": 4.0}))
    5.0
    """
    return fnp.sqrt(sum(fnp.sum(abs_sq(x)) for x in tree.leaves(updates)))
