"""Abstract values: what is known of an array before its numbers are."""

import numpy as np

from fgrad.core.errors import JaxRuntimeError

_INEXACT = frozenset("fc")
_NUMERIC = frozenset("biufc")
float0 = np.dtype([("float0", np.void, 0)])
"""The dtype of tangents of integers and booleans: there is nothing to hold."""
key_dtype = np.dtype([("key0", np.uint32), ("key1", np.uint32)])
"""The dtype of random keys: the two words of a key of the Threefry 2x32 generator."""

given_away = np.dtype([("given to a jitted function by donate_argnums", "V1")])
"""The dtype of what is left of an array whose memory a jitted function took."""


class extended(np.generic):
    """The kind of dtypes that NumPy does not compute with: of random keys. For `issubdtype`."""


class prng_key(extended):
    """The kind of dtypes of random keys. For `issubdtype`."""


class ShapedArray:
    """The shape and dtype of an array; weak if it came from Python scalars alone.

    Parameters
    ----------
    shape : tuple of int
    dtype : np.dtype
    weak_type : bool
        A weak value takes the dtype of what it is combined with, as a Python scalar does (NEP 50).

    Notes
    -----
    `shaped_array` hands out one object per kind of array, so that ``is`` is nearly always enough to
    see that two values are alike; equality is by content all the same.
    """

    __slots__ = ("_hash", "dtype", "inexact", "ndim", "shape", "size", "weak_type")

    def __init__(self, shape, dtype, weak_type=False):
        self.shape = shape
        self.dtype = dtype
        self.weak_type = weak_type
        self.ndim = len(shape)
        size = 1
        for n in shape:
            size *= n
        self.size = size
        self.inexact = dtype.kind in _INEXACT
        self._hash = hash((shape, dtype.num, weak_type))

    def __eq__(self, other):
        return self is other or (
            type(other) is ShapedArray
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.weak_type == other.weak_type
        )

    def __hash__(self):
        return self._hash

    def __reduce__(self):
        return shaped_array, (self.shape, self.dtype, self.weak_type)

    def __repr__(self):
        return f"ShapedArray({self})"

    def __str__(self):
        return short_name(self.dtype) + f"[{','.join(map(str, self.shape))}]" + "~" * self.weak_type

    def strong(self):
        """The same without the weakness."""
        return shaped_array(self.shape, self.dtype) if self.weak_type else self

    def update(self, shape=None, dtype=None, weak_type=None):
        """A copy with some of its parts replaced."""
        return shaped_array(
            self.shape if shape is None else shape,
            self.dtype if dtype is None else dtype,
            self.weak_type if weak_type is None else weak_type,
        )


interned: dict = {}


def shaped_array(shape, dtype, weak_type=False) -> ShapedArray:
    """The `ShapedArray` of that shape and dtype."""
    key = (shape, dtype.num, weak_type)
    found = interned.get(key)
    if found is None and dtype == key_dtype:  # its number is that of every structured dtype
        key = (shape, key_dtype, False)
        found = interned.get(key)
    if found is None:
        check_kept(dtype)
        if dtype.kind not in _NUMERIC and dtype != key_dtype:
            raise TypeError(
                f"fgrad computes with numbers and booleans; got an array of dtype {dtype!r}"
            )
        if len(interned) > 20_000:  # a program with ever-changing shapes must not grow
            interned.clear()
        dtype = dtype.newbyteorder("=") if not dtype.isnative else dtype
        found = interned[key] = ShapedArray(shape, dtype, weak_type)
    return found


def check_kept(dtype) -> None:
    """Refuse what is left of an array that was given away."""
    if dtype == given_away:
        raise JaxRuntimeError(
            "this array's memory was given to a jitted function by donate_argnums: use that "
            "function's result instead, or give it a copy"
        )


def short_name(dtype) -> str:
    """JAX's short spelling of a dtype: f32, i64, c128, bool.

    Examples
    --------
    >>> short_name(np.dtype("float32"))
    'f32'
    """
    if dtype == key_dtype:
        return "key<fry>"
    return "bool" if dtype.kind == "b" else f"{dtype.kind}{dtype.itemsize * 8}"


# The avals of scalars, by exact type: one dictionary look-up on the eager path.
scalar_avals: dict[type, ShapedArray] = {
    t: shaped_array((), np.dtype(t))
    for t in (
        np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
        np.uint64, np.float16, np.float32, np.float64, np.longdouble, np.complex64,
        np.complex128, np.clongdouble, np.longlong, np.ulonglong, bool,
    )
}  # fmt: skip
for _t in (int, float, complex):
    scalar_avals[_t] = shaped_array((), np.dtype(_t), True)
weak_types = frozenset((int, float, complex))


def aval_of_value(x) -> ShapedArray:
    """The aval of a NumPy array, NumPy scalar or Python scalar (not of a tracer)."""
    if isinstance(x, np.ndarray | np.void):
        return shaped_array(x.shape, x.dtype)
    return scalar_avals[type(x)]


_PYTHON = {"i": int, "f": float, "c": complex}


def promotion_operand(aval: ShapedArray):
    """What stands for `aval` in NumPy's promotion functions: a dtype, or a Python type if weak."""
    return _PYTHON[aval.dtype.kind] if aval.weak_type else aval.dtype


def result_aval(shape, avals) -> ShapedArray:
    """The aval of `shape` whose dtype is NumPy's promotion of `avals`."""
    if all(a.weak_type for a in avals):
        dtype = max((a.dtype for a in avals), key=lambda d: "iufc".index(d.kind))
        return shaped_array(shape, dtype, True)
    dtype = np.result_type(
        *(np.dtype(a.dtype).type(0).item() if a.weak_type else a.dtype for a in avals)
    )
    return shaped_array(shape, dtype)
