"""Generated functions: source made, compiled and kept for tracebacks."""

import itertools
import linecache
import weakref
from collections import deque
from functools import partial

import numpy as np

from fgrad.compiler.blas import on_one_thread
from fgrad.core.source import located

_counter = itertools.count(1)
_dead = deque()  # file names of programs that are gone, whose source is to be forgotten


def function_source(names, params, lines, result, body, inner=()) -> str:
    """Source of the function of a program.

    An error in one of its lines is raised again with the user's line that it comes from.

    Parameters
    ----------
    names : Namespace
    params : sequence of str
        Names of the arguments.
    lines : list of (str, Source or None)
    result : str
    body : Body
        Whose buffers and inner functions the lines use.
    inner : sequence of str
        Source of what the function calls besides.
    """
    if body.views:
        take, give_back = body.scratch.lines(names, body.views)
        lines = [*((line, None) for line in take), *lines, (give_back, None)]
    lines = [*lines, (f"return {result}", None)]
    head = "".join(f"{f}\n\n" for f in (*inner, *body.functions))
    head += f"def {names.program}({', '.join(params)}):\n    try:\n"
    first = head.count("\n") + 1
    places = {first + i: source for i, (_, source) in enumerate(lines) if source}
    explain = names.name(partial(_explain, places), "explain")
    text = "\n".join(f"        {line}" for line, _ in lines)
    tail = f"    except Exception as error:\n        {explain}(error)\n        raise\n"
    return f"{head}{text}\n{tail}"


def compile_function(names, source: str, blas: bool):
    """The function that `source` defines; on one BLAS thread, if it uses BLAS."""
    filename = f"<fgrad {names.program} {next(_counter)}>"
    scope = dict(names.values)
    exec(compile(source, filename, "exec"), scope)
    while _dead:  # not when they die: that may be while linecache goes through its entries
        linecache.cache.pop(_dead.popleft(), None)
    # so that tracebacks and debuggers show the generated lines
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    run = scope[names.program]
    weakref.finalize(run, _dead.append, filename)
    return on_one_thread(run) if blas else run


def uses_blas(closed) -> bool:
    """Whether a program has matrix products or linear algebra."""
    return any(e.primitive.blas for e in closed.jaxpr.eqns)


# What NumPy raises when a program runs; these are made of one message.
_EXPLAINED = (
    IndexError, ValueError, TypeError, OverflowError, FloatingPointError, np.linalg.LinAlgError,
)  # fmt: skip


def _explain(places, error):
    """Raise an error of a running program with the user's line for the generated one."""
    source = places.get(error.__traceback__.tb_lineno)
    if source and type(error) in _EXPLAINED and "\n  --> " not in str(error):
        raise type(error)(located(str(error), source)) from None
