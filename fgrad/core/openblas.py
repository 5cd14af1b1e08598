"""OpenBLAS, which NumPy's wheels bring, and what it has besides what NumPy calls."""

import ctypes
import functools
import os

import numpy as np

_PREFIXES = ("scipy_", "")


@functools.cache
def _library():
    root = os.path.dirname(np.__file__)
    for folder in (os.path.join(root, os.pardir, "numpy.libs"), os.path.join(root, ".dylibs")):
        names = os.listdir(folder) if os.path.isdir(folder) else ()
        for name in sorted(n for n in names if "openblas" in n):
            try:
                return ctypes.CDLL(os.path.join(folder, name))  # it is loaded already
            except OSError:
                continue
    return None


@functools.cache
def routine(name: str):
    """A function of OpenBLAS with 64-bit integers; None if NumPy has another BLAS.

    Parameters
    ----------
    name : str
        As ``cblas_dtrsm``, ``LAPACKE_dgetrf`` or ``openblas_get_num_threads``.
    """
    library = _library()
    for prefix in _PREFIXES:
        for suffix in ("64_", "_64_"):
            found = library and getattr(library, f"{prefix}{name}{suffix}", None)
            if found is not None:
                return found
    return None
