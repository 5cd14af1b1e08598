"""Where in the user's program we are: used by error messages and by the equations of a jaxpr."""

import os
import sys
from typing import NamedTuple

import numpy as np

_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# Frames of these belong to nobody's program: the library itself and the machinery that calls it.
_SKIPPED = (
    _HERE,
    _NUMPY,
    "<fgrad",
    "<frozen",
    os.path.dirname(os.__file__) + os.sep + "functools.py",
    os.path.dirname(os.__file__) + os.sep + "contextlib.py",
)
_skip_cache: dict[str, bool] = {}


class Source(NamedTuple):
    """A place in the user's program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"


def _is_users(code) -> bool:
    name = code.co_filename
    skip = _skip_cache.get(name)
    if skip is None:
        skip = _skip_cache[name] = name.startswith(_SKIPPED)
    return not skip


def user_source() -> Source | None:
    """The innermost frame outside fgrad (and NumPy), or None when there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if _is_users(code):
            return Source(code.co_filename, frame.f_lineno, code.co_name)
        frame = frame.f_back
    return None


def source_of_error(error: BaseException) -> Source | None:
    """The innermost frame outside fgrad in which an error was raised."""
    found, at = None, error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        if _is_users(code):
            found = Source(code.co_filename, at.tb_lineno, code.co_name)
        at = at.tb_next
    return found


def located(message: str, source: Source | None = None) -> str:
    """`message` with the user's line under it."""
    source = source or user_source()
    return f"{message}\n  --> {source}" if source else message
