"""The structures of pytrees, and how a tree is flattened to one and built from one.

The structure of a leaf is None and that of a node is a tuple: its `Node`, then the structures of
its children. Structures are plain nested tuples because they are made on every call of every
transformation: hashing and comparing them runs in C. `PyTreeDef` is the object around a structure
that users hold.
"""

from fgrad.core.tree_nodes import kinds, make_node, remember
from fgrad.core.tree_paths import keystr


class PyTreeDef:
    """The structure of a pytree: its node types and static data, with a place for each leaf.

    Structures can be compared, hashed and pickled. `tree_structure` and `tree_flatten` make them.

    Attributes
    ----------
    num_leaves : int
        The number of leaves.
    num_nodes : int
        The number of nodes, leaves included.

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure
    >>> structure = tree_structure([1.0, {"a": 2.0}])
    >>> structure
    PyTreeDef([*, {'a': *}])
    >>> structure.num_leaves, structure.num_nodes
    (2, 4)
    >>> structure.unflatten("xy")
    ['x', {'a': 'y'}]
    """

    __slots__ = ("__weakref__", "_hash", "num_leaves", "num_nodes", "structure")

    def __init__(self, structure):
        self.structure = structure
        self.num_leaves, self.num_nodes = count(structure)
        self._hash = None

    def unflatten(self, leaves):
        """Build the tree that has this structure and the given leaves (an iterable)."""
        if type(leaves) is not list:
            leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            few = len(leaves) < self.num_leaves
            raise ValueError(
                f"Too {'few' if few else 'many'} leaves for PyTreeDef; expected "
                f"{self.num_leaves}, got {len(leaves)}: {self}"
            )
        structure = self.structure
        return leaves[0] if structure is None else _unflatten(structure, leaves[::-1])

    def flatten_up_to(self, tree):
        """List the subtrees of `tree` that stand where this structure has its leaves."""
        if self.structure is None:
            return [tree]
        subtrees = []
        if not _flatten_up_to(self.structure, tree, subtrees):
            raise ValueError(explain_mismatch(self, tree, "the structure", "the tree", prefix=True))
        return subtrees

    def children(self):
        """List the structures of the children of the root; none for a leaf."""
        return [to_treedef(child) for child in self.structure[1:]] if self.structure else []

    def node_data(self):
        """The type and static data of the root, as a pair; None for a leaf."""
        if self.structure is None:
            return None
        node = self.structure[0]
        return node.kind.type, list(node.aux) if node.kind.type is dict else node.aux

    def compose(self, inner):
        """The structure that has the structure `inner` at each leaf of this one."""
        return to_treedef(_substitute(self.structure, inner.structure))

    def __eq__(self, other):
        if self is other:
            return True
        if type(other) is not PyTreeDef:
            return NotImplemented
        return (
            self.num_nodes == other.num_nodes
            and self.num_leaves == other.num_leaves
            and _contents(self.structure) == _contents(other.structure)
        )

    def __hash__(self):
        if self._hash is None:
            try:
                self._hash = hash(_contents(self.structure))
            except TypeError as error:
                raise TypeError(
                    "the static data of a pytree must be hashable for its structure to be "
                    f"hashed ({error}): {self}"
                ) from error
        return self._hash

    def __repr__(self):
        return f"PyTreeDef({_describe(self.structure)})"

    def __reduce__(self):
        return _from_contents, (_contents(self.structure),)


def count(structure):
    """The number of leaves and of nodes, leaves included."""
    if structure is None:
        return 1, 1
    leaves, nodes = 0, 1
    for child in structure[1:]:
        more_leaves, more_nodes = count(child)
        leaves += more_leaves
        nodes += more_nodes
    return leaves, nodes


def _contents(structure):
    """The structure with types and static data in the place of nodes: its meaning."""
    if structure is None:
        return None
    node, *children = structure
    return (node.kind.type, node.aux, *map(_contents, children))


def _from_contents(contents):
    def structure(contents):
        if contents is None:
            return None
        cls, aux, *children = contents
        return (make_node(kinds[cls], aux), *map(structure, children))

    return to_treedef(structure(contents))


def _describe(structure):
    if type(structure) is not tuple:
        return "*"
    node, *children = structure
    return node.kind.describe(node.aux, [*map(_describe, children)])


def _substitute(outer, inner):
    if outer is None:
        return inner
    node, *children = outer
    return (node, *(_substitute(child, inner) for child in children))


def _all_shared(structure):
    return structure is None or (structure[0].shared and all(map(_all_shared, structure[1:])))


# One PyTreeDef for each structure in use, so that finding it again costs one look-up. Structures
# with nodes of their own (see `Node`) would never be found, so they are not kept.
_treedefs = {}


def to_treedef(structure):
    """The `PyTreeDef` of a structure."""
    found = _treedefs.get(structure)
    return _new_treedef(structure) if found is None else found


def _new_treedef(structure):
    treedef = PyTreeDef(structure)
    if _all_shared(structure):
        treedef = remember(_treedefs, structure, treedef)
    return treedef


_leaf = PyTreeDef(None)
_treedefs[None] = _leaf


# ---------------------------------------------------------------------------------------------
# Flattening and unflattening
# ---------------------------------------------------------------------------------------------


def _flatten(kind, x, leaves):
    """Append the leaves of ``x``, a node of the given kind, to `leaves`; return its structure."""
    node = kind.node
    if node is None:
        node, x = kind.open(x)
    structure = [node]
    for child in x:
        kind = kinds[type(child)]
        if kind is None:
            leaves.append(child)
            structure.append(None)
        else:
            structure.append(_flatten(kind, child, leaves))
    return tuple(structure)


def _flatten_until(x, leaves, is_leaf):
    """Like `_flatten`, for any ``x``, stopping where the user's ``is_leaf`` says so."""
    kind = None if is_leaf(x) else kinds[type(x)]
    if kind is None:
        leaves.append(x)
        return None
    node, children = kind.open(x)
    return (node, *[_flatten_until(child, leaves, is_leaf) for child in children])


def _unflatten(structure, leaves):
    """Build a node, taking its leaves off the end of the list `leaves`."""
    children = []
    for child in structure[1:]:
        children.append(leaves.pop() if child is None else _unflatten(child, leaves))
    node = structure[0]
    return node.kind.build(node.aux, children)


def _flatten_up_to(structure, x, subtrees):
    """Append the subtrees of ``x`` at the leaves of a node; False if it is no prefix of ``x``."""
    kind = kinds[type(x)]
    if kind is not structure[0].kind:
        return False
    node, children = kind.open(x)
    if len(children) != len(structure) - 1 or not node.matches(structure[0]):
        return False
    for child_structure, child in zip(structure[1:], children, strict=True):
        if child_structure is None:
            subtrees.append(child)
        elif not _flatten_up_to(child_structure, child, subtrees):
            return False
    return True


def check_is_leaf(is_leaf):
    """Refuse an `is_leaf` that is no function."""
    if not callable(is_leaf):
        raise TypeError(f"is_leaf must be a function or None, got {is_leaf!r}")


def check_treedef(name, treedef):
    """Refuse an argument `name` that is no `PyTreeDef`."""
    if type(treedef) is not PyTreeDef:
        raise TypeError(
            f"{name} must be a PyTreeDef, as tree_structure returns it, got {treedef!r} of type "
            f"{type(treedef).__name__}"
        )


def tree_flatten(tree, is_leaf=None):
    """Take a pytree apart into its leaves and its structure.

    Parameters
    ----------
    tree : pytree
        The tree.
    is_leaf : callable, optional
        ``is_leaf(x)`` is asked of every node; where it is true, the node is kept whole as a leaf.

    Returns
    -------
    leaves : list
        The leaves, in order; those of a dictionary in the order of its sorted keys.
    treedef : PyTreeDef
        The structure, from which `tree_unflatten` rebuilds the tree.

    Raises
    ------
    ValueError
        If the keys of a dictionary cannot be sorted.

    Examples
    --------
    >>> from fgrad.tree_util import tree_flatten
    >>> tree_flatten({"w": [1.0, 2.0], "b": 3.0})
    ([3.0, 1.0, 2.0], PyTreeDef({'b': *, 'w': [*, *]}))
    """
    if is_leaf is not None:
        check_is_leaf(is_leaf)
        leaves = []
        structure = _flatten_until(tree, leaves, is_leaf)
    else:
        kind = kinds[type(tree)]
        if kind is None:
            return [tree], _leaf
        leaves = []
        structure = _flatten(kind, tree, leaves)
    found = _treedefs.get(structure)
    return leaves, _new_treedef(structure) if found is None else found


def tree_unflatten(treedef, leaves):
    """Build the pytree with a given structure and leaves; undoes `tree_flatten`.

    Parameters
    ----------
    treedef : PyTreeDef
        The structure.
    leaves : iterable
        As many leaves as the structure has. They may be any objects, also pytrees.

    Returns
    -------
    pytree

    Raises
    ------
    ValueError
        If the number of leaves is not that of the structure.

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure, tree_unflatten
    >>> tree_unflatten(tree_structure({"a": 0, "b": (0, 0)}), [1, 2, 3])
    {'a': 1, 'b': (2, 3)}
    """
    check_treedef("treedef", treedef)
    return treedef.unflatten(leaves)


def tree_leaves(tree, is_leaf=None):
    """List the leaves of a pytree.

    Parameters
    ----------
    tree : pytree
        The tree.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    list

    Examples
    --------
    >>> from fgrad.tree_util import tree_leaves
    >>> tree_leaves([1, (2, None), {"a": 3}])
    [1, 2, 3]
    """
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree, is_leaf=None):
    """The structure of a pytree.

    Parameters
    ----------
    tree : pytree
        The tree.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    PyTreeDef

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure
    >>> tree_structure([1, (2, None)])
    PyTreeDef([*, (*, None)])
    """
    return tree_flatten(tree, is_leaf)[1]


def all_leaves(iterable, is_leaf=None):
    """Whether every element of an iterable is a leaf.

    Parameters
    ----------
    iterable : iterable
        The objects to ask about.
    is_leaf : callable, optional
        As in `tree_flatten`.

    Returns
    -------
    bool

    Examples
    --------
    >>> from fgrad.tree_util import all_leaves
    >>> all_leaves([1.0, "a"]), all_leaves([1.0, [2.0]])
    (True, False)
    """
    if is_leaf is None:
        return all(kinds[type(x)] is None for x in iterable)
    return all(kinds[type(x)] is None or is_leaf(x) for x in iterable)


def _open(tree):
    kind = kinds[type(tree)]
    if kind is None:
        raise ValueError(f"can't tree-flatten type: {type(tree)} is not a pytree node type")
    return kind


def flatten_one_level(tree):
    """Take the root of a pytree apart.

    Parameters
    ----------
    tree : pytree
        A node.

    Returns
    -------
    children : list
        Its children.
    aux_data : object
        Its static data.

    Raises
    ------
    ValueError
        If `tree` is a leaf.

    Examples
    --------
    >>> from fgrad.tree_util import flatten_one_level
    >>> flatten_one_level({"b": [1.0], "a": 2.0})
    ([2.0, [1.0]], ('a', 'b'))
    """
    node, children = _open(tree).open(tree)
    return list(children), node.aux


def flatten_one_level_with_keys(tree):
    """Take the root of a pytree apart, with the keys of its children.

    Parameters
    ----------
    tree : pytree
        A node.

    Returns
    -------
    pairs : list
        A (key, child) pair for each child.
    aux_data : object
        Its static data.

    Raises
    ------
    ValueError
        If `tree` is a leaf.

    Examples
    --------
    >>> from fgrad.tree_util import flatten_one_level_with_keys
    >>> flatten_one_level_with_keys({"a": [1.0]})
    ([(DictKey(key='a'), [1.0])], ('a',))
    """
    node, pairs = _open(tree).keyed_children(tree)
    return pairs, node.aux


# ---------------------------------------------------------------------------------------------
# Structures from structures
# ---------------------------------------------------------------------------------------------


def treedef_is_leaf(treedef):
    """Whether a structure is a single node: a leaf, or a node without children.

    Parameters
    ----------
    treedef : PyTreeDef

    Returns
    -------
    bool

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure, treedef_is_leaf
    >>> treedef_is_leaf(tree_structure(1.0)), treedef_is_leaf(tree_structure([1.0]))
    (True, False)
    """
    return treedef.num_nodes == 1


def treedef_tuple(treedefs):
    """The structure of a tuple whose elements have the given structures.

    Parameters
    ----------
    treedefs : iterable of PyTreeDef

    Returns
    -------
    PyTreeDef

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure, treedef_tuple
    >>> treedef_tuple([tree_structure(0), tree_structure([0])])
    PyTreeDef((*, [*]))
    """
    return to_treedef((kinds[tuple].node, *[t.structure for t in treedefs]))


def treedef_children(treedef):
    """List the structures of the children of the root of a structure.

    Parameters
    ----------
    treedef : PyTreeDef

    Returns
    -------
    list of PyTreeDef

    Examples
    --------
    >>> from fgrad.tree_util import tree_structure, treedef_children
    >>> treedef_children(tree_structure((0, [0])))
    [PyTreeDef(*), PyTreeDef([*])]
    """
    return treedef.children()


def build_tree(treedef, xs):
    """Build a tree with a given structure from nested iterables of the same shape.

    Parameters
    ----------
    treedef : PyTreeDef
        The structure.
    xs : nested iterable
        Where the structure has a node, an iterable over what goes to its children; where it has a
        leaf, the leaf.

    Returns
    -------
    pytree

    Examples
    --------
    >>> from fgrad.core.tree import build_tree, tree_structure
    >>> build_tree(tree_structure({"a": 0, "b": [0, 0]}), [1, (2, 3)])
    {'a': 1, 'b': [2, 3]}
    """

    def leaves(structure, xs):
        if structure is None:
            yield xs
        else:
            for child, x in zip(structure[1:], xs, strict=True):
                yield from leaves(child, x)

    return treedef.unflatten(leaves(treedef.structure, xs))


# ---------------------------------------------------------------------------------------------
# What differs, in words
# ---------------------------------------------------------------------------------------------


def explain_mismatch(a, b, what_a="the first tree", what_b="the second tree", prefix=False):
    """Say where and how two trees or structures differ first.

    Parameters
    ----------
    a, b : PyTreeDef or pytree
        The structures, or trees that have them.
    what_a, what_b : str
        What to call them.
    prefix : bool
        Let the first have leaves where the second has subtrees.

    Returns
    -------
    str
        A sentence that names the key path and both sides; empty if they do not differ.

    Examples
    --------
    >>> from fgrad.core.tree import explain_mismatch
    >>> explain_mismatch({"w": 2}, {"w": (2, 3)}, "x", "y")
    "at key path ['w'], x has a leaf of type int, but y has a tuple of length 2: (*, *)"
    """
    return _explain(_with_leaf_types(a), _with_leaf_types(b), what_a, what_b, prefix, ())


def _with_leaf_types(x):
    """The structure of a tree, with the type of each leaf in its place; that of a PyTreeDef."""
    if type(x) is PyTreeDef:
        return x.structure
    leaves, treedef = tree_flatten(x)

    def substitute(structure, types):
        if structure is None:
            return next(types)
        return (structure[0], *[substitute(child, types) for child in structure[1:]])

    return substitute(treedef.structure, map(type, leaves))


def _explain(a, b, what_a, what_b, prefix, path):
    a_is_leaf, b_is_leaf = type(a) is not tuple, type(b) is not tuple
    if a_is_leaf and (prefix or b_is_leaf):
        return ""
    if a_is_leaf or b_is_leaf or len(a) != len(b) or not a[0].matches(b[0]):
        where = f"at key path {keystr(path)}" if path else "at the root"
        return f"{where}, {what_a} has {_name(a)}, but {what_b} has {_name(b)}"
    node, *children = a
    keys = node.kind.keys(node.aux, len(children))
    parts = (
        _explain(x, y, what_a, what_b, prefix, (*path, key))
        for key, x, y in zip(keys, children, b[1:], strict=True)
    )
    return next(filter(None, parts), "")


def _name(structure):
    """What stands at the root of a structure, in words."""
    if structure is None:
        return "a leaf"
    if type(structure) is not tuple:
        return f"a leaf of type {structure.__name__}"
    cls, aux, count = structure[0].kind.type, structure[0].aux, len(structure) - 1
    if cls is type(None):
        return "None"
    if cls is dict:
        return f"a dict with keys {_shorten(repr([*aux]))}"
    if cls in (tuple, list):
        return f"a {cls.__name__} of length {count}: {_shorten(_describe(structure))}"
    return f"a node of type {cls.__name__}: {_shorten(_describe(structure))}"


def _shorten(text, limit=200):
    return text if len(text) <= limit else text[: limit - 3] + "..."
