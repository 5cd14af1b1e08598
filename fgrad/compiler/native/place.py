"""Where a nest of loops is: vectors of points, and what arrays hold there."""

from fgrad.compiler.native.values import BOOL, I64, Value


class Access:
    """Where a nest finds the numbers of an array.

    Attributes
    ----------
    base : str
        The address of its first item.
    outer, inner : tuple of int
        Strides along the axes of the nest, in items.
    start : str
        The address of the current row.
    row_within : Value or None
        Whether there are items in it, if that is to be asked; elsewhere there are zeros.
    """

    __slots__ = ("_inside", "_limits", "base", "dtype", "inner", "outer", "row_within", "start")

    def __init__(self, base, dtype, outer, inner):
        self.base = base
        self.dtype = dtype
        self.outer = outer
        self.inner = inner
        self.start = base
        self.row_within = None
        self._limits = (), ()

    def bound(self, inside, outer, inner):
        """Say where its items begin and end.

        Parameters
        ----------
        inside : str
            The address of some item.
        outer, inner : tuple of (int, int) or None
            Along each axis the first place with items and that after the last.
        """
        if any(outer) or any(inner):
            self._inside, self._limits = inside, (outer, inner)

    def begin_row(self, b, indices):
        """A row begins."""
        self.row_within = _within(zip(indices, self._limits[0], strict=False))

    def within(self, indices, lanes):
        """Whether there are items at a vector of places of the row; None if there surely are."""
        if not any(self._limits[1]):
            return self.row_within
        *before, (first, last) = zip(indices, self._limits[1], strict=True)
        found = _within(before, self.row_within)
        if last is None:
            return found
        places = numbers(first.b, lanes) + first if lanes > 1 else first
        here = (places >= last[0]) & (places < last[1])
        return here if found is None else here & found

    def number(self, b, pointer, within):
        """A single number, or zero."""
        if within is None:
            return b.load(pointer, self.dtype)
        name = b.fresh()
        b.lines.append(f"  {name} = select i1 {within.name}, ptr {pointer}, ptr {self._inside}")
        return within.where(b.load(name, self.dtype), 0)


def _within(limited, found=None):
    """Whether numbers are within their limits, and what is given holds; None if that is sure."""
    for i, limits in limited:
        if limits is not None:
            here = (i >= limits[0]) & (i < limits[1])
            found = here if found is None else found & here
    return found


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
        within = access.within(self.indices, self.lanes)
        if stride == 0 or self.lanes == 1:
            return access.number(b, pointer, within)
        mask = self.mask
        if within is not None:
            within = b.spread(within, self.lanes)
            mask = within if mask is None else mask & within
        if stride == 1:
            x = b.load(pointer, access.dtype, self.lanes, mask)
        else:
            x = b.gather(pointer, stride, access.dtype, self.lanes, mask)
        return x if within is None else within.where(x, 0)

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
    return numbers(b, lanes) < n


def numbers(b, lanes):
    """The numbers of the lanes."""
    return Value(b, f"<{', '.join(f'i64 {i}' for i in range(lanes))}>", I64, lanes)


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
