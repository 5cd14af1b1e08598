"""Functions made from functions: vectorize, apply_along_axis, apply_over_axes, fromfunction."""

import re

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axis_of, give, public, shape_of, value
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import shape as sh
from fgrad.transforms.vmap import vmap

_CORE = r"\(\s*(\w+(\s*,\s*\w+)*)?\s*,?\s*\)"
_SIGNATURE = re.compile(rf"^\s*{_CORE}(\s*,\s*{_CORE})*\s*->\s*{_CORE}(\s*,\s*{_CORE})*\s*$")


def _parsed(signature):
    """The names of the core axes of arguments and results."""
    if not _SIGNATURE.match(signature):
        raise ValueError(located(f"vectorize: {signature!r} is no signature like '(n),(n,m)->(m)'"))
    return tuple(
        [tuple(re.findall(r"\w+", core)) for core in re.findall(r"\(([^)]*)\)", side)]
        for side in signature.split("->")
    )


class vectorize:
    """A function that maps a function over the axes of its arguments, which broadcast.

    Parameters
    ----------
    pyfunc : callable
        A pure function of scalars, or of arrays with the axes that `signature` names.
    otypes : sequence of dtype-like, optional
        The dtypes of the results.
    doc : str, optional
    excluded : set of int or str
        Arguments to leave as they are, by position or name.
    cache : bool
        Accepted for compatibility.
    signature : str, optional
        Such as ``'(n),(n)->()'``.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.vectorize(fnp.dot, signature="(n),(n)->()")(fnp.ones((2, 3)), fnp.ones(3))
    Array([3., 3.])
    """

    def __init__(self, pyfunc, otypes=None, doc=None, excluded=None, cache=False, signature=None):
        self.pyfunc, self.excluded = pyfunc, frozenset(excluded or ())
        self.otypes = None if otypes is None else [np.dtype(t) for t in otypes]
        self.signature = None if signature is None else _parsed(signature)
        self.__name__ = getattr(pyfunc, "__name__", "vectorize")
        self.__doc__ = pyfunc.__doc__ if doc is None else doc

    def __call__(self, *args, **kwargs):
        mapped = [i for i in range(len(args)) if i not in self.excluded]
        names = [k for k in kwargs if k not in self.excluded]
        fixed = {k: v for k, v in kwargs.items() if k in self.excluded}

        def core(*xs):
            given = list(args)
            for i, x in zip(mapped, xs, strict=False):
                given[i] = x
            return self._typed(
                self.pyfunc(*given, **fixed, **dict(zip(names, xs[len(mapped) :], strict=True)))
            )

        xs = [value(args[i], f"vectorize: argument {i}") for i in mapped]
        xs += [value(kwargs[k], f"vectorize: {k}") for k in names]
        return self._mapped(core, xs)

    def _typed(self, out):
        if self.otypes is None:
            return out
        outs = out if isinstance(out, tuple) else (out,)
        outs = tuple(give(sh.astype(value(o), t)) for o, t in zip(outs, self.otypes, strict=True))
        return outs if isinstance(out, tuple) else outs[0]

    def _mapped(self, core, xs):
        wanted = self.signature[0] if self.signature else [()] * len(xs)
        if len(wanted) != len(xs):
            raise TypeError(
                located(f"vectorize: the signature is for {len(wanted)} arguments; got {len(xs)}")
            )
        sizes, loops = {}, []
        for x, axes in zip(xs, wanted, strict=True):
            shape = get_aval(x).shape
            if len(shape) < len(axes):
                raise ValueError(located(f"vectorize: {get_aval(x)} lacks the axes {axes}"))
            split = len(shape) - len(axes)
            loops.append(shape[:split])
            for name, n in zip(axes, shape[split:], strict=True):
                if sizes.setdefault(name, n) != n:
                    raise ValueError(
                        located(f"vectorize: the axis {name!r} has the sizes {sizes[name]} and {n}")
                    )
        loop = np.broadcast_shapes(*loops)
        xs = [
            reshape_values(x, (1,) * (len(loop) - len(own)) + get_aval(x).shape)
            for x, own in zip(xs, loops, strict=True)
        ]
        for i in reversed(range(len(loop))):
            # an axis of length one is not mapped over but dropped
            lengths = [(1,) * (len(loop) - len(own)) + own for own in loops]
            in_axes = tuple(0 if lengths[k][i] == loop[i] else None for k in range(len(xs)))
            core = _over_axis(core, in_axes)
        return core(*map(give, xs))


def _over_axis(fun, in_axes):
    """`fun` mapped over the first axis of some arguments; of the others it is dropped."""
    inner = vmap(fun, in_axes=in_axes)

    def outer(*xs):
        return inner(*(x if a == 0 else x[0] for x, a in zip(xs, in_axes, strict=True)))

    return outer


@public
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """A function of vectors, applied to all vectors along an axis.

    Parameters
    ----------
    func1d : callable
        A pure function of an array of one axis; it is traced once.
    axis : int
    arr : array-like
    *args, **kwargs
        For the function.

    Returns
    -------
    array
        The axes of what the function gives stand where `axis` stood.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.apply_along_axis(fnp.sum, 0, fnp.ones((2, 3)))
    Array([2., 2., 2.])
    """
    x = value(arr, "apply_along_axis")
    ndim = get_aval(x).ndim
    axis = axis_of(axis, ndim)
    func = lambda v: func1d(v, *args, **kwargs)
    for _ in range(ndim - axis - 1):
        func = vmap(func, in_axes=-1, out_axes=-1)
    for _ in range(axis):
        func = vmap(func, in_axes=0, out_axes=0)
    return func(give(x))


@public
def apply_over_axes(func, a, axes):
    """A function of an array and an axis, applied for one axis after the other.

    Parameters
    ----------
    func : callable
        ``func(a, axis)``; axes that it drops are put back with length one.
    a : array-like
    axes : int or sequence of int

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.apply_over_axes(fnp.sum, fnp.ones((2, 3)), [0, 1])
    Array([[6.]])
    """
    x = value(a, "apply_over_axes")
    ndim = get_aval(x).ndim
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        axis = axis_of(axis, ndim)
        out = value(func(give(x), axis))
        if get_aval(out).ndim == ndim - 1:
            out = sh.expand_dims(out, (axis,))
        if get_aval(out).ndim != ndim:
            raise ValueError(
                located(f"apply_over_axes: the function gave {get_aval(out)} for {ndim} axes")
            )
        x = out
    return x


@public
def fromfunction(function, shape, *, dtype=float, **kwargs):
    """What a function gives for the indices of a grid.

    Parameters
    ----------
    function : callable
        It gets one array of indices for each axis.
    shape : tuple of int
    dtype : dtype-like
        Of the indices.
    **kwargs
        For the function.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.fromfunction(lambda i, j: i + j, (2, 2))
    Array([[0., 1.],
           [1., 2.]])
    """
    return function(*give(tuple(np.indices(shape_of(shape), dtype=np.dtype(dtype)))), **kwargs)
