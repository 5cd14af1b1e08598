"""Reductions of sliding windows."""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.lax._reduce_by import combiner, known_reduction, start_value
from fgrad.lax._shape import pad
from fgrad.lax._windows import padtype_to_pads
from fgrad.numpy._face import give, unweak, value
from fgrad.primitives import elementwise as ew
from fgrad.primitives.shape import broadcast_to, dilated
from fgrad.primitives.window import along_each_axis, places, window_max, window_min

_EXTREMES = {ew.max: window_max, ew.min: window_min}


def reduce_window(
    operand,
    init_value,
    computation,
    window_dimensions,
    window_strides=None,
    padding="VALID",
    base_dilation=None,
    window_dilation=None,
):
    """What is left of each sliding window when a function has combined its elements.

    Parameters
    ----------
    operand : array, or a pytree of arrays of one shape
    init_value : scalar, or a pytree of scalars
        Of the same structure and dtypes. Combined with anything it gives it back.
    computation : callable
        ``computation(x, y)``, associative; the elements of a window are combined along the last
        axis first. Of equal largest (smallest) elements the first has the derivative.
    window_dimensions : sequence of int
        The lengths of the window, one for each axis.
    window_strides, base_dilation, window_dilation : sequence of int, optional
        Steps between windows; how far apart the elements of the array, and those of a window,
        stand.
    padding : {'VALID', 'SAME', 'SAME_LOWER'} or sequence of (int, int)

    Returns
    -------
    array, or a pytree of arrays

    Raises
    ------
    TypeError, ValueError
        If structures, dtypes or lengths do not fit each other.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> x = fnp.array([1.0, 3.0, 2.0, 5.0])
    >>> fgrad.lax.reduce_window(x, -fnp.inf, fgrad.lax.max, (2,), (2,))
    Array([3., 5.])
    """
    leaves, structure = tree_flatten(operand)
    fillers, other = tree_flatten(init_value)
    if structure != other:
        raise TypeError(
            located(f"reduce_window: operand has the structure {structure}, init_value {other}")
        )
    xs = [unweak(value(x, "reduce_window: an operand")) for x in leaves]
    shapes = {get_aval(x).shape for x in xs}
    if len(shapes) != 1:
        raise ValueError(located(f"reduce_window: wanted arrays of one shape; got {shapes}"))
    (shape,) = shapes
    fillers = [start_value(v, x) for v, x in zip(fillers, xs, strict=True)]
    n = len(shape)
    window = _lengths("window_dimensions", window_dimensions, n)
    strides = _lengths("window_strides", window_strides, n)
    base = _lengths("base_dilation", base_dilation, n)
    inside = _lengths("window_dilation", window_dilation, n)
    if isinstance(padding, str):  # reckoned without `base_dilation`, as in JAX
        spans = [dilated(k, d) for k, d in zip(window, inside, strict=True)]
        padding = padtype_to_pads(shape, spans, strides, padding)
    if len(padding) != n:
        raise ValueError(located(f"reduce_window: padding must be {n} pairs; got {padding}"))
    config = [(a, b, d - 1) for (a, b), d in zip(padding, base, strict=True)]
    known = known_reduction(computation) if len(xs) == 1 else None
    primitive = known and known[1]
    neutral = fillers if primitive is None else [_identity(primitive, get_aval(xs[0]).dtype)]
    xs = [value(pad(give(x), f, config)) for x, f in zip(xs, neutral, strict=True)]
    params = {"window": window, "strides": strides, "dilation": inside}
    if 0 in map(places, get_aval(xs[0]).shape, window, strides, inside):
        shape = tuple(map(places, get_aval(xs[0]).shape, window, strides, inside))
        out = [broadcast_to(f, shape) for f in fillers]
    elif primitive in _EXTREMES and get_aval(xs[0]).dtype.kind != "c":
        out = [_EXTREMES[primitive](xs[0], **params)]
    else:
        step = combiner(computation, structure) if primitive is None else _lifted(primitive)
        out = along_each_axis(xs, step, **params)
    if primitive is None or isinstance(fillers[0], Tracer) or fillers[0] != neutral[0]:
        step = combiner(computation, structure) if primitive is None else _lifted(primitive)
        first = [broadcast_to(f, get_aval(o).shape) for f, o in zip(fillers, out, strict=True)]
        out = step(first, out)
    return give(tree_unflatten(structure, [give(x) for x in out]))


def _lengths(what, lengths, n):
    lengths = (1,) * n if lengths is None else tuple(map(int, lengths))
    if len(lengths) != n or min(lengths, default=1) < 1:
        raise ValueError(
            located(f"reduce_window: {what} must be {n} positive integers, one for each axis; "
                    f"got {lengths}")
        )  # fmt: skip
    return lengths


def _lifted(primitive):
    return lambda xs, ys: [primitive(x, y) for x, y in zip(xs, ys, strict=True)]


def _identity(primitive, dtype):
    """The number that changes nothing it is combined with."""
    if primitive in (ew.max, ew.min):
        if dtype.kind == "f":
            found = -np.inf if primitive is ew.max else np.inf
        elif dtype.kind == "b":
            found = primitive is ew.min
        else:
            found = (np.iinfo(dtype).min, np.iinfo(dtype).max)[primitive is ew.min]
    else:
        found = {ew.mul: 1, ew.bitwise_and: -1}.get(primitive, 0)
    return np.array(found).astype(dtype)[()]
