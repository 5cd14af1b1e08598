"""Loops of known length: scan, fori_loop, map."""

from fgrad.control_flow.scan import scan as scan_p
from fgrad.control_flow.stage import as_carry, stage_carry
from fgrad.control_flow.while_loop import while_loop
from fgrad.core.array import as_eager, as_user
from fgrad.core.avals import shaped_array
from fgrad.core.source import located
from fgrad.core.trace import Tracer, as_value, get_aval
from fgrad.core.tree import tree_flatten, tree_map, tree_unflatten
from fgrad.primitives.shape import concatenate, reshape, row, slice_axis, stack_rows
from fgrad.transforms.face import as_argument, as_results, check_callable, function_name, leaf_path
from fgrad.transforms.jit import jit_is_disabled
from fgrad.transforms.vmap import vmap


def scan(f, init, xs=None, length=None, reverse=False, unroll=1, _split_transpose=False):
    """Carry a value through a loop over the rows of arrays, and stack what each step gives.

    Parameters
    ----------
    f : callable
        ``f(carry, x) -> (carry, y)``, pure. `x` is a row of `xs`; the new carry has the structure,
        shapes and dtypes of the old one.
    init : pytree of arrays
        The first carry.
    xs : pytree of arrays or None
        Arrays with the same first axis.
    length : int, optional
        The number of steps; needed if there are no `xs`.
    reverse : bool
        Whether to go from the last row to the first. Results are stacked at their rows' places.
    unroll : int or bool
        Accepted for compatibility.

    Returns
    -------
    carry : pytree
        The last carry.
    ys : pytree
        What the steps gave, stacked along a new first axis.

    Raises
    ------
    TypeError
        If the carry changes its structure or a type, or `f` gives no pair.
    ValueError
        If the arrays' first axes differ, or differ from `length`, or there is neither.

    Notes
    -----
    The body is traced once and compiled. Under differentiation, and in a compiled program, what
    does not depend on the carry is taken out of the loop.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.scan(lambda total, x: (total + x, total), 0.0, fnp.arange(4.0))
    (np.float64(6.0), Array([0., 0., 1., 3.]))
    """
    check_callable(f, "scan")
    init_leaves, init_tree = tree_flatten(init)
    init = [as_argument(x, "scan: init", init_tree, i) for i, x in enumerate(init_leaves)]
    leaves, xs_tree = tree_flatten(xs)
    xs = [as_argument(x, "scan: xs", xs_tree, i) for i, x in enumerate(leaves)]
    length = _length(xs, xs_tree, length)
    if jit_is_disabled():
        return _python_scan(f, tree_unflatten(init_tree, init_leaves), xs, xs_tree, length, reverse)
    rows = [shaped_array(get_aval(x).shape[1:], get_aval(x).dtype) for x in xs]
    avals, outer, closed, out_tree = stage_carry(
        "scan",
        f,
        init_tree,
        [get_aval(x) for x in init],
        (tree_unflatten(xs_tree, rows),),
        lambda out_tree: _pair(f, out_tree)[0],
    )
    outs = scan_p(
        *outer,
        *[as_carry(x, a) for x, a in zip(init, avals, strict=True)],
        *xs,
        jaxpr=closed,
        num_consts=len(outer),
        num_carry=len(init),
        length=length,
        reverse=bool(reverse),
    )
    return as_results(out_tree, outs, [*outer, *init, *xs])


def _pair(f, out_tree):
    """The structures of the carry and the outputs."""
    children = out_tree.children()
    if len(children) != 2 or out_tree.node_data()[0] is not tuple:
        given = tree_unflatten(out_tree, [0.0] * out_tree.num_leaves)
        raise TypeError(
            located(
                f"scan: {function_name(f)} must return a pair (carry, y); "
                f"it returned a {type(given).__name__}"
                + (f" of length {len(given)}" if isinstance(given, tuple | list) else "")
            )
        )
    return children


def _length(xs, tree, length):
    if length is not None:
        try:
            length = length.__index__()
        except (AttributeError, TypeError):
            raise TypeError(located(f"scan: length must be an int; got {length!r}")) from None
        if length < 0:
            raise ValueError(located(f"scan: length must not be negative; got {length}"))
    sizes = {} if length is None else {length: ["length"]}
    for i, x in enumerate(xs):
        name = f"xs{leaf_path(tree, i)}"
        shape = get_aval(x).shape
        if not shape:
            raise ValueError(located(f"scan: {name} is a scalar; there is no axis to scan over"))
        sizes.setdefault(shape[0], []).append(name)
    if len(sizes) > 1:
        text = "; ".join(f"{n}: {', '.join(names)}" for n, names in sizes.items())
        raise ValueError(located(f"scan: the numbers of steps differ: {text}"))
    if not sizes:
        raise ValueError(located("scan: give xs or length"))
    return next(iter(sizes))


def _python_scan(f, carry, xs, xs_tree, length, reverse):
    rows = []
    for i in range(length)[:: -1 if reverse else 1]:
        x = tree_unflatten(xs_tree, [as_eager(row(x, i)) for x in xs])
        carry, y = f(carry, x)
        rows.append(y)
    if not rows:
        raise ValueError(located("scan: a loop of no steps cannot run while jit is disabled"))
    ys = [tree_map(as_value, y) for y in rows[:: -1 if reverse else 1]]
    return carry, tree_map(lambda *ys: as_eager(stack_rows(ys)), *ys)


def fori_loop(lower, upper, body_fun, init_val, *, unroll=None):
    """``for i in range(lower, upper): val = body_fun(i, val)``.

    Parameters
    ----------
    lower, upper : int
        With Python numbers, or others that are known while tracing, the loop has a reverse-mode
        derivative; with traced ones it has a forward-mode one.
    body_fun : callable
        ``body_fun(i, val) -> val``, pure; the value keeps its structure, shapes and dtypes.
    init_val : pytree of arrays
    unroll : int or bool, optional
        Accepted for compatibility.

    Returns
    -------
    pytree
        The last value; `init_val` if ``upper <= lower``.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.lax.fori_loop(0, 5, lambda i, x: x + i, 0.0)
    np.float64(10.0)
    """
    check_callable(body_fun, "fori_loop")
    bounds = [as_argument(x, f"fori_loop: {n}") for n, x in (("lower", lower), ("upper", upper))]
    for name, bound in zip(("lower", "upper"), bounds, strict=True):
        aval = get_aval(bound)
        if aval.shape or aval.dtype.kind not in "iu":
            raise TypeError(located(f"fori_loop: {name} must be an integer; got {aval}"))
    lower, upper = bounds
    if isinstance(lower, Tracer) or isinstance(upper, Tracer):

        def step(state):
            i, val = state
            return i + 1, body_fun(i, val)

        return while_loop(lambda state: state[0] < upper, step, (lower, init_val))[1]

    def counted(state, _):
        i, val = state
        return (i + 1, body_fun(i, val)), None

    # the counter is a Python number, as that of Python's range
    state, _ = scan(counted, (lower, init_val), None, max(int(upper) - int(lower), 0))
    return state[1]


def map(f, xs, *, batch_size=None):
    """Apply a function to each row of arrays, one after the other, and stack the results.

    Parameters
    ----------
    f : callable
        Of a row of `xs`, pure.
    xs : pytree of arrays
        With the same first axis.
    batch_size : int, optional
        How many rows to do at once, by `vmap`.

    Returns
    -------
    pytree

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.lax.map(lambda x: x**2, fnp.arange(3.0))
    Array([0., 1., 4.])
    """
    check_callable(f, "map")
    step = lambda _, x: ((), f(x))
    if batch_size is None:
        return scan(step, (), xs)[1]
    leaves, tree = tree_flatten(xs)
    values = [as_argument(x, "map: xs", tree, i) for i, x in enumerate(leaves)]
    n = _length(values, tree, None)
    whole = n - n % batch_size
    batches = [
        reshape(
            slice_axis(x, 0, whole, 0),
            new_sizes=(whole // batch_size, batch_size, *get_aval(x).shape[1:]),
        )
        for x in values
    ]
    _, ys = scan(lambda _, x: ((), vmap(f)(x)), (), tree_unflatten(tree, batches))
    ys = tree_map(lambda y: as_user(reshape(y, new_sizes=(whole, *y.shape[2:]))), ys)
    if whole == n:
        return ys
    rest = vmap(f)(tree_unflatten(tree, [as_eager(slice_axis(x, whole, n, 0)) for x in values]))
    return tree_map(lambda *parts: as_user(concatenate(*parts, dimension=0)), ys, rest)
