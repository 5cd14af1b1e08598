"""Which Python types are pytree nodes, and how to open and rebuild each.

A `Kind` describes one node type. `kinds[type(x)]` is the kind of ``x``, or None where ``x`` is a
leaf; the answer for a type not seen before is worked out once and remembered, because every call
of every transformation asks. A `Node` pairs a kind with the static data of one node; it and the
structures of its children make up a structure (see `fgrad.core.tree_structure`).
"""

from collections import OrderedDict, defaultdict
from operator import itemgetter

from fgrad.core.tree_paths import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey


class Kind:
    """How values of one type are opened into children and rebuilt from them.

    Attributes
    ----------
    type : type
        The exact type this kind describes; subclasses are other types.
    open : callable
        ``open(x)`` gives the `Node` of ``x`` and a list or tuple of its children.
    build : callable
        ``build(aux, children)`` undoes it; ``children`` is a new list, which it may keep.
    keys : callable
        ``keys(aux, count)`` gives the key path entries of that many children.
    node : Node or None
        The one node of a type whose values are sequences of their children and hold no static
        data, so that `open` need not be called.
    open_with_keys : callable or None
        ``open_with_keys(x)`` gives the static data and (key, child) pairs, for a class whose keys
        only its values know.
    describe : callable
        ``describe(aux, children)`` writes the node, given the texts of its children.
    """

    __slots__ = ("build", "describe", "keys", "node", "open", "open_with_keys", "type")

    def __init__(self, type_, build, keys, describe, open_=None, open_with_keys=None):
        self.type = type_
        self.build = build
        self.keys = keys
        self.describe = describe
        self.open = open_
        self.node = None
        self.open_with_keys = open_with_keys

    def keyed_children(self, x):
        """The node of ``x`` and its (key, child) pairs."""
        if self.open_with_keys is not None:
            aux, pairs = self.open_with_keys(x)
            return make_node(self, aux), pairs
        node, children = self.open(x)
        return node, list(zip(self.keys(node.aux, len(children)), children, strict=True))


class Node:
    """A kind and the static data of one node; hashed and compared by identity.

    ``shared`` tells that there is one such object for all equal data, so that structures holding
    only shared nodes may be looked up by identity.
    """

    __slots__ = ("aux", "kind", "shared")

    def __init__(self, kind, aux, shared=False):
        self.kind = kind
        self.aux = aux
        self.shared = shared

    def matches(self, other):
        """Whether two nodes are of one kind and their static data is equal."""
        return self is other or (self.kind is other.kind and self.aux == other.aux)


# Static data of exactly these types is the same whenever it is equal. Not so 1 and 1.0, 0.0 and
# -0.0, or objects with their own __eq__: sharing a node between those would give one tree the
# data of another.
_INTERCHANGEABLE = frozenset({str, int, bool, bytes, type(None)})
_MAX_SHARED = 4096
_shared_nodes = {}


def make_node(kind, aux):
    """The node of ``kind`` with static data ``aux``, shared if that is safe."""
    cls = type(aux)
    if cls is tuple:
        types = tuple(map(type, aux))
        if not _INTERCHANGEABLE.issuperset(types):
            return Node(kind, aux)
        key = (kind, aux, types)
    elif cls in _INTERCHANGEABLE:
        key = (kind, aux, cls)
    else:
        return Node(kind, aux)
    node = _shared_nodes.get(key)
    return remember(_shared_nodes, key, Node(kind, aux, True)) if node is None else node


def remember(table, key, value):
    """Put a value in a table that never grows past a limit; return what stands there now."""
    if len(table) >= _MAX_SHARED:  # a program that makes up new keys without end
        table.clear()
    return table.setdefault(key, value)


# ---------------------------------------------------------------------------------------------
# The built-in kinds
# ---------------------------------------------------------------------------------------------


def _sequence_keys(aux, count):
    return map(SequenceKey, range(count))


def index_keys(aux, count):
    """Keys by place, for children that have no names."""
    return map(FlattenedIndexKey, range(count))


def _attribute_keys(names):
    entries = tuple(map(GetAttrKey, names))
    return lambda aux, count: entries


def describe_as(name, show_aux=True):
    """A `Kind.describe` that shows a name and the static data."""

    def describe(aux, children):
        data = f"[{aux}]" if show_aux else ""
        return f"CustomNode({name}{data}, [{', '.join(children)}])"

    return describe


def _sequence_kind(type_, build, keys, describe):
    """The kind of a sequence type without static data: the children are the elements."""
    kind = Kind(type_, build, keys, describe)
    node = kind.node = make_node(kind, None)
    kind.open = lambda x: (node, x)
    return kind


def _describe_tuple(aux, children):
    return f"({children[0]},)" if len(children) == 1 else f"({', '.join(children)})"


_tuple = _sequence_kind(
    tuple, lambda aux, children: tuple(children), _sequence_keys, _describe_tuple
)
_list = _sequence_kind(
    list, lambda aux, children: children, _sequence_keys, lambda aux, c: f"[{', '.join(c)}]"
)


def _namedtuple_kind(cls):
    return _sequence_kind(
        cls,
        lambda aux, children: cls(*children),
        _attribute_keys(cls._fields),
        describe_as(f"namedtuple[{cls.__name__}]", show_aux=False),
    )


_none = Kind(type(None), lambda aux, children: None, index_keys, lambda aux, children: "None")
_none_opened = make_node(_none, None), ()
_none.open = lambda x: _none_opened


def _sorted_keys(mapping):
    try:
        return tuple(sorted(mapping))
    except TypeError as error:
        types = ", ".join(sorted({type(key).__name__ for key in mapping}))
        raise ValueError(
            "the keys of a dictionary in a pytree must be sortable, because their order is the "
            f"order of its leaves; got keys of types {types}: {list(mapping)!r}"
        ) from error


# From the types of the keys of a dictionary (see _INTERCHANGEABLE) and the keys, as they stand, to
# its node and a function that fetches its values in sorted order: cheaper than sorting each time.
_dict_openers = {}


def _open_dict(x):
    key = (*map(type, x), *x)
    found = _dict_openers.get(key)
    if found is not None:
        node, values_of = found
        return node, values_of(x)
    keys = _sorted_keys(x)
    node = make_node(_dict, keys)
    # itemgetter gives a tuple for two keys and more.
    values_of = itemgetter(*keys) if len(keys) > 1 else lambda x: [x[key] for key in keys]
    if node.shared:
        remember(_dict_openers, key, (node, values_of))
    return node, values_of(x)


def _open_ordered_dict(x):
    return make_node(_ordered_dict, tuple(x)), [*x.values()]


def _open_defaultdict(x):
    keys = _sorted_keys(x)
    return Node(_defaultdict, (x.default_factory, keys)), [*map(x.__getitem__, keys)]


def _build_defaultdict(aux, children):
    factory, keys = aux
    return defaultdict(factory, zip(keys, children, strict=True))


def _describe_dict(aux, children):
    items = (f"{key!r}: {child}" for key, child in zip(aux, children, strict=True))
    return "{" + ", ".join(items) + "}"


_dict = Kind(
    dict,
    # There are as many children as keys; letting zip check it would add half to the cost.
    lambda aux, children: dict(zip(aux, children)),  # noqa: B905
    lambda aux, count: map(DictKey, aux),
    _describe_dict,
    _open_dict,
)
_ordered_dict = Kind(
    OrderedDict,
    lambda aux, children: OrderedDict(zip(aux, children, strict=True)),
    lambda aux, count: map(DictKey, aux),
    describe_as("OrderedDict"),
    _open_ordered_dict,
)
_defaultdict = Kind(
    defaultdict,
    _build_defaultdict,
    lambda aux, count: map(DictKey, aux[1]),
    describe_as("defaultdict"),
    _open_defaultdict,
)


# ---------------------------------------------------------------------------------------------
# From a type to its kind
# ---------------------------------------------------------------------------------------------


class _Kinds(dict):
    """The kind of each type met so far; None for types of leaves."""

    def __missing__(self, cls):
        return self.setdefault(cls, _registered.get(cls) or _automatic_kind(cls))


_registered = {
    kind.type: kind for kind in (_none, _tuple, _list, _dict, _ordered_dict, _defaultdict)
}
kinds = _Kinds()


def _automatic_kind(cls):
    """The kind of a type that nobody registered: namedtuples and dataclasses are nodes.

    A dataclass that converts to an array (has ``__array__``) stands for an array and is a leaf.
    """
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _namedtuple_kind(cls)
    if hasattr(cls, "__dataclass_fields__") and not hasattr(cls, "__array__"):
        data, meta = split_fields(cls)
        return dataclass_kind(cls, data, meta, _filler(cls, data + meta))
    return None


def _fields(cls):
    from dataclasses import fields  # it takes long to import; without it there are no dataclasses

    return fields(cls)


def split_fields(cls):
    """The names of the data and of the static fields of a dataclass."""
    fields = [field for field in _fields(cls) if field.init]
    data = tuple(field.name for field in fields if not field.metadata.get("static", False))
    meta = tuple(field.name for field in fields if field.metadata.get("static", False))
    return data, meta


def _filler(cls, names):
    """A function from the values of ``names`` to a dataclass instance.

    It sets the attributes and does not call ``__init__``, so that checks and conversions written
    there for user values do not meet tracers. Where ``__init__`` computes fields
    (``field(init=False)``) it must run.
    """
    if not all(field.init for field in _fields(cls)):
        return lambda values: cls(**dict(zip(names, values, strict=True)))

    def fill(values):
        x = object.__new__(cls)
        for name, value in zip(names, values, strict=True):
            object.__setattr__(x, name, value)  # also on a frozen class
        return x

    return fill


def dataclass_kind(cls, data, meta, fill):
    """The kind of a class with children ``data`` and static data ``meta``, both attributes."""

    def open_(x):
        aux = tuple([getattr(x, name) for name in meta])
        return make_node(kind, aux), [getattr(x, name) for name in data]

    def build(aux, children):
        return fill([*children, *aux])

    kind = Kind(cls, build, _attribute_keys(data), describe_as(cls.__name__), open_)
    return kind


def register(kind):
    """Make a kind that of its type; a type has only one."""
    if kind.type in _registered:
        raise ValueError(
            f"Duplicate pytree registration: {kind.type} is already a pytree node type"
        )
    _registered[kind.type] = kind
    kinds[kind.type] = kind
