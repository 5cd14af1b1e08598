"""Forward mode: every value carries the tangent of its dependence on the inputs."""

from fgrad.core.trace import MINUS_ONE, ONE, Trace, Tracer, get_aval
from fgrad.primitives.elementwise import add, mul, neg
from fgrad.primitives.fit import fit_tangent


class JVPTracer(Tracer):
    """A value and its tangent."""

    __slots__ = ("primal", "tangent")

    def __init__(self, trace, primal, tangent):
        self._trace = trace
        self.primal = primal
        self.tangent = tangent
        self.aval = get_aval(primal)

    def __repr__(self):
        return f"Tracer<{self.primal}>"

    def concrete(self, error, what):
        if self._trace.stale:
            self._trace.refuse(self)
        p = self.primal
        return p.concrete(error, what) if isinstance(p, Tracer) else p


class JVPTrace(Trace):
    """Evaluates operations and their JVP rules in its parent."""

    __slots__ = ()
    transformation = "jvp"

    def process(self, primitive, args, params):
        mine = [type(a) is JVPTracer and a._trace is self for a in args]
        if True not in mine:
            return self.parent.process(primitive, args, params)
        primals = [a.primal if m else a for a, m in zip(args, mine, strict=True)]
        tangents = [a.tangent if m else None for a, m in zip(args, mine, strict=True)]
        if all(t is None for t in tangents):
            return self.parent.process(primitive, primals, params)
        if primitive.partials is not None:
            return self._elementwise(primitive, primals, tangents, params)
        if primitive.jvp is None:
            raise NotImplementedError(f"{primitive.name} has no derivative rule")
        out, tangent = primitive.jvp(primals, tangents, **params)
        if primitive.multiple_results:
            return [self._join(o, t) for o, t in zip(out, tangent, strict=True)]
        return self._join(out, tangent)

    def _elementwise(self, primitive, primals, tangents, params):
        out = primitive.bind(*primals, **params)
        total = None
        if get_aval(out).inexact:
            for t, d in zip(tangents, primitive.partials, strict=True):
                if t is None or d is None:
                    continue
                if d is MINUS_ONE:
                    t = neg(t)
                elif d is not ONE:
                    t = mul(t, d(out, *primals, **params))
                total = t if total is None else add(total, t)
        return self._join(out, total)

    def _join(self, out, tangent):
        if tangent is None:
            return out
        aval = get_aval(out)
        if not aval.inexact:
            return out
        if get_aval(tangent) is not aval:
            tangent = fit_tangent(tangent, aval)
        return JVPTracer(self, out, tangent)

    def lift(self, x):
        aval = get_aval(x)
        if not aval.inexact:
            return self.parent.lift(x)
        return JVPTracer(self, x, None)  # it may be assigned traced values

    def split(self, x):
        """The value of a result of this trace, and its tangent or None."""
        if type(x) is JVPTracer and x._trace is self:
            return x.primal, x.tangent
        return x, None
