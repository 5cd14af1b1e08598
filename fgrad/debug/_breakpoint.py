"""A breakpoint that programs come to when they run."""

import linecache
import sys

import numpy as np

from fgrad.core.source import Source, user_source
from fgrad.core.trace import Tracer
from fgrad.transforms.callback import debug_callback


def breakpoint(
    *, backend=None, filter_frames=True, num_frames=None, ordered=False, token=None, **kwargs
):
    """Stop a program here each time it runs, and look at the values of the local variables.

    Commands: ``p expression``, ``l`` (list the source), ``a`` (names of the variables), ``c``
    (continue), ``q`` (quit, with a KeyboardInterrupt).

    Parameters
    ----------
    backend, filter_frames, num_frames, ordered, token : optional
        Accepted for compatibility.
    **kwargs
        ``stdin`` and ``stdout``, if not the terminal's.

    Examples
    --------
    >>> import io
    >>> import fgrad
    >>> @fgrad.jit
    ... def f(x):
    ...     y = 2 * x
    ...     fgrad.debug.breakpoint(stdin=io.StringIO("p y + 1\\nc\\n"))
    ...     return y
    >>> _ = f(1.0)  # doctest: +ELLIPSIS
    stopped at ...
    (fgrad) 3.0
    (fgrad)
    """
    source = user_source()
    frame = sys._getframe(1)
    values = {k: v for k, v in frame.f_locals.items() if isinstance(v, Tracer | np.ndarray)}
    others = {k: v for k, v in frame.f_locals.items() if k not in values}

    def stop(**numbers):
        scope = {**frame.f_globals, **others, **numbers}
        _Prompt(source, scope, [*numbers, *others], **kwargs).run()

    debug_callback(stop, **values)


class _Prompt:
    """Reads commands and carries them out until one of them goes on."""

    def __init__(self, source: Source | None, scope, names, stdin=None, stdout=None):
        self._source = source
        self._scope = scope
        self._names = names
        self._in = stdin or sys.stdin
        self._out = stdout or sys.stdout

    def run(self):
        """Ask until told to go on."""
        commands = {"p": self._print, "l": self._list, "a": self._list_names, "q": self._quit}
        self._write(f"stopped at {self._source}\n")
        while True:
            self._write("(fgrad) ")
            self._out.flush()
            line = self._in.readline()
            word, _, rest = line.strip().partition(" ")
            if not line or word == "c":
                self._write("\n")
                return
            if word in commands:
                commands[word](rest)
            elif word:  # anything else is an expression
                self._print(line)

    def _write(self, text):
        self._out.write(text)

    def _print(self, expression):
        try:
            self._write(f"{eval(expression.strip(), self._scope)}\n")
        except Exception as e:  # whatever the user typed
            self._write(f"{type(e).__name__}: {e}\n")

    def _list(self, _):
        if self._source is not None:
            for n in range(max(self._source.line - 5, 1), self._source.line + 6):
                mark = ">" if n == self._source.line else " "
                self._write(f"{mark} {n:4} {linecache.getline(self._source.file, n)}")

    def _list_names(self, _):
        self._write(" ".join(self._names) + "\n")

    def _quit(self, _):
        raise KeyboardInterrupt("quit at a breakpoint")
