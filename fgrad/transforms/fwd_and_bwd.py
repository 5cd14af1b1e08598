"""fwd_and_bwd: the two passes of reverse mode as two functions, each compiled once."""

from fgrad.transforms.custom_gradient import as_pytree
from fgrad.transforms.face import check_callable
from fgrad.transforms.grad import vjp
from fgrad.transforms.jit import jit
from fgrad.transforms.stage import bind_static


def fwd_and_bwd(fun, argnums, has_aux=False, jitted=True):
    """The forward and the backward pass of a function as two functions.

    Parameters
    ----------
    fun : callable
        A pure function.
    argnums : int or sequence of int
        The positional arguments to differentiate by.
    has_aux : bool
        Whether `fun` returns ``(value, aux)``.
    jitted : bool
        Whether to compile both.

    Returns
    -------
    fwd : callable
        ``fwd(*args) -> (value, residuals)``, with aux as a third if `has_aux`; the residuals are a
        pytree.
    bwd : callable
        ``bwd(residuals, cotangent)``: the cotangent of the argument, or a tuple of them if
        `argnums` is a sequence.

    Examples
    --------
    >>> import fgrad
    >>> fwd, bwd = fgrad.fwd_and_bwd(lambda x, y: x * y, argnums=(0, 1))
    >>> z, residuals = fwd(2.0, 3.0)
    >>> bwd(residuals, 1.0)
    (np.float64(3.0), np.float64(2.0))
    """
    check_callable(fun, "fwd_and_bwd")
    several = not isinstance(argnums, int)
    numbers = tuple(argnums) if several else (argnums,)

    def fwd(*args):
        chosen = {n % len(args) for n in numbers}
        others = [i for i in range(len(args)) if i not in chosen]
        bound, _ = bind_static(fun, others, args)
        order = sorted(chosen)
        value, pull, *aux = vjp(bound, *[args[i] for i in order], has_aux=has_aux)

        def back(ct):
            found = dict(zip(order, pull(ct), strict=True))
            return tuple([found[n % len(args)] for n in numbers])

        return value, as_pytree(back, value), *aux

    def bwd(residuals, ct):
        cts = residuals(ct)
        return cts if several else cts[0]

    return (jit(fwd), jit(bwd)) if jitted else (fwd, bwd)
