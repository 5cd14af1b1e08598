"""Products that another thread does meanwhile: those whose result is wanted only later.

In a backward pass these are the gradients by the weights. The chain of cotangents goes on at once.
Machine code shares out each product instead.
"""

import math

from fgrad.compiler.backend import current
from fgrad.core.jaxpr import Jaxpr
from fgrad.core.parallel import THREADS
from fgrad.primitives.contract import einsum, plan

# Floating-point operations from which on a product is worth handing over.
WORTH = 1 << 24


class Deferral:
    """Which equations of a program run beside the others.

    Parameters
    ----------
    jaxpr : Jaxpr

    Attributes
    ----------
    until : dict
        For each such equation, by its place, the place of the first that reads its result; the
        number of equations if none does.
    beside : set of int
        The places of the products that run meanwhile: they leave the other threads alone.
    """

    def __init__(self, jaxpr: Jaxpr):
        self.until = {}
        self.beside = set()
        if THREADS < 2 or current() == "llvm":
            return
        eqns = jaxpr.eqns
        heavy = [i for i, eqn in enumerate(eqns) if product_flops(eqn) >= WORTH]
        busy_until = -1  # one at a time
        for i, following in zip(heavy, heavy[1:], strict=False):
            (out,) = eqns[i].outvars
            wanted = next((k for k in range(i + 1, len(eqns)) if out in eqns[k].invars), len(eqns))
            if i > busy_until and wanted > following:
                self.until[i] = wanted
                self.beside.add(following)
                busy_until = following

    def joins(self, place: int, jaxpr: Jaxpr) -> list:
        """The results to wait for before the equation at `place`."""
        return [jaxpr.eqns[i].outvars[0] for i, k in self.until.items() if k == place]


def product_flops(eqn) -> int:
    """The floating-point operations of a direct product of two matrices of floats; else 0."""
    if eqn.primitive is not einsum or not eqn.outvars[0].aval.inexact:
        return 0
    x, y = (v.aval for v in eqn.invars)
    out = eqn.outvars[0].aval
    if not (x.ndim == y.ndim == out.ndim == 2 and plan(eqn.params["subscripts"]).direct):
        return 0
    # the product of the three sizes is (m * k * n) squared
    return 2 * math.isqrt(x.size * y.size * out.size)
