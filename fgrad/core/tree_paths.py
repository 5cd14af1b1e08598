"""Key paths: where a leaf stands in a pytree.

A key path is a tuple of entries, one a level, each saying how to reach the child from its parent:
``SequenceKey`` by position, ``DictKey`` by key, ``GetAttrKey`` by attribute, and
``FlattenedIndexKey`` by the place among the children of a class that names no keys.
"""

from typing import Any

__all__ = ["DictKey", "FlattenedIndexKey", "GetAttrKey", "KeyPath", "SequenceKey", "keystr"]

KeyPath = tuple[Any, ...]


class _Entry:
    """One entry of a key path: a value under the name that is the only slot of the class."""

    __slots__ = ()

    @property
    def _value(self):
        return getattr(self, self.__slots__[0])

    def __eq__(self, other):
        return type(self) is type(other) and self._value == other._value

    def __hash__(self):
        return hash((type(self), self._value))

    def __repr__(self):
        return f"{type(self).__name__}({self.__slots__[0]}={self._value!r})"


class SequenceKey(_Entry):
    """The position of a child in a tuple or list.

    Examples
    --------
    >>> from fgrad.tree_util import SequenceKey
    >>> str(SequenceKey(2))
    '[2]'
    """

    __slots__ = ("idx",)

    def __init__(self, idx: int):
        self.idx = idx

    def __str__(self):
        return f"[{self.idx!r}]"


class DictKey(_Entry):
    """The key of a child in a dictionary.

    Examples
    --------
    >>> from fgrad.tree_util import DictKey
    >>> str(DictKey("w"))
    "['w']"
    """

    __slots__ = ("key",)

    def __init__(self, key: Any):
        self.key = key

    def __str__(self):
        return f"[{self.key!r}]"


class GetAttrKey(_Entry):
    """The attribute of a namedtuple, dataclass or other object that holds a child.

    Examples
    --------
    >>> from fgrad.tree_util import GetAttrKey
    >>> str(GetAttrKey("mean"))
    '.mean'
    """

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __str__(self):
        return f".{self.name}"


class FlattenedIndexKey(_Entry):
    """The place of a child among the children of a registered class that names no keys.

    Examples
    --------
    >>> from fgrad.tree_util import FlattenedIndexKey
    >>> str(FlattenedIndexKey(0))
    '[<flat index 0>]'
    """

    __slots__ = ("key",)

    def __init__(self, key: int):
        self.key = key

    def __str__(self):
        return f"[<flat index {self.key}>]"


def _bare(entry):
    """The entry as text without brackets, quotes or dots."""
    return str(entry._value if isinstance(entry, _Entry) else entry)


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """Write a key path as text.

    Parameters
    ----------
    keys : tuple
        The key path, as `tree_flatten_with_path` gives it.
    simple : bool
        Leave out brackets, quotes and dots, so that only the names and numbers remain.
    separator : str
        The text to put between the entries.

    Returns
    -------
    str

    Examples
    --------
    >>> from fgrad.tree_util import keystr, tree_leaves_with_path
    >>> [(path, _)] = tree_leaves_with_path({"layers": [{"w": 1.0}]})
    >>> keystr(path)
    "['layers'][0]['w']"
    >>> keystr(path, simple=True, separator="/")
    'layers/0/w'
    """
    return separator.join(map(_bare if simple else str, keys))
