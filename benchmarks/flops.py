"""Counting the floating-point operations of a program on its jaxpr."""

from math import prod

import fgrad


def flops(function, *args):
    """Two for each term of a contraction, one for each element any other operation makes."""
    return jaxpr_flops(fgrad.make_jaxpr(function)(*args).jaxpr)


def jaxpr_flops(jaxpr):
    return sum(map(equation_flops, jaxpr.eqns))


def equation_flops(eqn):
    inner = [sub for param in eqn.params.values() for sub in jaxprs_in(param)]
    if inner:
        return sum(map(jaxpr_flops, inner))
    if eqn.primitive.name == "einsum":
        return 2 * contraction_terms(eqn)
    return sum(prod(v.aval.shape) for v in eqn.outvars)


def jaxprs_in(param):
    """The jaxprs that a parameter is or holds, a closed one opened."""
    if isinstance(param, tuple | list):
        return [sub for part in param for sub in jaxprs_in(part)]
    jaxpr = getattr(param, "jaxpr", param)
    return [jaxpr] if hasattr(jaxpr, "eqns") else []


def contraction_terms(eqn):
    """The product of the lengths of all axes: 'ab,bc->ac' has a * b * c terms."""
    operands = eqn.params["subscripts"].split("->")[0].split(",")
    lengths = {
        letter: length
        for letters, v in zip(operands, eqn.invars, strict=True)
        for letter, length in zip(letters, v.aval.shape, strict=True)
    }
    return prod(lengths.values())
