"""A function of pytrees as a function of the numbers in them that can move."""

import numpy as np

from fgrad.core.avals import float0
from fgrad.core.source import located
from fgrad.core.tree import tree_flatten, tree_flatten_with_path, tree_map, tree_unflatten
from fgrad.testing._report import CheckFailure, argument_names, place
from fgrad.transforms.face import check_callable, function_name


def is_inexact(x) -> bool:
    """Whether derivatives by `x` exist: it is of a floating or complex dtype."""
    return np.asarray(x).dtype.kind in "fc"


def epsilon(*leaves) -> float:
    """The coarsest spacing of numbers, relative to one, among some arrays."""
    return max((float(np.finfo(np.asarray(x).dtype).eps) for x in leaves), default=0.0)


def as_reals(leaves):
    """The numbers of arrays as one real vector: real and imaginary parts in turn."""
    parts = [np.zeros(0)]
    for x in leaves:
        x = np.ravel(np.asarray(x))
        if x.dtype.kind == "c":
            x = np.stack([x.real, x.imag], axis=-1).ravel()
        parts.append(x.astype(np.float64, copy=False))
    return np.concatenate(parts)


class Leaves:
    """The leaves of a pytree, those that can move among them, and what to call them.

    Parameters
    ----------
    tree : pytree of array-likes
    label : str or list of str
        What to call the tree, or each of its children.
    """

    def __init__(self, tree, label):
        pairs, self.treedef = tree_flatten_with_path(tree)
        self.paths = [path for path, _ in pairs]
        self.all = [leaf for _, leaf in pairs]
        self.label = label
        self.moving = [i for i, x in enumerate(self.all) if is_inexact(x)]
        self.values = [self.all[i] for i in self.moving]

    def tree(self, values):
        """The pytree with other values in the places that move."""
        leaves = list(self.all)
        for i, x in zip(self.moving, values, strict=True):
            leaves[i] = x
        return tree_unflatten(self.treedef, leaves)

    def tangents(self, values):
        """The pytree with tangents in the places that move, and float0 in the others."""
        leaves = [np.zeros(np.shape(x), float0) for x in self.all]
        for i, x in zip(self.moving, values, strict=True):
            leaves[i] = x
        return tree_unflatten(self.treedef, leaves)

    def only_moving(self, tree):
        """Another such pytree, with None in the places that do not move."""
        leaves = tree_flatten(tree)[0]
        kept = [x if i in self.moving else None for i, x in enumerate(leaves)]
        return tree_unflatten(self.treedef, kept)

    def those_moving(self, tree):
        """The leaves of another such pytree in the places that move here."""
        leaves = tree_flatten(tree)[0]
        return [leaves[i] for i in self.moving]

    def place_of_real(self, position):
        """What to call a number of `as_reals` of the moving leaves."""
        for k, x in enumerate(map(np.asarray, self.values)):
            parts = 2 if x.dtype.kind == "c" else 1
            if position < parts * x.size:
                at, part = divmod(position, parts)
                text = self.place(k, np.unravel_index(at, x.shape))
                return text + (f" ({('real', 'imaginary')[part]} part)" if parts == 2 else "")
            position -= parts * x.size
        raise IndexError(position)

    def place(self, k, index=None):
        """What to call a number of the `k`-th moving leaf."""
        return self.place_of_leaf(self.moving[k], index)

    def place_of_leaf(self, i, index=None):
        """What to call a number of the `i`-th of all leaves."""
        path = self.paths[i]
        if isinstance(self.label, str):
            return place(self.label, path, index)
        return place(self.label[path[0].idx], path[1:], index)


class Problem:
    """A function at a place.

    Parameters
    ----------
    check : str
        What is checked, for messages.
    f : callable
    args : tuple of pytrees

    Attributes
    ----------
    result : pytree
        The value there.
    inputs, outputs : Leaves
        Of the arguments and of the result.
    """

    def __init__(self, check, f, args):
        self.check = check
        self.f = f
        self.args = args
        self.inputs = Leaves(args, argument_names(f, len(args)))
        self.result = self.call(self.inputs.values)
        self.outputs = Leaves(self.result, "the output")

    def call(self, values):
        """The result for other values in the places that move, without warnings."""
        args = tree_map(copied, self.inputs.tree(values))  # which the function may change
        with np.errstate(all="ignore"):
            return self.f(*args)

    def moving_outputs(self, values):
        """The inexact leaves of the result, for other values in the places that move."""
        return self.outputs.those_moving(self.call(values))

    def nearby(self):
        """Results at places some roundings away: they show how rounding moves the result."""
        return [self.call(values) for values in nudged(self.inputs.values, 8)]

    def check_finite(self):
        """Fail where the result is infinite or NaN, and so has no derivative."""
        for k, x in enumerate(map(np.asarray, self.outputs.values)):
            if not np.isfinite(x).all():
                index = np.unravel_index(np.argmin(np.isfinite(x)), x.shape)
                where = self.outputs.place(k, index)
                hint = "there is no derivative where the value is not finite"
                self.fail(where, x[index], "a finite number", hint=hint)

    def fail(self, where, got, want, error=None, tolerance=None, hint=""):
        """Raise a failure of this check."""
        name = f"{self.check} of {function_name(self.f)}"
        raise CheckFailure(name, where, got, want, error, tolerance, hint)


def copied(x):
    """A leaf that can be changed without changing this one."""
    return x.copy() if isinstance(x, np.ndarray) else x


def nudged(values, count=4):
    """The same numbers, each moved by a few spacings of its dtype: what rounding might do."""
    factors = [1, -1, 3, -3, 5, -5, 7, -7][:count]
    return [[_like(x, np.asarray(x) * (1 + k * epsilon(x))) for x in values] for k in factors]


def moved(x, step):
    """`x + step`, of the type of `x`: a Python number where that is one."""
    return _like(x, np.asarray(x) + step)


def _like(x, new):
    if type(x) in (float, complex):
        return type(x)(new)
    return np.asarray(new).astype(np.asarray(x).dtype)[()]


def random_like(rng, x):
    """Numbers for a direction: of the shape and dtype of `x`, of either sign, none near zero."""
    x = np.asarray(x)

    def draw():
        return rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1.0, 1.0], x.shape)

    v = draw() + 1j * draw() if x.dtype.kind == "c" else draw()
    return np.asarray(v).astype(x.dtype)[()]


def check_args(name, f, args):
    """Refuse what is no function or no sequence of arguments."""
    check_callable(f, name)
    if not isinstance(args, tuple | list):
        raise TypeError(
            located(f"{name}: args must be a tuple of arguments; got {type(args).__name__}")
        )
    return tuple(args)
