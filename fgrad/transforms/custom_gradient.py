"""custom_gradient: a function that gives its value together with its vector-Jacobian product."""

from functools import wraps

from fgrad.core.tree import Partial
from fgrad.transforms.closure import closure_convert
from fgrad.transforms.custom_vjp import custom_vjp
from fgrad.transforms.face import check_callable


def as_pytree(fun, *example_args):
    """A function as a pytree: the tracers that it closes over are its leaves."""
    converted, hoisted = closure_convert(fun, *example_args)
    n = len(hoisted)
    return Partial(lambda *args: converted(*args[n:], *args[:n]), *hoisted)


def custom_gradient(fun):
    """A function that gives its value and the rule of its reverse derivative at once.

    Parameters
    ----------
    fun : callable
        ``fun(*args) -> (value, rule)``. ``rule(cotangent)`` gives a tuple of cotangents, one for
        each argument; of one argument the cotangent alone will do. It may close over what `fun`
        computed, and must not decide by the numbers.

    Returns
    -------
    callable
        Gives the value.

    Examples
    --------
    >>> import fgrad
    >>> f = fgrad.custom_gradient(lambda x: (x**2, lambda ct: 100.0 * ct * x))
    >>> f(3.0), fgrad.grad(f)(3.0)
    (np.float64(9.0), np.float64(300.0))
    """
    check_callable(fun, "custom_gradient")

    @custom_vjp
    @wraps(fun)
    def value(*args):
        return fun(*args)[0]

    def fwd(*args):
        out, rule = fun(*args)
        return out, as_pytree(rule, out)

    def bwd(rule, ct):
        cts = rule(ct)
        return cts if isinstance(cts, tuple) else (cts,)

    value.defvjp(fwd, bwd)
    return value
