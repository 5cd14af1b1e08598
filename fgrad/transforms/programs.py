"""Closed jaxprs rearranged, and how what is made of one is remembered on it."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr
from fgrad.core.trace import evaluation, thread


def memoized(transform):
    """Remember results on the closed jaxpr that is the first argument."""

    def remembered(closed: ClosedJaxpr, *args):
        key = (transform.__name__, *args)
        found = closed.memo.get(key)
        if found is None:
            parent = thread.trace
            thread.trace = evaluation  # the jaxpr is closed: no outer interpreter has a say
            try:
                found = closed.memo[key] = transform(closed, *args)
            finally:
                thread.trace = parent
        return found

    remembered.__name__ = transform.__name__
    remembered.__doc__ = transform.__doc__
    return remembered


def with_outputs(closed, outvars) -> ClosedJaxpr:
    """The program with other outputs."""
    j = closed.jaxpr
    return ClosedJaxpr(Jaxpr(j.constvars, j.invars, outvars, j.eqns, j.debug_name), closed.consts)


def rearranged(closed, inputs, outputs) -> ClosedJaxpr:
    """The program with its inputs and outputs in another order.

    Parameters
    ----------
    inputs, outputs : sequence of int
        For each place in the new order the number in the old one.
    """
    j = closed.jaxpr
    invars = [j.invars[i] for i in inputs]
    outvars = [j.outvars[i] for i in outputs]
    return ClosedJaxpr(Jaxpr(j.constvars, invars, outvars, j.eqns, j.debug_name), closed.consts)


@memoized
def without_outputs(closed, n: int) -> ClosedJaxpr:
    """The program without its first `n` outputs."""
    return with_outputs(closed, closed.jaxpr.outvars[n:])
