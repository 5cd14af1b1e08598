"""What line searches share: the loss along a direction."""

import inspect

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import debug, lax, value_and_grad

from .. import tree as trees
from ..tree._dtypes import dtype_of

__all__ = ["value_and_grad_from_state"]


def real_dtype(params):
    """The dtype of the loss: that of the first parameter, real if it is complex."""
    return fnp.finfo(dtype_of(tree.leaves(params)[0])).dtype


def arguments_of(value_fn, extra_args, name):
    """The keyword arguments that the loss takes; there must be no others."""
    unknown = set(extra_args) - set(inspect.signature(value_fn).parameters)
    if unknown:
        raise TypeError(f"{name}: `value_fn` does not take {sorted(unknown)}")
    return extra_args


def report(condition, message, **values):
    """Print something about a search if a condition holds."""
    lax.cond(condition, lambda: debug.print(message, **values), lambda: None)


def slope_along(updates, grad):
    """The derivative of the loss along a direction."""
    # The gradient of complex parameters is conjugated.
    return fnp.real(trees.vdot(trees.conj(grad), updates))


def value_and_grad_from_state(value_fn):
    """``value_and_grad`` that takes what a line search has left in the state.

    Parameters
    ----------
    value_fn : callable
        The loss: ``value_fn(params, *args, **kwargs)`` returns a scalar.

    Returns
    -------
    callable
        Takes the arguments of `value_fn`, and the state of the optimizer as the keyword argument
        ``state``; returns the loss and its gradient. They are computed only if the state does
        not have them: at the first step, or if the loss was not finite.

    Raises
    ------
    ValueError
        From that function, if the state has no value or no gradient.

    Examples
    --------
    See `lbfgs`.
    """

    def from_state(params, *args, state, **kwargs):
        value, grad = trees.get(state, "value"), trees.get(state, "grad")
        if value is None or grad is None:
            raise ValueError(
                "value_and_grad_from_state: `state` must hold the value and the gradient of the "
                "last step; use a line search that keeps them (`store_grad=True`)"
            )

        def compute():
            return trees.cast_like(value_and_grad(value_fn)(params, *args, **kwargs), (value, grad))

        return lax.cond(fnp.isfinite(value), lambda: (value, grad), compute)

    return from_state
