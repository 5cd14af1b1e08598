"""Programs as data, under the names of ``jax.extend.core``."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from fgrad.core.trace import Primitive

__all__ = ["ClosedJaxpr", "Jaxpr", "JaxprEqn", "Literal", "Primitive", "Var", "jaxpr_as_fun"]


def jaxpr_as_fun(closed_jaxpr: ClosedJaxpr):
    """A program as a function of flat arrays, which gives a list of them.

    Parameters
    ----------
    closed_jaxpr : ClosedJaxpr

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> from fgrad.extend.core import jaxpr_as_fun
    >>> jaxpr_as_fun(fgrad.make_jaxpr(lambda x: 2 * x)(1.0))(3.0)
    [6.0]
    """
    return closed_jaxpr.__call__
