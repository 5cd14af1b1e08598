"""Matrix products: each on one BLAS thread, large ones in shares on our own.

OpenBLAS, which NumPy's wheels bring, splits products from 128 by 128 on among threads that wait
for each other by spinning. On a busy machine that costs a hundredfold; on an idle one it gains
little on small products, and on large ones no more than shares that wait only at the end.
"""

import ctypes
import functools
import glob
import os

import numpy as np

from fgrad.compiler.parallel import THREADS, run_all, shares

# Floating-point operations from which on a product is shared out.
LARGE = 1 << 25

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")


@functools.cache
def _controls():
    """OpenBLAS's get and set of its number of threads; None if NumPy has another BLAS."""
    root = os.path.dirname(np.__file__)
    places = (os.path.join(root, os.pardir, "numpy.libs"), os.path.join(root, ".dylibs"))
    for path in (p for d in places for p in glob.glob(os.path.join(d, "*openblas*"))):
        try:
            library = ctypes.CDLL(path)  # it is loaded already
        except OSError:
            continue
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                get = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                put = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                if get is not None and put is not None:
                    return get, put
    return None


def on_one_thread(run):
    """`run` with BLAS on one thread, if that can be arranged."""
    controls = _controls()
    if controls is None:
        return run
    get, put = controls

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
        out = np.empty((x.shape[0], y.shape[1]), np.result_type(x, y))
    m, n = out.shape
    if m < 32 * THREADS:  # too few rows for all
        parts = [(x, y[:, lo:hi], out[:, lo:hi]) for lo, hi in shares(n)]
    else:
        parts = [(x[lo:hi], y, out[lo:hi]) for lo, hi in shares(m)]
    run_all(np.matmul, parts)
    return out
