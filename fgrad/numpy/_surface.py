"""The methods of tracers that are functions of this namespace, and `.at` of both array kinds."""

import sys

import numpy as np

from fgrad.core import array as core_array
from fgrad.core.source import located
from fgrad.numpy import _array_api, _inplace, _tracer
from fgrad.numpy._contract import matmul_values
from fgrad.numpy._face import give, public, value
from fgrad.numpy._indexing import At, getitem
from fgrad.numpy._inplace import clone
from fgrad.numpy._shape import reshape_values, transpose_values
from fgrad.numpy._ufunc import give_methods
from fgrad.primitives import parts
from fgrad.primitives.shape import astype

# methods that are the function of the same name
_SAME = (
    "sum", "mean", "prod", "max", "min", "any", "all", "argmax", "argmin", "ravel", "squeeze",
    "swapaxes", "dot", "cumsum", "cumprod", "std", "var", "clip", "round",
    "trace", "diagonal", "repeat", "take", "sort", "argsort", "nonzero", "searchsorted",
    "choose", "partition", "argpartition",
)  # fmt: skip


def _flatten(self, order="C"):
    """The elements in one axis."""
    return clone((transpose_values(self) if order == "F" else self).ravel())


def _reshape(self, *shape, order="C", copy=None):
    """The same elements in another shape."""
    shape = shape[0] if len(shape) == 1 else shape
    if order == "F":
        shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
        return transpose_values(reshape_values(transpose_values(self), shape[::-1]))
    return reshape_values(self, shape)


def _transpose(self, *axes):
    """The axes in another order, reversed by default."""
    axes = axes[0] if len(axes) == 1 and not hasattr(axes[0], "__index__") else axes
    return transpose_values(self, axes or None)


def _matrix_transpose(self):
    if self.ndim < 2:
        raise ValueError(located(f".mT needs at least two axes; got shape {self.shape}"))
    return self.swapaxes(-1, -2)


def _astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """The same numbers in another dtype."""
    out = astype(self, np.dtype(dtype))
    return clone(self) if out is self and copy else give(out)


def _copy(self, order="C"):
    """The same numbers in an array that no assignment into this one changes."""
    return clone(self)


def _conjugate(self):
    """The complex conjugate; of real numbers the array itself."""
    return give(parts.conj(self)) if self.dtype.kind == "c" else self


def _binary(left):
    def method(self, other):
        other = value(other, "matmul")
        return give(matmul_values(self, other) if left else matmul_values(other, self))

    return method


def attach(namespace: dict) -> None:
    """Give tracers their methods and NumPy's protocols our functions."""
    methods = {name: namespace[name] for name in _SAME if name in namespace}
    methods |= {
        "T": property(transpose_values),
        "mT": property(_matrix_transpose),
        "at": property(At),
        "astype": _astype,
        "compress": lambda self, condition, axis=None: namespace["compress"](condition, self, axis),
        "conj": _conjugate,
        "conjugate": _conjugate,
        "copy": _copy,
        "flatten": _flatten,
        "reshape": _reshape,
        "transpose": _transpose,
        "__matmul__": _binary(True),
        "__rmatmul__": _binary(False),
        "__round__": lambda self, n=0: self.round(n),
        "itemsize": property(lambda self: self.dtype.itemsize),
        "nbytes": property(lambda self: self.dtype.itemsize * self.size),
    }
    give_methods(namespace)
    _tracer.install(namespace, methods)
    _inplace.attach()
    _array_api.attach(sys.modules[namespace["__name__"]])
    core_array.make_at = At
    core_array.getitem = public(lambda x, index: getitem(value(x), index))
