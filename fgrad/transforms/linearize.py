"""Linearization: values are computed, their derivatives are recorded as a linear program.

This is the first half of reverse mode (the second is `LinearTrace.backward`) and the path whose
speed users feel when they forget `jit`; so elementwise operations, whose derivative is a product
with a partial derivative, are recorded without a detour.
"""

from fgrad.core.avals import ShapedArray
from fgrad.core.source import located
from fgrad.core.trace import ONE, Tracer, Undefined, evaluate, evaluation, get_aval, thread
from fgrad.transforms.linear import LinearTrace, LinearTracer


class LinearizeTracer(Tracer):
    """A value, known as far as the outer interpreters know it, and a variable for its tangent."""

    __slots__ = ("primal", "variable")

    def __init__(self, trace, primal, var, aval):
        self._trace = trace
        self.primal = primal
        self.variable = var
        self.aval = aval

    def __repr__(self):
        return f"Tracer<{self.primal}>"

    def concrete(self, error, what):
        if self._trace.stale:
            self._trace.refuse(self)
        p = self.primal
        return p.concrete(error, what) if isinstance(p, Tracer) else p


class LiftedTracer(LinearizeTracer):
    """A constant that may be assigned traced values; until then it has no tangent."""

    __slots__ = ()

    def __init__(self, trace, primal, aval):
        super().__init__(trace, primal, None, aval)


class LinearizeTrace(LinearTrace):
    """Evaluates operations in its parent and puts their derivatives on its tape."""

    __slots__ = ()
    transformation = "grad"

    def perturb(self, primal, aval: ShapedArray) -> LinearizeTracer:
        """An input to differentiate by."""
        avals = self.avals
        avals.append(aval)
        return LinearizeTracer(self, primal, len(avals) - 1, aval)

    def lift(self, x):
        aval = get_aval(x)
        return LiftedTracer(self, x, aval) if aval.inexact else self.parent.lift(x)

    def process(self, primitive, args, params):
        active = 0
        linear = False
        primals = []
        for a in args:
            kind = type(a)
            if kind is LinearizeTracer and a._trace is self:
                active += 1
                primals.append(a.primal)
            else:
                if kind is LinearTracer and a._trace is self:
                    linear = True
                elif kind is LiftedTracer and a._trace is self:
                    a = a.primal
                primals.append(a)
        if linear:
            if active:
                raise TypeError(
                    located(
                        "a custom derivative rule mixes tangents with the value being "
                        "differentiated: it must not close over values that are differentiated "
                        "outside it"
                    )
                )
            return self.record(primitive, primals, params)
        parent = self.parent
        if not active:
            return parent.process(primitive, primals, params)
        partials = primitive.partials
        if partials is None:
            return self._general(primitive, args, primals, params)
        # At the outermost level a stray tracer finds its way to `evaluation` by itself.
        run = evaluate if parent is evaluation else parent.process
        out = run(primitive, primals, params)
        aval = get_aval(out)
        if not aval.inexact:
            return out
        # Partial derivatives are functions of the values alone; those of a product just name one.
        current = None
        if primitive.linear != "each":
            current, thread.trace = thread.trace, parent
        terms = []
        try:
            for a, d in zip(args, partials, strict=True):
                if d is not None and type(a) is LinearizeTracer and a._trace is self:
                    if type(d) is not str:
                        d = d(out, *primals, **params)
                    terms.append((a.variable, d, None if a.aval is aval else a.aval))
        finally:
            if current is not None:
                thread.trace = current
        if not terms:
            return out
        avals = self.avals
        var = len(avals)
        avals.append(aval)
        self.tape.append((var, terms))
        return LinearizeTracer(self, out, var, aval)

    def _result(self, out, aval, *entry):
        """A tracer for a result, and the tape entry that makes its tangent."""
        avals = self.avals
        var = len(avals)
        avals.append(aval)
        self.tape.append((var, *entry))
        return LinearizeTracer(self, out, var, aval)

    def _general(self, primitive, args, primals, params):
        linear = primitive.linear
        if linear is not None and not primitive.multiple_results:
            if len(args) == 1:
                (a,) = args
                run = evaluate if self.parent is evaluation else self.parent.process
                out = run(primitive, primals, params)
                aval = get_aval(out)
                if not aval.inexact:
                    return out
                return self._result(out, aval, primitive, (Undefined(a.aval, a.variable),), params)
            if linear == "each":
                return self._product(primitive, args, primals, params)
        rule = primitive.linearize or primitive.jvp
        if rule is None:
            raise NotImplementedError(f"{primitive.name} has no derivative rule")
        tangents = []
        for a in args:
            mine = type(a) is LinearizeTracer and a._trace is self
            tangents.append(LinearTracer(self, a.variable, a.aval) if mine else None)
        out, tangent = rule(primals, tangents, **params)
        if primitive.multiple_results:
            return [self._join(o, t) for o, t in zip(out, tangent, strict=True)]
        return self._join(out, tangent)

    def _product(self, primitive, args, primals, params):
        """A product: the sum of the products with one factor replaced by its tangent."""
        run = evaluate if self.parent is evaluation else self.parent.process
        out = run(primitive, primals, params)
        aval = get_aval(out)
        avals, tape = self.avals, self.tape
        terms = []
        for i, a in enumerate(args):
            if type(a) is LinearizeTracer and a._trace is self:
                factors = list(primals)
                factors[i] = Undefined(a.aval, a.variable)
                var = len(avals)
                avals.append(aval)
                tape.append((var, primitive, factors, params))
                terms.append((var, ONE, None))
        if len(terms) == 1:
            return LinearizeTracer(self, out, var, aval)
        return self._result(out, aval, terms)

    def _join(self, out, tangent):
        if type(tangent) is not LinearTracer or tangent._trace is not self:
            return out  # a zero tangent
        aval = get_aval(out)
        if tangent.aval is not aval and tangent.aval != aval:
            var = self.input(aval)
            self.tape.append((var.variable, ((tangent.variable, ONE, tangent.aval),)))
            tangent = var
        return LinearizeTracer(self, out, tangent.variable, aval)

    def split(self, x):
        """The value of a result of this trace, and the variable of its tangent or None."""
        if isinstance(x, LinearizeTracer) and x._trace is self:
            return x.primal, x.variable
        return x, None

    def why_abstract(self, tracer, what):
        return f"{what} needs the value of a tangent, which has none: {self.describe()}."
