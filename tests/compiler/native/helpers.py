"""What the tests of machine code compare."""

import numpy as np

import fgrad


def runs(fun, *args):
    """The results of a function compiled by each backend, as lists of base arrays."""
    return [
        [np.asarray(x) for x in fgrad.tree.leaves(fgrad.jit(fun, backend=name)(*args))]
        for name in ("llvm", "numpy")
    ]


def check(fun, *args, rtol=1e-10, atol=1e-12):
    """Both backends give the same; with a tolerance of zero bit for bit."""
    with np.errstate(all="ignore"):
        for got, want in zip(*runs(fun, *args), strict=True):
            assert (got.dtype, got.shape) == (want.dtype, want.shape)
            if rtol or atol:
                np.testing.assert_allclose(got, want, rtol, atol)
            else:
                same_bits(got, want)


def same_bits(got, want):
    """Equal arrays, and zeros of the same sign."""
    np.testing.assert_array_equal(got, want)
    if want.dtype.kind == "f":
        signed = ~np.isnan(want)
        np.testing.assert_array_equal(np.signbit(got[signed]), np.signbit(want[signed]))


def kernels(fun, *args):
    """The `kernel` equations of a function compiled by LLVM."""
    eqns = fgrad.jit(fun, backend="llvm").lower(*args).optimized.jaxpr.eqns
    return [e for e in eqns if e.primitive.name == "kernel"]


def compiled(fun):
    """A function that LLVM compiles, whole."""
    return fgrad.jit(fun, backend="llvm")
