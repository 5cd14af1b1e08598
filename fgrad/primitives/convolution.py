"""Convolution: the products of a kernel with all windows of an array, summed.

``y[g, n, o, p] = sum over c, k of x[g, n, c, p s + k r - before] w[g, o, c, k]`` in any number of
spatial axes, where `s` is the stride and `r` the dilation of the kernel, and `x` may be dilated by
zeros between its elements. The axis `g` holds independent convolutions: groups of features, groups
of the batch, and what `vmap` maps over both operands. So each transpose is a convolution again.
"""

import math

import numpy as np

from fgrad.core import memory
from fgrad.core.avals import result_aval
from fgrad.core.parallel import THREADS, run_all, shares
from fgrad.core.source import located
from fgrad.core.trace import Primitive, Undefined, get_aval
from fgrad.primitives.define import set_rules
from fgrad.primitives.elementwise import add
from fgrad.primitives.shape import dilated, moveaxis, reshape, slice, transpose

# Bytes of windows that are laid out at a time: a part of the second-level cache.
BLOCK = 1 << 19
# Floating-point operations from which on the work is shared out.
LARGE = 1 << 24
# From this many groups on all are done in one stacked product for each place of the kernel.
MANY = 8


def _aval(x, w, *, strides, padding, lhs_dilation, rhs_dilation):
    if x.ndim != w.ndim or x.ndim < 3 or x.shape[0] != w.shape[0] or x.shape[2] != w.shape[2]:
        raise ValueError(located(f"conv: {x} and {w} do not fit each other"))
    out = []
    sizes = zip(x.shape[3:], w.shape[3:], strides, padding, lhs_dilation, rhs_dilation, strict=True)
    for n, k, stride, (before, after), d, r in sizes:
        free = dilated(n, d) + before + after - dilated(k, r)
        out.append(max(free // stride + 1, 0))
    return result_aval((x.shape[0], x.shape[1], w.shape[1], *out), (x, w))


# -- the computation -------------------------------------------------------------------------------


def _impl(x, w, **params):
    out = _aval(get_aval(x), get_aval(w), **params)
    x, w = (np.asarray(v, out.dtype) for v in (x, w))
    if not (out.size and w.size and x.size):
        return np.zeros(out.shape, out.dtype)
    places, kernel = out.shape[3:], w.shape[3:]
    if len(x) >= MANY:
        return _by_place(_windows(padded(x, params), places, kernel, params), w, out)
    # Windows overlap, so what they hold is read several times: its innermost axis has to be
    # contiguous. In the gradient by the kernel there are few, large windows, and `n` are channels.
    few = math.prod(places) < math.prod(kernel)
    inner = 1 if few else 2
    windows = _windows(padded(x, params, inner), places, kernel, params)
    return (_few_windows if few else _many_windows)(windows, w, out)


def padded(x, params, inner=2):
    """The array with zeros around and between its elements; `inner` is innermost in memory."""
    order = [i for i in range(x.ndim) if i != inner] + [inner]
    back = [order.index(i) for i in range(x.ndim)]
    x = x.transpose(order)
    spatial = order.index(3) if x.ndim > 3 else 0
    sizes, cut, put = list(x.shape), [np.s_[:]] * x.ndim, [np.s_[:]] * x.ndim
    for i, ((before, after), d) in enumerate(
        zip(params["padding"], params["lhs_dilation"], strict=True), spatial
    ):
        n = x.shape[i]
        first = -(before // d) if before < 0 else 0  # the first element that is not cut off
        last = min(n, (dilated(n, d) + after + d - 1) // d) if after < 0 else n
        sizes[i] = dilated(n, d) + before + after
        cut[i] = np.s_[first:last]
        start = first * d + before
        put[i] = np.s_[start : start + dilated(last - first, d) : d]
    if sizes == list(x.shape) and all(d == 1 for d in params["lhs_dilation"]):
        return np.ascontiguousarray(x).transpose(back)
    out = memory.empty(tuple(sizes), x.dtype)
    out[...] = 0
    out[tuple(put)] = x[tuple(cut)]
    return out.transpose(back)


def _windows(x, places, kernel, params):
    """A view of axes (g, n, c, places, kernel)."""
    steps = [t * s for t, s in zip(x.strides[3:], params["strides"], strict=True)]
    inside = [t * r for t, r in zip(x.strides[3:], params["rhs_dilation"], strict=True)]
    return np.lib.stride_tricks.as_strided(
        x, (*x.shape[:3], *places, *kernel), (*x.strides[:3], *steps, *inside), writeable=False
    )


def _many_windows(windows, w, out):
    """A row for each window: blocks of rows times the kernel as a matrix."""
    g, n, _ = windows.shape[:3]
    places = out.shape[3:]
    d = len(places)
    # rows (n, places), columns (kernel, c)
    windows = windows.transpose(0, 1, *range(3, 3 + 2 * d), 2)
    w = w.transpose(0, *range(3, 3 + d), 2, 1).reshape(g, -1, w.shape[1])
    y = memory.empty((g, n, *places, w.shape[2]), out.dtype)
    # small images are taken several at a time, of large ones a few lines
    line = math.prod(places[1:]) * w.shape[1]
    rows = BLOCK // (line * out.dtype.itemsize)
    images, lines = max(rows // places[0], 1), min(max(rows, 1), places[0])

    def fill(first, last):
        room = memory.empty((images * lines * line,), out.dtype)
        for i in range(g):
            for a in range(first, last, images):
                b = min(a + images, last)
                for p in range(0, places[0], lines):
                    part = windows[i, a:b, p : p + lines]
                    matrix = _laid_out(part, room, 1 + d, (-1, w.shape[1]))
                    target = y[i, a:b, p : p + lines]
                    product = target.reshape(-1, w.shape[2])
                    np.matmul(matrix, w[i], out=product)

    _shared(fill, n, 2 * y.size * w.shape[1])
    return y.transpose(0, 1, 2 + d, *range(2, 2 + d))


def _few_windows(windows, w, out):
    """A column for each window, by blocks of the channels `c`, that are summed over."""
    g, n, c = windows.shape[:3]
    places, kernel = out.shape[3:], w.shape[3:]
    d = len(places)
    # rows (c, kernel), columns (places, n)
    windows = windows.transpose(0, 2, *range(3 + d, 3 + 2 * d), *range(3, 3 + d), 1)
    o = w.shape[1]
    w = w.transpose(0, 2, *range(3, 3 + d), 1)
    columns = math.prod(places) * n
    line = math.prod(kernel[1:]) * columns
    rows = BLOCK // (line * out.dtype.itemsize)
    channels, lines = max(rows // kernel[0], 1), min(max(rows, 1), kernel[0])

    def total(first, last):
        y = np.zeros((g, columns, o), out.dtype)
        room = memory.empty((channels * lines * line,), out.dtype)
        product = np.empty((columns, o), out.dtype)
        for i in range(g):
            for a in range(first, last, channels):
                b = min(a + channels, last)
                for k in range(0, kernel[0], lines):
                    part = windows[i, a:b, k : k + lines]
                    matrix = _laid_out(part, room, 1 + d, (-1, columns))
                    factor = w[i, a:b, k : k + lines].reshape(-1, o)
                    np.matmul(matrix.T, factor, out=product)
                    y[i] += product
        return y

    y = sum(_shared(total, c, 2 * out.size * c * math.prod(kernel)))
    y = y.reshape(g, *places, n, o)
    return y.transpose(0, 1 + d, 2 + d, *range(1, 1 + d))


def _laid_out(part, room, leading, shape):
    """Windows one behind the other as a matrix: themselves, if they do not overlap."""
    if part.flags.c_contiguous:
        return part.reshape(shape)
    flat = room[: part.size].reshape(part.shape)
    np.copyto(flat, part)
    return flat.reshape(shape)


def _shared(work, size, flops):
    """``work(first, last)`` over a range, in shares if it is worth it."""
    if flops < LARGE or THREADS == 1 or size < THREADS:
        return [work(0, size)]
    return run_all(work, shares(size))


def _by_place(windows, w, out):
    """For many groups: at each place of the kernel, or of the result, all groups at once."""
    g, n, c = windows.shape[:3]
    places, kernel = out.shape[3:], w.shape[3:]
    y = np.zeros((g, n, *places, w.shape[1]), out.dtype)
    d = len(places)
    if math.prod(kernel) <= math.prod(places):
        for k in np.ndindex(*kernel):
            at = windows[(..., *k)].transpose(0, 1, *range(3, 3 + d), 2)  # g, n, places, c
            factor = w[(..., *k)].transpose(0, 2, 1)  # g, c, o
            if c == 1:
                y += at * factor.reshape(g, *(1,) * (d + 1), -1)
            else:
                product = at.reshape(g, -1, c) @ factor
                y += product.reshape(y.shape)
    else:
        factor = w.transpose(0, 2, *range(3, 3 + d), 1).reshape(g, -1, w.shape[1])
        for p in np.ndindex(*places):
            at = windows[(np.s_[:], np.s_[:], np.s_[:], *p)].reshape(g, n, -1)  # g, n, (c, kernel)
            y[(np.s_[:], np.s_[:], *p)] = at @ factor
    return y.transpose(0, 1, 2 + d, *range(2, 2 + d))


# -- the rules -------------------------------------------------------------------------------------


def _jvp(primals, tangents, **params):
    (x, w), (tx, tw) = primals, tangents
    terms = []
    if tx is not None:
        terms.append(conv(tx, w, **params))
    if tw is not None:
        terms.append(conv(x, tw, **params))
    return conv(x, w, **params), terms[0] if len(terms) == 1 else add(*terms)


def _transpose(ct, x, w, **params):
    return (_by_array if type(x) is Undefined else _by_kernel)(ct, x, w, **params)


def _by_array(ct, x, w, *, strides, padding, lhs_dilation, rhs_dilation):
    """The cotangent's windows with the kernel turned round; strides and dilations change places."""
    pads = []
    sizes = zip(
        x.shape[3:], w.shape[3:], get_aval(ct).shape[3:],
        strides, padding, lhs_dilation, rhs_dilation, strict=True,
    )  # fmt: skip
    for n, k, p, stride, (before, _), d, r in sizes:
        first = dilated(k, r) - 1 - before
        pads.append((first, dilated(n, d) + dilated(k, r) - 1 - dilated(p, stride) - first))
    turned = tuple([(0, n, 1) for n in get_aval(w).shape[:3]]) + tuple(
        [(k - 1, -1, -1) for k in get_aval(w).shape[3:]]
    )
    return conv(
        ct, _swapped(slice(w, index=turned)), strides=lhs_dilation, padding=tuple(pads),
        lhs_dilation=strides, rhs_dilation=rhs_dilation,
    ), None  # fmt: skip


def _by_kernel(ct, x, w, *, strides, padding, lhs_dilation, rhs_dilation):
    """The array's windows with the cotangent as the kernel, summed over the batch."""
    pads = []
    sizes = zip(
        get_aval(x).shape[3:], w.shape[3:], get_aval(ct).shape[3:],
        strides, padding, lhs_dilation, rhs_dilation, strict=True,
    )  # fmt: skip
    for n, k, p, stride, (before, _), d, r in sizes:
        total = dilated(p, stride) + dilated(k, r) - dilated(n, d) - 1
        pads.append((before, total - before))
    out = conv(
        _swapped(x), _swapped(ct), strides=rhs_dilation, padding=tuple(pads),
        lhs_dilation=lhs_dilation, rhs_dilation=strides,
    )  # fmt: skip
    return None, _swapped(out)


def _swapped(x):
    """Axes 1 and 2 exchanged."""
    return transpose(x, permutation=(0, 2, 1, *range(3, get_aval(x).ndim)))


def _batch(args, dims, size, **params):
    (x, w), (dx, dw) = args, dims
    if dw is None:  # more of `n`
        x = moveaxis(x, dx, 1)
        shape = get_aval(x).shape
        out = conv(reshape(x, new_sizes=(shape[0], size * shape[2],
                                         *shape[3:])), w, **params)  # fmt: skip
        got = get_aval(out).shape
        return reshape(out, new_sizes=(got[0], size, shape[2], *got[2:])), 1
    if dx is None:  # more of `o`
        w = moveaxis(w, dw, 1)
        shape = get_aval(w).shape
        out = conv(x, reshape(w, new_sizes=(shape[0], size * shape[2], *shape[3:])), **params)
        got = get_aval(out).shape
        return reshape(out, new_sizes=(*got[:2], size, shape[2], *got[3:])), 2
    x, w = moveaxis(x, dx, 0), moveaxis(w, dw, 0)
    merge = lambda v: reshape(v, new_sizes=(size * get_aval(v).shape[1], *get_aval(v).shape[2:]))
    out = conv(merge(x), merge(w), **params)
    got = get_aval(out).shape
    return reshape(out, new_sizes=(size, got[0] // size, *got[1:])), 0


conv = Primitive("conv")
conv.blas = True
set_rules(
    conv,
    impl=_impl,
    abstract_eval=_aval,
    jvp=_jvp,
    linear="each",
    transpose=_transpose,
    batch=_batch,
)
