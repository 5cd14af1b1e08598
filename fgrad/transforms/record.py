"""What `vjp` and `linearize` keep of one run: a pytree, so that their functions may leave `jit`."""

import numpy as np

from fgrad.core.array import Array
from fgrad.core.trace import Undefined
from fgrad.core.tree import register_pytree_node
from fgrad.transforms.linear import LinearTrace


class Record:
    """A linear program on a tape, and what goes in and comes out.

    The numbers on the tape are its leaves.

    Attributes
    ----------
    trace : LinearTrace
    avals, variables, in_tree
        Of the inputs; the variable of one that has no derivative is None.
    out_avals, out_variables, out_tree
        Of the outputs.
    """

    __slots__ = ("avals", "in_tree", "out_avals", "out_tree", "out_variables", "trace", "variables")


_ENDS = tuple(name for name in Record.__slots__ if name != "trace")


def _split(entry, values):
    """An entry of the tape as hashable data; its numbers are appended to `values`."""
    if len(entry) == 2:
        terms = []
        for variable, coefficient, aval in entry[1]:
            if type(coefficient) is not str:
                values.append(coefficient)
                coefficient = None
            terms.append((variable, coefficient, aval))
        return entry[0], tuple(terms)
    out, primitive, args, params = entry
    places = []
    for a in args:
        if type(a) is Undefined:
            places.append((a.aval, a.variable))
        else:
            values.append(a)
            places.append(None)
    out = tuple(out) if isinstance(out, list) else out
    return out, primitive, tuple(places), tuple(sorted(params.items()))


def _joined(entry, values):
    """The entry of the tape again, with its numbers from an iterator."""
    if len(entry) == 2:
        return entry[0], tuple(
            [(v, next(values) if c is None else c, aval) for v, c, aval in entry[1]]
        )
    out, primitive, places, params = entry
    args = tuple([next(values) if p is None else Undefined(*p) for p in places])
    return list(out) if isinstance(out, tuple) else out, primitive, args, dict(params)


def _flatten(record):
    values = []
    tape = tuple([_split(entry, values) for entry in record.trace.tape])
    ends = [getattr(record, name) for name in _ENDS]
    ends = tuple([tuple(e) if isinstance(e, list) else e for e in ends])
    return values, (tape, tuple(record.trace.avals), ends)


def _unflatten(data, values):
    tape, avals, ends = data
    values = iter([v.view(np.ndarray) if type(v) is Array else v for v in values])
    record = Record()
    record.trace = LinearTrace(None, strict=False)
    record.trace.tape = [_joined(entry, values) for entry in tape]
    record.trace.avals = list(avals)
    for name, end in zip(_ENDS, ends, strict=True):
        setattr(record, name, end)
    return record


register_pytree_node(Record, _flatten, _unflatten)
