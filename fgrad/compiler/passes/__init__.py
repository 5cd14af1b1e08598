"""The compiler's passes: small named rewrites of closed jaxprs, in the order in which they run."""

from fgrad.compiler.backend import current
from fgrad.compiler.passes.contractions import fold_contractions
from fgrad.compiler.passes.dead_code import drop_dead_code
from fgrad.compiler.passes.fuse import fuse_elementwise
from fgrad.compiler.passes.inline import expand_composites, inline_calls
from fgrad.compiler.passes.pack import pack_small
from fgrad.compiler.passes.pads import join_pads
from fgrad.compiler.passes.regular import regular_indices
from fgrad.compiler.passes.rows import multiply_tables
from fgrad.compiler.passes.scattered import join_scattered, sum_scattered
from fgrad.compiler.passes.simplify import simplify
from fgrad.compiler.passes.sink import sink_views
from fgrad.compiler.passes.subexpressions import merge_common

PREPARING = (
    inline_calls,  # calls of programs become their equations
    drop_dead_code,  # before it is expanded
    expand_composites,  # operations NumPy lacks become operations it has
    sum_scattered,  # sums of what stands among zeros, without the zeros
    drop_dead_code,  # so that what is read once is seen to be
    regular_indices,  # from grids of places to slices
    simplify,  # constants, identities, moves of moves
    join_pads,  # sums of padded pieces are put together
    merge_common,  # equal equations are computed once
    fold_contractions,  # moves of axes, sums, padding into products
    multiply_tables,  # before rows of them are taken
    join_scattered,  # what would be added is added to at once
    drop_dead_code,  # what no result needs
)


def _fuse_kernels(closed):
    from fgrad.compiler.native.fuse import fuse_kernels  # only where LLVM is

    return fuse_kernels(closed)


PASSES = {
    "numpy": (
        *PREPARING,
        pack_small,  # the same on many small arrays is done on all of them at once
        fuse_elementwise,  # chains on large arrays become loops over blocks
        sink_views,  # where they are read
    ),
    "llvm": (
        *PREPARING,
        _fuse_kernels,  # what loops over the same points becomes machine code
        sink_views,  # where they are read
    ),
}


def _run(passes, closed):
    for run in passes:
        closed = run(closed)
    return closed


def prepare(closed):
    """Run the passes after which each equation still stands for itself."""
    return _run(PREPARING, closed)


def optimize(closed):
    """Run all passes for the backend that is asked for."""
    return _run(PASSES[current()], closed)


__all__ = ["PASSES", "PREPARING", "optimize", "prepare"]
