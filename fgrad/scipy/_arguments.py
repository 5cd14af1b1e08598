"""What the functions of this namespace do with their arguments."""

from typing import Any

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.numpy._face import give, value
from fgrad.numpy._mathematics import as_inexact


def inexact_values(function, **arguments) -> Any:
    """Arguments as interpreters hold them, of inexact numbers; one alone is not in a list.

    Raises
    ------
    TypeError
        If one is no array-like of numbers.
    """
    out = [as_inexact(value(v, f"{function}: {k}")) for k, v in arguments.items()]
    return out if len(out) > 1 else out[0]


def real_values(function, **arguments) -> Any:
    """`inexact_values` that may not be complex."""
    for name, v in arguments.items():
        aval = get_aval(value(v, f"{function}: {name}"))
        if aval.dtype.kind == "c":
            raise TypeError(located(f"{function}: {name} must be real; got {aval}"))
    return inexact_values(function, **arguments)


def inexact(function, **arguments) -> Any:
    """`inexact_values` as users hold them."""
    return give(inexact_values(function, **arguments))


def real(function, **arguments) -> Any:
    """`real_values` as users hold them."""
    return give(real_values(function, **arguments))
