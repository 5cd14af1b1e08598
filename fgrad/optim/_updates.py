"""Moving parameters."""

import fgrad.numpy as fnp
from fgrad import lax

from ._base import Params, Scalar, Updates
from .tree._arithmetic import scaled
from .tree._dtypes import astype, dtype_of
from .tree._map import map_present

__all__ = ["apply_updates", "incremental_update", "periodic_update"]


def apply_updates(params: Params, updates: Updates) -> Params:
    r"""Add updates to parameters.

    .. math:: \theta_{t+1} = \theta_t + u_t

    Parameters
    ----------
    params : pytree of arrays
    updates : pytree of arrays
        Like `params`. Where it holds None, the parameter stays as it is.

    Returns
    -------
    pytree of arrays
        With the structure, shapes and dtypes of `params`.

    Raises
    ------
    ValueError
        If an update has another shape than its parameter, and does not broadcast to it.

    Examples
    --------
    >>> from fgrad import optim
    >>> params = optim.apply_updates({"w": 1.0, "frozen": 2.0}, {"w": 0.5, "frozen": None})
    >>> float(params["w"]), params["frozen"]
    (1.5, 2.0)
    """

    def moved(p, u):
        if u is None:
            return p
        new = fnp.add(p, u)
        if fnp.shape(new) != fnp.shape(p):
            raise ValueError(
                "apply_updates: `updates` must have the shapes of `params`, "
                f"got {fnp.shape(u)} for {fnp.shape(p)}"
            )
        return astype(new, dtype_of(p))

    return map_present(moved, params, updates)


def incremental_update(new_tensors: Params, old_tensors: Params, step_size: Scalar) -> Params:
    r"""Move a part of the way from old values to new ones.

    .. math:: \theta \leftarrow \alpha\,\theta_{new} + (1 - \alpha)\,\theta_{old}

    Parameters
    ----------
    new_tensors, old_tensors : pytree of arrays
        Of one structure.
    step_size : scalar
        :math:`\alpha`; a small one makes a slow average, as of a target network.

    Returns
    -------
    pytree of arrays

    References
    ----------
    Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.incremental_update({"w": 1.0}, {"w": 0.0}, step_size=0.25)
    {'w': 0.25}
    """
    return map_present(
        lambda new, old: scaled(step_size, new) + scaled(1.0 - step_size, old),
        new_tensors,
        old_tensors,
    )


def periodic_update(
    new_tensors: Params, old_tensors: Params, steps: Scalar, update_period: Scalar
) -> Params:
    """The new values at every so many steps, and the old ones in between.

    Parameters
    ----------
    new_tensors, old_tensors : pytree of arrays
        Of one structure.
    steps : integer scalar
        How many steps were taken.
    update_period : integer scalar
        After how many steps to take the new values.

    Returns
    -------
    pytree of arrays

    Examples
    --------
    >>> from fgrad import optim
    >>> [float(optim.periodic_update(1.0, 0.0, steps, 3)) for steps in range(5)]
    [1.0, 0.0, 0.0, 1.0, 0.0]
    """
    return lax.cond(steps % update_period == 0, lambda: new_tensors, lambda: old_tensors)
