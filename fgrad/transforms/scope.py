"""Names for parts of a program."""

import threading
from contextlib import ContextDecorator

from fgrad.core.source import located


class _Thread(threading.local):
    names = ()


_thread = _Thread()


def current_scope() -> str:
    """The names of the scopes in force, from the outermost in, joined by slashes."""
    return "/".join(_thread.names)


class named_scope(ContextDecorator):
    """A context, or a decorator, that gives the operations in it a name.

    Parameters
    ----------
    name : str

    Raises
    ------
    TypeError
        If `name` is not a string.

    Notes
    -----
    It changes nothing that is computed. `current_scope` tells tools the names in force.

    Examples
    --------
    >>> import fgrad, fgrad.numpy as fnp
    >>> @fgrad.named_scope("layer")
    ... def layer(x):
    ...     return fnp.tanh(x)
    >>> fgrad.grad(layer)(0.0)
    np.float64(1.0)
    """

    def __init__(self, name):
        if not isinstance(name, str):
            raise TypeError(located(f"named_scope: the name must be a string; got {name!r}"))
        self.name = name

    def __enter__(self):
        _thread.names = (*_thread.names, self.name)
        return self

    def __exit__(self, *exc):
        _thread.names = _thread.names[:-1]


def named_call(fun, *, name: str | None = None):
    """A function whose operations have a name: by default its own.

    Parameters
    ----------
    fun : callable
    name : str, optional

    Examples
    --------
    >>> import fgrad
    >>> fgrad.named_call(lambda x: x + 1, name="step")(1)
    2
    """
    return named_scope(name or getattr(fun, "__name__", "function"))(fun)
