"""Making keys, and making keys of keys."""

from typing import Any

import numpy as np

from fgrad.core.avals import key_dtype as typed
from fgrad.core.source import located
from fgrad.core.trace import as_value, get_aval
from fgrad.numpy._face import public, shape_of, value
from fgrad.primitives import random as rp
from fgrad.primitives.shape import convert_element_type
from fgrad.random._arguments import is_raw, single_key, typed_keys

_THREEFRY = ("threefry2x32", "fry")


def _check_impl(impl, name):
    """Refuse any generator but the one there is."""
    if not (impl is None or impl in _THREEFRY or (isinstance(impl, np.dtype) and impl == typed)):
        raise ValueError(
            located(f"{name}: the only generator is 'threefry2x32'; got impl={impl!r}")
        )


def _seeded(seed, name, impl):
    _check_impl(impl, name)
    seed = as_value(seed, f"{name}: the seed")
    aval = get_aval(seed)
    if aval.dtype.kind not in "iu":
        raise TypeError(located(f"{name}: the seed must be an integer; got {aval}"))
    if aval.shape:
        raise TypeError(
            located(f"{name}: the seed must be a scalar; got {aval}. Use fgrad.vmap for several.")
        )
    return rp.random_seed(np.int64(seed) if type(seed) is int else seed)


@public
def key(seed, *, impl=None, dtype=None) -> Any:
    """A random key, made of a seed.

    All of `fgrad.random` is a function of keys: the same key gives the same numbers, which are
    those that JAX gives for the same seed. Use a key once; get new ones by `split` or `fold_in`.

    Parameters
    ----------
    seed : int
        A scalar of an integer dtype, of at most 64 bits.
    impl, dtype : optional
        The generator; there is one, ``"threefry2x32"``.

    Returns
    -------
    key
        A scalar of the dtype of keys. Arrays of keys have shapes, can be indexed, stacked, compared
        and carried through loops; arithmetic with them is a `TypeError`.

    Examples
    --------
    >>> import fgrad
    >>> one, other = fgrad.random.split(fgrad.random.key(0))
    >>> print(f"{fgrad.random.normal(one):.4f} {fgrad.random.normal(other):.4f}")
    1.8800 -1.4009
    """
    if dtype is not None and impl is not None:
        raise ValueError(located("key: give impl or dtype, not both"))
    return _seeded(seed, "key", dtype if impl is None else impl)


@public
def PRNGKey(seed, *, impl=None) -> Any:
    """A raw random key made of a seed: its two words, as an array of uint32.

    Takes what `key` takes, and serves wherever a key does.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.PRNGKey(42)
    Array([ 0, 42], dtype=uint32)
    """
    return rp.random_unwrap(_seeded(seed, "PRNGKey", impl))


@public
def split(key, num=2) -> Any:
    """Several new keys in place of one, which should not be used again.

    Parameters
    ----------
    key : key
    num : int or tuple of int
        How many, or the shape of an array of them.

    Returns
    -------
    array of keys
        Raw ones if `key` is.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.split(fgrad.random.key(0), 3).shape
    (3,)
    """
    keys = rp.random_split(single_key(key, "split"), shape=shape_of(num, "split: num"))
    return rp.random_unwrap(keys) if is_raw(key) else keys


@public
def fold_in(key, data) -> Any:
    """A new key, made of a key and a number.

    Parameters
    ----------
    key : key
    data : int
        A scalar; its lowest 32 bits count.

    Returns
    -------
    key
        A raw one if `key` is.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.fold_in(fgrad.random.PRNGKey(0), 1)
    Array([ 928981903, 3453687069], dtype=uint32)
    """
    typed = single_key(key, "fold_in")
    data = value(data, "fold_in: data")
    aval = get_aval(data)
    if aval.shape or aval.dtype.kind not in "biuf":
        raise TypeError(
            located(f"fold_in: data must be a scalar; got {aval}. Use fgrad.vmap for several.")
        )
    out = rp.random_fold_in(typed, convert_element_type(data, new_dtype=np.dtype(np.uint32)))
    return rp.random_unwrap(out) if is_raw(key) else out


@public
def clone(key):
    """The same key, which `fgrad.debug_key_reuse` takes for a new one.

    Examples
    --------
    >>> import fgrad
    >>> key = fgrad.random.key(0)
    >>> bool(fgrad.random.clone(key) == key)
    True
    """
    keys = rp.random_clone(typed_keys(key, "clone"))
    return rp.random_unwrap(keys) if is_raw(key) else keys


@public
def key_data(keys):
    """The words of keys: an array of uint32, with an axis of two more.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.key_data(fgrad.random.key(42))
    Array([ 0, 42], dtype=uint32)
    """
    return rp.random_unwrap(typed_keys(keys, "key_data"))


@public
def wrap_key_data(key_bits_array, *, impl=None, dtype=None):
    """Keys that have these words.

    Parameters
    ----------
    key_bits_array : array of uint32
        Its last axis has length two.
    impl, dtype : optional
        As for `key`.

    Examples
    --------
    >>> import fgrad
    >>> key = fgrad.random.key(42)
    >>> bool(fgrad.random.wrap_key_data(fgrad.random.key_data(key)) == key)
    True
    """
    if dtype is not None and impl is not None:
        raise ValueError(located("wrap_key_data: give impl or dtype, not both"))
    _check_impl(dtype if impl is None else impl, "wrap_key_data")
    words = value(key_bits_array, "wrap_key_data")
    rp.random_wrap.abstract_eval(get_aval(words))  # NumPy would take them
    return rp.random_wrap(words)


def key_impl(keys):
    """The name of the generator that keys are for.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.key_impl(fgrad.random.key(0))
    'threefry2x32'
    """
    typed_keys(keys, "key_impl")
    return _THREEFRY[0]


def key_dtype(impl=None):
    """The dtype of keys.

    Examples
    --------
    >>> import fgrad
    >>> fgrad.random.key_dtype() == fgrad.random.key(0).dtype
    True
    """
    _check_impl(impl, "key_dtype")
    return typed
