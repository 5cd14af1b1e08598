"""A line search that shortens the step until the loss is small enough."""

from collections.abc import Callable
from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import grad as gradient
from fgrad import lax

from .. import tree as trees
from .._base import GradientTransformationExtraArgs, Scalar, Updates
from .line import arguments_of, real_dtype, report, slope_along

__all__ = [
    "BacktrackingLinesearchInfo",
    "ScaleByBacktrackingLinesearchState",
    "scale_by_backtracking_linesearch",
]


class BacktrackingLinesearchInfo(NamedTuple):
    """How many steps were tried, and by how much the last one missed the wanted decrease."""

    num_linesearch_steps: Scalar
    decrease_error: Scalar


class ScaleByBacktrackingLinesearchState(NamedTuple):
    """The last step size, the loss and perhaps its gradient there, and how it was found."""

    learning_rate: Scalar
    value: Scalar
    grad: Updates | None
    info: BacktrackingLinesearchInfo


class _Search(NamedTuple):
    learning_rate: Scalar
    value: Scalar
    decrease_error: Scalar
    tried: Scalar


def scale_by_backtracking_linesearch(
    max_backtracking_steps: Scalar,
    slope_rtol: Scalar = 1e-4,
    decrease_factor: Scalar = 0.8,
    increase_factor: Scalar = 1.5,
    max_learning_rate: Scalar = 1.0,
    atol: Scalar = 0.0,
    rtol: Scalar = 0.0,
    store_grad: bool = False,
    verbose: bool = False,
) -> GradientTransformationExtraArgs:
    r"""Multiply updates by a step size at which the loss has decreased enough.

    Step sizes :math:`\eta` are tried, each smaller than the last, until Armijo's criterion holds:

    .. math:: f(\theta + \eta u) \le (1 + \delta)\, f(\theta)
        + c\,\eta\, \langle u, \nabla f(\theta) \rangle + \epsilon

    Parameters
    ----------
    max_backtracking_steps : int
        How often to shorten the step at most.
    slope_rtol : scalar
        :math:`c`.
    decrease_factor : scalar
        By how much to shorten the step.
    increase_factor : scalar
        The first step size tried, over the last one found.
    max_learning_rate : scalar
        The largest step size.
    atol, rtol : scalar
        :math:`\epsilon` and :math:`\delta`, for losses with noise.
    store_grad : bool
        Whether to keep the gradient at the new parameters, for `value_and_grad_from_state`.
    verbose : bool
        Whether to print when no step size was found.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the keyword arguments ``value`` and ``grad``, the loss and its
        gradient at the parameters, ``value_fn``, the loss as a function of the parameters, and
        what other keyword arguments that function takes. Where the loss is never finite the
        updates are zero.

    References
    ----------
    Vaswani et al., "Painless Stochastic Gradient: Interpolation, Line-Search, and Convergence
    Rates", https://arxiv.org/abs/1905.09997, 2019.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad import optim
    >>> loss = lambda x: (x - 3.0) ** 2
    >>> optimizer = optim.chain(
    ...     optim.sgd(1.0), optim.scale_by_backtracking_linesearch(15, store_grad=True)
    ... )
    >>> value_and_grad = optim.value_and_grad_from_state(loss)
    >>> x = 0.0
    >>> state = optimizer.init(x)
    >>> for _ in range(5):
    ...     value, grad = value_and_grad(x, state=state)
    ...     updates, state = optimizer.update(grad, state, x, value=value, grad=grad, value_fn=loss)
    ...     x = optim.apply_updates(x, updates)
    >>> abs(float(x) - 3.0) < 0.3
    True
    """

    def init(params):
        dtype = real_dtype(params)
        infinity = fnp.asarray(fnp.inf, dtype)
        return ScaleByBacktrackingLinesearchState(
            learning_rate=fnp.ones((), dtype),
            value=infinity,
            grad=trees.zeros_like(params) if store_grad else None,
            info=BacktrackingLinesearchInfo(fnp.zeros((), int), infinity),
        )

    def update(
        updates,
        state,
        params=None,
        *,
        value: Scalar,
        grad: Updates,
        value_fn: Callable[..., Scalar],
        **extra_args: Any,
    ):
        extra_args = arguments_of(value_fn, extra_args, "scale_by_backtracking_linesearch")
        slope = slope_along(updates, grad)

        def unfinished(search):
            wanting = fnp.logical_not(search.decrease_error <= atol)
            return wanting & (search.tried <= max_backtracking_steps)

        def attempt(search):
            rate = search.learning_rate * fnp.where(search.tried > 0, decrease_factor, 1.0)
            new_value = value_fn(trees.add_scale(params, rate, updates), **extra_args)
            error = new_value - (1.0 + rtol) * value - rate * slope_rtol * slope
            error = fnp.maximum(fnp.where(fnp.isnan(error), fnp.inf, error), 0.0)
            return trees.cast_like(_Search(rate, new_value, error, search.tried + 1), search)

        dtype = state.value.dtype
        search = _Search(
            learning_rate=fnp.minimum(increase_factor * state.learning_rate, max_learning_rate),
            value=value,
            decrease_error=fnp.inf,
            tried=0,
        )
        types = _Search(dtype, dtype, dtype, int)
        search = _Search(*(fnp.asarray(x, t) for x, t in zip(search, types, strict=True)))
        search = lax.while_loop(unfinished, attempt, search)

        if verbose:
            report(
                search.decrease_error > atol,
                "scale_by_backtracking_linesearch: the loss {value} did not decrease enough along "
                "a slope of {slope}; step size {stepsize}, decrease error {decrease_error}",
                value=value,
                slope=slope,
                stepsize=search.learning_rate,
                decrease_error=search.decrease_error,
            )
        failed = fnp.isinf(search.decrease_error)
        rate = fnp.where(failed, 0.0, search.learning_rate)
        new_grad = None
        if store_grad:
            # Where the loss was evaluated last, as `value` is.
            there = trees.add_scale(params, search.learning_rate, updates)
            new_grad = gradient(value_fn)(there, **extra_args)
        new_state = ScaleByBacktrackingLinesearchState(
            learning_rate=rate,
            value=search.value,
            grad=new_grad,
            info=BacktrackingLinesearchInfo(search.tried, search.decrease_error),
        )
        return trees.scale(rate, updates), trees.cast_like(new_state, state)

    return GradientTransformationExtraArgs(init, update)
