"""Sophia: clipped steps scaled by an estimate of the Hessian's diagonal."""

from typing import Any, NamedTuple

import fgrad.numpy as fnp
from fgrad import debug, grad, jvp, lax, random

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
    check_params,
    with_extra_args_support,
)
from .._numerics import safe_increment, zero_count
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain
from ..tree._map import map_present

__all__ = [
    "HutchinsonState",
    "SophiaState",
    "hutchinson_estimator_diag_hessian",
    "scale_by_sophia",
    "sophia",
]


class HutchinsonState(NamedTuple):
    """The key of the next estimate."""

    key: Any


def hutchinson_estimator_diag_hessian(
    random_seed: Any = None,
) -> GradientTransformationExtraArgs:
    r"""Replace updates by an estimate of the Hessian's diagonal.

    .. math:: u \leftarrow r \odot \nabla^2 f(\theta)\, r, \qquad r_i = \pm 1

    Parameters
    ----------
    random_seed : key, optional
        A random key; by default always the same one.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss, as a function of the parameters, as the keyword argument
        ``obj_fn``.

    References
    ----------
    Hutchinson, "A stochastic estimator of the trace of the influence matrix for Laplacian smoothing
    splines", 1990.
    """

    def init(params):
        del params
        return HutchinsonState(random.PRNGKey(0) if random_seed is None else random_seed)

    def update(updates, state, params=None, obj_fn: Any = None, **extra_args: Any):
        del updates, extra_args
        check_params(params, "hutchinson_estimator_diag_hessian")
        if obj_fn is None:
            raise ValueError(
                "hutchinson_estimator_diag_hessian: `update` needs the loss as `obj_fn`"
            )
        keys: Any = random.split(state.key)
        signs = trees.random_like(keys[1], params, random.rademacher)
        products = jvp(grad(obj_fn), (params,), (signs,))[1]
        return trees.mul(products, signs), HutchinsonState(keys[0])

    return GradientTransformationExtraArgs(init, update)


class SophiaState(NamedTuple):
    """The number of steps, the means of updates and of Hessians, and the estimator's state."""

    count: Scalar  # int32
    mu: Updates
    nu: Updates
    hessian_fn_state: Any


_HUTCHINSON = hutchinson_estimator_diag_hessian()


def scale_by_sophia(
    b1: Scalar = 0.965,
    b2: Scalar = 0.99,
    eps: Scalar = 1e-8,
    gamma: Scalar = 0.01,
    clip_threshold: Scalar | None = 1.0,
    update_interval: Scalar = 10,
    hessian_diagonal_fn: GradientTransformation = _HUTCHINSON,
    mu_dtype: Any = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: Scalar = 0,
) -> GradientTransformationExtraArgs:
    r"""Divide the mean of the updates by that of the Hessian's diagonal, and clip.

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, u_t, \qquad
        h_t = \beta_2 h_{t-k} + (1 - \beta_2)\, \hat h_t \text{ every } k \text{ steps} \\
        u_t &\leftarrow \mathrm{clip}\left(
            \frac{m_t / (1 - \beta_1^t)}{\max(\gamma h_{t-1}, \varepsilon)},\ \rho\right)

    Parameters
    ----------
    b1, b2 : scalar
        How fast the means forget, :math:`\beta_1` and :math:`\beta_2`.
    eps : scalar
        :math:`\varepsilon`.
    gamma : scalar
        :math:`\gamma`.
    clip_threshold : scalar, optional
        :math:`\rho`; None does not clip.
    update_interval : int
        :math:`k`.
    hessian_diagonal_fn : GradientTransformation
        Its updates are the estimates :math:`\hat h`; by default
        `hutchinson_estimator_diag_hessian`.
    mu_dtype : dtype, optional
        Of the mean of the updates; by default that of the parameters.
    verbose : bool
        Whether to print the fraction of numbers that were not clipped.
    print_win_rate_every_n_steps : int
        How often.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the keyword arguments of the estimator.

    References
    ----------
    Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
    Pre-training", https://arxiv.org/abs/2305.14342, 2023.
    """
    estimator = with_extra_args_support(hessian_diagonal_fn)

    def init(params):
        return SophiaState(
            count=zero_count(),
            mu=trees.zeros_like(params, mu_dtype),
            nu=trees.zeros_like(params),
            hessian_fn_state=estimator.init(params),
        )

    def report(count, updates):
        inside = trees.sum(map_present(lambda u: fnp.sum(fnp.abs(u) < clip_threshold), updates))
        rate = inside / trees.size(updates)
        lax.cond(
            count % print_win_rate_every_n_steps == 0,
            lambda: debug.print("Sophia optimizer win rate: {}", rate),
            lambda: None,
        )

    def update(updates, state, params=None, **estimator_args: Any):
        check_params(params, "scale_by_sophia")
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, b1, 1)
        new_updates = map_present(
            lambda m, h: m / fnp.maximum(gamma * h, eps),
            trees.bias_correction(mu, b1, count),
            state.nu,
        )
        if clip_threshold is not None:
            if verbose and print_win_rate_every_n_steps:
                report(count, new_updates)
            new_updates = trees.clip(new_updates, -clip_threshold, clip_threshold)

        def estimate():
            diagonal, new = estimator.update(
                updates, state.hessian_fn_state, params, **estimator_args
            )
            nu = trees.update_moment(diagonal, state.nu, b2, 1)
            return trees.cast_like((new, nu), (state.hessian_fn_state, state.nu))

        hessian_fn_state, nu = lax.cond(
            state.count % update_interval == 0,
            estimate,
            lambda: (state.hessian_fn_state, state.nu),
        )
        new_state = SophiaState(count, trees.cast_like(mu, state.mu), nu, hessian_fn_state)
        return new_updates, new_state

    return GradientTransformationExtraArgs(init, update)


def sophia(
    learning_rate: ScalarOrSchedule,
    b1: Scalar = 0.965,
    b2: Scalar = 0.99,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 1e-4,
    weight_decay_mask: MaskOrFn = None,
    gamma: Scalar = 0.01,
    clip_threshold: Scalar | None = 1.0,
    update_interval: Scalar = 10,
    hessian_diagonal_fn: GradientTransformation = _HUTCHINSON,
    mu_dtype: Any = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: Scalar = 0,
) -> GradientTransformationExtraArgs:
    """Sophia: `scale_by_sophia`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    b1, b2, eps, gamma, clip_threshold, update_interval, hessian_diagonal_fn, mu_dtype
        See `scale_by_sophia`.
    verbose, print_win_rate_every_n_steps
        See `scale_by_sophia`.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.

    Returns
    -------
    GradientTransformationExtraArgs
        Its ``update`` takes the loss, as a function of the parameters, as the keyword argument
        ``obj_fn``.
    """
    return chain(
        scale_by_sophia(
            b1,
            b2,
            eps,
            gamma,
            clip_threshold,
            update_interval,
            hessian_diagonal_fn,
            mu_dtype,
            verbose,
            print_win_rate_every_n_steps,
        ),
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
