"""`fgrad.scipy`: what JAX keeps under this name, each part in a module to import.

What SciPy's own kernels compute needs the extra: ``pip install fgrad[scipy]``.
"""

from fgrad.scipy import (
    cluster,
    fft,
    integrate,
    interpolate,
    linalg,
    ndimage,
    optimize,
    signal,
    sparse,
    spatial,
    special,
    stats,
)
