"""Second derivatives of losses.

>>> import numpy as np
>>> from fgrad import optim
>>> loss = lambda w, x, y: ((x @ w - y) ** 2).sum()
>>> w, x, y = np.zeros(2), np.array([[1.0, 2.0]]), np.array([3.0])
>>> optim.second_order.hessian_diag(loss, w, x, y)
Array([2., 8.])
"""

from collections.abc import Callable
from typing import Any

import fgrad.numpy as fnp
from fgrad import grad, jvp, vmap
from fgrad.flatten_util import ravel_pytree

__all__ = ["fisher_diag", "hessian_diag", "hvp"]

Loss = Callable[[Any, Any, Any], Any]


def hvp(loss: Loss, v: Any, params: Any, inputs: Any, targets: Any) -> Any:
    r"""The Hessian of a loss times a vector.

    .. math:: \nabla^2 f(\theta)\, v

    Parameters
    ----------
    loss : callable
        ``loss(params, inputs, targets)`` returns a scalar.
    v : array of shape (n,)
        Like the parameters as one vector.
    params : pytree of arrays
    inputs, targets
        Handed to `loss`.

    Returns
    -------
    pytree of arrays
        Like `params`.
    """
    _, unravel = ravel_pytree(params)
    return jvp(grad(lambda p: loss(p, inputs, targets)), (params,), (unravel(v),))[1]


def hessian_diag(loss: Loss, params: Any, inputs: Any, targets: Any) -> Any:
    """The diagonal of the Hessian of a loss.

    Parameters
    ----------
    loss, params, inputs, targets
        As in `hvp`.

    Returns
    -------
    array of shape (n,)
        In the order of the parameters as one vector.
    """
    size = fnp.size(ravel_pytree(params)[0])

    def entry(v):
        return fnp.vdot(v, ravel_pytree(hvp(loss, v, params, inputs, targets))[0])

    return vmap(entry)(fnp.eye(size))


def fisher_diag(negative_log_likelihood: Loss, params: Any, inputs: Any, targets: Any) -> Any:
    """The diagonal of the observed Fisher information matrix: the squared gradient.

    Parameters
    ----------
    negative_log_likelihood : callable
        ``negative_log_likelihood(params, inputs, targets)`` returns a scalar.
    params, inputs, targets
        As in `hvp`.

    Returns
    -------
    array of shape (n,)
        In the order of the parameters as one vector.
    """
    gradient = grad(negative_log_likelihood)(params, inputs, targets)
    return fnp.square(ravel_pytree(gradient)[0])
