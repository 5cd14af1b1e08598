"""Operations along a mapped axis: `vmap(..., axis_name=)` gives it its name."""

import math
from typing import NamedTuple

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import Tracer, get_aval
from fgrad.core.tree import tree_map
from fgrad.numpy._face import axis_of, give, shape_of, value
from fgrad.numpy._rearrange import moveaxis_values
from fgrad.numpy._shape import reshape_values
from fgrad.primitives import collective
from fgrad.primitives import elementwise as ew
from fgrad.primitives.index import gather
from fgrad.primitives.parts import select
from fgrad.primitives.reduce import reduce_max, reduce_min, reduce_sum
from fgrad.primitives.shape import astype
from fgrad.transforms.axes import find_axis

# -- the axis --------------------------------------------------------------------------------------


class _Axis(NamedTuple):
    """The axis of one or several names, the first of them the slowest, or groups along it.

    Attributes
    ----------
    parts : tuple of (Tracer, int)
        Index and size for each name.
    members : array of int or None
        For each place along the axis the places of its group.
    """

    parts: tuple
    members: np.ndarray | None

    @property
    def size(self):
        """The number of places."""
        return math.prod(n for _, n in self.parts)

    @property
    def index(self):
        """The place of each."""
        total = 0
        for index, n in self.parts:
            total = ew.add(ew.mul(total, n), index)
        return total

    def gathered(self, x):
        """The values of the group along a new first axis."""
        if not isinstance(x, Tracer):
            return np.broadcast_to(x, (self.group_size, *np.shape(x)))
        shape = get_aval(x).shape
        for index, n in reversed(self.parts):
            x = collective.all_gather(x, index, count=n)
        x = reshape_values(x, (self.size, *shape))
        if self.members is None:
            return x
        return _take(x, _take(self.members, self.index, 0), 0)

    @property
    def group_size(self):
        """The number of places in a group."""
        return self.size if self.members is None else self.members.shape[1]

    @property
    def place(self):
        """The place of each in its group."""
        if self.members is None:
            return self.index
        own = np.arange(self.size)[:, None]
        return _take(np.argmax(self.members == own, axis=1), self.index, 0)


def _take(x, index, axis):
    return gather(x, index, axes=(axis,), out_axis=axis)


def _axis(what, axis_name, groups=None):
    names = axis_name if isinstance(axis_name, tuple | list) else (axis_name,)
    if len(set(names)) < len(names):
        raise ValueError(located(f"{what}: axis names {axis_name} name an axis twice"))
    axis = _Axis(tuple([find_axis(name, what) for name in names]), None)
    if groups is None:
        return axis
    sizes = {len(g) for g in groups}
    if sorted(i for g in groups for i in g) != list(range(axis.size)) or len(sizes) != 1:
        raise ValueError(
            located(
                f"{what}: axis_index_groups must be groups of one size that hold every index below "
                f"{axis.size} once; got {groups}"
            )
        )
    members = np.empty((axis.size, sizes.pop()), np.intp)
    for group in groups:
        members[list(group)] = group
    return axis._replace(members=members)


def _leaves(what, x, function):
    """A function of each array of a pytree."""
    return tree_map(lambda leaf: give(function(value(leaf, what))), x)


def axis_index(axis_name):
    """The place along a mapped axis.

    Parameters
    ----------
    axis_name : hashable or tuple of them
        Of several axes the first is the slowest.

    Raises
    ------
    NameError
        If no axis has the name.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: x + fgrad.lax.axis_index("i"), axis_name="i")(fnp.zeros(3))
    Array([0., 1., 2.])
    """
    return give(_axis("axis_index", axis_name).index)


def axis_size(axis_name):
    """The length of a mapped axis, an int; of several their product.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: x / fgrad.lax.axis_size("i"), axis_name="i")(fnp.ones(2))
    Array([0.5, 0.5])
    """
    return _axis("axis_size", axis_name).size


# -- reductions ------------------------------------------------------------------------------------


def psum(x, axis_name, *, axis_index_groups=None):
    """The sum over a mapped axis.

    Parameters
    ----------
    x : pytree of arrays
    axis_name : hashable or tuple of them
    axis_index_groups : sequence of sequences of int, optional
        Groups of one size that hold every place along the axis once: each is summed by itself.

    Returns
    -------
    pytree of arrays
        Of a constant, the constant times the length of the axis: ``psum(1, name)`` is that length.

    Raises
    ------
    NameError
        If no axis has the name.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: x / fgrad.lax.psum(x, "i"), axis_name="i")(fnp.array([1.0, 3.0]))
    Array([0.25, 0.75])
    """
    axis = _axis("psum", axis_name, axis_index_groups)
    return _leaves("psum", x, lambda v: _sum(axis, v))


def _sum(axis, x):
    if get_aval(x).dtype.kind == "b":
        x = astype(x, np.dtype(int))
    if not isinstance(x, Tracer):
        return ew.mul(x, axis.group_size)
    return reduce_sum(axis.gathered(x), axes=(0,))


def pmean(x, axis_name, *, axis_index_groups=None):
    """The mean over a mapped axis; see `psum`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: x - fgrad.lax.pmean(x, "i"), axis_name="i")(fnp.array([1.0, 3.0]))
    Array([-1.,  1.])
    """
    axis = _axis("pmean", axis_name, axis_index_groups)
    return _leaves("pmean", x, lambda v: ew.div(_sum(axis, v), axis.group_size))


def pmax(x, axis_name, *, axis_index_groups=None):
    """The largest over a mapped axis; see `psum`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.pmax(x, "i") - x, axis_name="i")(fnp.array([1.0, 3.0]))
    Array([2., 0.])
    """
    axis = _axis("pmax", axis_name, axis_index_groups)
    return _leaves("pmax", x, lambda v: reduce_max(axis.gathered(v), axes=(0,)))


def pmin(x, axis_name, *, axis_index_groups=None):
    """The smallest over a mapped axis; see `psum`.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: x - fgrad.lax.pmin(x, "i"), axis_name="i")(fnp.array([1.0, 3.0]))
    Array([0., 2.])
    """
    axis = _axis("pmin", axis_name, axis_index_groups)
    return _leaves("pmin", x, lambda v: reduce_min(axis.gathered(v), axes=(0,)))


def psum_scatter(x, axis_name, *, scatter_dimension=0, axis_index_groups=None, tiled=False):
    """Each one's part of the sum over a mapped axis.

    Parameters
    ----------
    x : pytree of arrays
    axis_name : hashable or tuple of them
    scatter_dimension : int
        The axis of which each place along the mapped axis gets a part.
    axis_index_groups : sequence of sequences of int, optional
        See `psum`.
    tiled : bool
        Whether the part keeps the axis, which then may be a multiple of the mapped one in length.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.psum_scatter(x, "i"), axis_name="i")(
    ...     fnp.array([[1.0, 2.0], [10.0, 20.0]])
    ... )
    Array([11., 22.])
    """
    axis = _axis("psum_scatter", axis_name, axis_index_groups)

    def scattered(v):
        dim = axis_of(scatter_dimension, get_aval(v).ndim, "scatter_dimension")
        return _part("psum_scatter", axis, _sum(axis, v), dim, tiled)

    return _leaves("psum_scatter", x, scattered)


def _part(what, axis, x, dim, tiled):
    """One's own part of `x` along an axis; if not `tiled`, of length one and without the axis."""
    shape, count = get_aval(x).shape, axis.group_size
    if shape[dim] % count or (not tiled and shape[dim] != count):
        times = "a multiple of " if tiled else ""
        raise ValueError(
            located(
                f"{what}: axis {dim} of {get_aval(x)} must have {times}the length of the mapped "
                f"axis or its groups, {count}"
            )
        )
    if tiled:
        x = reshape_values(x, (*shape[:dim], count, shape[dim] // count, *shape[dim + 1 :]))
    return _take(x, axis.place, dim)


# -- exchanges -------------------------------------------------------------------------------------


def all_gather(x, axis_name, *, axis_index_groups=None, axis=0, tiled=False):
    """The values of all places along a mapped axis.

    Parameters
    ----------
    x : pytree of arrays
    axis_name : hashable or tuple of them
    axis_index_groups : sequence of sequences of int, optional
        See `psum`.
    axis : int
        Where in the result the new axis stands.
    tiled : bool
        Whether to join the values along an axis that is there instead.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.all_gather(x, "i"), axis_name="i")(fnp.array([1.0, 2.0]))
    Array([[1., 2.],
           [1., 2.]])
    """
    along = _axis("all_gather", axis_name, axis_index_groups)

    def gathered(v):
        dim = axis_of(axis, get_aval(v).ndim + (not tiled))
        return _joined(along.gathered(v), dim, tiled)

    return _leaves("all_gather", x, gathered)


def _joined(x, dim, tiled):
    """The first axis moved; if `tiled`, into an axis that is there."""
    x = moveaxis_values(x, 0, dim)
    shape = get_aval(x).shape
    if not tiled:
        return x
    return reshape_values(x, (*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2 :]))


def all_to_all(x, axis_name, split_axis, concat_axis, *, axis_index_groups=None, tiled=False):
    """Each place along a mapped axis gives every other one a part of its array.

    Parameters
    ----------
    x : pytree of arrays
    axis_name : hashable or tuple of them
    split_axis : int
        The axis whose parts are given away.
    concat_axis : int
        The axis of the result along which the parts that one gets stand, in order.
    axis_index_groups : sequence of sequences of int, optional
        See `psum`.
    tiled : bool
        Whether parts keep the axis and are joined along one that is there. Without, `split_axis` is
        as long as the mapped axis and is gone, `concat_axis` is new.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.all_to_all(x, "i", 0, 0), axis_name="i")(
    ...     fnp.array([[1.0, 2.0], [3.0, 4.0]])
    ... )
    Array([[1., 3.],
           [2., 4.]])
    """
    along = _axis("all_to_all", axis_name, axis_index_groups)

    def exchanged(v):
        ndim = get_aval(v).ndim
        split = axis_of(split_axis, ndim, "split_axis")
        concat = axis_of(concat_axis, ndim, "concat_axis")
        parts = _part("all_to_all", along, along.gathered(v), split + 1, tiled)
        return _joined(parts, concat, tiled)

    return _leaves("all_to_all", x, exchanged)


def pswapaxes(x, axis_name, axis, *, axis_index_groups=None):
    """A mapped axis and one of the array exchanged; they have the same length.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.pswapaxes(x, "i", 0), axis_name="i")(
    ...     fnp.array([[1.0, 2.0], [3.0, 4.0]])
    ... )
    Array([[1., 3.],
           [2., 4.]])
    """
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


def ppermute(x, axis_name, perm):
    """The values moved along a mapped axis.

    Parameters
    ----------
    x : pytree of arrays
    axis_name : hashable or tuple of them
    perm : sequence of (int, int)
        From where to where; no place stands twice on either side. Places that get nothing get
        zeros.

    Raises
    ------
    ValueError
        If `perm` names a place twice, or one that there is not.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.ppermute(x, "i", [(0, 1), (1, 2)]), axis_name="i")(
    ...     fnp.array([1.0, 2.0, 3.0])
    ... )
    Array([0., 1., 2.])
    """
    return _permuted("ppermute", x, axis_name, perm)


def _permuted(what, x, axis_name, perm):
    axis = _axis(what, axis_name)
    pairs = [tuple(p) for p in perm]
    sources, targets = zip(*pairs, strict=True) if pairs else ((), ())
    for places in (sources, targets):
        if len(set(places)) < len(places) or not all(0 <= p < axis.size for p in places):
            raise ValueError(
                located(
                    f"{what}: perm must go from and to places below {axis.size}, each once; got "
                    f"{pairs}"
                )
            )
    source = np.zeros(axis.size, np.intp)
    source[list(targets)] = sources
    reached = np.zeros(axis.size, bool)
    reached[list(targets)] = True

    def moved(v):
        out = _take(axis.gathered(v), _take(source, axis.index, 0), 0)
        if reached.all():
            return out
        zero = get_aval(v).dtype.type(0)
        return select(_take(reached, axis.index, 0), out, zero)

    return _leaves(what, x, moved)


def pshuffle(x, axis_name, perm):
    """The values in another order along a mapped axis: place i gets that of place ``perm[i]``.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> fgrad.vmap(lambda x: fgrad.lax.pshuffle(x, "i", [2, 0, 1]), axis_name="i")(
    ...     fnp.array([1.0, 2.0, 3.0])
    ... )
    Array([3., 1., 2.])
    """
    perm = list(perm)
    if sorted(perm) != list(range(len(perm))):
        raise ValueError(located(f"pshuffle: perm must be a permutation; got {perm}"))
    return _permuted("pshuffle", x, axis_name, list(zip(perm, range(len(perm)), strict=True)))


class _Sent(NamedTuple):
    """What `psend` sent, where it goes, for `precv`."""

    value: object


def psend(x, axis_name, perm):
    """Send values along a mapped axis; see `ppermute`.

    Returns
    -------
    token
        For `precv`, which gives the values.
    """
    return _Sent(_permuted("psend", x, axis_name, perm))


def precv(token, out_shape, axis_name, perm):
    """The values that `psend` sent.

    Parameters
    ----------
    token
        What `psend` gave.
    out_shape : pytree of ShapeDtypeStruct, or anything with a shape and a dtype
        What is expected.
    axis_name, perm
        As given to `psend`.

    Raises
    ------
    TypeError
        If something else was sent.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> def turn(x):
    ...     token = fgrad.lax.psend(x, "i", [(0, 1), (1, 0)])
    ...     return fgrad.lax.precv(token, x, "i", [(0, 1), (1, 0)])
    >>> fgrad.vmap(turn, axis_name="i")(fnp.array([1.0, 2.0]))
    Array([2., 1.])
    """
    if not isinstance(token, _Sent):
        raise TypeError(located(f"precv: token must come from psend; got {token!r}"))

    def received(sent, want):
        if get_aval(sent).shape != shape_of(want.shape) or get_aval(sent).dtype != want.dtype:
            raise TypeError(located(f"precv: {get_aval(sent)} was sent; wanted {want}"))
        return sent

    return tree_map(received, token.value, out_shape)
