"""Moving parameters by updates."""

import fgrad.numpy as fnp

from ._base import Params, Updates
from ._trees import cast, dtype_of, map_present

__all__ = ["apply_updates"]


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

    Examples
    --------
    >>> from fgrad import optim
    >>> params = optim.apply_updates({"w": 1.0, "frozen": 2.0}, {"w": 0.5, "frozen": None})
    >>> float(params["w"]), params["frozen"]
    (1.5, 2.0)
    """

    def moved(p, u):
        return p if u is None else cast(fnp.add(p, u), dtype_of(p))

    return map_present(moved, params, updates)
