"""Operations for which there is vector code of their own."""

from fgrad.compiler.native import linalg
from fgrad.compiler.native.convolution import convolution, is_convolution
from fgrad.compiler.native.draws import Draw, is_drawn
from fgrad.compiler.native.gathers import Gather, is_gather
from fgrad.compiler.native.scatters import Scatter, is_scatter
from fgrad.compiler.native.search import Search, is_search


def can_write(eqn) -> bool:
    """Whether what `implementation` gives takes an array for the result, as ``out``."""
    return is_gather(eqn) or is_scatter(eqn)


def implementation(eqn):
    """A function of the operands that does what an equation does; None if NumPy is to do it."""
    if is_drawn(eqn):
        return Draw(eqn)
    if is_gather(eqn):
        return Gather(eqn)
    if is_scatter(eqn):
        return Scatter(eqn)
    if is_convolution(eqn):
        return convolution(eqn)
    if is_search(eqn):
        return Search(eqn)
    if linalg.is_worth(eqn):
        return linalg.implementation(eqn)
    return None
