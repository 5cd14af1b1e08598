"""Pytrees: structures and key paths agree with JAX, and the laws of flattening hold."""

import collections
import copy
import dataclasses
import enum
import pickle
import threading

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgrad.core import tree as fg
from fgrad.core import tree_nodes, tree_structure

Point = collections.namedtuple("Point", "x y")


class Pair:
    """A registered class, with static data and without keys."""

    def __init__(self, a, b, name="pair"):
        self.a, self.b, self.name = a, b, name

    def __eq__(self, other):
        return (self.a, self.b, self.name) == (other.a, other.b, other.name)

    __hash__ = None

    def tree_flatten(self):
        return (self.a, self.b), self.name

    @classmethod
    def tree_unflatten(cls, name, children):
        return cls(*children, name)


class Keyed(Pair):
    """A registered class that names its children."""

    def tree_flatten_with_keys(self):
        return (("first", self.a), ("second", self.b)), self.name


@dataclasses.dataclass
class Layer:
    weight: object
    width: int = dataclasses.field(default=3, metadata={"static": True})


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A dataclass that is not registered, and whose constructor checks its arguments."""

    mean: object
    scale: object

    def __post_init__(self):
        if not isinstance(self.mean, float):
            raise TypeError("mean must be a float")


for library in (fg, jax.tree_util):
    library.register_pytree_node_class(Pair)
    library.register_pytree_with_keys_class(Keyed)
    library.register_dataclass(Layer)

keys = st.text("abc", max_size=2)
leaves = st.integers(-3, 3) | st.floats(-1, 1)
trees = st.recursive(
    leaves | st.none(),
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.lists(children, max_size=3).map(tuple),
        st.dictionaries(keys, children, max_size=3),
        st.dictionaries(st.integers(0, 5), children, max_size=3),
        st.dictionaries(keys, children, max_size=3).map(collections.OrderedDict),
        st.dictionaries(keys, children, max_size=3).map(lambda d: collections.defaultdict(int, d)),
        st.builds(Point, children, children),
        st.builds(Pair, children, children, keys),
        st.builds(Keyed, children, children, st.floats(0, 1)),
        st.builds(Layer, children, st.integers(0, 2)),
    ),
    max_leaves=10,
)


def paths_of(library, tree):
    return [library.keystr(path) for path, _ in library.tree_leaves_with_path(tree)]


# ---------------------------------------------------------------------------------------------
# Agreement with JAX
# ---------------------------------------------------------------------------------------------


@given(trees)
def test_leaves_structure_and_paths_agree_with_jax(tree):
    leaves, treedef = fg.tree_flatten(tree)
    jax_leaves, jax_treedef = jax.tree.flatten(tree)
    assert leaves == jax_leaves
    assert repr(treedef) == repr(jax_treedef)
    assert (treedef.num_leaves, treedef.num_nodes) == (len(leaves), jax_treedef.num_nodes)
    assert paths_of(fg, tree) == paths_of(jax.tree_util, tree)
    assert repr(treedef.children()) == repr(jax_treedef.children())
    assert treedef.node_data() == jax_treedef.node_data()


@given(trees, trees)
def test_structures_are_equal_when_jax_says_so(a, b):
    ours = fg.tree_structure(a) == fg.tree_structure(b)
    assert ours == (jax.tree.structure(a) == jax.tree.structure(b))
    assert ours == (fg.explain_mismatch(a, b) == "")


@given(trees, trees)
def test_prefixes_broadcast_when_jax_says_so(prefix, full):
    try:
        expected = jax.tree.broadcast(prefix, full)
    except ValueError:
        with pytest.raises(ValueError, match="the prefix has .*, but the full tree has "):
            fg.tree_broadcast(prefix, full)
    else:
        assert fg.tree_broadcast(prefix, full) == expected
        treedef = fg.tree_structure(prefix)
        assert treedef.flatten_up_to(full) == jax.tree.structure(prefix).flatten_up_to(full)


@given(trees, trees)
def test_compose_and_transpose_agree_with_jax(outer, inner):
    composed = fg.tree_structure(outer).compose(fg.tree_structure(inner))
    jax_outer, jax_inner = jax.tree.structure(outer), jax.tree.structure(inner)
    jax_composed = jax_outer.compose(jax_inner)
    assert repr(composed) == repr(jax_composed)
    if composed.num_leaves:
        tree = composed.unflatten(range(composed.num_leaves))
        transposed = fg.tree_transpose(fg.tree_structure(outer), fg.tree_structure(inner), tree)
        assert transposed == jax.tree.transpose(jax_outer, jax_inner, tree)


@given(st.lists(st.integers()), st.booleans())
def test_reduce_associative_pairs_as_jax_does(xs, with_identity):
    options = {"identity": 0} if with_identity or not xs else {}
    pair = lambda a, b: (a, b)
    expected = jax.tree.reduce_associative(pair, xs, **options)
    assert fg.tree_reduce_associative(pair, xs, **options) == expected


@pytest.mark.parametrize("simple", [False, True])
def test_keystr_writes_paths_as_jax_does(simple):
    tree = {"a": [1, Point(2, 3)], "c": Pair(1, 2), "k": Keyed(4, 5), 6: 7}
    del tree["c" if simple else 6]
    tree = {str(k): v for k, v in tree.items()}
    options = {"simple": simple, "separator": "/"}
    ours = [fg.keystr(path, **options) for path, _ in fg.tree_leaves_with_path(tree)]
    theirs = [jax.tree_util.keystr(path, **options) for path, _ in jax.tree.leaves_with_path(tree)]
    assert ours == theirs


@pytest.mark.parametrize(
    "name, value",
    [("SequenceKey", 1), ("DictKey", "a"), ("GetAttrKey", "a"), ("FlattenedIndexKey", 1)],
)
def test_entries_of_key_paths_are_those_of_jax(name, value):
    cls, theirs = getattr(fg, name), getattr(jax.tree_util, name)(value)
    assert repr(cls(value)) == repr(theirs)
    assert str(cls(value)) == str(theirs)
    assert cls(value) == cls(value) != cls(2)
    assert hash(cls(value)) == hash(cls(value))
    assert fg.tree_leaves([cls(value)]) == [cls(value)]
    assert pickle.loads(pickle.dumps(cls(value))) == cls(value)
    assert fg.SequenceKey(1) != fg.FlattenedIndexKey(1)


@pytest.mark.parametrize("cls", [dict, list, tuple])
def test_subclasses_of_containers_are_leaves(cls):
    value = type("Sub", (cls,), {})()
    assert fg.tree_leaves([value]) == [value] == jax.tree.leaves([value])


# ---------------------------------------------------------------------------------------------
# Laws
# ---------------------------------------------------------------------------------------------


def same(a, b):
    """Equality that tells 1 from 1.0 and one container type from another."""
    return repr(jax.tree.flatten(a)) == repr(jax.tree.flatten(b)) and a == b


@given(trees)
def test_unflatten_undoes_flatten(tree):
    leaves, treedef = fg.tree_flatten(tree)
    assert same(treedef.unflatten(leaves), tree)
    assert same(treedef.unflatten(iter(leaves)), tree)


@given(trees)
def test_mapping_the_identity_changes_nothing(tree):
    assert same(fg.tree_map(lambda x: x, tree), tree)
    assert same(fg.tree_map_with_path(lambda path, x: x, tree), tree)
    assert same(fg.tree_map(lambda x, y: y, tree, tree), tree)


@given(trees)
def test_the_structure_does_not_depend_on_how_it_is_found(tree):
    treedef = fg.tree_structure(tree)
    assert fg.tree_flatten_with_path(tree)[1] == treedef
    assert fg.tree_structure(tree, is_leaf=lambda x: False) == treedef
    assert fg.tree_structure(fg.tree_map(lambda x: 0, tree)) == treedef
    assert fg.tree_structure((tree, tree)) == fg.treedef_tuple([treedef, treedef])


@given(trees)
def test_structures_can_be_copied_and_pickled(tree):
    treedef = fg.tree_structure(tree)
    for other in (pickle.loads(pickle.dumps(treedef)), copy.deepcopy(treedef)):
        assert other == treedef
        assert hash(other) == hash(treedef)


@given(trees)
def test_each_key_path_leads_to_its_leaf(tree):
    for path, leaf in fg.tree_leaves_with_path(tree):
        node = tree
        for key in path:
            children, _ = fg.flatten_one_level_with_keys(node)
            node = dict(children)[key]
        assert node is leaf


# ---------------------------------------------------------------------------------------------
# Structures
# ---------------------------------------------------------------------------------------------


def test_one_structure_is_one_object():
    assert fg.tree_structure(({"b": 0, "a": 1}, [2])) is fg.tree_structure(({"a": 5, "b": 6}, [7]))
    assert fg.treedef_tuple([fg.tree_structure(0)]) is fg.tree_structure((0,))
    assert fg.tree_structure(3.0) is fg.tree_structure(np.ones(3))


@pytest.mark.parametrize("one, other", [(1, 1.0), (1, True), (0.0, -0.0)])
def test_equal_static_data_of_different_types_is_kept_apart(one, other):
    for x in (one, other):
        (key,) = fg.tree_map(lambda leaf: leaf, {x: 0})
        assert repr(key) == repr(x)
        assert repr(fg.tree_map(lambda leaf: leaf, Layer(0, width=x)).width) == repr(x)


def test_dictionary_keys_keep_their_types():
    class Name(enum.StrEnum):
        A = "a"
        B = "b"

    fg.tree_structure({"a": 1, "b": 2})
    tree = fg.tree_map(lambda x: x, {Name.A: 1, Name.B: 2})
    assert [type(key) for key in tree] == [Name, Name]


def test_static_data_that_cannot_be_hashed():
    tree = Pair(1, 2, name=["a list"])
    treedef = fg.tree_structure(tree)
    assert treedef == fg.tree_structure(Pair(3, 4, name=["a list"]))
    assert treedef != fg.tree_structure(Pair(3, 4, name=["another"]))
    assert fg.tree_map(lambda x, y: x + y, tree, tree) == Pair(2, 4, name=["a list"])
    with pytest.raises(TypeError, match=r"must be hashable.*unhashable type: 'list'.*Pair"):
        hash(treedef)


def test_static_data_is_not_kept_alive():
    class Data:
        pass

    known = len(tree_structure._treedefs), len(tree_nodes._shared_nodes)
    for _ in range(10):
        fg.tree_map(lambda x: x, Pair(1, 2, name=Data()))
        fg.tree_map(lambda x: x, fg.Partial(lambda x: x, 1.0))
        fg.tree_map(lambda x: x, collections.defaultdict(lambda: 0, a=1))
    assert (len(tree_structure._treedefs), len(tree_nodes._shared_nodes)) == known


def test_tables_stay_bounded_and_structures_survive_their_clearing(monkeypatch):
    monkeypatch.setattr(tree_nodes, "_MAX_SHARED", 10)
    before = fg.tree_structure({"kept": [1]})
    for i in range(100):
        fg.tree_structure({f"key {i}": (i, None), "other": 0})
    assert len(tree_structure._treedefs) <= 10
    assert len(tree_nodes._dict_openers) <= 10
    after = fg.tree_structure({"kept": [2]})
    assert before == after and hash(before) == hash(after)
    assert fg.tree_map(lambda x, y: x + y, {"kept": [1]}, before.unflatten([2])) == {"kept": [3]}
    assert fg.treedef_tuple([before]) == fg.tree_structure(({"kept": [2]},))


def test_threads_agree_on_structures():
    trees = [{f"thread key {i}": (i, [i])} for i in range(50)]
    found = [None] * 4

    def flatten(n):
        found[n] = [fg.tree_structure(tree) for tree in trees]

    threads = [threading.Thread(target=flatten, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(structures == found[0] for structures in found)


@pytest.mark.parametrize("count, word", [(1, "few"), (3, "many")])
def test_unflatten_counts_the_leaves(count, word):
    treedef = fg.tree_structure({"a": 1, "b": 2})
    with pytest.raises(
        ValueError, match=f"Too {word} leaves for PyTreeDef; expected 2, got {count}"
    ):
        treedef.unflatten(range(count))


def test_unflatten_wants_a_treedef():
    with pytest.raises(TypeError, match=r"treedef must be a PyTreeDef.*got \[1\] of type list"):
        fg.tree_unflatten([1], [1])


def test_unflatten_leaves_the_list_of_leaves_alone():
    leaves = [1, 2]
    tree = fg.tree_unflatten(fg.tree_structure([0, 0]), leaves)
    assert tree == [1, 2] and tree is not leaves and leaves == [1, 2]


# ---------------------------------------------------------------------------------------------
# Nodes
# ---------------------------------------------------------------------------------------------


def test_dataclasses_are_nodes_without_registration():
    leaves, treedef = fg.tree_flatten(Frozen(1.0, {"a": 2.0}))
    assert leaves == [1.0, 2.0]
    assert paths_of(fg, Frozen(1.0, 2.0)) == [".mean", ".scale"]
    # Built without the constructor, which would refuse what is not a float.
    rebuilt = treedef.unflatten([None, "x"])
    assert (rebuilt.mean, rebuilt.scale) == (None, {"a": "x"})


def test_slots_and_static_fields_of_a_dataclass():
    @dataclasses.dataclass(frozen=True, slots=True)
    class Slotted:
        a: float
        name: str = fg.static(default="n")

    assert fg.tree_map(lambda x: 2 * x, Slotted(1.0)) == Slotted(2.0)
    assert fg.tree_structure(Slotted(1.0)) != fg.tree_structure(Slotted(1.0, "other"))
    assert fg.tree_map(lambda x: x, Slotted(1.0, "other")).name == "other"


def test_fields_computed_by_the_constructor_are_computed_again():
    @dataclasses.dataclass
    class Square:
        side: float
        area: float = dataclasses.field(init=False)

        def __post_init__(self):
            self.area = self.side**2

    assert fg.tree_leaves(Square(2.0)) == [2.0]
    assert fg.tree_map(lambda x: x + 1, Square(2.0)).area == 9.0


def test_a_dataclass_that_converts_to_an_array_is_a_leaf():
    @dataclasses.dataclass
    class Quantity:
        value: float

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.value, dtype)

    quantity = Quantity(1.0)
    assert fg.tree_leaves([quantity]) == [quantity]


def test_registration_follows_the_automatic_rule():
    @dataclasses.dataclass
    class Late:
        a: float
        b: str = "b"

    assert len(fg.tree_leaves(Late(1.0))) == 2
    fg.register_dataclass(Late, data_fields=["a"], meta_fields=["b"])
    assert len(fg.tree_leaves(Late(1.0))) == 1


def test_registered_dataclasses_are_built_by_their_constructor():
    calls = []

    @fg.register_dataclass
    @dataclasses.dataclass
    class Counted:
        a: float

        def __post_init__(self):
            calls.append(self.a)

    fg.tree_map(lambda x: x + 1, Counted(1.0))
    assert calls == [1.0, 2.0]


def test_dropped_fields_take_their_defaults():
    @dataclasses.dataclass
    class Cached:
        a: float
        cache: dict = dataclasses.field(default_factory=dict)

    fg.register_dataclass(Cached, drop_fields=["cache"])
    assert fg.tree_map(lambda x: x, Cached(1.0, {"k": 1})) == Cached(1.0, {})


def test_static_classes_have_no_leaves():
    @fg.register_static
    @dataclasses.dataclass(frozen=True)
    class Config:
        mode: str

    assert fg.tree_leaves([Config("a")]) == []
    assert fg.tree_structure(Config("a")) == fg.tree_structure(Config("a"))
    assert fg.tree_structure(Config("a")) != fg.tree_structure(Config("b"))


def test_partial_is_a_tree_of_its_arguments():
    partial = fg.Partial(max, [1.0], key=2.0)
    assert fg.tree_leaves(partial) == [1.0, 2.0]
    assert repr(fg.tree_structure(partial)) == repr(
        jax.tree.structure(jax.tree_util.Partial(max, [1.0], key=2.0))
    )
    assert fg.tree_structure(partial) != fg.tree_structure(fg.Partial(min, [1.0], key=2.0))


def test_partial_of_partial_keeps_the_inner_arguments_static():
    inner = fg.Partial(pow, 2.0)
    outer = fg.Partial(inner, 3.0)
    assert outer() == 8.0
    assert fg.tree_leaves(outer) == [3.0]
    assert fg.tree_structure(outer) == fg.tree_structure(fg.Partial(inner, 4.0))
    assert hash(fg.tree_structure(outer)) == hash(fg.tree_structure(fg.Partial(inner, 4.0)))


@pytest.mark.parametrize("cls", [dict, Pair, Layer, fg.Partial])
def test_a_type_is_registered_once(cls):
    with pytest.raises(ValueError, match=f"Duplicate pytree registration: .*{cls.__name__}"):
        fg.register_pytree_node(cls, lambda x: ((), None), lambda aux, children: None)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"data_fields": ["a"]}, TypeError, "both data_fields and meta_fields or neither"),
        ({"data_fields": ["a"], "meta_fields": []}, ValueError, r"missing: \['b'\]"),
        (
            {"data_fields": ["a", "b", "c"], "meta_fields": []},
            ValueError,
            r"unexpected: \['c'\]",
        ),
    ],
)
def test_register_dataclass_checks_the_fields(options, error, message):
    @dataclasses.dataclass
    class Checked:
        a: float
        b: float

    with pytest.raises(error, match=message):
        fg.register_dataclass(Checked, **options)


def test_register_dataclass_wants_fields_for_other_classes():
    class Plain:
        def __init__(self, a):
            self.a = a

    with pytest.raises(TypeError, match="is not a dataclass"):
        fg.register_dataclass(Plain)
    fg.register_dataclass(Plain, data_fields=["a"], meta_fields=[])
    assert fg.tree_map(lambda x: 2 * x, Plain(1.0)).a == 2.0


def test_registration_checks_its_arguments():
    with pytest.raises(TypeError, match="nodetype must be a class, got 3"):
        fg.register_pytree_node(3, None, None)
    with pytest.raises(TypeError, match="unflatten_func must be callable, got None"):
        fg.register_pytree_node(Point, lambda x: ((), None), None)


def test_a_flatten_function_must_return_a_pair():
    class Wrong:
        pass

    fg.register_pytree_node(Wrong, lambda x: [1, 2, 3], lambda aux, children: Wrong())
    with pytest.raises(
        TypeError, match=r"flatten function of pytree node type Wrong .*\[1, 2, 3\]"
    ):
        fg.tree_leaves(Wrong())


def test_dictionary_keys_must_be_sortable():
    with pytest.raises(ValueError, match="must be sortable.*of types int, str"):
        fg.tree_leaves({1: 0, "a": 0})
    with pytest.raises(ValueError, match="sort"):
        jax.tree.leaves({1: 0, "a": 0})


@pytest.mark.parametrize(
    "typ, expected",
    [(dict, True), (type(None), True), (Point, True), (Frozen, True), (int, False), (set, False)],
)
def test_is_tree_node(typ, expected):
    assert fg.is_tree_node(typ) is expected


# ---------------------------------------------------------------------------------------------
# Functions of trees
# ---------------------------------------------------------------------------------------------


def test_is_leaf_stops_the_descent():
    tree = [None, (1, 2), {"a": None}]
    none = lambda x: x is None
    assert fg.tree_leaves(tree, none) == [None, 1, 2, None]
    assert fg.tree_map(none, tree, is_leaf=none) == [True, (False, False), {"a": True}]
    at_depth_one = lambda path, x: len(path) == 1
    pairs = fg.tree_leaves_with_path(tree, at_depth_one, is_leaf_takes_path=True)
    assert [leaf for _, leaf in pairs] == tree
    with pytest.raises(TypeError, match="is_leaf must be a function or None, got 3"):
        fg.tree_leaves(tree, is_leaf=3)


def test_map_passes_subtrees_of_the_rest_whole():
    assert fg.tree_map(lambda x, y: (x, y), [1, 2], [[3], None]) == [(1, [3]), (2, None)]


@pytest.mark.parametrize(
    "tree, other, message",
    [
        (
            [1, 2],
            [3],
            r"at the root, tree has a list of length 2.*rest\[1\] has a list of length 1",
        ),
        (
            [1, {"a": 2}],
            [3, 4.0],
            r"at key path \[1\], .*keys \['a'\], but .* a leaf of type float",
        ),
        ({"a": 1}, {"b": 1}, r"tree has a dict with keys \['a'\], but .* with keys \['b'\]"),
        (Point(1, (2, 3)), Point(1, [2, 3]), r"key path \.y, tree has a tuple .* has a list"),
        (None, 3, r"tree has None, but rest\[1\] has a leaf of type int"),
        (Pair(1, 2, "p"), Pair(1, 2, "q"), r"Pair\[p\].*, but .*Pair\[q\]"),
    ],
)
def test_map_says_where_trees_differ(tree, other, message):
    with pytest.raises(ValueError):
        jax.tree.map(lambda *xs: 0, tree, tree, other)
    with pytest.raises(ValueError, match=message):
        fg.tree_map(lambda *xs: 0, tree, tree, other)


def test_all_and_reduce():
    assert fg.tree_all([]) and fg.tree_all([1, (True,)]) and not fg.tree_all([1, (0,)])
    assert fg.tree_reduce(lambda a, b: f"{a}{b}", {"b": 2, "a": 1}, "0") == "012"
    with pytest.raises(TypeError, match="empty"):
        fg.tree_reduce(lambda a, b: a, [])
    with pytest.raises(TypeError, match="identity"):
        fg.tree_reduce_associative(lambda a, b: a, [])


def test_transpose_reads_the_inner_structure_off_the_first_subtree():
    outer = fg.tree_structure([0, 0])
    assert fg.tree_transpose(outer, None, [(1, 2), (3, 4)]) == ([1, 3], [2, 4])
    with pytest.raises(TypeError, match=r"at key path \[1\], .* length 2.* length 1"):
        fg.tree_transpose(outer, None, [(1, 2), (3,)])


def test_all_leaves():
    assert fg.all_leaves([1, "a"]) and not fg.all_leaves([1, None])
    assert fg.all_leaves([1, (2,)], is_leaf=lambda x: isinstance(x, tuple))


def test_one_level():
    assert fg.flatten_one_level(Pair([1], 2)) == ([[1], 2], "pair")
    with pytest.raises(ValueError, match="can't tree-flatten type: <class 'int'>"):
        fg.flatten_one_level(1)


def test_build_tree_follows_nested_iterables():
    treedef = fg.tree_structure({"a": 0, "b": (0, 0)})
    assert fg.build_tree(treedef, [1, iter([2, [3]])]) == {"a": 1, "b": (2, [3])}


# ---------------------------------------------------------------------------------------------
# Axes
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "axes, expected",
    [
        (0, [0, 0, 0]),
        (None, [None, None, None]),
        ((0, None), [0, 0, None]),
        (({"a": None, "b": 1}, 0), [None, 1, 0]),
    ],
)
def test_axes_follow_the_structure(axes, expected):
    treedef = fg.tree_structure(({"a": 1.0, "b": 2.0}, 3.0))
    assert fg.flatten_axes("in_axes", treedef, axes) == expected


def test_an_axis_for_a_none_in_the_values_is_for_no_leaf():
    assert fg.flatten_axes("in_axes", fg.tree_structure((None, 1.0)), (None, 0)) == [0]


def test_axes_that_do_not_fit():
    treedef = fg.tree_structure(({"a": 1.0}, 3.0))
    with pytest.raises(ValueError) as error:
        fg.flatten_axes("vmap in_axes", treedef, ({"b": 0}, None))
    message = str(error.value)
    assert message.startswith("vmap in_axes must be")
    assert "at key path [0], vmap in_axes has a dict with keys ['b']" in message
    assert "PyTreeDef(({'a': *}, *))" in message
    assert "PyTreeDef(({'b': *}, *))" in message
