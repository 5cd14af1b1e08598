"""How NumPy's overridable functions are called on tracers, and which of them cannot be.

Where a function has no row, it is called with one square matrix of positive numbers.
"""

import numpy as np
from numpy.testing import overrides

A = np.random.default_rng(0).uniform(0.5, 2.0, (3, 3)) + 3 * np.eye(3)
V, W = A[0], A[1]
I = np.array([2, 0, 1])
B = np.array([True, False, True])
N = np.array([1, 5, 6])


def changed(f, x, *args, **kwargs):
    """A copy of `x` that a function has changed in place."""
    y = x * 1
    f(y, *args, **kwargs)
    return y


# name -> programs of the function and the matrix A
CALLS = {
    "allclose": [lambda f, x: f(x, A), lambda f, x: f(x, A + 1)],
    "append": [lambda f, x: f(x, x, axis=0)],
    "apply_along_axis": [lambda f, x: f(np.sort, 0, x)],
    "apply_over_axes": [lambda f, x: f(np.sum, x, [0])],
    "arange": [lambda f, x: f(3, like=x)],
    "argpartition": [lambda f, x: np.take_along_axis(x, f(x, 2), -1)[..., 2]],
    "array": [lambda f, x: f([1.0, 2], like=x)],
    "array_equal": [lambda f, x: f(x, A)],
    "array_equiv": [lambda f, x: f(x, A)],
    "array_split": [lambda f, x: f(x, 2)],
    "asarray": [lambda f, x: f([1.0, 2], like=x)],
    "astype": [lambda f, x: f(x, np.float32)],
    "average": [lambda f, x: f(x, weights=x, axis=1), lambda f, x: f(x, returned=True)],
    "bincount": [lambda f, x: f(N, x[0])],
    "block": [lambda f, x: f([[x, x], [x, x]])],
    "broadcast_arrays": [lambda f, x: f(x, x[0])],
    "broadcast_to": [lambda f, x: f(x, (2, 3, 3))],
    "busday_count": [], "busday_offset": [],
    "can_cast": [lambda f, x: f(x, np.float64)],
    "choose": [lambda f, x: f(I, [x[0], x[1], x[2]])],
    "clip": [lambda f, x: f(x, 1, 2, out=None), lambda f, x: f(x, min=1)],
    "column_stack": [lambda f, x: f([x[0], x[1]])],
    "compress": [lambda f, x: f(B, x, axis=1)],
    "concatenate": [lambda f, x: f([x, x], axis=1, dtype=np.float32), lambda f, x: f([x], None)],
    "convolve": [lambda f, x: f(x[0], x[1], "same")],
    "correlate": [lambda f, x: f(x[0], x[1], "full")],
    "cumulative_sum": [lambda f, x: f(x, axis=0)],
    "cumulative_prod": [lambda f, x: f(x, axis=1, include_initial=True)],
    "cov": [lambda f, x: f(x, rowvar=False, bias=True)],
    "cross": [lambda f, x: f(x, x[::-1]), lambda f, x: f(x[0], x[1])],
    "delete": [lambda f, x: f(x, 1, axis=0)],
    "diag_indices_from": [lambda f, x: f(x)],
    "diff": [lambda f, x: f(x, 2, axis=0), lambda f, x: f(x, prepend=0)],
    "digitize": [lambda f, x: f(x, [1, 2, 3])],
    "dot": [lambda f, x: f(x, x)],
    "dsplit": [lambda f, x: f(x[None], 3)],
    "dstack": [lambda f, x: f([x, x])],
    "einsum": [lambda f, x: f("ij,jk->ik", x, x), lambda f, x: f("ii", x)],
    "einsum_path": [lambda f, x: f("ij,jk->ik", x, x)[0]],
    "empty": [lambda f, x: f((2,), like=x) * 0],
    "empty_like": [lambda f, x: np.shape(f(x))],
    "expand_dims": [lambda f, x: f(x, (0, 2))],
    "extract": [lambda f, x: f(A > 2, x)],
    "eye": [lambda f, x: f(2, like=x)],
    "fill_diagonal": [lambda f, x: changed(f, x, 1.0), lambda f, x: changed(f, x, x[0])],
    "frombuffer": [lambda f, x: f(b"ab", np.uint8, like=x)],
    "fromfile": [], "fromregex": [], "genfromtxt": [], "loadtxt": [],
    "fromfunction": [lambda f, x: f(lambda i: i, (2,), like=x)],
    "fromiter": [lambda f, x: f([1.0], float, like=x)],
    "fromstring": [lambda f, x: f("1 2", sep=" ", like=x)],
    "full": [lambda f, x: f((2,), 1.5, like=x)],
    "full_like": [lambda f, x: f(x, 2.5)],
    "geomspace": [lambda f, x: f(x[0], x[1], 4)],
    "gradient": [lambda f, x: f(x, axis=0), lambda f, x: f(x[0], 2.0)],
    "histogram": [lambda f, x: f(x, 4)], "histogram_bin_edges": [lambda f, x: f(x, 4)],
    "histogram2d": [lambda f, x: f(x[0], x[1], 2)],
    "histogramdd": [lambda f, x: f(x, 2)],
    "hsplit": [lambda f, x: f(x, 3)],
    "hstack": [lambda f, x: f([x, x])],
    "identity": [lambda f, x: f(2, like=x)],
    "in1d": [lambda f, x: f(x, A[0])],
    "inner": [lambda f, x: f(x, x)],
    "insert": [lambda f, x: f(x, 1, x[0], axis=0)],
    "interp": [lambda f, x: f(1.5, [1.0, 2.0, 3.0], x[0])],
    "intersect1d": [lambda f, x: f(x, A[0])],
    "isclose": [lambda f, x: f(x, A)],
    "isin": [lambda f, x: f(x, A[0])],
    "ix_": [lambda f, x: f(np.array([0, 1]), [2])],
    "kron": [lambda f, x: f(x, x[0])],
    "lexsort": [lambda f, x: f(x)],
    "linspace": [lambda f, x: f(x[0], x[1], 4, retstep=True)],
    "logspace": [lambda f, x: f(x[0], x[1], 4)],
    "may_share_memory": [], "shares_memory": [],
    "moveaxis": [lambda f, x: f(x, 0, 1)],
    "nanpercentile": [lambda f, x: f(x, 30, axis=0)], "percentile": [lambda f, x: f(x, 30)],
    "nanquantile": [lambda f, x: f(x, 0.3)], "quantile": [lambda f, x: f(x, 0.3, keepdims=True)],
    "ones": [lambda f, x: f(2, like=x)],
    "outer": [lambda f, x: f(x, x)],
    "packbits": [lambda f, x: f(x > 2)],
    "pad": [lambda f, x: f(x, 1, mode="reflect")],
    "partition": [lambda f, x: f(x, 1)[:, 1]],
    "piecewise": [lambda f, x: f(x, [x > 2], [np.sin, 0.5])],
    "place": [lambda f, x: changed(f, x, A > 3, x[0])],
    "put": [lambda f, x: changed(f, x, [0, -1], x[0])],
    "put_along_axis": [lambda f, x: changed(f, x, I[None], x[0] * 2, 0)],
    "putmask": [lambda f, x: changed(f, x, A > 2, 0.0), lambda f, x: changed(f, x, A > 2, x[0])],
    "copyto": [lambda f, x: changed(f, x, x[0]), lambda f, x: changed(f, x, 1.0, where=A > 2)],
    "poly": [lambda f, x: f(x[0])],
    "polyadd": [lambda f, x: f(x[0], x[1])], "polysub": [lambda f, x: f(x[0], x[1])],
    "polydiv": [lambda f, x: f(x[0], x[1])[0]], "polymul": [lambda f, x: f(x[0], x[1])],
    "polyder": [lambda f, x: f(x[0])], "polyint": [lambda f, x: f(x[0])],
    "polyfit": [lambda f, x: f(x[0], x[1], 1)],
    "polyval": [lambda f, x: f(x[0], x)],
    "ravel_multi_index": [lambda f, x: f((I, I), (3, 3))],
    "repeat": [lambda f, x: f(x, 2, axis=1)],
    "require": [],
    "reshape": [lambda f, x: f(x, (9,)), lambda f, x: f(x, -1, order="F")],
    "resize": [lambda f, x: f(x, (2, 6))],
    "result_type": [lambda f, x: f(x, np.float32).itemsize],
    "roll": [lambda f, x: f(x, 1, axis=0)],
    "rollaxis": [lambda f, x: f(x, 1)],
    "roots": [],  # complex: tests/numpy/test_roots.py
    "searchsorted": [lambda f, x: f([1.0, 2, 3], x)],
    "select": [lambda f, x: f([x > 3, x > 1], [x, -x])],
    "setdiff1d": [lambda f, x: f(x, A[0])], "setxor1d": [lambda f, x: f(x, A[0])],
    "split": [lambda f, x: f(x, 3)],
    "stack": [lambda f, x: f([x, x], axis=1)],
    "std": [lambda f, x: f(x, axis=0, ddof=1, keepdims=True, out=None, where=A > 1)],
    "sum": [lambda f, x: f(x, axis=(0, 1)),
            lambda f, x: f(x, 0, np.float32, None, True, 2.0, A > 2)],
    "swapaxes": [lambda f, x: f(x, 0, 1)],
    "take": [lambda f, x: f(x, I, axis=1, out=None, mode="clip")],
    "take_along_axis": [lambda f, x: f(x, I[None], 0)],
    "tensordot": [lambda f, x: f(x, x, 1), lambda f, x: f(x, x, ([0], [1]))],
    "tile": [lambda f, x: f(x, (2, 1))],
    "trapezoid": [lambda f, x: f(x, x, axis=0)],
    "tri": [lambda f, x: f(2, like=x)],
    "union1d": [lambda f, x: f(x, A[0])],
    "unpackbits": [lambda f, x: f(N.astype(np.uint8))],
    "unravel_index": [lambda f, x: f(I, (3, 3))],
    "unique_values": [lambda f, x: np.sort(f(x))],
    "vander": [lambda f, x: f(x[0])],
    "vdot": [lambda f, x: f(x, x)],
    "vsplit": [lambda f, x: f(x, 3)],
    "vstack": [lambda f, x: f([x, x])],
    "where": [lambda f, x: f(x > 2, x, 0.0)],
    "zeros": [lambda f, x: f(2, like=x)],
    # ufuncs that want other arguments
    "bitwise_count": [lambda f, x: f(N + (x[0] > 0))], "invert": [lambda f, x: f(N + (x[0] > 0))],
    **{name: [lambda f, x: f(N + (x[0] > 0), 2)]
       for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift",
                    "gcd", "lcm", "ldexp")},
    **{name: [lambda f, x: f(x / 10)] for name in ("arccos", "arcsin", "arctanh")},
    "divmod": [lambda f, x: f(x, 2)],
    "vecdot": [lambda f, x: f(x, x)],
    "matvec": [lambda f, x: f(x, x[0])], "vecmat": [lambda f, x: f(x[0], x)],
    "matmul": [lambda f, x: f(x, x, dtype=np.float32)],
    "add": [lambda f, x: f(x, 1, dtype=np.float32), lambda f, x: f(x, x, out=None, where=True)],
    # numpy.linalg
    "linalg.cholesky": [lambda f, x: f(x @ x.T)],
    "linalg.cross": [lambda f, x: f(x, x[::-1])],
    "linalg.lstsq": [lambda f, x: f(x[:, :2], x[0])],
    "linalg.matrix_power": [lambda f, x: f(x, -2)],
    "linalg.multi_dot": [lambda f, x: f([x, x, x])],
    "linalg.norm": [lambda f, x: f(x, 2), lambda f, x: f(x, axis=1, keepdims=True)],
    "linalg.outer": [lambda f, x: f(x[0], x[1])],
    "linalg.solve": [lambda f, x: f(x, x[0])],
    "linalg.tensorinv": [lambda f, x: f(x, 1)],
    "linalg.tensorsolve": [lambda f, x: f(x, x[0])],
    "linalg.tensordot": [lambda f, x: f(x, x)],
    "linalg.matmul": [lambda f, x: f(x, x)],
    "linalg.vecdot": [lambda f, x: f(x, x)],
    # complex, in the order and with the signs of LAPACK: tests/numpy/test_linalg*.py
    "linalg.eig": [], "linalg.eigvals": [],
    "linalg.eigh": [lambda f, x: f(x + x.T).eigenvalues],
    "linalg.eigvalsh": [lambda f, x: f(x + x.T)],
    "linalg.svd": [lambda f, x: f(x).S], "linalg.qr": [lambda f, x: f(x, mode="r")],
}  # fmt: skip

# calls that a test of dtypes makes instead, of functions that NumPy lets nobody override too
PLAIN_CALLS = {
    **{name: [lambda f, x: f(3)]
       for name in ("bartlett", "blackman", "hamming", "hanning", "diag_indices", "tril_indices",
                    "triu_indices")},
    "frompyfunc": [], "mask_indices": [lambda f, x: f(2, np.triu)],
    "kaiser": [lambda f, x: f(3, 1.0)],
    "promote_types": [lambda f, x: np.ones(1, f(x.dtype, np.float32))],
    "matmul": [lambda f, x: f(x, x)],
    "select": [lambda f, x: f([x == 1, x == 2], [x, x])],
}  # fmt: skip

# functions that cannot work on tracers, and what their error tells to do
REFUSED = {
    "trim_zeros": "needs the value", "nonzero": "size=", "argwhere": "size=",
    "flatnonzero": "size=", "unique": "size=", "unique_all": "size=", "unique_counts": "size=",
    "unique_inverse": "size=", "unique_values": "size=", "union1d": "size=",
    "intersect1d": "size=", "setdiff1d": "size=", "setxor1d": "size=",
    "common_type": "result_type", "min_scalar_type": "dtype", "real_if_close": "outside",
    "may_share_memory": "no memory", "shares_memory": "no memory",
    "array2string": "str", "array_repr": "str", "array_str": "str", "save": "outside",
    "savetxt": "outside", "savez": "outside", "savez_compressed": "outside",
    "busday_count": "dates", "busday_offset": "dates", "is_busday": "dates",
    "datetime_as_string": "dates",
    "asanyarray": "fgrad.numpy.asarray", "ascontiguousarray": "fgrad.numpy.asarray",
    "asfortranarray": "fgrad.numpy.asarray", "require": "fgrad.numpy.asarray",
    "genfromtxt": "like=", "loadtxt": "like=", "fromfile": "", "fromregex": "",
    "isnat": "isnat",
}  # fmt: skip
# how the refused are called, where one matrix is not what they want
REFUSED_CALLS = {
    "union1d": lambda f, x: f(x, x), "intersect1d": lambda f, x: f(x, x),
    "setdiff1d": lambda f, x: f(x, x), "setxor1d": lambda f, x: f(x, x),
    "may_share_memory": lambda f, x: f(x, x), "shares_memory": lambda f, x: f(x, x),
    "save": lambda f, x: f("never.npy", x), "savetxt": lambda f, x: f("never.txt", x),
    "savez": lambda f, x: f("never.npz", x), "savez_compressed": lambda f, x: f("never.npz", x),
    "busday_count": lambda f, x: f(x, x), "busday_offset": lambda f, x: f(x, 1),
    **{name: lambda f, x: f(A, like=x)
       for name in ("asanyarray", "ascontiguousarray", "asfortranarray", "require")},
    "genfromtxt": lambda f, x: f(["1"], like=x), "loadtxt": lambda f, x: f(["1"], like=x),
}  # fmt: skip
# needing numbers, these work where derivatives are taken, though not under jit
NEED_NUMBERS = {
    "trim_zeros", "nonzero", "argwhere", "flatnonzero", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values", "union1d", "intersect1d", "setdiff1d", "setxor1d",
}  # fmt: skip


def overridable():
    """Name to function, of NumPy's public functions and ufuncs that tracers can answer for."""
    found = {}
    functions = overrides.get_overridable_numpy_array_functions()
    ufuncs = overrides.get_overridable_numpy_ufuncs()
    for module, prefix in ((np, ""), (np.linalg, "linalg."), (np.fft, "fft.")):
        for name in dir(module):
            f = getattr(module, name)
            if name.startswith("_") or not callable(f) or isinstance(f, type):
                continue
            if prefix and getattr(np, name, None) is f:
                continue
            public = f in functions or (f in ufuncs and f.__name__ == name)
            with_like = name in CALLS or name in REFUSED
            if public or (with_like and f.__name__ == name):
                found[prefix + name] = f
    return found


def programs(name):
    """The programs of the table for a function."""
    return CALLS.get(name, [lambda f, x: f(x, x) if getattr(f, "nin", 1) == 2 else f(x)])
