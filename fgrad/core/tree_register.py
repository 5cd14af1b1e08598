"""Making classes pytree nodes: registration, static fields, and `Partial`."""

import functools

from fgrad.core.tree_nodes import (
    Kind,
    dataclass_kind,
    describe_as,
    index_keys,
    kinds,
    make_node,
    register,
    split_fields,
)


def _check_type(function, nodetype):
    if not isinstance(nodetype, type):
        raise TypeError(f"{function}: nodetype must be a class, got {nodetype!r}")


def _check_callable(function, **arguments):
    for name, value in arguments.items():
        if not callable(value):
            raise TypeError(f"{function}: {name} must be callable, got {value!r}")


def _two(cls, function, result):
    """What a flatten function returned, checked to be a pair."""
    if type(result) is tuple and len(result) == 2:
        return result
    raise TypeError(
        f"the {function} function of pytree node type {cls.__name__} must return a pair "
        f"(children, aux_data), got {result!r}"
    )


def register_pytree_node(nodetype, flatten_func, unflatten_func, flatten_with_keys_func=None):
    """Make the instances of a class pytree nodes.

    Parameters
    ----------
    nodetype : type
        The class. Its subclasses are not registered with it.
    flatten_func : callable
        ``flatten_func(x)`` returns ``(children, aux_data)``: an iterable of pytrees, and static
        data that can be hashed and compared.
    unflatten_func : callable
        ``unflatten_func(aux_data, children)`` returns the instance. The children may be any
        objects (tracers, None, placeholders), so do not convert or check them here.
    flatten_with_keys_func : callable, optional
        Like `flatten_func`, with pairs ``(key, child)`` for the children; the keys appear in key
        paths.

    Raises
    ------
    ValueError
        If the class is registered already.

    Examples
    --------
    >>> from fgrad.tree_util import register_pytree_node, tree_map
    >>> class Interval:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> register_pytree_node(
    ...     Interval, lambda i: ((i.low, i.high), None), lambda aux, c: Interval(*c)
    ... )
    >>> tree_map(lambda x: 2 * x, Interval(1.0, 3.0)).high
    6.0
    """
    _check_type("register_pytree_node", nodetype)
    _check_callable(
        "register_pytree_node", flatten_func=flatten_func, unflatten_func=unflatten_func
    )

    def open_(x):
        children, aux = _two(nodetype, "flatten", flatten_func(x))
        return make_node(kind, aux), tuple(children)

    def open_with_keys(x):
        pairs, aux = _two(nodetype, "flatten_with_keys", flatten_with_keys_func(x))
        return aux, list(pairs)

    kind = Kind(
        nodetype,
        lambda aux, children: unflatten_func(aux, tuple(children)),
        index_keys,
        describe_as(nodetype.__name__),
        open_,
        open_with_keys if flatten_with_keys_func else None,
    )
    register(kind)


def register_pytree_node_class(cls):
    """Register a class that has ``tree_flatten`` and ``tree_unflatten`` methods; a decorator.

    Parameters
    ----------
    cls : type
        ``cls.tree_flatten(self)`` returns ``(children, aux_data)``; the class method
        ``cls.tree_unflatten(aux_data, children)`` returns an instance.

    Returns
    -------
    type
        `cls` itself.

    Examples
    --------
    >>> from fgrad.tree_util import register_pytree_node_class, tree_leaves
    >>> @register_pytree_node_class
    ... class Line:
    ...     def __init__(self, slope, offset):
    ...         self.slope, self.offset = slope, offset
    ...
    ...     def tree_flatten(self):
    ...         return (self.slope, self.offset), None
    ...
    ...     @classmethod
    ...     def tree_unflatten(cls, aux_data, children):
    ...         return cls(*children)
    >>> tree_leaves(Line(2.0, 1.0))
    [2.0, 1.0]
    """
    register_pytree_node(cls, cls.tree_flatten, cls.tree_unflatten)
    return cls


def register_pytree_with_keys(nodetype, flatten_with_keys, unflatten_func, flatten_func=None):
    """Make the instances of a class pytree nodes, with names for their children.

    Parameters
    ----------
    nodetype : type
        The class.
    flatten_with_keys : callable
        ``flatten_with_keys(x)`` returns ``(pairs, aux_data)``, with a ``(key, child)`` pair for
        each child.
    unflatten_func : callable
        ``unflatten_func(aux_data, children)`` returns the instance.
    flatten_func : callable, optional
        Like `flatten_with_keys` without the keys; give it where it is faster.

    Examples
    --------
    >>> from fgrad.tree_util import (
    ...     GetAttrKey,
    ...     keystr,
    ...     register_pytree_with_keys,
    ...     tree_leaves_with_path,
    ... )
    >>> class Box:
    ...     def __init__(self, content):
    ...         self.content = content
    >>> register_pytree_with_keys(
    ...     Box,
    ...     lambda box: (((GetAttrKey("content"), box.content),), None),
    ...     lambda aux, children: Box(*children),
    ... )
    >>> [keystr(path) for path, leaf in tree_leaves_with_path([Box(1.0)])]
    ['[0].content']
    """
    _check_callable("register_pytree_with_keys", flatten_with_keys=flatten_with_keys)
    if flatten_func is None:

        def flatten_func(x):
            pairs, aux = _two(nodetype, "flatten_with_keys", flatten_with_keys(x))
            return [child for _, child in pairs], aux

    register_pytree_node(nodetype, flatten_func, unflatten_func, flatten_with_keys)


def register_pytree_with_keys_class(cls):
    """Register a class with ``tree_flatten_with_keys`` and ``tree_unflatten``; a decorator.

    Parameters
    ----------
    cls : type
        ``cls.tree_flatten_with_keys(self)`` returns ``(pairs, aux_data)``, with a
        ``(key, child)`` pair for each child; the class method
        ``cls.tree_unflatten(aux_data, children)`` returns an instance. A method
        ``tree_flatten`` is used where no keys are needed, if there is one.

    Returns
    -------
    type
        `cls` itself.

    Examples
    --------
    >>> from fgrad.tree_util import GetAttrKey, register_pytree_with_keys_class, tree_map
    >>> @register_pytree_with_keys_class
    ... class Box:
    ...     def __init__(self, content):
    ...         self.content = content
    ...
    ...     def tree_flatten_with_keys(self):
    ...         return ((GetAttrKey("content"), self.content),), None
    ...
    ...     @classmethod
    ...     def tree_unflatten(cls, aux_data, children):
    ...         return cls(*children)
    >>> tree_map(lambda x: x + 1, Box(1.0)).content
    2.0
    """
    flatten = getattr(cls, "tree_flatten", None)
    register_pytree_with_keys(cls, cls.tree_flatten_with_keys, cls.tree_unflatten, flatten)
    return cls


def register_dataclass(nodetype, data_fields=None, meta_fields=None, drop_fields=()):
    """Make the instances of a dataclass (or a class like one) pytree nodes; a decorator.

    Dataclasses are pytree nodes as they stand; register one to choose its static fields by name,
    or to have instances rebuilt through the constructor.

    Parameters
    ----------
    nodetype : type
        The class; its constructor takes the fields as keywords.
    data_fields : sequence of str, optional
        The attributes that are children. For a dataclass, by default, all fields that are not
        marked with `fgrad.tree.static`.
    meta_fields : sequence of str, optional
        The attributes that are static: they can be hashed and compared, and hold no arrays.
    drop_fields : sequence of str
        Fields of the dataclass to leave out: they take their default when rebuilt.

    Returns
    -------
    type
        `nodetype` itself.

    Raises
    ------
    TypeError
        If only one of `data_fields` and `meta_fields` is given, or none of them for a class that
        is not a dataclass.
    ValueError
        If the fields named are not the fields of the dataclass, or the class is registered
        already.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import fgrad.tree
    >>> from fgrad.tree_util import register_dataclass, tree_structure
    >>> @register_dataclass
    ... @dataclass
    ... class Layer:
    ...     weight: float
    ...     activation: str = fgrad.tree.static(default="tanh")
    >>> tree_structure(Layer(1.0))
    PyTreeDef(CustomNode(Layer[('tanh',)], [*]))
    """
    _check_type("register_dataclass", nodetype)
    if (data_fields is None) != (meta_fields is None):
        raise TypeError(
            "register_dataclass: give both data_fields and meta_fields or neither; got "
            f"data_fields={data_fields!r}, meta_fields={meta_fields!r}"
        )
    is_dataclass = hasattr(nodetype, "__dataclass_fields__")
    if data_fields is None:
        if not is_dataclass:
            raise TypeError(
                "register_dataclass: data_fields and meta_fields are required because "
                f"{nodetype} is not a dataclass"
            )
        data, meta = (
            tuple(name for name in names if name not in drop_fields)
            for names in split_fields(nodetype)
        )
    else:
        data, meta = tuple(data_fields), tuple(meta_fields)
    if is_dataclass:
        wanted = {name for names in split_fields(nodetype) for name in names}
        _check_fields(nodetype, {*data, *meta}, wanted - {*drop_fields})
    names = data + meta
    register(
        dataclass_kind(nodetype, data, meta, lambda v: nodetype(**dict(zip(names, v, strict=True))))
    )
    return nodetype


def _check_fields(cls, given, wanted):
    if given == wanted:
        return
    parts = []
    if wanted - given:
        parts.append(f"missing: {sorted(wanted - given)} (name them in drop_fields to leave out)")
    if given - wanted:
        parts.append(f"unexpected: {sorted(given - wanted)}")
    raise ValueError(
        "register_dataclass: data_fields and meta_fields together must be the init fields of "
        f"{cls.__name__}, without drop_fields; {', '.join(parts)}"
    )


def register_static(cls):
    """Make the instances of a class nodes without children; a decorator.

    The instance itself is the static data of the structure, so it is hashed and compared where
    structures are (in the cache of ``jit``, for one).

    Parameters
    ----------
    cls : type
        A class whose instances can be hashed and compared.

    Returns
    -------
    type
        `cls` itself.

    Examples
    --------
    >>> from fgrad.tree_util import register_static, tree_leaves
    >>> @register_static
    ... class Config(str):
    ...     pass
    >>> tree_leaves([Config("fast"), 1.0])
    [1.0]
    """
    register_pytree_node(cls, lambda x: ((), x), lambda aux, children: aux)
    return cls


def static(**kwargs):
    """Declare a static field of a dataclass: part of the structure, not a child.

    Parameters
    ----------
    **kwargs
        What `dataclasses.field` takes.

    Returns
    -------
    dataclasses.Field

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import fgrad.tree
    >>> @dataclass
    ... class Layer:
    ...     weight: float
    ...     activation: str = fgrad.tree.static(default="tanh")
    >>> fgrad.tree.leaves(Layer(1.0))
    [1.0]
    """
    metadata = {**(kwargs.pop("metadata", None) or {}), "static": True}
    import dataclasses  # takes long, and is there where it is needed

    return dataclasses.field(metadata=metadata, **kwargs)


class _Whole:
    """A partial function that `functools.partial` does not take apart."""

    def __init__(self, func):
        self.func = func

    def __call__(self, *args, **kwargs):
        return self.func(*args, **kwargs)

    def __eq__(self, other):
        return type(other) is _Whole and self.func == other.func

    def __hash__(self):
        return hash(self.func)

    def __repr__(self):
        return repr(self.func)


class Partial(functools.partial):
    """A `functools.partial` that is a pytree: its arguments are children, its function static.

    Parameters
    ----------
    func : callable
        The function. If it is itself a partial function, it is kept whole: its arguments stay
        part of the static data.
    *args, **kw
        The arguments to fix: pytrees.

    Examples
    --------
    >>> from fgrad.tree_util import Partial, tree_map
    >>> scale = Partial(lambda factor, x: factor * x, 3.0)
    >>> tree_map(lambda factor: 2 * factor, scale)(10.0)
    60.0
    """

    def __new__(cls, func, *args, **kw):
        if isinstance(func, functools.partial):
            func = _Whole(func)
        return super().__new__(cls, func, *args, **kw)


register_pytree_node(
    Partial,
    lambda partial: ((partial.args, partial.keywords), partial.func),
    lambda func, children: Partial(func, *children[0], **children[1]),
)


def is_tree_node(typ):
    """Whether the values of a type are pytree nodes.

    Parameters
    ----------
    typ : type

    Returns
    -------
    bool

    Examples
    --------
    >>> from fgrad.tree_util import is_tree_node
    >>> is_tree_node(dict), is_tree_node(float)
    (True, False)
    """
    _check_type("is_tree_node", typ)
    return kinds[typ] is not None
