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


def split_call(primitive):
    """The rule by which a call of a program is split (see `Primitive.split`)."""

    def split(linear, args, *, jaxpr, **params):
        known, rest, depends = split_program(jaxpr, linear)
        values = [a for a, m in zip(args, linear, strict=True) if not m]
        found = primitive.bind(*values, jaxpr=known, **params) if known.out_avals else ()
        return found, args, {"jaxpr": rest, **params}, depends

    return split


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
