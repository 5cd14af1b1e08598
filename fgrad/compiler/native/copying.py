"""Numbers put from one array into another, as they lie."""

from fgrad.compiler.native.engine import vector_bytes


def write_copy(b, source, target, shape, join=None):
    """Write loops that put the items of an array into another of that shape.

    Parameters
    ----------
    b : Builder
    source, target : tuple of (str, tuple of int, np.dtype)
        The address of the first item, the strides in items, the dtype.
    shape : tuple of int
    join : callable, optional
        Of what is there and what comes: what is put; else that which comes.
    """
    (here, inside, own), (there, outside, dtype) = source, target
    # axes that both pass in one stride are one
    sizes, steps, places = [], [], []
    for n, s, t in zip(shape, inside, outside, strict=True):
        if n == 1:
            continue
        if sizes and steps[-1] == s * n and places[-1] == t * n:
            sizes[-1], steps[-1], places[-1] = sizes[-1] * n, s, t
        else:
            sizes.append(n), steps.append(s), places.append(t)

    def put(here, there, lanes, stride=1):
        x = b.load(here, own, lanes) if stride else b.spread(b.load(here, own), lanes)
        x = x.astype(dtype)
        b.store(join(b.load(there, dtype, lanes), x) if join else x, there)

    def row(here, there, n, stride):
        done = 0
        for lanes in (vector_bytes() // dtype.itemsize, 1):
            stop = n - n % lanes
            for i in b.count(done, stop, lanes) if stop > done else ():
                put(b.pointer(here, i * stride, own), b.pointer(there, i, dtype), lanes, stride)
            done = stop

    def loops(axis, here, there):
        if axis == len(sizes):
            put(here, there, 1)
            return
        n, s, t = sizes[axis], steps[axis], places[axis]
        if axis == len(sizes) - 1 and s in (0, 1) and t == 1:
            row(here, there, n, s)
            return
        for i in b.count(0, n):
            loops(axis + 1, b.pointer(here, i * s, own), b.pointer(there, i * t, dtype))

    loops(0, here, there)
