"""Closed jaxprs taken apart, and how what is made of one is remembered on it."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Var
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


@memoized
def split_program(closed, linear: tuple):
    """Split a program into what some of its inputs have no part in, and the rest.

    Parameters
    ----------
    closed : ClosedJaxpr
    linear : tuple of bool
        Which inputs to look for.

    Returns
    -------
    ClosedJaxpr
        the other inputs -> the outputs that do not depend on those
    ClosedJaxpr
        all inputs -> the outputs that do
    tuple of bool
        Which outputs do.
    """
    j = closed.jaxpr
    touched = {v for v, m in zip(j.invars, linear, strict=True) if m}
    known_eqns = []
    for eqn in j.eqns:
        if touched.isdisjoint(v for v in eqn.invars if type(v) is Var):
            known_eqns.append(eqn)
        else:
            touched.update(eqn.outvars)
    depends = tuple([type(v) is Var and v in touched for v in j.outvars])

    def program(invars, wanted, eqns):
        outvars = [v for v, d in zip(j.outvars, depends, strict=True) if d == wanted]
        return ClosedJaxpr(Jaxpr(j.constvars, invars, outvars, eqns, j.debug_name), closed.consts)

    others = [v for v, m in zip(j.invars, linear, strict=True) if not m]
    return program(others, False, known_eqns), program(j.invars, True, j.eqns), depends


@memoized
def without_outputs(closed, n: int) -> ClosedJaxpr:
    """The program without its first `n` outputs."""
    j = closed.jaxpr
    return ClosedJaxpr(
        Jaxpr(j.constvars, j.invars, j.outvars[n:], j.eqns, j.debug_name), closed.consts
    )
