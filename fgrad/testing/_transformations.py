"""Functions against the same functions transformed."""

import itertools

import numpy as np

from fgrad.core.tree import flatten_axes, tree_flatten, tree_leaves, tree_map, tree_unflatten
from fgrad.testing._compare import compare
from fgrad.testing._leaves import copied, is_inexact
from fgrad.testing._run import run
from fgrad.transforms.jit import jit
from fgrad.transforms.vmap import vmap

SIZE = 3  # of a batch
MOST = 64  # so many in_axes are tried


def check_jit(f, args, atol=None, rtol=None):
    """Check that the compiled function gives what the function gives.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays.
    args : tuple
        Where to check.
    atol, rtol : float, optional
        What to tolerate in addition to the observed effect of rounding; `rtol`, by default
        ``eps ** 0.75``, is relative to the largest number of each array.

    Raises
    ------
    CheckFailure
        If structure, shapes, dtypes or numbers differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_jit
    >>> check_jit(lambda x: np.tanh(x).sum(), (np.ones(3),))
    """

    def check(problem):
        compiled = jit(problem.f)
        for call in ("the output of the first call", "the output of the second call"):
            with np.errstate(all="ignore"):
                got = compiled(*problem.args)
            compare(problem, got, problem.result, call, problem.nearby(), atol, rtol)

    run("check_jit", f, args, check)


def check_vmap(f, args, in_axes=None, atol=None, rtol=None):
    """Check that the mapped function gives what calling the function for each example gives.

    The examples of the batch are the arguments and slightly smaller ones (by a few per cent, which
    keeps signs, zeros and definiteness); integers are the same in all.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays.
    args : tuple
        Arguments for one example.
    in_axes : int or tuple, optional
        As for `fgrad.vmap`; by default every choice of mapped leaves and of their axes, or a sample
        of them if there are more than 64.
    atol, rtol : float, optional
        What to tolerate in addition to the observed effect of rounding; `rtol`, by default
        ``eps ** 0.75``, is relative to the largest number of each array.

    Raises
    ------
    CheckFailure
        If structure, shapes, dtypes or numbers differ; it says for which `in_axes`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_vmap
    >>> check_vmap(np.dot, (np.ones(3), np.ones((3, 2))))
    """

    def check(problem):
        leaves, treedef = tree_flatten(problem.args)
        draws = [[_shrunk(x, 1 - 0.03 * k) for x in leaves] for k in range(SIZE)]
        if in_axes is None:
            choices = _every_axes([np.ndim(x) for x in leaves])
        else:
            choices = [_flat_axes(in_axes, problem.args)]
        for axes in choices:
            _check_axes(problem, draws, axes, treedef, (atol, rtol))

    run("check_vmap", f, args, check)


def _shrunk(x, factor):
    x = np.asarray(x)
    return np.asarray(x * factor).astype(x.dtype)[()] if is_inexact(x) else x[()]


def _every_axes(ndims):
    """in_axes for every non-empty set of mapped leaves, with every axis of each; or a sample."""
    each = [[None, *range(n + 1)] for n in ndims]
    if np.prod([len(e) for e in each], dtype=float) <= MOST:
        choices = list(itertools.product(*each))
    else:
        rng = np.random.default_rng(0)
        choices = [(0,) * len(each)]
        choices += [tuple(e[rng.integers(len(e))] for e in each) for _ in range(MOST)]
        one = lambda k: tuple(0 if i == k else None for i in range(len(each)))
        choices += map(one, range(min(len(each), MOST)))
    return [c for c in dict.fromkeys(choices) if any(a is not None for a in c)]


def _flat_axes(in_axes, args):
    axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    return flatten_axes("check_vmap in_axes", tree_flatten(args)[1], axes)


def _check_axes(problem, draws, axes, treedef, options):
    examples = [
        [x if a is not None else first for x, first, a in zip(d, draws[0], axes, strict=True)]
        for d in draws
    ]
    batch = [
        draws[0][i] if a is None else np.stack([e[i] for e in examples], axis=a)
        for i, a in enumerate(axes)
    ]
    tree = tree_unflatten(treedef, batch)
    spec = tree_unflatten(treedef, list(axes))
    with np.errstate(all="ignore"):
        got = vmap(problem.f, in_axes=spec)(*tree)
        results = [problem.f(*tree_unflatten(treedef, e)) for e in examples]
        near = [problem.f(*tree_unflatten(treedef, e)) for e in map(_near, examples)]
    stack = lambda rs: tree_map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *rs)
    compare(problem, got, stack(results), "the output", [stack(near)], *options, f"in_axes={spec}")


def _near(example):
    return [_shrunk(x, 1 - 3 * np.finfo(np.asarray(x).dtype).eps) if is_inexact(x) else x
            for x in example]  # fmt: skip


def check_pure(f, args, may_alias=False):
    """Check that a function is pure, as every transformation requires.

    Parameters
    ----------
    f : callable
        A function of pytrees of arrays.
    args : tuple
        Where to check.
    may_alias : bool
        Whether outputs may share memory with the arguments and with each other, as the views do
        that NumPy's reshape or transpose return.

    Raises
    ------
    CheckFailure
        If a second call gives other numbers, or changes the result of the first; if a call changes
        an argument; or if outputs share memory.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_pure
    >>> check_pure(lambda x: x + 1, (np.ones(3),))
    """

    def check(problem):
        args = tree_map(copied, problem.args)
        before = tree_map(copied, args)
        label = problem.inputs.label
        with np.errstate(all="ignore"):
            first = problem.f(*args)
            compare(problem, args, before, label, rtol=0, hint="the call changed its argument")
            kept = tree_map(copied, first)
            second = problem.f(*args)
        compare(problem, second, kept, rtol=0, hint="the second call gave something else")
        compare(problem, first, kept, rtol=0, hint="the second call changed the first result")
        if not may_alias:
            _check_aliases(problem, args, first)

    run("check_pure", f, args, check)


def _check_aliases(problem, args, out):
    outputs = [("the output", i, x) for i, x in enumerate(tree_leaves(out))]
    inputs = [("an argument", i, x) for i, x in enumerate(tree_leaves(args))]
    for (_, i, x), (what, j, y) in itertools.product(outputs, outputs + inputs):
        if (what == "the output" and j <= i) or not isinstance(x, np.ndarray):
            continue
        if isinstance(y, np.ndarray) and np.shares_memory(x, y):
            there = problem.outputs if what == "the output" else problem.inputs
            other = there.place_of_leaf(j)
            problem.fail(problem.outputs.place_of_leaf(i), f"memory of {other}", "its own memory")
