"""The debugging mode in which a random key serves once."""

import contextlib

from fgrad.primitives import key_reuse
from fgrad.transforms.jit import disable_jit


@contextlib.contextmanager
def debug_key_reuse(enable=True):
    """While it lasts, using a random key twice is an error.

    Drawing and `fgrad.random.split` use a key; `fold_in` does not. A key that is made anew, by
    `key`, `fold_in` or `clone`, can be used again, and so can raw keys, as in JAX. What runs twice
    by itself, such as a function under `fgrad.checkpoint`, uses its keys twice. Jitted functions
    run without compilation.

    Parameters
    ----------
    enable : bool
        False turns it off inside.

    Raises
    ------
    fgrad.errors.KeyReuseError
        Where a key is used for the second time.

    Examples
    --------
    >>> import fgrad
    >>> key = fgrad.random.key(0)
    >>> with fgrad.debug_key_reuse(True):
    ...     x = fgrad.random.normal(key)
    ...     try:
    ...         y = fgrad.random.uniform(key)
    ...     except fgrad.errors.KeyReuseError:
    ...         print("used before")
    used before
    """
    restore = key_reuse.watch(enable)
    try:
        with disable_jit() if enable else contextlib.nullcontext():
            yield
    finally:
        restore()
