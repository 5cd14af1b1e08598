"""What a value is to the transformations in force."""

from fgrad.core.trace import thread
from fgrad.core.tree import tree_flatten
from fgrad.numpy._face import public, value
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
