"""The largest and the smallest element of each sliding window."""

import numpy as np

from fgrad.core.avals import result_aval
from fgrad.core.source import located
from fgrad.core.trace import Primitive, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import bitwise_or, ge, le, ne
from fgrad.primitives.parts import select
from fgrad.primitives.shape import dilated, moveaxis, slice_axis


def places(n, window, stride, dilation):
    """How many windows there are along an axis."""
    return max((n - dilated(window, dilation)) // stride + 1, 0)


def starts(n, window, stride, dilation):
    """For each element of a window: where along the axis it stands, as start and stop."""
    length = dilated(places(n, window, stride, dilation), stride)
    return [(k * dilation, k * dilation + length) for k in range(window)]


def _aval(x, *, window, strides, dilation):
    if not (x.ndim == len(window) == len(strides) == len(dilation)):
        raise ValueError(located(f"windows {window} of {x}"))
    shape = tuple(map(places, x.shape, window, strides, dilation))
    return result_aval(shape, (x,))


def along_each_axis(x, combine, *, window, strides, dilation):
    """Combine the elements of each window: along the last axis first, the front ones first.

    Parameters
    ----------
    x : list of arrays of one shape
    combine : callable
        ``combine(xs, ys)``: lists of arrays in, a list of arrays out.
    """
    for axis in reversed(range(len(window))):
        if window[axis] == strides[axis] == 1:
            continue
        n = get_aval(x[0]).shape[axis]
        parts = [
            [slice_axis(v, start, stop, axis, strides[axis]) for v in x]
            for start, stop in starts(n, window[axis], strides[axis], dilation[axis])
        ]
        x = parts[0]
        for part in parts[1:]:
            x = combine(x, part)
    return x


def _define(name, ufunc, wins):
    def impl(x, *, window, strides, dilation):
        for axis in reversed(range(x.ndim)):
            if window[axis] == strides[axis] == 1:
                continue
            rows = np.moveaxis(x, axis, 0)
            spans = starts(len(rows), window[axis], strides[axis], dilation[axis])
            first, *rest = [rows[start : stop : strides[axis]] for start, stop in spans]
            out = ufunc(first, rest[0]) if rest else first.copy()
            for part in rest[1:]:
                ufunc(out, part, out=out)
            x = np.moveaxis(out, 0, axis)
        return x

    def jvp(primals, tangents, **params):
        """The tangent of the first of the largest elements, as of the first NaN."""

        def combine(xs, ys):
            first = bitwise_or(wins(xs[0], ys[0]), ne(xs[0], xs[0]))
            return [select(first, x, y) for x, y in zip(xs, ys, strict=True)]

        return primitive(*primals, **params), along_each_axis(
            [*primals, *tangents], combine, **params
        )[1]

    def batch(args, dims, size, *, window, strides, dilation):
        x = moveaxis(args[0], dims[0], 0)
        params = {"window": (1, *window), "strides": (1, *strides), "dilation": (1, *dilation)}
        return primitive(x, **params), 0

    primitive = Primitive(name)
    return set_rules(primitive, impl=impl, abstract_eval=_aval, jvp=jvp, batch=batch)


window_max = _define("window_max", np.maximum, ge)
window_min = _define("window_min", np.minimum, le)
