"""Checks that can be switched on for a while: of numbers, of tracers that outlive their trace."""

import contextlib
import gc

import numpy as np

from fgrad.core.errors import UnexpectedTracerError
from fgrad.core.source import located, source_of_error
from fgrad.core.staging import trace_is_live
from fgrad.core.trace import Tracer


@contextlib.contextmanager
def debug_nans(value: bool = True):
    """Raise a FloatingPointError where an operation makes a NaN out of other numbers.

    It holds in compiled functions too, and costs nothing: NumPy's own error state does it.
    `fgrad.debug.explain_nan` says more, also of backward passes.

    Parameters
    ----------
    value : bool
        Whether to check, within the block.

    Raises
    ------
    FloatingPointError
        With the user's line.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> with fgrad.debug_nans(True):
    ...     try:
    ...         fnp.log(fnp.array([-1.0]))
    ...     except FloatingPointError as e:
    ...         print("caught")
    caught
    """
    with _raising(value, "a NaN", invalid="raise"):
        yield


@contextlib.contextmanager
def debug_infs(value: bool = True):
    """Raise a FloatingPointError where an operation makes an infinity out of finite numbers.

    Parameters
    ----------
    value : bool
        Whether to check, within the block.

    Raises
    ------
    FloatingPointError
        With the user's line.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> with fgrad.debug_infs(True):
    ...     try:
    ...         fgrad.jit(lambda x: 1 / x)(fnp.zeros(2))
    ...     except FloatingPointError as e:
    ...         print("caught")
    caught
    """
    with _raising(value, "an infinity", divide="raise", over="raise"):
        yield


@contextlib.contextmanager
def _raising(value, what, **states):
    if not value:
        states = dict.fromkeys(states, "ignore")
    try:
        with np.errstate(**states):
            yield
    except FloatingPointError as e:
        if "explain_nan" in str(e):
            raise
        text, *compiled = str(e).split("\n")  # compiled programs name the line themselves
        text = f"{text}: {what} was made; fgrad.debug.explain_nan(f, *args) says out of what"
        text = "\n".join([text, *compiled]) if compiled else located(text, source_of_error(e))
        raise FloatingPointError(text) from e


@contextlib.contextmanager
def checking_leaks(value: bool = True):
    """Raise an error at the end of the block if a tracer outlived its transformation.

    Parameters
    ----------
    value : bool
        Whether to check.

    Raises
    ------
    UnexpectedTracerError
        With where the tracer was made.

    Examples
    --------
    >>> import fgrad
    >>> kept = []
    >>> try:
    ...     with fgrad.checking_leaks():
    ...         _ = fgrad.jit(lambda x: (kept.append(x), x)[1])(1.0)
    ... except fgrad.errors.UnexpectedTracerError as e:
    ...     print("caught")
    caught
    """
    before = {id(x) for x in _tracers()} if value else None
    yield
    if not value:
        return
    gc.collect()
    leaked = [x for x in _tracers() if id(x) not in before and not trace_is_live(x._trace)]
    if leaked:
        x = leaked[0]
        where = getattr(x, "source", None) or x._trace.where()
        made = f", made at {where}," if where else ""
        raise UnexpectedTracerError(
            f"a tracer {x.aval}{made} outlived {x._trace.describe()}: something outside the "
            f"function holds it ({len(leaked)} such tracers in all)"
        )


def _tracers():
    return [x for x in gc.get_objects() if isinstance(x, Tracer)]
