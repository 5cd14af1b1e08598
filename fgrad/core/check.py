"""The type checker of jaxprs. Every transformation's output passes it in the tests."""

import contextlib
import threading

from fgrad.core.errors import JaxprTypeError
from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Literal, Var, jaxprs_in_params
from fgrad.core.printer import format_eqn
from fgrad.core.trace import get_aval

_settings = threading.local()


def checks_enabled() -> bool:
    """Whether programs shall be checked as they are staged."""
    return getattr(_settings, "enabled", False)


def set_enabled(value: bool) -> None:
    """Check programs as they are staged, or cease to."""
    _settings.enabled = value


@contextlib.contextmanager
def enable_checks(value: bool = True):
    """Check every program that is staged or transformed within the block.

    For those who write rules of their own; it holds for the current thread. What was staged before
    is not staged again.

    Parameters
    ----------
    value : bool
        Whether to check.

    Raises
    ------
    JaxprTypeError
        If a program is not well formed or not well typed.

    Examples
    --------
    >>> import fgrad
    >>> with fgrad.enable_checks():
    ...     print(fgrad.jit(lambda x: 2 * x)(3.0))
    6.0
    """
    before = checks_enabled()
    set_enabled(value)
    try:
        yield
    finally:
        set_enabled(before)


def check_jaxpr(jaxpr: Jaxpr | ClosedJaxpr) -> None:
    """Check that a jaxpr is well formed and well typed, inner jaxprs too.

    Raises
    ------
    JaxprTypeError
        With the equation that is wrong: a variable used before it is bound or bound twice, an
        operand that is neither variable nor literal, or a result whose aval is not what the
        primitive's rule gives.
    """
    if isinstance(jaxpr, ClosedJaxpr):
        for v, c in zip(jaxpr.jaxpr.constvars, jaxpr.consts, strict=True):
            if get_aval(c).strong() != v.aval.strong():
                raise JaxprTypeError(
                    f"constant of type {get_aval(c)} for a variable of type {v.aval}"
                )
        jaxpr = jaxpr.jaxpr
    bound = set()

    def bind(v, where):
        if v in bound:
            raise JaxprTypeError(f"variable bound twice in {where}")
        bound.add(v)

    def read(v, where):
        if type(v) is Literal:
            if get_aval(v.val).strong() != v.aval.strong():
                raise JaxprTypeError(f"literal {v!r} is not of type {v.aval} in {where}")
        elif type(v) is not Var or v not in bound:
            raise JaxprTypeError(f"operand {v!r} is not bound before {where}")

    for v in (*jaxpr.constvars, *jaxpr.invars):
        bind(v, "the inputs")
    for eqn in jaxpr.eqns:
        text = format_eqn(eqn)
        for v in eqn.invars:
            read(v, text)
        for inner in jaxprs_in_params(eqn.params):
            check_jaxpr(inner)
        want = eqn.primitive.abstract_eval(*(v.aval for v in eqn.invars), **eqn.params)
        want = list(want) if eqn.primitive.multiple_results else [want]
        if len(want) != len(eqn.outvars):
            raise JaxprTypeError(f"{len(eqn.outvars)} results, wanted {len(want)}: {text}")
        for v, aval in zip(eqn.outvars, want, strict=True):
            if v.aval != aval:
                raise JaxprTypeError(f"result of type {v.aval}, wanted {aval}: {text}")
            bind(v, text)
    for v in jaxpr.outvars:
        read(v, "the outputs")
