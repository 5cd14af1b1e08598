"""Pytrees: nested containers of arrays.

A pytree is a leaf or a node whose children are pytrees. This is the whole of it for the rest of
the package: what is a node (`tree_nodes`, `tree_register`), structures (`tree_structure`), key
paths (`tree_paths`), and here the functions that map, reduce and broadcast.
"""

import functools

from fgrad.core.tree_nodes import kinds
from fgrad.core.tree_paths import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyPath,
    SequenceKey,
    keystr,
)
from fgrad.core.tree_register import (
    Partial,
    is_tree_node,
    register_dataclass,
    register_pytree_node,
    register_pytree_node_class,
    register_pytree_with_keys,
    register_pytree_with_keys_class,
    register_static,
    static,
)
from fgrad.core.tree_structure import (
    PyTreeDef,
    all_leaves,
    build_tree,
    check_is_leaf,
    check_treedef,
    count,
    explain_mismatch,
    flatten_one_level,
    flatten_one_level_with_keys,
    to_treedef,
    tree_flatten,
    tree_leaves,
    tree_structure,
    tree_unflatten,
    treedef_children,
    treedef_is_leaf,
    treedef_tuple,
)

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "broadcast_prefix",
    "build_tree",
    "explain_mismatch",
    "flatten_axes",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]


# ---------------------------------------------------------------------------------------------
# Maps and reductions
# ---------------------------------------------------------------------------------------------


def _leaves_of_rest(treedef, rest):
    """For each further tree, its subtrees at the leaves of the first."""
    columns = []
    for i, tree in enumerate(rest):
        leaves, structure = tree_flatten(tree)
        if structure is not treedef:  # the same structure, the common case, is flattened already
            try:
                leaves = treedef.flatten_up_to(tree)
            except ValueError:
                reason = explain_mismatch(treedef, tree, "tree", f"rest[{i}]", prefix=True)
                raise ValueError(
                    f"tree_map: tree must be a prefix of each tree in rest; {reason}"
                ) from None
        columns.append(leaves)
    return columns


def tree_map(f, tree, *rest, is_leaf=None):
    """Apply a function to each leaf of a pytree, or to the leaves of several in step.

    Parameters
    ----------
    f : callable
        Takes one leaf of each tree.
    tree : pytree
        The tree whose structure the result has.
    *rest : pytrees
        Trees with the structure of `tree`, or with subtrees in the place of its leaves, which are
        then passed to `f` whole.
    is_leaf : callable, optional
        As in `tree_flatten`; asked of `tree` only.

    Returns
    -------
    pytree

    Raises
    ------
    ValueError
        If `tree` is not a prefix of a tree in `rest`. The message says where they differ.

    Examples
    --------
    >>> from fgrad.tree_util import tree_map
    >>> tree_map(lambda p, g: p - 0.5 * g, {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 2.0})
    {'a': 0.0, 'b': 1.0}
    """
    leaves, treedef = tree_flatten(tree, is_leaf)
    return treedef.unflatten([*map(f, leaves, *_leaves_of_rest(treedef, rest))])


def tree_all(tree, *, is_leaf=None):
    """Whether all leaves of a pytree are true.

    Parameters
    ----------
    tree : pytree
        The tree.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    bool

    Examples
    --------
    >>> from fgrad.tree_util import tree_all
    >>> tree_all({"a": True, "b": [True, False]})
    False
    """
    return all(tree_leaves(tree, is_leaf))


_NOT_GIVEN = object()


def tree_reduce(function, tree, initializer=_NOT_GIVEN, is_leaf=None):
    """Combine the leaves of a pytree from first to last.

    Parameters
    ----------
    function : callable
        ``function(accumulated, leaf)``.
    tree : pytree
        The tree.
    initializer : object, optional
        The value to begin with, in the place of the first leaf.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If the tree has no leaves and there is no `initializer`.

    Examples
    --------
    >>> from fgrad.tree_util import tree_reduce
    >>> tree_reduce(lambda total, x: total + x, {"a": 1.0, "b": [2.0, 3.0]})
    6.0
    """
    leaves = tree_leaves(tree, is_leaf)
    if initializer is _NOT_GIVEN:
        return functools.reduce(function, leaves)
    return functools.reduce(function, leaves, initializer)


def tree_reduce_associative(operation, tree, *, identity=_NOT_GIVEN, is_leaf=None):
    """Combine the leaves of a pytree in pairs, then the results in pairs, and so on.

    The depth of the computation is the logarithm of the number of leaves, and so is the growth of
    the rounding error of a sum.

    Parameters
    ----------
    operation : callable
        ``operation(left, right)``; associative.
    tree : pytree
        The tree.
    identity : object, optional
        The result for a tree without leaves.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If the tree has no leaves and there is no `identity`.

    Examples
    --------
    >>> from fgrad.tree_util import tree_reduce_associative
    >>> tree_reduce_associative(lambda a, b: f"({a}{b})", list("abcd"))
    '((ab)(cd))'
    """
    leaves = tree_leaves(tree, is_leaf)

    def reduce(low, high):
        if high - low == 1:
            return leaves[low]
        middle = (low + high) // 2
        return operation(reduce(low, middle), reduce(middle, high))

    if leaves:
        return reduce(0, len(leaves))
    if identity is _NOT_GIVEN:
        raise TypeError("tree_reduce_associative of a tree without leaves needs an identity")
    return identity


def tree_transpose(outer_treedef, inner_treedef, pytree_to_transpose):
    """Turn a tree of trees inside out.

    Parameters
    ----------
    outer_treedef : PyTreeDef
        The structure of the outer tree.
    inner_treedef : PyTreeDef or None
        The structure of the trees at its leaves; None to read it off the first of them.
    pytree_to_transpose : pytree
        A tree with the structure ``outer_treedef.compose(inner_treedef)``.

    Returns
    -------
    pytree
        A tree with the structure ``inner_treedef.compose(outer_treedef)``.

    Raises
    ------
    TypeError
        If the tree does not have the expected structure.

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure, tree_transpose
    >>> tree_transpose(
    ...     tree_structure([0, 0]),
    ...     tree_structure({"a": 0, "b": 0}),
    ...     [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    ... )
    {'a': [1, 3], 'b': [2, 4]}
    """
    check_treedef("outer_treedef", outer_treedef)
    if inner_treedef is None:
        subtrees = outer_treedef.flatten_up_to(pytree_to_transpose)
        if not subtrees:
            raise ValueError(
                "tree_transpose: give inner_treedef, for the outer structure has no leaf to read "
                f"it off: {outer_treedef}"
            )
        inner_treedef = tree_structure(subtrees[0])
    check_treedef("inner_treedef", inner_treedef)
    leaves, treedef = tree_flatten(pytree_to_transpose)
    expected = outer_treedef.compose(inner_treedef)
    if treedef != expected:
        raise TypeError(
            "tree_transpose: the structure of the tree is not outer_treedef.compose(inner_treedef)"
            f": {explain_mismatch(expected, treedef, 'the expected structure', 'the tree')}\n"
            f"expected {expected}\n"
            f"got      {treedef}"
        )
    size = inner_treedef.num_leaves
    columns = [outer_treedef.unflatten(leaves[i::size]) for i in range(size)]
    return inner_treedef.unflatten(columns)


# ---------------------------------------------------------------------------------------------
# Prefixes
# ---------------------------------------------------------------------------------------------


def _prefix_counts(prefix, full, counts):
    """Append, for each leaf of one structure, how many leaves another has there.

    False if the one is not a prefix of the other.
    """
    if prefix is None:
        counts.append(count(full)[0])
        return True
    if full is None or len(prefix) != len(full):
        return False
    if not prefix[0].matches(full[0]):
        return False
    return all(map(_prefix_counts, prefix[1:], full[1:], [counts] * (len(full) - 1)))


def _broadcast(prefix_leaves, prefix, full, what_prefix, what_full):
    counts = []
    if not _prefix_counts(prefix.structure, full.structure, counts):
        raise ValueError(explain_mismatch(prefix, full, what_prefix, what_full, prefix=True))
    return [leaf for leaf, count in zip(prefix_leaves, counts, strict=True) for _ in range(count)]


def broadcast_prefix(prefix_tree, full_tree, is_leaf=None):
    """Repeat each leaf of a prefix once for every leaf that stands below it in a full tree.

    Parameters
    ----------
    prefix_tree : pytree
        A tree with leaves where `full_tree` may have subtrees.
    full_tree : pytree
        The tree to follow.
    is_leaf : callable, optional
        As in `tree_flatten`; asked of `prefix_tree` only.

    Returns
    -------
    list
        One leaf of `prefix_tree` for each leaf of `full_tree`.

    Raises
    ------
    ValueError
        If `prefix_tree` is not a prefix of `full_tree`. The message says where they differ.

    Examples
    --------
    >>> from fgrad.core.tree import broadcast_prefix
    >>> broadcast_prefix((0, 1), ([10, 20], {"a": 30}))
    [0, 0, 1]
    """
    leaves, prefix = tree_flatten(prefix_tree, is_leaf)
    return _broadcast(leaves, prefix, tree_structure(full_tree), "the prefix", "the full tree")


def tree_broadcast(prefix_tree, full_tree, is_leaf=None):
    """Give a prefix the structure of a full tree by repeating its leaves.

    Parameters
    ----------
    prefix_tree : pytree
        A tree with leaves where `full_tree` may have subtrees.
    full_tree : pytree
        The tree to follow.
    is_leaf : callable, optional
        As in `tree_flatten`; asked of `prefix_tree` only.

    Returns
    -------
    pytree

    Raises
    ------
    ValueError
        If `prefix_tree` is not a prefix of `full_tree`. The message says where they differ.

    Examples
    --------
    >>> from fgrad.tree_util import tree_broadcast
    >>> tree_broadcast({"a": 1, "b": 2}, {"a": [10, 20], "b": 30})
    {'a': [1, 1], 'b': 2}
    """
    leaves = broadcast_prefix(prefix_tree, full_tree, is_leaf)
    return tree_structure(full_tree).unflatten(leaves)


def flatten_axes(name, treedef, axes_prefix_tree):
    """Give each leaf of a structure its axis from a prefix tree of axes.

    Parameters
    ----------
    name : str
        The argument that the axes were given as, for the error message.
    treedef : PyTreeDef
        The structure of the values.
    axes_prefix_tree : pytree
        Axes. None is a leaf here, meaning "no axis".

    Returns
    -------
    list
        An axis or None for each leaf.

    Raises
    ------
    ValueError
        If `axes_prefix_tree` is not a prefix of `treedef`.

    Examples
    --------
    >>> from fgrad.core.tree import flatten_axes, tree_structure
    >>> flatten_axes("in_axes", tree_structure(({"a": 0, "b": 0}, 0)), (0, None))
    [0, 0, None]
    """
    axes, prefix = tree_flatten(axes_prefix_tree, lambda x: x is None)
    try:
        return _broadcast(axes, prefix, treedef, name, "the values")
    except ValueError as error:
        raise ValueError(
            f"{name} must be an axis or a tree of axes that is a prefix of the tree of values: "
            f"{error}\n{name}: {axes_prefix_tree!r}, of structure {prefix}\n"
            f"values: {treedef}"
        ) from None


# ---------------------------------------------------------------------------------------------
# Key paths
# ---------------------------------------------------------------------------------------------


def _flatten_with_path(x, path, pairs, is_leaf):
    kind = None if is_leaf(path, x) else kinds[type(x)]
    if kind is None:
        pairs.append((path, x))
        return None
    node, children = kind.keyed_children(x)
    return (
        node,
        *[_flatten_with_path(child, (*path, key), pairs, is_leaf) for key, child in children],
    )


def tree_flatten_with_path(tree, is_leaf=None, is_leaf_takes_path=False):
    """Take a pytree apart into its leaves with their key paths, and its structure.

    Parameters
    ----------
    tree : pytree
        The tree.
    is_leaf : callable, optional
        As in `tree_flatten`.
    is_leaf_takes_path : bool
        Call ``is_leaf(path, x)`` in the place of ``is_leaf(x)``.

    Returns
    -------
    pairs : list
        A pair (key path, leaf) for each leaf, in order.
    treedef : PyTreeDef
        The structure.

    Examples
    --------
    >>> from fgrad.tree_util import tree_flatten_with_path
    >>> pairs, treedef = tree_flatten_with_path([1.0, {"w": 2.0}])
    >>> pairs[1]
    ((SequenceKey(idx=1), DictKey(key='w')), 2.0)
    """
    if is_leaf is None:
        stop = lambda path, x: False
    else:
        check_is_leaf(is_leaf)
        stop = is_leaf if is_leaf_takes_path else lambda path, x: is_leaf(x)
    pairs = []
    structure = _flatten_with_path(tree, (), pairs, stop)
    return pairs, to_treedef(structure)


def tree_leaves_with_path(tree, is_leaf=None, is_leaf_takes_path=False):
    """List the leaves of a pytree with their key paths.

    Parameters
    ----------
    tree, is_leaf, is_leaf_takes_path
        As in `tree_flatten_with_path`.

    Returns
    -------
    list
        A pair (key path, leaf) for each leaf, in order.

    Examples
    --------
    >>> from fgrad.tree_util import keystr, tree_leaves_with_path
    >>> [(keystr(path), x) for path, x in tree_leaves_with_path({"a": [1, 2]})]
    [("['a'][0]", 1), ("['a'][1]", 2)]
    """
    return tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def tree_map_with_path(f, tree, *rest, is_leaf=None, is_leaf_takes_path=False):
    """Apply a function to the key path and value of each leaf of a pytree.

    Parameters
    ----------
    f : callable
        ``f(path, leaf, *leaves_of_rest)``.
    tree : pytree
        The tree whose structure the result has.
    *rest : pytrees
        As in `tree_map`.
    is_leaf, is_leaf_takes_path
        As in `tree_flatten_with_path`.

    Returns
    -------
    pytree

    Examples
    --------
    >>> from fgrad.tree_util import keystr, tree_map_with_path
    >>> tree_map_with_path(lambda path, x: f"{keystr(path)} = {x}", {"a": [1.0]})
    {'a': ["['a'][0] = 1.0"]}
    """
    pairs, treedef = tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    columns = _leaves_of_rest(treedef, rest)
    return treedef.unflatten(
        [f(*pair, *others) for pair, *others in zip(pairs, *columns, strict=True)]
    )
