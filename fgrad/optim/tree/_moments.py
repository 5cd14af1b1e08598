"""Running averages of updates and of their powers."""

import fgrad.numpy as fnp

from ._arithmetic import abs_sq, scaled
from ._dtypes import astype, dtype_of
from ._map import map_present

__all__ = [
    "bias_correction",
    "update_infinity_moment",
    "update_moment",
    "update_moment_per_elem_norm",
]


def _power(x, order):
    return x if order == 1 else x * x if order == 2 else x**order


def _averaged(power, updates, moments, decay):
    return map_present(
        lambda g, m: scaled(1 - decay, power(g)) + scaled(decay, m), updates, moments
    )


def update_moment(updates, moments, decay, order):
    r"""The exponential moving average of a power of the updates.

    .. math:: m \leftarrow (1 - \beta)\, u^k + \beta\, m

    Parameters
    ----------
    updates, moments : pytree of arrays
    decay : scalar
        :math:`\beta`.
    order : int
        :math:`k`.

    Returns
    -------
    pytree of arrays
        With None where `updates` has None.

    Examples
    --------
    >>> from fgrad import optim
    >>> optim.tree.update_moment({"w": 4.0}, {"w": 0.0}, decay=0.5, order=1)
    {'w': 2.0}
    """
    return _averaged(lambda g: _power(g, order), updates, moments, decay)


def update_moment_per_elem_norm(updates, moments, decay, order):
    r"""The exponential moving average of a power of the updates' absolute values.

    .. math:: m \leftarrow (1 - \beta)\, |u|^k + \beta\, m

    Parameters
    ----------
    updates, moments : pytree of arrays
        The moments are real also where the updates are complex.
    decay : scalar
        :math:`\beta`.
    order : int
        :math:`k`.

    Returns
    -------
    pytree of arrays
        With None where `updates` has None.
    """

    def power(g):
        if dtype_of(g).kind != "c":
            return _power(g, order)
        return abs_sq(g) if order == 2 else abs_sq(g) ** (order / 2)

    return _averaged(power, updates, moments, decay)


def update_infinity_moment(updates, moments, decay, eps):
    r"""The exponential moving maximum of the updates' absolute values.

    .. math:: m \leftarrow \max(|u| + \varepsilon,\ \beta\, m)

    Parameters
    ----------
    updates, moments : pytree of arrays
    decay : scalar
        :math:`\beta`.
    eps : scalar
        :math:`\varepsilon`.

    Returns
    -------
    pytree of arrays
        With None where `updates` has None.
    """
    return map_present(
        lambda g, m: fnp.maximum(fnp.abs(g) + eps, scaled(decay, m)), updates, moments
    )


def bias_correction(moment, decay, count):
    r"""Undo the pull towards zero of an average that started at zero.

    .. math:: \hat m = m / (1 - \beta^t)

    Parameters
    ----------
    moment : pytree of arrays
    decay : scalar
        :math:`\beta`.
    count : scalar
        :math:`t`, how many updates were averaged.

    Returns
    -------
    pytree of arrays
    """
    # In the dtype of `decay` and `count`: in a small one `decay**count` may round to 1.
    weight = 1 - decay**count
    return map_present(lambda m: m / astype(weight, fnp.finfo(dtype_of(m)).dtype), moment)
