"""pmap: an axis over devices, of which there is one."""

from functools import wraps

from fgrad.core.source import located
from fgrad.core.tree import tree_flatten
from fgrad.transforms.face import check_callable, function_name
from fgrad.transforms.jit import jit
from fgrad.transforms.stage import bind_static
from fgrad.transforms.vmap import vmap


def pmap(
    fun,
    axis_name=None,
    *,
    in_axes=0,
    out_axes=0,
    static_broadcasted_argnums=(),
    devices=None,
    backend=None,
    axis_size=None,
    donate_argnums=(),
):
    """Map a function over an axis of its arguments with one device for each element: one.

    Parameters
    ----------
    fun : callable
        A pure function.
    axis_name : hashable, optional
        A name for the mapped axis, for collectives.
    in_axes, out_axes : int, None or pytree of them
        As for `vmap`.
    static_broadcasted_argnums : int or sequence of int
        Positional arguments that are constants of the program.
    devices, backend : optional
        Accepted for compatibility.
    axis_size : int, optional
        The size of the mapped axis: 1.
    donate_argnums : int or sequence of int
        Arguments whose memory large results may take.

    Returns
    -------
    JitFunction

    Raises
    ------
    ValueError
        If the mapped axis is of another size: `vmap` maps any number of elements.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.pmap(lambda x: x / fgrad.lax.psum(x, "i"), "i")(fnp.ones((1, 3)))
    Array([[1., 1., 1.]])
    """
    check_callable(fun, "pmap")
    static = static_broadcasted_argnums
    static = (static,) if isinstance(static, int) else tuple(static)
    if axis_size not in (None, 1):
        raise ValueError(located(f"pmap: there is one device; got axis_size {axis_size}"))

    @wraps(fun)
    def mapped(*args, **kwargs):
        bound, moving = bind_static(fun, static, args)
        axes = in_axes
        if isinstance(axes, tuple | list):
            numbers = {i % len(args) for i in static}
            axes = tuple([a for i, a in enumerate(axes) if i not in numbers])
        _check_sizes(fun, axes, moving)
        return vmap(bound, axes, out_axes, axis_name, axis_size=1)(*moving, **kwargs)

    return jit(mapped, static_argnums=static, donate_argnums=donate_argnums)


def _check_sizes(fun, axes, args):
    """Refuse arguments with more than one element along the axis, as far as it is a number."""
    axes = axes if isinstance(axes, tuple) else (axes,) * len(args)
    for i, (arg, axis) in enumerate(zip(args, axes, strict=False)):
        for leaf in tree_flatten(arg)[0] if isinstance(axis, int) else ():
            shape = getattr(leaf, "shape", ())
            if -len(shape) <= axis < len(shape) and shape[axis] != 1:
                raise ValueError(
                    located(
                        f"pmap of {function_name(fun)}: there is one device, so the mapped axis "
                        f"must be of size 1; argument {i} has shape {shape}. vmap maps any number"
                    )
                )
