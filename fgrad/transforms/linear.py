"""Linear programs on a tape: recorded as they run, replayed forward, or transposed.

The tape is what reverse mode walks backward. An entry is either a sum of products with known
arrays, which is what every elementwise derivative is, or one linear primitive.
"""

import numpy as np

from fgrad.core.source import located
from fgrad.core.trace import MINUS_ONE, ONE, Trace, Tracer, Undefined, get_aval
from fgrad.primitives.elementwise import neg
from fgrad.primitives.fit import fit_cotangent, fit_tangent


class LinearTracer(Tracer):
    """A value that depends linearly on the inputs of its trace. It has no number."""

    __slots__ = ("variable",)

    def __init__(self, trace, var, aval):
        self._trace = trace
        self.variable = var
        self.aval = aval

    def __repr__(self):
        return f"LinearTracer<{self.aval}>"


class LinearTrace(Trace):
    """Records linear operations; hands the others to its parent.

    Attributes
    ----------
    avals : list
        The aval of each linear variable; a variable is an index into it.
    tape : list of tuple
        ``(out, terms)``, where a term is ``(variable, coefficient, aval or None)``: the sum of the
        coefficients times the variables, each broadcast and promoted if it has an aval there. Or
        ``(out, primitive, args, params)``, where `out` is a variable, or a list of them, and the
        linear ones among `args` are `Undefined`.
    strict : bool
        Whether to refuse the sum of a linear value and a constant. In programs that came out of
        JVP rules such a constant is a zero tangent.
    """

    __slots__ = ("avals", "strict", "tape")
    transformation = "linear_transpose"

    def __init__(self, parent, fun=None, strict=True):
        self.parent = parent
        self.strict = strict
        self.fun = fun
        self.source = None
        self.avals = []
        self.tape = []

    def input(self, aval) -> LinearTracer:
        """A new linear variable."""
        self.avals.append(aval)
        return LinearTracer(self, len(self.avals) - 1, aval)

    def process(self, primitive, args, params):
        for a in args:
            if type(a) is LinearTracer and a._trace is self:
                return self.record(primitive, args, params)
        return self.parent.process(primitive, args, params)

    def record(self, primitive, args, params):
        """Add one linear operation to the tape."""
        mine = [type(a) is LinearTracer and a._trace is self for a in args]
        if primitive.split is not None:
            return self._record_program(primitive, mine, args, params)
        self._check_linear(primitive, mine, args)
        hollow = [
            Undefined(a.aval, a.variable) if m else a for a, m in zip(args, mine, strict=True)
        ]
        avals = [get_aval(a) for a in args]
        out_aval = primitive.abstract_eval(*avals, **params)
        if primitive.partials is not None:
            terms = []
            for i, a in enumerate(args):
                if mine[i]:
                    d = primitive.partials[i]
                    d = d if type(d) is str else d(None, *hollow, **params)
                    terms.append((a.variable, d, None if a.aval is out_aval else a.aval))
            out = self.input(out_aval)
            self.tape.append((out.variable, tuple(terms)))
            return out
        if primitive.multiple_results:
            outs = [self.input(a) for a in out_aval]
            self.tape.append(([o.variable for o in outs], primitive, hollow, params))
            return outs
        out = self.input(out_aval)
        self.tape.append((out.variable, primitive, hollow, params))
        return out

    def _record_program(self, primitive, mine, args, params):
        """Compute what does not depend on the linear operands; record the rest."""
        found, args, params, depends = primitive.split(tuple(mine), args, **params)
        hollow = [
            Undefined(a.aval, a.variable) if type(a) is LinearTracer and a._trace is self else a
            for a in args
        ]
        avals = primitive.abstract_eval(*map(get_aval, args), **params)
        outs = [self.input(a) for a in avals]
        self.tape.append(([o.variable for o in outs], primitive, hollow, params))
        found, recorded = iter(found), iter(outs)
        return [next(recorded) if d else next(found) for d in depends]

    def _check_linear(self, primitive, mine, args):
        linear = primitive.linear
        allowed = (
            linear in ("all", "args")
            or (linear == "each" and sum(mine) == 1)
            or (linear == "first" and mine[0] and not any(mine[1:]))
            or (
                isinstance(linear, tuple)
                and all(linear[: len(mine)][i : i + 1] == (True,) for i, m in enumerate(mine) if m)
            )
        )
        if not allowed:
            raise TypeError(
                located(
                    f"{primitive.name} is not linear in "
                    f"{', '.join(str(get_aval(a)) for a in args)}: "
                    "a tangent may only be used linearly (in a custom JVP rule, or in the function "
                    "given to linear_transpose)"
                )
            )
        if self.strict and primitive.name in ("add", "sub"):
            for m, a in zip(mine, args, strict=True):
                if not m and (isinstance(a, Tracer) or np.any(a)):
                    raise TypeError(
                        located(
                            f"{primitive.name} of a linear value and a constant, {get_aval(a)}, is "
                            "affine, not linear"
                        )
                    )

    def apply(self, values: dict) -> dict:
        """Replay the tape forward.

        Parameters
        ----------
        values : dict
            For each input variable its tangent; the other variables are added to it.
        """
        for entry in self.tape:
            if len(entry) == 2:
                out, terms = entry
                total = None
                for var, coefficient, _ in terms:
                    t = values.get(var)
                    if t is None:
                        continue
                    if coefficient is MINUS_ONE:
                        t = neg(t)
                    elif coefficient is not ONE:
                        t = t * coefficient
                    total = t if total is None else total + t
                if total is not None:
                    values[out] = fit_tangent(total, self.avals[out])
                continue
            out, primitive, args, params = entry
            full = [self._value_of(a, values) for a in args]
            result = primitive.bind(*full, **params)
            if primitive.multiple_results:
                values.update(zip(out, result, strict=True))
            else:
                values[out] = result
        return values

    def _value_of(self, a, values):
        return instantiate(values.get(a.variable), a.aval) if type(a) is Undefined else a

    def backward(self, seeds) -> list:
        """Transpose the tape.

        Parameters
        ----------
        seeds : iterable of (int, cotangent)
            Cotangents of output variables; of one that stands twice they are added.

        Returns
        -------
        list
            For each variable its cotangent, or None where it is zero; those of inputs are kept,
            the others are dropped on the way.
        """
        avals = self.avals
        cts = [None] * len(avals)
        for var, ct in seeds:
            have = cts[var]
            cts[var] = ct if have is None else have + ct
        for entry in reversed(self.tape):
            out = entry[0]
            if len(entry) == 2:
                ct = cts[out]
                if ct is None:
                    continue
                cts[out] = None
                for var, coefficient, aval in entry[1]:
                    if coefficient is ONE:
                        c = ct
                    elif coefficient is MINUS_ONE:
                        c = -ct
                    else:
                        c = ct * coefficient
                    if aval is not None:
                        c = fit_cotangent(c, aval)
                    have = cts[var]
                    cts[var] = c if have is None else have + c
                continue
            _, primitive, args, params = entry
            if primitive.multiple_results:
                ct = [cts[v] for v in out]
                if all(c is None for c in ct):
                    continue
                if not primitive.symbolic_zeros:
                    ct = [instantiate(c, avals[v]) for c, v in zip(ct, out, strict=True)]
                for v in out:
                    cts[v] = None
            else:
                ct = cts[out]
                if ct is None:
                    continue
                cts[out] = None
            for a, c in zip(args, primitive.transpose(ct, *args, **params), strict=True):
                if type(a) is Undefined and c is not None:
                    if get_aval(c) is not a.aval:
                        c = fit_cotangent(c, a.aval)
                    have = cts[a.variable]
                    cts[a.variable] = c if have is None else have + c
        return cts

    def why_abstract(self, tracer, what):
        return f"{what} needs the value of a tangent, which has none: {self.describe()}."


def instantiate(t, aval):
    """A tangent or cotangent, or zeros where it is None."""
    return np.zeros(aval.shape, aval.dtype)[()] if t is None else t
