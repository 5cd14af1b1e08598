"""What a value is to the transformations in force."""

from fgrad.core.source import located
from fgrad.core.trace import thread
from fgrad.core.tree import tree_flatten, tree_map
from fgrad.numpy._face import give, public, value
from fgrad.primitives.dce_sink import dce_sink as dce_sink_p


@public
def stage(x, /):
    """A value as the innermost transformation holds it; outside of all, an array.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.stage([1.0])
    Array([1.])
    """
    return thread.trace.lift(value(x, "stage"))


def dce_sink(val, *, prevent_mlir_dce=False):
    """Keep what computes some values in a compiled program, though nothing there uses them.

    Parameters
    ----------
    val : pytree of arrays
    prevent_mlir_dce : bool
        Accepted for compatibility.

    Examples
    --------
    >>> import fgrad
    >>> program = fgrad.make_jaxpr(lambda x: fgrad.lax.dce_sink(2 * x))(1.0)
    >>> len(program.eqns)
    2
    """
    for leaf in tree_flatten(val)[0]:
        dce_sink_p(value(leaf, "dce_sink"))


def optimization_barrier(operand, /):
    """The values themselves: what the compiler does changes no number.

    Parameters
    ----------
    operand : pytree of arrays

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.optimization_barrier((1.0, [2.0]))
    (1.0, [2.0])
    """
    return tree_map(lambda x: give(value(x, "optimization_barrier")), operand)


def platform_dependent(*args, default=None, **per_platform):
    """Call the function that is meant for the platform: the CPU.

    Parameters
    ----------
    *args
        Its arguments.
    default : callable, optional
        The function where there is no ``cpu``.
    **per_platform : callable
        Functions by the names of platforms.

    Raises
    ------
    NotImplementedError
        If there is neither.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.platform_dependent(1.0, cpu=lambda x: x + 1, default=lambda x: x - 1)
    2.0
    """
    fun = per_platform.get("cpu", default)
    if fun is None:
        names = ", ".join(per_platform)
        raise NotImplementedError(
            located(f"platform_dependent: wanted a function for the cpu, or default; got {names}")
        )
    return fun(*args)
