"""Finding the operation that makes a NaN or an infinity, forward or backward."""

import linecache
import sys

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import get_aval
from fgrad.transforms.watch import watch

_EXAMPLES = 3  # positions shown


class NanReport:
    """Where a function, or its gradient, first makes a NaN or an infinity out of finite numbers.

    Attributes
    ----------
    direction : {'input', 'forward', 'backward'}
    operation : str
        The name of the primitive; empty for an input.
    source : Source or None
        The line of the forward operation.
    operands : list
        Its operands' values.
    cotangents : list or None
        For a backward one what came from later operations.
    places : list of tuple of int
        Where in the bad result the first bad numbers stand.
    cure : str
        What to do about it.
    """

    def __init__(self, direction, operation, source, operands, cotangents, bad, cure):
        self.direction = direction
        self.operation = operation
        self.source = source
        self.operands = operands
        self.cotangents = cotangents
        self.places = _bad_places(bad)
        self.cure = cure
        self._bad = bad

    def __str__(self):
        return "\n".join(self._lines())

    def _lines(self):
        kind = "NaN" if np.isnan(self._bad).any() else "infinity"
        an = "a NaN" if kind == "NaN" else "an infinity"
        if self.direction == "input":
            yield f"{self.operation} holds {an} already, at {self.places}"
            return
        what = "the derivative of " * (self.direction == "backward") + self.operation
        constant = any(map(_is_bad, self.operands))
        yield f"{what} makes {an} out of {'an infinite constant' if constant else 'finite numbers'}"
        if self.source is not None:
            yield f"  --> {self.source}"
            text = linecache.getline(self.source.file, self.source.line).strip()
            if text:
                yield f"      {text}"
        for i, x in enumerate(self.operands):
            yield f"  operand {i}: {_shown(x, self.places, self._bad)}"
        for i, ct in enumerate(self.cotangents or ()):
            if ct is not None:
                yield f"  cotangent of result {i}: {_shown(ct, self.places, self._bad)}"
        yield f"  result: {_shown(self._bad, self.places, self._bad)}"
        if self.cure:
            yield f"  cure: {self.cure}"


def explain_nan(f, *args, file=None):
    """Run a function and its gradient, and say which operation makes the first bad number.

    An operation is blamed if it makes a NaN or an infinity out of finite numbers, and if a bad
    number in the result, or else in the gradient, comes from there. Functions are run operation by
    operation, also those under ``jit`` and in loops.

    Parameters
    ----------
    f : callable
        A function of arrays; the gradient is that of the sum of its results.
    *args
        Its arguments: pytrees of arrays. The gradient is by all that are floating-point.
    file : file object, optional
        Where to print the report; the standard output by default.

    Returns
    -------
    NanReport or None
        None if all numbers in value and gradient are finite.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> def f(x):
    ...     return fnp.where(x > 0, fnp.sqrt(x), 0.0).sum()
    >>> report = fgrad.debug.explain_nan(f, fnp.array([0.0, 4.0]))  # doctest: +ELLIPSIS
    the derivative of sqrt makes a NaN out of finite numbers
      --> ...
      operand 0: 0.0 at (0,)
      cotangent of result 0: 0.0 at (0,)
      result: nan at (0,)
      cure: ...
    """
    if not callable(f):
        raise TypeError(located(f"explain_nan: the first argument must be a function, got {f!r}"))
    report = _find(f, args)
    text = "all numbers in value and gradient are finite" if report is None else report
    print(text, file=file or sys.stdout)
    return report


def _find(f, args):
    with np.errstate(all="ignore"):
        records, inputs, outs, grads = watch(f, args)
    for i, x in enumerate(inputs):
        if _is_bad(x):
            return NanReport("input", f"argument leaf {i}", None, [], None, x, "")
    order = {id(r): n for n, r in enumerate(records)}
    starts = [maker for value, maker in outs if _is_bad(value) and maker and maker[0] is not None]
    if starts:
        record, i = _first(starts, _bad_operands, order)
        return _forward_report(record, i)
    starts = [(r, i) for pairs in grads.values() for r, i in pairs if _is_bad(r.results[i])]
    if starts:
        readers = _readers(records)
        later_first = {k: -n for k, n in order.items()}
        record, i = _first(starts, lambda r, i: _bad_readers(r, readers), later_first)
        return _backward_report(record, i)
    return None


def _first(starts, causes, order):
    """Follow bad numbers to those that come from finite ones; the one that came first."""
    seen, stack, roots = set(), list(starts), []
    while stack:
        record, i = stack.pop()
        if (id(record), i) in seen:
            continue
        seen.add((id(record), i))
        found = causes(record, i)
        if found:
            stack += found
        else:
            roots.append((record, i))
    return min(roots, key=lambda root: order[id(root[0])])


def _bad_operands(record, _):
    return [
        maker
        for x, maker in zip(record.args, record.makers, strict=True)
        if maker is not None and maker[0] is not None and _is_bad(x)
    ]


def _readers(records):
    table = {}
    for r in records:
        for i, maker in enumerate(r.makers):
            if maker is not None and r.results is not None:
                table.setdefault((id(maker[0]), maker[1]), []).append((r, i))
    return table


def _bad_readers(record, readers):
    return [
        (r, i)
        for k in range(len(record.outs))
        for r, i in readers.get((id(record), k), ())
        if r.results[i] is not None and _is_bad(r.results[i])
    ]


def _forward_report(record, i):
    cure = _forward_cure(record.primitive.name, record.args)
    return NanReport(
        "forward", record.primitive.name, record.source, record.args, None, record.outs[i], cure
    )


def _backward_report(record, i):
    name, bad = record.primitive.name, record.results[i]
    cure = _backward_cure(record, bad)
    return NanReport("backward", name, record.source, record.args, record.cts, bad, cure)


# -- cures ----------------------------------------------------------------------------------------

_FORWARD = {
    "log": "the logarithm of zero or less: keep the operand positive, as log(x + tiny), "
    "log(maximum(x, tiny)), or log1p where x is 1 + something",
    "log1p": "the logarithm of zero or less: keep the operand above -1",
    "div": "a division by zero: x / where(y == 0, 1, y), and choose the result there by where",
    "sqrt": "the root of a negative number: sqrt(maximum(x, 0)), and see why it is negative",
    "rsqrt": "the inverse root of zero or less: rsqrt(x + tiny)",
    "exp": "the exponential is too large: subtract the maximum first, as nn.softmax and "
    "scipy.special.logsumexp do, or stay with logarithms",
    "pow": "a negative number to a fractional power, zero to a negative one, or an overflow",
    "mul": "zero times infinity, or an overflow",
    "sub": "infinity minus infinity, or an overflow",
    "asin": "keep the operand between -1 and 1: clip it",
    "acos": "keep the operand between -1 and 1: clip it",
    "atanh": "keep the operand within -1 and 1: clip it",
}
_TRAP = (
    "the where trap: `where` hides this result, so a cotangent of 0 meets an infinite slope. Make "
    "the operand harmless as well: safe = where(ok, x, 1); where(ok, f(safe), other)"
)
_BACKWARD = {
    "sqrt": "the slope of sqrt is infinite at zero: sqrt(x + tiny), or where with a safe operand",
    "log": "the slope of log is infinite at zero: log(x + tiny)",
    "div": "the slope of a division by zero: keep the denominator away from zero",
    "pow": "the slope of a power at zero: x**p has an infinite one there for p < 1; use where with "
    "a safe operand",
    "abs": "the slope at zero of a complex absolute value: add a small number under the root",
    "asin": "the slope of arcsin is infinite at -1 and 1: clip the operand within them",
    "acos": "the slope of arccos is infinite at -1 and 1: clip the operand within them",
    "atan2": "atan2 has no slope at (0, 0): use where with safe operands",
    "mul": "zero times infinity, or an overflow",
}
_NORM = (
    "the norm of a zero vector has no slope: sqrt(sum(x**2) + tiny**2), or "
    "where(s > 0, sqrt(where(s > 0, s, 1)), 0) with s = sum(x**2)"
)


def _forward_cure(name, operands):
    if any(_is_bad(x) for x in operands):
        return "an operand is infinite already, as a constant: use a large finite number"
    return _FORWARD.get(name, "")


def _backward_cure(record, bad):
    name = record.primitive.name
    places = _bad_places(bad)
    zero = all(
        ct is None or np.shape(ct) != np.shape(bad) or not np.any([ct[p] for p in places])
        for ct in record.cts
    )
    if name == "sqrt" and _sums(record.makers[0]):
        return _NORM
    if np.isnan(bad).any() and zero:
        return _TRAP
    return _BACKWARD.get(name, "")


def _sums(maker):
    return maker is not None and maker[0] is not None and maker[0].primitive.name == "reduce_sum"


# -- numbers --------------------------------------------------------------------------------------


def _is_bad(x):
    return get_aval(x).inexact and not np.isfinite(x).all()


def _bad_places(x):
    return [tuple(map(int, p)) for p in np.argwhere(~np.isfinite(x))[:_EXAMPLES]]


def _shown(x, places, bad):
    """The numbers of an operand where the result is bad, if it has the result's shape."""
    if np.ndim(x) == 0:
        return repr(np.asarray(x)[()].item())
    if np.shape(x) == np.shape(bad):
        return ", ".join(f"{np.asarray(x)[p].item()} at {p}" for p in places)
    text = np.array2string(np.asarray(x), threshold=12, precision=6)
    return f"{text} (shape {np.shape(x)})"
