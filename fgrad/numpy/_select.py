"""Choosing between values: where, select, piecewise, clip."""

from fgrad.core.avals import result_aval
from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import give, public, refuse, unweak, value
from fgrad.numpy._nonzero import nonzero_values
from fgrad.primitives import elementwise as ew
from fgrad.primitives import parts
from fgrad.primitives.fit import fit_tangent
from fgrad.primitives.shape import astype


@public
def where(condition, x=None, y=None, /, *, size=None, fill_value=None):
    """Elements of `x` where a condition holds, of `y` elsewhere.

    Parameters
    ----------
    condition : array-like of bool
    x, y : array-like
        Broadcast with the condition and promoted.
    size, fill_value : int, optional
        Of a condition alone: as for `nonzero`.

    Returns
    -------
    array
        The derivative flows through the chosen elements alone. With a condition alone: the
        places where it holds, as `nonzero`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.where(fnp.array([True, False]), 1.0, 2.0)
    Array([1., 2.])
    """
    if x is None and y is None:
        c = value(condition, "where")
        return nonzero_values(c, "where with one argument", size, fill_value)
    if x is None or y is None:
        raise ValueError(located("where: give both x and y, or neither"))
    if size is not None or fill_value is not None:
        raise ValueError(located("where: size= and fill_value= go with a condition alone"))
    c = value(condition, "where")
    c = c if get_aval(c).dtype.kind == "b" else ew.ne(c, 0)
    return parts.select(c, value(x, "where"), value(y, "where"))


def clip_values(x, low, high):
    """NumPy's clip of a value or tracer; as for minimum, the derivative at a bound is 1/2."""
    if low is not None:
        x = ew.max(low, x)
    return x if high is None else ew.min(high, x)


def _either(one, other, names):
    """An argument that has two names."""
    if one is not None and other is not None:
        raise TypeError(located(f"clip: give only one of {names}"))
    return other if one is None else one


@public
def clip(a=None, a_min=None, a_max=None, out=None, *, arr=None, min=None, max=None):
    """Elements brought between bounds.

    Parameters
    ----------
    a : array-like
        Also called `arr`.
    a_min, a_max : array-like or None
        None for no bound on that side; also called `min` and `max`.
    out : None
        Not supported.

    Raises
    ------
    TypeError
        If an argument is given under both names.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> fnp.clip(fnp.array([-1.0, 0.5, 2.0]), 0.0, 1.0)
    Array([0. , 0.5, 1. ])
    """
    refuse("clip", out=out)
    a = _either(a, arr, "a and arr")
    low, high = _either(a_min, min, "a_min and min"), _either(a_max, max, "a_max and max")
    if a is None:
        raise TypeError(located("clip needs an array"))
    low = None if low is None else value(low, "clip: the lower bound")
    high = None if high is None else value(high, "clip: the upper bound")
    x = value(a, "clip")
    if not all(get_aval(v).weak_type for v in (low, high) if v is not None):
        x = unweak(x)
    return ew.positive(x) if low is None and high is None else clip_values(x, low, high)


@public
def select(condlist, choicelist, default=0):
    """At each place the element of the first choice whose condition holds there.

    Parameters
    ----------
    condlist : list of array-like of bool
    choicelist : list of array-like
        As many.
    default : array-like
        Where no condition holds.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> x = fnp.arange(4.0)
    >>> fnp.select([x < 1, x > 2], [x - 1, x + 1])
    Array([-1.,  0.,  0.,  4.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            located(
                f"select: {len(condlist)} conditions do not fit {len(choicelist)} choices; wanted "
                "as many of each, at least one"
            )
        )
    conditions = [value(c, "select: a condition") for c in condlist]
    for c in conditions:
        if get_aval(c).dtype.kind != "b":
            raise TypeError(located(f"select: conditions must be boolean; got {get_aval(c)}"))
    choices = [value(x, "select: a choice") for x in (*choicelist, default)]
    common = result_aval((), [get_aval(x) for x in choices])
    if not common.weak_type:
        choices = [astype(x, common.dtype) for x in choices]
    *choices, out = choices
    for c, x in zip(reversed(conditions), reversed(choices), strict=True):
        out = parts.select(c, x, out)
    return out


@public
def piecewise(x, condlist, funclist, *args, **kw):
    """A function given by pieces: at each place the last one whose condition holds.

    Parameters
    ----------
    x : array-like
    condlist : list of array-like of bool
    funclist : list of callables or numbers
        One for each condition; one more for where none holds, else 0. A callable gets the whole of
        `x`.
    *args, **kw
        For the callables.

    Returns
    -------
    array
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> import fgrad.numpy as fnp
    >>> x = fnp.array([-1.0, 2.0])
    >>> fnp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, 5.0])
    Array([1., 5.])
    """
    v = value(x, "piecewise")
    aval = get_aval(v)
    if not isinstance(condlist, list | tuple):
        condlist = [condlist]
    conditions = [value(c, "piecewise: a condition") for c in condlist]
    pieces = list(funclist)
    extra = len(pieces) - len(conditions)
    if extra not in (0, 1):
        raise ValueError(
            located(
                f"piecewise: {len(pieces)} functions do not fit {len(conditions)} conditions; "
                "wanted as many, or one more"
            )
        )
    otherwise = pieces.pop() if extra else 0

    def piece(f):
        return fit_tangent(value(f(give(v), *args, **kw) if callable(f) else f, "piecewise"), aval)

    out = piece(otherwise)
    for c, f in zip(conditions, pieces, strict=True):
        out = parts.select(c, piece(f), out)
    return out
