"""A debugging mode in which a random key serves once: what operations on keys tell it.

Keys are told apart by their words, and tracers by what they are: draws that a program does once
because they are equal may come from one key that is used twice.
"""

import threading

import numpy as np

from fgrad.core.errors import KeyReuseError
from fgrad.core.trace import Tracer


class _Seen(threading.local):
    """The keys that were used, as integers, and the tracers; None where the mode is off."""

    keys = None
    tracers: dict = {}  # by id; that of an object is only its own while it lives


_seen = _Seen()


def _numbers(keys):
    return set((keys["key0"].astype(np.uint64) << np.uint64(32) | keys["key1"]).ravel().tolist())


def consume(keys):
    """Take note that keys are used.

    Raises
    ------
    KeyReuseError
        If one of them was used before.
    """
    if _seen.keys is None:
        return
    if isinstance(keys, Tracer):
        if id(keys) in _seen.tracers:
            _refuse(keys)
        _seen.tracers[id(keys)] = keys
        return
    numbers = _numbers(keys)
    used = numbers & _seen.keys
    if used:
        _refuse(list(divmod(min(used), 2**32)))
    _seen.keys |= numbers


def _refuse(key):
    raise KeyReuseError(
        f"the random key {key} was used before: the same numbers would come again. Make new keys "
        "of it with fgrad.random.split before its first use; where the same numbers are wanted, "
        "use fgrad.random.clone(key)."
    )


def produce(keys):
    """Take note that keys are made, so that they can be used (again)."""
    if _seen.keys is not None:
        _seen.keys -= _numbers(keys)


def watch(enable):
    """Forget all keys, and start or stop taking note of them.

    Returns
    -------
    callable
        Sets everything back to what it was.
    """
    before = _seen.keys, _seen.tracers
    _seen.keys, _seen.tracers = set() if enable else None, {}

    def restore():
        _seen.keys, _seen.tracers = before

    return restore
