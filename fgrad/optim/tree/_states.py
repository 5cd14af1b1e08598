"""Parts of an optimizer's state, found by name or by being like the parameters."""

from typing import Any, NamedTuple

import fgrad.tree as pytree
from fgrad.tree_util import (
    DictKey,
    GetAttrKey,
    register_pytree_node_class,
    tree_leaves_with_path,
)

__all__ = ["NamedTupleKey", "get", "get_all_with_path", "map_params", "set"]


class NamedTupleKey(NamedTuple):
    """The step from a named tuple to one of its fields."""

    tuple_name: str
    name: str

    def __str__(self):
        return f"{self.tuple_name}.{self.name}"


def _is_namedtuple(node):
    return isinstance(node, tuple) and hasattr(node, "_fields")


def _children(node):
    """What `node` holds, each with the key that leads there; nothing if it is a leaf."""
    if _is_namedtuple(node):
        name = type(node).__name__
        return [(NamedTupleKey(name, f), getattr(node, f)) for f in node._fields]
    level = tree_leaves_with_path(node, is_leaf=lambda x: x is not node)
    return [(path[0], child) for path, child in level if path]


def _with_children(node, children):
    if _is_namedtuple(node):
        return type(node)(*children)
    return pytree.unflatten(pytree.structure(node, is_leaf=lambda x: x is not node), children)


def _name(key):
    """What a child is called, if it has a name."""
    if isinstance(key, (NamedTupleKey, GetAttrKey)):
        return key.name
    return key.key if isinstance(key, DictKey) else None


def _walk(path, node):
    """Every named part of `node`: its path, its name and its value."""
    if _is_namedtuple(node):
        yield path, type(node).__name__, node
    for key, child in _children(node):
        here = (*path, key)
        if _name(key) is not None:
            yield here, _name(key), child
        yield from _walk(here, child)


def get_all_with_path(tree, key, filtering=None):
    """Every part of a tree that goes by a name.

    Parameters
    ----------
    tree : pytree
        Usually the state of an optimizer.
    key : str
        A key of a dictionary, a field of a named tuple, or a named tuple's own name.
    filtering : callable, optional
        ``filtering(path, value)`` says whether a part counts.

    Returns
    -------
    list of (path, value)
        A path is a tuple of keys, as in `fgrad.tree_util`, with `NamedTupleKey` for fields.

    Examples
    --------
    >>> from fgrad import optim
    >>> state = optim.adam(0.1).init(0.0)
    >>> [(path, count)] = optim.tree.get_all_with_path(state, "count")
    >>> [str(key) for key in path], int(count)
    (['[0]', 'ScaleByAdamState.count'], 0)
    """
    return [
        (path, value)
        for path, name, value in _walk((), tree)
        if name == key and (filtering is None or filtering(path, value))
    ]


def get(tree, key, default=None, filtering=None):
    """The part of a tree that goes by a name.

    Parameters
    ----------
    tree, key, filtering
        As in `get_all_with_path`.
    default : object
        What to return if there is none.

    Returns
    -------
    object

    Raises
    ------
    KeyError
        If several parts go by that name.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.5)
    >>> float(optim.tree.get(optimizer.init(0.0), "learning_rate"))
    0.5
    """
    found = get_all_with_path(tree, key, filtering)
    if len(found) > 1:
        paths = ", ".join("".join(map(str, path)) for path, _ in found)
        raise KeyError(f"tree.get: `key` {key!r} is the name of several parts of `tree`: {paths}")
    return found[0][1] if found else default


def set(tree, filtering=None, /, **kwargs):
    """A tree with other values for the parts that go by given names.

    Parameters
    ----------
    tree, filtering
        As in `get_all_with_path`.
    **kwargs
        New values by name.

    Returns
    -------
    pytree

    Raises
    ------
    KeyError
        If no part goes by one of the names.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.5)
    >>> state = optim.tree.set(optimizer.init(0.0), learning_rate=0.25)
    >>> float(optim.tree.get(state, "learning_rate"))
    0.25
    """
    for key in kwargs:
        if not get_all_with_path(tree, key, filtering):
            raise KeyError(f"tree.set: no part of `tree` goes by the name {key!r}")

    def chosen(path, name, value):
        return name in kwargs and (filtering is None or filtering(path, value))

    def visit(path, node):
        if _is_namedtuple(node) and chosen(path, type(node).__name__, node):
            return kwargs[type(node).__name__]
        children = _children(node)
        if not children:
            return node
        return _with_children(node, [place((*path, key), child) for key, child in children])

    def place(path, child):
        name: Any = _name(path[-1])
        return kwargs[name] if chosen(path, name, child) else visit(path, child)

    return visit((), tree)


@register_pytree_node_class
class ParamsPlaceholder:
    """Stands for the parameters, to see where ``init`` puts what is like them."""

    def tree_flatten(self):
        return (), None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls()


def map_params(
    initable: Any,
    f,
    state,
    /,
    *rest,
    transform_non_params=None,
    is_leaf=None,
):
    """Apply a function to those parts of a state that are like the parameters.

    Parameters
    ----------
    initable : GradientTransformation or callable
        What made the state: an optimizer or its ``init``.
    f : callable
        Takes a leaf of the state and the leaves of `rest` at that place.
    state : pytree
    *rest : pytree
        Like the parameters.
    transform_non_params : callable, optional
        What to apply to the other leaves of the state.
    is_leaf : callable, optional
        As in `fgrad.tree.map`, for the parts that are like the parameters.

    Returns
    -------
    pytree
        Like `state`.

    Examples
    --------
    >>> from fgrad import optim
    >>> optimizer = optim.adam(0.1)
    >>> state = optimizer.init({"w": 0.0})
    >>> optim.tree.map_params(optimizer, lambda _: "like w", state)[0].mu
    {'w': 'like w'}
    """
    init = initable.init if hasattr(initable, "init") else initable

    def visit(template, part):
        if isinstance(template, ParamsPlaceholder):
            return pytree.map(f, part, *rest, is_leaf=is_leaf)
        return part if transform_non_params is None else transform_non_params(part)

    return pytree.map(
        visit,
        init(ParamsPlaceholder()),
        state,
        is_leaf=lambda x: isinstance(x, ParamsPlaceholder),
    )
