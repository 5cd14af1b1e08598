"""L-BFGS: Newton's method with a Hessian estimated from the last few steps."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree
from fgrad import lax

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    Params,
    Scalar,
    ScalarOrSchedule,
    Updates,
    check_params,
    identity,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale, scale_by_learning_rate
from ..transforms import chain
from ..tree._dtypes import astype, dtype_of
from .zoom import scale_by_zoom_linesearch

__all__ = ["ScaleByLBFGSState", "lbfgs", "scale_by_lbfgs"]


class ScaleByLBFGSState(NamedTuple):
    """What L-BFGS remembers.

    Attributes
    ----------
    count : int32 scalar
        The number of steps taken.
    params, updates : pytree of arrays
        Those of the last step.
    diff_params_memory, diff_updates_memory : pytree of arrays
        Their differences over the last steps, along a first axis that is used as a ring.
    weights_memory : array
        One over the inner products of these differences.
    """

    count: Scalar
    params: Params
    updates: Updates
    diff_params_memory: Updates
    diff_updates_memory: Updates
    weights_memory: Scalar


def _inner(x, y):
    return fnp.real(trees.vdot(x, y))


def _with_row(ring, i, row):
    array: Any = fnp.asarray(ring)  # NumPy's own stubs know of no `at`.
    return array.at[i].set(astype(row, ring.dtype))


def _precondition(updates, memory, weights, first_scale, oldest):
    """The inverse of the estimated Hessian times the updates: Nocedal's two loops."""
    size = fnp.shape(weights)[0]
    order = (oldest + fnp.arange(size)) % size
    at = lambda i: tree.map(lambda m: m[i], memory)

    def backward(vector, i):
        step, change = at(i)
        alpha = weights[i] * _inner(step, vector)
        return trees.cast_like(trees.add_scale(vector, -alpha, change), vector), alpha

    def forward(vector, i_alpha):
        i, alpha = i_alpha
        step, change = at(i)
        beta = weights[i] * _inner(change, vector)
        return trees.cast_like(trees.add_scale(vector, alpha - beta, step), vector), None

    vector, alphas = lax.scan(backward, updates, order, reverse=True)
    return lax.scan(forward, trees.scale(first_scale, vector), (order, alphas))[0]


def scale_by_lbfgs(
    memory_size: int = 10, scale_init_precond: bool = True
) -> GradientTransformation:
    r"""Multiply updates by an estimate of the Hessian's inverse from the last steps.

    With :math:`d_k = \theta_{k+1} - \theta_k`, :math:`y_k = g_{k+1} - g_k` and
    :math:`\rho_k = 1 / \langle d_k, y_k \rangle`,

    .. math::

        P_{k+1} = (I - \rho_k\, d_k y_k^\top)\, P_k\, (I - \rho_k\, y_k d_k^\top)
            + \rho_k\, d_k d_k^\top

    over the remembered steps, from :math:`P = \gamma I`.

    Parameters
    ----------
    memory_size : int
        How many steps to remember.
    scale_init_precond : bool
        Whether :math:`\gamma = \langle d, y \rangle / \|y\|^2` of the last step, and at the first
        step the smaller of 1 and one over the gradient's norm; otherwise it is 1.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        If `memory_size` is not positive.

    References
    ----------
    Nocedal, Wright, "Numerical Optimization", chapter 7.2, 1999.
    """
    if memory_size < 1:
        raise ValueError(f"scale_by_lbfgs: `memory_size` must be at least 1, got {memory_size!r}")

    def init(params):
        ring = tree.map(lambda p: fnp.zeros((memory_size, *fnp.shape(p)), dtype_of(p)), params)
        zeros = trees.zeros_like(params)
        weights = fnp.zeros(memory_size, fnp.finfo(trees.dtype(params, "promote")).dtype)
        return ScaleByLBFGSState(zero_count(), zeros, zeros, ring, ring, weights)

    def update(updates, state, params=None):
        check_params(params, "scale_by_lbfgs")
        started = state.count > 0
        difference = lambda new, old: trees.where(
            started, trees.sub(new, old), trees.zeros_like(new)
        )
        step, change = difference(params, state.params), difference(updates, state.updates)
        product = _inner(change, step)
        orthogonal = product == 0
        weight = fnp.where(orthogonal, 0.0, 1.0 / (product + orthogonal))
        last = (state.count - 1) % memory_size
        steps, changes, weights = tree.map(
            lambda ring, x: _with_row(ring, last, x),
            (state.diff_params_memory, state.diff_updates_memory, state.weights_memory),
            (step, change, weight),
        )
        if scale_init_precond:
            square = trees.norm(change, squared=True)
            curved = square > 0
            first_scale = fnp.where(curved, product / (square + ~curved), 1.0)
            # One over the norm, but at most 1, also where the norm is 0.
            norm = trees.norm(lax.stop_gradient(updates))
            first_scale = fnp.where(started, first_scale, 1.0 / fnp.maximum(norm, 1.0))
        else:
            first_scale = 1.0
        new_updates = _precondition(
            updates, (steps, changes), weights, first_scale, state.count % memory_size
        )
        new_state = ScaleByLBFGSState(
            safe_increment(state.count), params, updates, steps, changes, weights
        )
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


_ZOOM = scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one")


def lbfgs(
    learning_rate: ScalarOrSchedule | None = None,
    memory_size: int = 10,
    scale_init_precond: bool = True,
    linesearch: GradientTransformation | None = _ZOOM,
) -> GradientTransformationExtraArgs:
    """L-BFGS: `scale_by_lbfgs`, then a line search.

    Parameters
    ----------
    learning_rate : scalar or callable, optional
        A factor of the direction before the line search, or a function from the count of steps.
    memory_size, scale_init_precond
        See `scale_by_lbfgs`.
    linesearch : GradientTransformation, optional
        `scale_by_zoom_linesearch`, `scale_by_backtracking_linesearch`, or None for none.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the keyword arguments of the line search: ``value``, ``grad`` and
        ``value_fn``.

    References
    ----------
    Nocedal, Wright, "Numerical Optimization", chapter 7.2, 1999.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> from fgrad import optim
    >>> loss = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> optimizer = optim.lbfgs()
    >>> value_and_grad = optim.value_and_grad_from_state(loss)
    >>> @fgrad.jit
    ... def step(x, state):
    ...     value, grad = value_and_grad(x, state=state)
    ...     updates, state = optimizer.update(grad, state, x, value=value, grad=grad, value_fn=loss)
    ...     return optim.apply_updates(x, updates), state
    >>> x = fnp.array([-1.2, 1.0])
    >>> state = optimizer.init(x)
    >>> for _ in range(40):
    ...     x, state = step(x, state)
    >>> fnp.round(x, 6)
    Array([1., 1.])
    """
    return chain(
        scale_by_lbfgs(memory_size, scale_init_precond),
        scale(-1.0) if learning_rate is None else scale_by_learning_rate(learning_rate),
        identity() if linesearch is None else linesearch,
    )
