"""Checks for users: `check`, and the `Error` that says which one failed."""

import numpy as np

from fgrad.core.source import located, user_source
from fgrad.core.trace import Tracer, get_aval
from fgrad.core.tree import register_pytree_node, tree_flatten, tree_unflatten
from fgrad.primitives.check import CheckError
from fgrad.primitives.check import check as check_p
from fgrad.primitives.elementwise import lt
from fgrad.transforms.face import as_argument

NO_FAILURE = np.int64(-1)


class Failure:
    """What a check says when it fails.

    Attributes
    ----------
    avals : list of ShapedArray
        Of the values that belong to it.
    where : Source or None
        The user's line.
    debug : bool
        Whether it counts under `checkify` alone.
    """

    def __init__(self, tell, avals=(), where=None, debug=False):
        self._tell = tell
        self.avals = list(avals)
        self.where = where
        self.debug = debug

    def message(self, values):
        """The message out of the values of the check."""
        return located(self._tell(values), self.where)


class Error:
    """Which check failed, as a pytree: jitted and mapped functions can return it.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad.experimental import checkify
    >>> err, _ = checkify.checkify(lambda x: 1 / x, errors=checkify.div_checks)(0.0)
    >>> err.get().splitlines()[0]
    'division by zero'
    """

    __slots__ = ("_code", "_failures", "_values")

    def __init__(self, failures=(), code=NO_FAILURE, values=()):
        self._failures = tuple(failures)
        self._code = code
        self._values = list(values)

    def get(self):
        """The message of the first check that failed, of each element of a batch; or None."""
        code = np.asarray(self._code)
        lines = []
        for at in np.ndindex(code.shape):
            if code[at] >= 0:
                values = [np.asarray(v)[at] for v in self._values]
                where = f"at mapped index {', '.join(map(str, at))}: " if at else ""
                lines.append(where + _told(self._failures, code[at], values))
        return "\n".join(lines) or None

    def throw(self):
        """Raise a ValueError with that message, if there is one."""
        check_error(self)

    def __repr__(self):
        return f"Error({self._code if isinstance(self._code, Tracer) else self.get()})"


register_pytree_node(
    Error,
    lambda error: ((error._code, error._values), error._failures),
    lambda failures, children: Error(failures, *children),
)
init_error = Error()


def _told(failures, code, values):
    """The message of one of several checks, out of the values of all."""
    before = sum(len(f.avals) for f in failures[:code])
    failure = failures[code]
    return failure.message(values[before : before + len(failure.avals)])


# -- checks ----------------------------------------------------------------------------------------


def check(pred, msg, *fmt_args, debug=False, **fmt_kwargs):
    """Check that a condition holds.

    Within `checkify` a failure becomes part of the result; elsewhere it is raised, by compiled
    functions too. It holds for each example under `vmap`.

    Parameters
    ----------
    pred : bool scalar
        What must hold.
    msg : str
        What to say if it does not, as for `str.format`.
    *fmt_args, **fmt_kwargs : pytree of arrays
        The numbers in the message.
    debug : bool
        Whether to check within `checkify` alone.

    Raises
    ------
    ValueError
        If it does not hold, outside `checkify`.
    TypeError
        If `pred` is no boolean scalar, or a number for the message is none.

    Examples
    --------
    >>> import fgrad
    >>> from fgrad.experimental import checkify
    >>> def f(x):
    ...     checkify.check(x > 0, "{} is not positive", x)
    ...     return 2 * x
    >>> err, y = fgrad.jit(checkify.checkify(f))(-1.0)
    >>> err.get().splitlines()[0]
    '-1.0 is not positive (`check` failed)'
    """
    given = as_argument(pred, "check: pred")
    aval = get_aval(given)
    if aval.shape or aval.dtype.kind != "b":
        raise TypeError(located(f"check: pred must be a boolean scalar; got {aval}"))
    leaves, tree = tree_flatten((fmt_args, fmt_kwargs))
    values = [
        as_argument(x, "check: a number for the message", tree, i) for i, x in enumerate(leaves)
    ]

    def tell(values):
        args, kwargs = tree_unflatten(tree, values)
        return msg.format(*args, **kwargs) + " (`check` failed)"

    failure = Failure(tell, map(get_aval, values), user_source(), debug)
    check_p(given, *values, failure=failure)


def debug_check(pred, msg, *fmt_args, **fmt_kwargs):
    """`check`, which does nothing outside `checkify`."""
    check(pred, msg, *fmt_args, debug=True, **fmt_kwargs)


def check_error(error):
    """Raise what an `Error` holds; within `checkify`, make it part of the result.

    Raises
    ------
    ValueError
        If a check has failed, outside `checkify`.
    """
    if not isinstance(error, Error):
        raise TypeError(located(f"check_error: wanted an Error; got {type(error).__name__}"))
    if not error._failures:
        return
    if not isinstance(error._code, Tracer):
        message = error.get()
        if message:
            raise CheckError(message)
        return
    values = [error._code, *error._values]
    tell = lambda values: _told(error._failures, int(values[0]), values[1:])
    check_p(lt(error._code, 0), *values, failure=Failure(tell, map(get_aval, values)))
