"""Large batches in parts that fit into memory.

>>> import numpy as np
>>> from fgrad import optim
>>> total = lambda x: (x**2).sum()
>>> in_parts = optim.microbatching.microbatch(total, argnums=0, microbatch_size=2)
>>> float(in_parts(np.arange(6.0)))
55.0
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as pytree
from fgrad import eval_shape, lax, value_and_grad, vmap

__all__ = [
    "AccumulationType",
    "Accumulator",
    "IndividualOutputs",
    "micro_grad",
    "micro_vmap",
    "microbatch",
    "reshape_batch_axis",
]


@dataclass(frozen=True)
class Accumulator:
    """How to put the results of parts together.

    Attributes
    ----------
    init : callable
        From what a result is like to the start.
    update : callable
        ``update(carry, value, index)`` takes in one more.
    finalize : callable
        From the last carry to the result.
    aggregate : callable
        The same for the results of single examples that are stacked along a first axis.
    """

    init: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], Any]
    finalize: Callable[[Any], Any]
    aggregate: Callable[[Any], Any]


class AccumulationType(enum.Enum):
    """The usual ways to put the results of parts together."""

    MEAN = enum.auto()
    SUM = enum.auto()
    RUNNING_MEAN = enum.auto()
    CONCAT = enum.auto()


def _zeros(like):
    return fnp.zeros(like.shape, like.dtype)


def _floating_zeros(like):
    if fnp.dtype(like.dtype).kind not in "fc":
        raise ValueError(
            f"microbatch: a mean needs results of floating dtype, got dtype {like.dtype}"
        )
    return _zeros(like)


def _accumulator(kind, count):
    """For one array."""
    add = lambda carry, value, index: carry + value
    same = lambda x: x
    total, mean = (lambda x: fnp.sum(x, axis=0)), (lambda x: fnp.mean(x, axis=0))
    match kind:
        case AccumulationType.SUM:
            return Accumulator(_zeros, add, same, total)
        case AccumulationType.MEAN:
            return Accumulator(_floating_zeros, add, lambda carry: carry / count, mean)
        case AccumulationType.RUNNING_MEAN:
            step = lambda carry, value, index: carry + (value - carry) / (index + 1)
            return Accumulator(_floating_zeros, step, same, mean)
        case AccumulationType.CONCAT:
            return Accumulator(
                lambda like: fnp.zeros((count, *like.shape), like.dtype),
                lambda carry, value, index: carry.at[index].set(value),
                # Part i holds the examples i, i + count, i + 2 count and so on.
                lambda carry: fnp.reshape(fnp.swapaxes(carry, 0, 1), (-1, *carry.shape[2:])),
                same,
            )
    raise ValueError(f"microbatch: `accumulator` must be made of Accumulators, got {kind!r}")


def _map_accumulators(f, accumulators, *rest):
    """``tree.map`` over accumulators and the subtrees that each is for."""
    return pytree.map(f, accumulators, *rest, is_leaf=lambda x: isinstance(x, Accumulator))


def _resolved(accumulators, count) -> Accumulator:
    """Of a pytree that is a prefix of the results, one for the results."""

    def each(kind):
        if isinstance(kind, Accumulator):
            return kind
        one = _accumulator(kind, count)
        return Accumulator(
            lambda value: pytree.map(one.init, value),
            lambda carry, value, index: pytree.map(
                lambda c, v: fnp.asarray(one.update(c, v, index), c.dtype), carry, value
            ),
            lambda carry: pytree.map(one.finalize, carry),
            lambda values: pytree.map(one.aggregate, values),
        )

    parts = _map_accumulators(each, accumulators)
    return Accumulator(
        lambda value: _map_accumulators(lambda a, v: a.init(v), parts, value),
        lambda carry, value, index: _map_accumulators(
            lambda a, c, v: a.update(c, v, index), parts, carry, value
        ),
        lambda carry: _map_accumulators(lambda a, c: a.finalize(c), parts, carry),
        lambda values: _map_accumulators(lambda a, v: a.aggregate(v), parts, values),
    )


def reshape_batch_axis(tree: Any, microbatch_size: int, axis: int = 0) -> Any:
    """Split the batch axis of every array into parts.

    Of `n` parts, part `i` holds the examples `i`, `i + n`, `i + 2 n` and so on.

    Parameters
    ----------
    tree : pytree of arrays
    microbatch_size : int
        How many examples a part has.
    axis : int
        The batch axis.

    Returns
    -------
    pytree of arrays
        With the axis of the parts in place of `axis`, and then that of the examples of a part.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optim.microbatching.reshape_batch_axis(np.arange(6), 2)
    Array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    return pytree.map(lambda x: _split(fnp.asarray(x), microbatch_size, axis), tree)


def _split(x: Any, size, axis):
    shape = (*x.shape[:axis], size, x.shape[axis] // size, *x.shape[axis + 1 :])
    return fnp.swapaxes(fnp.reshape(x, shape), axis, axis + 1)


def microbatch(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    microbatch_size: int | None,
    accumulator: Any = AccumulationType.SUM,
    *,
    argnames: str | Sequence[str] = (),
    in_axes: int | Sequence[int] = 0,
    num_real_microbatches: Any = None,
) -> Callable[..., Any]:
    """Call a function on parts of a batch, one after another, and put the results together.

    Parameters
    ----------
    fun : callable
    argnums : int or sequence of int
        The positions of the arguments that have a batch axis.
    microbatch_size : int, optional
        How many examples a part has; it divides the batch. None leaves `fun` as it is.
    accumulator : pytree of AccumulationType or Accumulator
        How to put the results together; a prefix of what `fun` returns.
    argnames : str or sequence of str
        The names of keyword arguments that have a batch axis.
    in_axes : int or sequence of int
        The batch axes, of `argnums` and then of `argnames`.
    num_real_microbatches : int scalar, optional
        How many parts to compute, if the others are padding.

    Returns
    -------
    callable
        With the arguments of `fun`.

    Raises
    ------
    ValueError
        From that function, if the batch axes differ in length or cannot be divided.
    """
    if microbatch_size is None:
        return fun
    size = microbatch_size
    positions = [argnums] if isinstance(argnums, int) else list(argnums)
    names = [argnames] if isinstance(argnames, str) else list(argnames)
    places = positions + names
    axes = [in_axes] * len(places) if isinstance(in_axes, int) else list(in_axes)

    def in_parts(*args, **kwargs):
        arguments: Any = dict(enumerate(args)) | kwargs
        lengths = {
            fnp.shape(x)[axis]
            for place, axis in zip(places, axes, strict=True)
            for x in pytree.leaves(arguments[place])
        }
        if len(lengths) != 1:
            raise ValueError(
                f"microbatch: the batch axes must be as long, got lengths {sorted(lengths)}"
            )
        (length,) = lengths
        if length % size:
            raise ValueError(
                f"microbatch: `microbatch_size` must divide the batch, got {size} and {length}"
            )
        count = length // size
        split = {
            place: reshape_batch_axis(arguments[place], size, axis)
            for place, axis in zip(places, axes, strict=True)
        }
        whole = _resolved(accumulator, count)

        def part(index):
            given = arguments | {
                place: pytree.map(lambda x, axis=axis: fnp.take(x, index, axis=axis), split[place])
                for place, axis in zip(places, axes, strict=True)
            }
            positional = [given.pop(i) for i in range(len(args))]
            return fun(*positional, **given)

        start = whole.init(eval_shape(part, 0))
        real = count if num_real_microbatches is None else num_real_microbatches
        last = lax.fori_loop(0, real, lambda i, carry: whole.update(carry, part(i), i), start)
        return whole.finalize(last)

    return in_parts


def micro_vmap(
    fun: Callable[..., Any],
    in_axes: int | Sequence[int | None] = 0,
    out_axes: int = 0,
    *,
    microbatch_size: int | None = None,
    vmap_fn: Callable[..., Any] = vmap,
    accumulator: Any = AccumulationType.CONCAT,
    num_real_microbatches: Any = None,
) -> Callable[..., Any]:
    """``vmap`` over parts of a batch, one after another.

    Parameters
    ----------
    fun : callable
        Of single examples.
    in_axes : int or sequence of (int or None)
        The batch axis of every argument.
    out_axes : int
        Must be 0.
    microbatch_size : int, optional
        How many examples a part has. By default all are one part.
    vmap_fn : callable
        What to call for `vmap`.
    accumulator, num_real_microbatches
        See `microbatch`.

    Returns
    -------
    callable
        With the arguments of `fun`, in batches.

    Raises
    ------
    ValueError
        If `out_axes` is not 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> total = optim.microbatching.AccumulationType.SUM
    >>> squares = optim.microbatching.micro_vmap(
    ...     lambda x: x**2, microbatch_size=2, accumulator=total
    ... )
    >>> float(squares(np.arange(6.0)))
    55.0
    """
    if out_axes != 0:
        raise ValueError(f"micro_vmap: `out_axes` must be 0, got {out_axes!r}")
    axes = [in_axes] if isinstance(in_axes, int) else list(in_axes)

    def of_part(*args, kwargs):
        output = vmap_fn(fun, tuple(axes), 0)(*args, **kwargs)
        return _resolved(accumulator, pytree.leaves(output)[0].shape[0]).aggregate(output)

    batched = [(i, axis) for i, axis in enumerate(axes) if axis is not None]
    in_parts = microbatch(
        of_part,
        [i for i, _ in batched],
        microbatch_size,
        accumulator,
        argnames="kwargs",
        in_axes=[axis for _, axis in batched] + [0],
        num_real_microbatches=num_real_microbatches,
    )
    return lambda *args, **kwargs: in_parts(*args, kwargs=kwargs)


class IndividualOutputs(NamedTuple):
    """Of every example: the loss, what `metrics_fn` made of its gradient, and what came along."""

    values: Any
    metrics: Any
    aux: Any


def micro_grad(
    fun: Callable[..., Any],
    has_aux: bool = False,
    argnums: int | Sequence[int] = 0,
    *,
    batch_argnums: int | Sequence[int] = 1,
    keep_batch_dim: bool = True,
    microbatch_size: int | None = None,
    accumulator: Any = AccumulationType.SUM,
    transform_fn: Callable[[Any], Any] = lambda x: x,
    metrics_fn: Callable[[Any], Any] = lambda x: None,
    num_real_microbatches: Any = None,
) -> Callable[..., tuple[Any, IndividualOutputs]]:
    """Gradients of single examples, transformed and then put together.

    With clipping as `transform_fn` it is the gradient of differentially private training.

    Parameters
    ----------
    fun : callable
        The loss; with `has_aux` it returns the loss and anything else.
    has_aux : bool
    argnums : int or sequence of int
        What to differentiate by.
    batch_argnums : int or sequence of int
        The arguments whose first axis is the batch.
    keep_batch_dim : bool
        Whether `fun` gets examples with a batch axis of length 1.
    microbatch_size, accumulator, num_real_microbatches
        See `microbatch`.
    transform_fn : callable
        Applied to the gradient of every example.
    metrics_fn : callable
        What to keep of the gradient of every example.

    Returns
    -------
    callable
        With the arguments of `fun`; returns the gradients put together, and IndividualOutputs.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> loss = lambda w, x: (w * x).sum()
    >>> clipped = optim.microbatching.micro_grad(loss, transform_fn=lambda g: np.clip(g, -1, 1))
    >>> total, each = clipped(2.0, np.array([0.5, 3.0]))
    >>> float(total), each.values
    (1.5, Array([1., 6.]))
    """
    places = (batch_argnums,) if isinstance(batch_argnums, int) else tuple(batch_argnums)
    with_aux = fun if has_aux else lambda *args, **kwargs: (fun(*args, **kwargs), None)

    by: Any = argnums
    differentiate: Any = value_and_grad(with_aux, by, has_aux=True)

    def of_example(*args, **kwargs):
        result, grad = differentiate(*args, **kwargs)
        value, aux = result
        return transform_fn(grad), IndividualOutputs(value, metrics_fn(grad), aux)

    def of_batch(*args, **kwargs):
        if keep_batch_dim:
            args = [
                pytree.map(lambda x: fnp.expand_dims(x, 1), arg) if i in places else arg
                for i, arg in enumerate(args)
            ]
        return micro_vmap(
            of_example,
            [0 if i in places else None for i in range(max(places) + 1)],
            microbatch_size=microbatch_size,
            accumulator=(accumulator, AccumulationType.CONCAT),
            num_real_microbatches=num_real_microbatches,
        )(*args, **kwargs)

    return of_batch
