"""Hypergeometric functions."""

from fgrad.numpy._face import public
from fgrad.primitives import hypergeometric
from fgrad.scipy._arguments import real_values


@public
def hyp1f1(a, b, x):
    """Kummer's confluent hypergeometric function, by SciPy.

    There are derivatives by all arguments; second ones need one by `x`.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.hyp1f1(1.0, 1.0, 0.0)
    1.0
    """
    return hypergeometric.hyp1f1(*real_values("hyp1f1", a=a, b=b, x=x))


@public
def hyp2f1(a, b, c, x):
    """Gauss's hypergeometric function, by SciPy.

    There are derivatives by all arguments; second ones need one by `x`. The derivatives by the
    parameters come from the series: they are NaN where it does not converge, close to ``x = 1``.

    Examples
    --------
    >>> import fgrad.scipy.special as special
    >>> special.hyp2f1(1.0, 1.0, 2.0, 0.0)
    1.0
    """
    return hypergeometric.hyp2f1(*real_values("hyp2f1", a=a, b=b, c=c, x=x))
