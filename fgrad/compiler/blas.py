"""One thread for small matrix products.

OpenBLAS, which NumPy's wheels bring, starts its threads for products of 128 by 128 already; there they
gain nothing on an idle machine, and cost a thousandfold on a busy one, where they wait for each other
by spinning. A program without a large product runs with one.
"""

import ctypes
import functools
import glob
import os

import numpy as np

# Floating-point operations in one product above which two threads are faster than one.
LARGE = 1 << 23

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")


@functools.cache
def _controls():
    """OpenBLAS's functions that get and set its number of threads; None if NumPy has another BLAS."""
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
