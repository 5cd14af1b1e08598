"""Printing the values in a program when it runs."""

import builtins
import string

from fgrad.core.source import located
from fgrad.transforms.callback import debug_callback


class _Checker(string.Formatter):
    """Formats nothing, and notices what is missing or left over."""

    def format_field(self, value, format_spec):
        return ""

    def convert_field(self, value, conversion):
        return value

    def get_field(self, field_name, args, kwargs):
        first = field_name.split(".")[0].split("[")[0]
        key = int(first) if first.isdigit() else first
        return self.get_value(key, args, kwargs), key

    def check_unused_args(self, used_args, args, kwargs):
        unused = [i for i in range(len(args)) if i not in used_args]
        unused += [k for k in kwargs if k not in used_args]
        if unused:
            raise ValueError(f"nothing in the format refers to {unused}")


def print(fmt=None, *args, ordered=False, partitioned=False, skip_format_check=False, **kwargs):
    """Print values when the program comes to them, whatever transforms the program.

    Python's ``print`` shows tracers, while a function is traced; this one numbers, at each call.

    Parameters
    ----------
    fmt : str, optional
        As of `str.format`, with ``{}`` or ``{name}`` where values go; by default they stand in a
        row. Not an f-string: that would be filled while tracing.
    *args, **kwargs
        Pytrees of values.
    ordered, partitioned : bool
        Accepted for compatibility: prints keep the order of the program.
    skip_format_check : bool
        Whether not to look now if `fmt` fits the values.

    Raises
    ------
    ValueError, IndexError, KeyError
        If `fmt` and the values do not fit each other.

    Examples
    --------
    >>> import fgrad
    >>> @fgrad.jit
    ... def f(x):
    ...     fgrad.debug.print("x = {}, twice that {y}", x, y=2 * x)
    ...     return x
    >>> _ = f(1.5)
    x = 1.5, twice that 3.0
    """
    if fmt is None:
        fmt = " ".join(["{}"] * len(args) + [f"{k}={{{k}}}" for k in kwargs])
    elif not isinstance(fmt, str):
        raise TypeError(located(f"debug.print: fmt must be a string, got {fmt!r}"))
    if not skip_format_check:
        try:
            _Checker().vformat(fmt, args, kwargs)
        except (ValueError, IndexError, KeyError) as e:
            text = f"debug.print: the format {fmt!r} does not fit the values: {e}"
            raise type(e)(located(text)) from None

    def show(*values, **named):
        builtins.print(fmt.format(*values, **named))

    debug_callback(show, *args, **kwargs)
