"""Where a nest of loops is: vectors of points, and what arrays hold there."""

from fgrad.compiler.native.values import BOOL, Value


class Access:
    """Where a nest finds the numbers of an array.

    Attributes
    ----------
    base : str
        The address of its first item.
    outer, inner : tuple of int
        Strides along the axes of the nest, in items.
    """

    __slots__ = ("base", "dtype", "inner", "outer", "start")

    def __init__(self, base, dtype, outer, inner):
        self.base = base
        self.dtype = dtype
        self.outer = outer
        self.inner = inner
        self.start = base  # of the current row


class Place:
    """A vector of points along a row, or at one place of several rows."""

    __slots__ = ("_across", "_offsets", "b", "indices", "lanes", "mask")

    def __init__(self, b, indices, lanes, mask, across=False):
        self._across = across
        self.b = b
        self.indices = indices
        self.lanes = lanes
        self.mask = mask
        self._offsets = {}

    def _offset(self, access):
        if access.inner not in self._offsets:
            offset = None
            for i, s in zip(self.indices, access.inner, strict=True):
                if s:
                    step = i if s == 1 else i * s
                    offset = step if offset is None else offset + step
            self._offsets[access.inner] = offset
        return self._offsets[access.inner]

    def stride(self, access):
        """The number of items from one lane to the next."""
        if self._across:
            return access.outer[-1] if access.outer else 0
        return access.inner[-1] if access.inner else 0

    def pointer(self, access):
        """The address of the first lane's number."""
        offset = self._offset(access)
        return self.b.pointer(access.start, 0 if offset is None else offset, access.dtype)

    def load(self, access):
        """The numbers of an array here."""
        b, pointer, stride = self.b, self.pointer(access), self.stride(access)
        if stride == 0:
            return b.load(pointer, access.dtype)
        if stride == 1 or self.lanes == 1:
            return b.load(pointer, access.dtype, self.lanes, self.mask)
        return b.gather(pointer, stride, access.dtype, self.lanes, self.mask)

    def store(self, access, x):
        """Put numbers into an array here."""
        b, pointer, stride = self.b, self.pointer(access), self.stride(access)
        x = b.spread(x, self.lanes) if type(x) is Value else b.constant(x, access.dtype, self.lanes)
        if stride == 1 or self.lanes == 1:
            b.store(x, pointer, self.mask)
        else:
            b.scatter(x, pointer, stride, self.mask)


def first_lanes(b, lanes, n):
    """A mask of the first so many lanes."""
    if type(n) is int:
        bits = ", ".join("i1 true" if i < n else "i1 false" for i in range(lanes))
        return Value(b, f"<{bits}>", BOOL, lanes)
    numbers = ", ".join(f"i64 {i}" for i in range(lanes))
    n = b.spread(n, lanes)
    return b.emit(f"icmp slt {n.type} <{numbers}>, {n.name}", BOOL, lanes)


def across(x, join):
    """The sum, or whatever joins, of all lanes of a vector."""
    b = x.b
    while x.lanes > 1:
        half = x.lanes // 2
        parts = []
        for start in (0, half):
            picks = ", ".join(f"i32 {i}" for i in range(start, start + half))
            text = (
                f"shufflevector {x.type} {x.name}, {x.type} poison, <{half} x i32> <{picks}>"
                if half > 1 else f"extractelement {x.type} {x.name}, i64 {start}"
            )  # fmt: skip
            parts.append(b.emit(text, x.dtype, half))
        x = join(*parts)
    return x
