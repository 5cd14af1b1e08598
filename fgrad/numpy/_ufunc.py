"""The methods of NumPy's ufuncs: reduce, accumulate, outer, at, reduceat."""

from typing import Any

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import axes_of, axis_of, concrete, give, public, refuse, unweak, value
from fgrad.numpy._indexing import At, getitem
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._shape import concatenate_values, reshape_values
from fgrad.primitives import shape as sh
from fgrad.primitives.parts import select

# those whose faster reductions would widen small integers once more
_WIDENED = ("add", "multiply")
# of those without a start, the ones that do not mind the order of the elements
_UNORDERED = ("maximum", "minimum", "fmax", "fmin")


def scan(*args):
    """`lax.scan`, which is imported when the first loop runs."""
    from fgrad.control_flow.loops import scan

    return scan(*args)


class _Kind(type):
    """The functions of this namespace that have the methods are ufuncs too."""

    def __instancecheck__(cls, x):
        return type.__instancecheck__(cls, x) or hasattr(x, "reduceat")


class ufunc(metaclass=_Kind):
    """An elementwise function made from one of scalars, with the methods of NumPy's ufuncs.

    Parameters
    ----------
    func : callable
        A pure function of `nin` scalars.
    nin, nout : int
        How many arguments it takes and how many results it gives.
    name : str, optional
    identity : number, optional
        The result of a reduction over nothing.
    reduce, accumulate, at : callable, optional
        Faster ways to do what the methods of these names do.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> hypotenuse = fnp.frompyfunc(lambda x, y: fnp.sqrt(x * x + y * y), 2, 1)
    >>> hypotenuse(fnp.array([3.0, 6.0]), fnp.array([4.0, 8.0]))
    Array([ 5., 10.])
    >>> hypotenuse.reduce(fnp.array([2.0, 3.0, 6.0]))
    np.float64(7.0)
    """

    def __init__(self, func, /, nin, nout, *, name=None, nargs=None, identity=None, reduce=None,
                 accumulate=None, at=None):  # fmt: skip
        self.__name__ = name or getattr(func, "__name__", "ufunc")
        self.__doc__ = func.__doc__
        self.nin, self.nout, self.identity = nin, nout, identity
        self.nargs = nin + nout if nargs is None else nargs
        self._func = func
        self._reduce, self._accumulate, self._at = reduce, accumulate, at

    def __repr__(self):
        return f"<fgrad.numpy ufunc {self.__name__}>"

    def __call__(self, *args, out=None, where=None):
        refuse(self.__name__, out=out, where=where)
        if len(args) != self.nin:
            raise TypeError(located(f"{self.__name__} takes {self.nin} arguments; got {len(args)}"))
        from fgrad.numpy._functional import vectorize

        return vectorize(self._func)(*args)

    def _prepared(self, method, a, dtype, out):
        """The array in the dtype in which it is reduced."""
        refuse(f"{self.__name__}.{method}", out=out)
        if (self.nin, self.nout) != (2, 1):
            raise ValueError(
                located(f"{self.__name__}.{method} is there for functions of two arguments alone")
            )
        x = unweak(value(a, f"{self.__name__}.{method}"))
        dtype = None if dtype is None else np.dtype(dtype)
        theirs = getattr(np, self.__name__, None)
        if isinstance(theirs, np.ufunc):
            try:
                dtype = theirs.resolve_dtypes(
                    (None, get_aval(x).dtype, None),
                    signature=(dtype, None, None),
                    casting="unsafe",
                    reduction=True,
                )[-1]
            except TypeError as e:
                raise TypeError(located(f"{self.__name__}.{method}: {e}")) from None
        return x if dtype is None else sh.astype(x, dtype)

    @public
    def reduce(self, a, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=None):
        """Join the elements along axes.

        Parameters
        ----------
        a : array-like
        axis : int, tuple of int or None
        dtype : dtype-like, optional
            Of the computation.
        out : None
            Not supported.
        keepdims : bool
        initial : number, optional
            What to begin with.
        where : array-like of bool, optional
            The elements to include.

        Examples
        --------
        >>> import fgrad.numpy as fnp
        >>> fnp.subtract.reduce(fnp.array([5.0, 3.0, 1.0]))
        np.float64(1.0)
        """
        where = None if where is True else where
        x = self._prepared("reduce", a, dtype, out)
        if self._reduce is not None and initial is None and get_aval(x).ndim:
            options: dict[str, Any] = {} if where is None else {"where": where}
            if self.__name__ in _WIDENED:
                options["dtype"] = get_aval(x).dtype
            return self._reduce(give(x), axis=axis, keepdims=keepdims, **options)
        shape, start = get_aval(x).shape, self.identity if initial is None else initial
        axes = axes_of(axis, len(shape)) if shape or axis not in (0, -1) else ()
        if len(axes) > 1 and self.identity is None and self.__name__ not in _UNORDERED:
            raise ValueError(
                located(f"{self.__name__}.reduce minds the order: give one axis; got {axes}")
            )
        rows = self._rows(x, axes)
        mask = None if where is None else self._rows(
            sh.broadcast_to(value(where, "where"), shape), axes
        )  # fmt: skip
        n = get_aval(rows).shape[0]
        if start is None and (mask is not None or n == 0):
            raise ValueError(
                located(f"{self.__name__}.reduce of nothing, or with where=, needs initial=")
            )
        if start is None:
            first, rows = self._first(rows)
        else:
            start = sh.astype(value(start, "initial"), get_aval(x).dtype)
            first = sh.broadcast_to(start, get_aval(rows).shape[1:])

        def step(carry, row):
            row, use = row if mask is not None else (row, None)
            joined = value(self._func(carry, row))
            return (joined if use is None else select(value(use), joined, value(carry))), None

        out = value(scan(step, first, rows if mask is None else (rows, mask))[0])
        kept = tuple(1 if i in axes else m for i, m in enumerate(shape))
        return reshape_values(out, kept) if keepdims else out

    @staticmethod
    def _rows(x, axes):
        """The axes to reduce as one in front."""
        x = moveaxis_values(x, axes, tuple(range(len(axes))))
        return reshape_values(x, (int(np.prod([*get_aval(x).shape[: len(axes)]])),
                                  *get_aval(x).shape[len(axes) :]))  # fmt: skip

    @staticmethod
    def _first(rows):
        n, *rest = get_aval(rows).shape
        return reshape_values(sh.slice_axis(rows, 0, 1, 0), tuple(rest)), sh.slice_axis(
            rows, 1, n, 0
        )

    @public
    def accumulate(self, a, axis=0, dtype=None, out=None):
        """Join the elements along an axis, and give all that arises.

        Examples
        --------
        >>> import fgrad.numpy as fnp
        >>> fnp.maximum.accumulate(fnp.array([1, 3, 2]))
        Array([1, 3, 3])
        """
        x = self._prepared("accumulate", a, dtype, out)
        if get_aval(x).ndim == 0:
            raise TypeError(located(f"{self.__name__}.accumulate of a 0-d array"))
        axis = 0 if axis is None and get_aval(x).ndim == 1 else axis_of(axis, get_aval(x).ndim)
        if self._accumulate is not None:
            return self._accumulate(give(x), axis=axis, dtype=get_aval(x).dtype)
        x = sh.moveaxis(x, axis, 0)
        if get_aval(x).shape[0] < 2:
            return sh.moveaxis(x, 0, axis)
        first, rows = self._first(x)

        def step(carry, row):
            carry = value(self._func(carry, row))
            return carry, carry

        _, ys = scan(step, first, rows)
        return sh.moveaxis(concatenate_values([sh.expand_dims(first, (0,)), value(ys)], 0), 0, axis)

    def outer(self, A, B, /, **options):
        """The function of all pairs of elements.

        Examples
        --------
        >>> import fgrad.numpy as fnp
        >>> fnp.add.outer(fnp.array([1, 2]), fnp.array([10, 20]))
        Array([[11, 21],
               [12, 22]])
        """
        if self.nin != 2:
            raise ValueError(located(f"{self.__name__}.outer: wanted a function of two arguments"))
        x, y = value(A, f"{self.__name__}.outer"), value(B, f"{self.__name__}.outer")
        x, y = unweak(x), unweak(y)
        if get_aval(x).ndim and get_aval(y).ndim:
            x = reshape_values(x, get_aval(x).shape + (1,) * get_aval(y).ndim)
        return self._func(give(x), give(y), **options)

    def at(self, a, indices, b=None, /, *, inplace=True):
        """A copy with the function applied at an index, one element after the other.

        Parameters
        ----------
        a : array-like
        indices : index
            Repeated places are changed as often as they occur.
        b : array-like, optional
            The second argument, of functions that take one.
        inplace : bool
            Must be given as False: nothing is changed in place.

        Examples
        --------
        >>> import fgrad.numpy as fnp
        >>> fnp.subtract.at(fnp.zeros(2), fnp.array([0, 0]), 1.0, inplace=False)
        Array([-2.,  0.])
        """
        name = self.__name__
        if inplace:
            second = "" if b is None else ", b"
            raise ValueError(
                located(f"{name}.at gives a copy: write x = fgrad.numpy.{name}.at(x, indices"
                        f"{second}, inplace=False)")
            )  # fmt: skip
        if (self.nin == 2) != (b is not None) or self.nin > 2:
            raise TypeError(located(f"{name}.at: wanted {self.nin} operands"))
        if self._at is not None:
            return getattr(At(give(value(a)))[indices], self._at)(b)
        x = unweak(value(a, f"{name}.at"))
        shape, size = get_aval(x).shape, get_aval(x).size
        places = value(getitem(np.arange(size).reshape(shape), indices))
        operands = [reshape_values(places, (get_aval(places).size,))]
        if b is not None:
            b = sh.broadcast_to(unweak(value(b, f"{name}.at")), get_aval(places).shape)
            operands.append(reshape_values(b, (get_aval(places).size,)))

        def step(flat, row):
            i, *second = row
            at = At(flat)[i]
            return at.set(self._func(at.get(), *second)), None

        flat, _ = scan(step, reshape_values(x, (size,)), tuple(operands))
        return give(reshape_values(value(flat), shape))

    @public
    def reduceat(self, a, indices, axis=0, dtype=None, out=None):
        """Join the elements of slices: from each index, which must be known, up to the next.

        Examples
        --------
        >>> import fgrad.numpy as fnp
        >>> fnp.add.reduceat(fnp.arange(6), [0, 2, 4])
        Array([1, 5, 9])
        """
        x = self._prepared("reduceat", a, dtype, out)
        axis = axis_of(axis, get_aval(x).ndim)
        n = get_aval(x).shape[axis]
        starts = concrete(value(indices, "reduceat: indices"), "reduceat: the slices")
        if np.any((starts < 0) | (starts >= n)):
            raise IndexError(located(f"reduceat: {starts} is out of bounds for length {n}"))
        pieces = [sh.slice_axis(x, 0, 0, axis)]
        for i, j in zip(starts.tolist(), [*starts.tolist()[1:], n], strict=False):
            if j <= i + 1:  # a single element is not joined to anything
                pieces.append(sh.slice_axis(x, i, i + 1, axis))
                continue
            piece = sh.slice_axis(x, i, j, axis)
            pieces.append(value(self.reduce(give(piece), axis=axis, dtype=get_aval(x).dtype,
                                            keepdims=True)))  # fmt: skip
        return concatenate_values(pieces, axis)


def frompyfunc(func, /, nin, nout, *, identity=None):
    """An elementwise function made from one of scalars; see `ufunc`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.frompyfunc(lambda x, y: x + 2 * y, 2, 1).outer([1.0], [2.0, 3.0])
    Array([[5., 7.]])
    """
    return ufunc(func, nin, nout, identity=identity)


_METHODS = ("reduce", "accumulate", "outer", "at", "reduceat", "nin", "nout", "nargs", "identity")
_FASTER: dict[str, dict[str, Any]] = {
    "add": {"reduce": "sum", "accumulate": "cumsum", "at": "add"},
    "multiply": {"reduce": "prod", "accumulate": "cumprod", "at": "multiply"},
    "maximum": {"reduce": "max", "at": "max"},
    "minimum": {"reduce": "min", "at": "min"},
    "logical_and": {"reduce": "all"},
    "logical_or": {"reduce": "any"},
    "subtract": {"at": "subtract"},
}


def give_methods(namespace: dict) -> None:
    """Attach the methods to the functions of the namespace that are ufuncs in NumPy."""
    for name, fun in namespace.items():
        theirs = getattr(np, name, None)
        if isinstance(theirs, np.ufunc) and theirs.signature is None and fun is not theirs:
            known = theirs.__name__
            faster = {k: v if k == "at" else namespace[v]
                      for k, v in _FASTER.get(known, {}).items()}  # fmt: skip
            made = ufunc(
                fun, theirs.nin, theirs.nout, name=known, identity=theirs.identity, **faster
            )
            for method in _METHODS:
                setattr(fun, method, getattr(made, method))
