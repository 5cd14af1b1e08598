"""Random pytrees."""

from typing import Any

import fgrad.numpy as fnp
import fgrad.tree as pytree
from fgrad import random

from ._dtypes import dtype_of

__all__ = ["random_like", "split_key_like", "unwrap_random_key_data"]


def split_key_like(rng_key, target_tree):
    """A random key for every leaf.

    Parameters
    ----------
    rng_key : key
    target_tree : pytree

    Returns
    -------
    pytree of keys
        Like `target_tree`.
    """
    structure = pytree.structure(target_tree)
    keys: Any = random.split(rng_key, structure.num_leaves)
    return pytree.unflatten(structure, [keys[i] for i in range(structure.num_leaves)])


def random_like(rng_key, target_tree, sampler=random.normal, dtype=None):
    """Random numbers in the shapes of a tree's leaves.

    Parameters
    ----------
    rng_key : key
    target_tree : pytree of arrays
    sampler : callable
        ``sampler(key, shape, dtype)``, such as those of `fgrad.random`.
    dtype : dtype, optional
        By default that of each leaf.

    Returns
    -------
    pytree of arrays
        Like `target_tree`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim, random
    >>> noise = optim.tree.random_like(random.key(0), {"w": np.zeros((2, 3)), "b": 0.0})
    >>> noise["w"].shape, noise["b"].dtype
    ((2, 3), dtype('float64'))
    """
    return pytree.map(
        lambda x, key: sampler(key, fnp.shape(x), dtype or dtype_of(x)),
        target_tree,
        split_key_like(rng_key, target_tree),
    )


def unwrap_random_key_data(input_tree):
    """The numbers that keys consist of, in place of keys.

    Parameters
    ----------
    input_tree : pytree

    Returns
    -------
    pytree
        Like `input_tree`; leaves that are no keys stay as they are.
    """
    key_dtype = random.key_dtype()
    return pytree.map(
        lambda x: random.key_data(x) if getattr(x, "dtype", None) == key_dtype else x, input_tree
    )
