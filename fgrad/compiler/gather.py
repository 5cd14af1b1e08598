"""Gathers of rows into buffers, large ones in shares on several threads."""

import numpy as np

from fgrad.core import memory
from fgrad.core.parallel import THREADS, run_all, shares
from fgrad.primitives.index import gather
from fgrad.primitives.take_rows import take_rows

# Elements from which on a gather is shared out.
LARGE = 1 << 18


def takes_rows(eqn) -> bool:
    """Whether an equation takes rows of its operand that come to a large array."""
    if eqn.primitive is not gather or len(eqn.invars) != 2:
        return False
    out = eqn.outvars[0].aval
    large = out.size * out.dtype.itemsize >= memory.WORTH and eqn.invars[1].aval.shape
    return large and eqn.params["axes"] == (0,) and eqn.params["out_axis"] == 0


def gather_rows(x, rows, out):
    """``x[rows]``, into `out`."""
    x, rows, flat = np.ascontiguousarray(x), rows.reshape(-1), out.reshape(-1, *x.shape[1:])
    if out.size >= LARGE and THREADS > 1:
        parts = [(x, rows[lo:hi], flat[lo:hi]) for lo, hi in shares(len(rows))]
        run_all(take_rows, parts)
    else:
        take_rows(x, rows, flat)
    return out
