"""Operations for which there is vector code of their own."""

from fgrad.compiler.native import linalg
from fgrad.compiler.native.convolution import convolution, is_convolution
from fgrad.compiler.native.draws import Draw, is_drawn
from fgrad.compiler.native.rows import AddRows, Gather, is_by_rows
from fgrad.compiler.native.search import Search, is_search
from fgrad.primitives.index import gather


def implementation(eqn):
    """A function of the operands that does what an equation does; None if NumPy is to do it."""
    if is_drawn(eqn):
        return Draw(eqn)
    if is_by_rows(eqn):
        return Gather(eqn) if eqn.primitive is gather else AddRows(eqn)
    if is_convolution(eqn):
        return convolution(eqn)
    if is_search(eqn):
        return Search(eqn)
    if linalg.is_worth(eqn):
        return linalg.implementation(eqn)
    return None
