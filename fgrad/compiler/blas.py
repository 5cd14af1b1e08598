"""Matrix products: each on one BLAS thread, large ones in shares on our own.

OpenBLAS, which NumPy's wheels bring, splits products from 128 by 128 on among threads that wait
for each other by spinning. On a busy machine that costs a hundredfold; on an idle one it gains
little on small products, and on large ones no more than shares that wait only at the end.
"""

import numpy as np

from fgrad.core import memory
from fgrad.core.openblas import routine
from fgrad.core.parallel import THREADS, run_all, shares

# Floating-point operations from which on a product is shared out.
LARGE = 1 << 25


def on_one_thread(run):
    """`run` with BLAS on one thread, if that can be arranged."""
    get, put = routine("openblas_get_num_threads"), routine("openblas_set_num_threads")
    if get is None or put is None:
        return run

    def single(*args):
        before = get()
        if before == 1:
            return run(*args)
        put(1)
        try:
            return run(*args)
        finally:
            put(before)

    return single


def matmul(x, y, out=None):
    """``np.matmul`` of two large matrices, in shares of rows (or columns) on several threads."""
    if out is None:
        out = memory.empty((x.shape[0], y.shape[1]), np.result_type(x, y))
    m, n = out.shape
    if m < 32 * THREADS:  # too few rows for all
        parts = [(x, y[:, lo:hi], out[:, lo:hi]) for lo, hi in shares(n)]
    else:
        parts = [(x[lo:hi], y, out[lo:hi]) for lo, hi in shares(m)]
    run_all(np.matmul, parts)
    return out
