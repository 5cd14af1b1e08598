"""Weak scalars: results of eager operations on Python scalars alone.

They are Python numbers, which NumPy promotes weakly (NEP 50), with the attributes of NumPy scalars:
``fgrad.numpy.sqrt(2.0)`` does not turn a float32 array into float64.
"""

import operator

import numpy as np

_STRONG = {float: np.float64, int: np.int64, complex: np.complex128}


class _Weak:
    """What the three kinds share: NumPy's attributes, and operators that stay weak."""

    __slots__ = ()

    def strong(self):
        """The NumPy scalar of the same value."""
        return _STRONG[type(self).__bases__[-1]](self)

    def __getattr__(self, name):
        if name.startswith("__"):  # NumPy's protocols would see an array, and it would not be weak
            raise AttributeError(name)
        return getattr(self.strong(), name)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        # NumPy takes Python's own types as weak, not what derives from them
        plain = [_PLAIN[type(x)](x) if isinstance(x, _Weak) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)


class WeakFloat(_Weak, float):
    """A float."""

    __slots__ = ()


class WeakInt(_Weak, int):
    """An int."""

    __slots__ = ()


class WeakComplex(_Weak, complex):
    """A complex number."""

    __slots__ = ()


_WEAK = {float: WeakFloat, int: WeakInt, complex: WeakComplex}
_PLAIN = {WeakFloat: float, WeakInt: int, WeakComplex: complex, float: float, int: int,
          complex: complex}  # fmt: skip


def as_weak(x):
    """A Python number with NumPy's attributes; anything else as it is."""
    kind = _WEAK.get(type(x))
    return x if kind is None else kind(x)


def _operator(name, function):
    def forward(self, other):
        kind = _PLAIN.get(type(other))
        if kind is None:
            return NotImplemented  # an array or a NumPy scalar: it knows what weak means
        result = function(self.strong(), _STRONG[kind](other))
        return as_weak(result.item())

    def reflected(self, other):
        kind = _PLAIN.get(type(other))
        if kind is None:
            return NotImplemented
        return as_weak(function(_STRONG[kind](other), self.strong()).item())

    for cls in _WEAK.values():
        setattr(cls, f"__{name}__", forward)
        setattr(cls, f"__r{name}__", reflected)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _operator(_name, getattr(operator, _name))
for _cls in _WEAK.values():
    _cls.__neg__ = lambda self: as_weak(-self.strong().item())
