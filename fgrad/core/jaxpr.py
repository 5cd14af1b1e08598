"""The typed intermediate representation: programs as lists of equations in A-normal form."""

from fgrad.core.avals import ShapedArray
from fgrad.core.source import Source
from fgrad.core.trace import Primitive, thread


class Var:
    """A variable of a jaxpr, bound once."""

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray):
        self.aval = aval

    def __repr__(self):
        return f"Var({self.aval})"


class Literal:
    """A scalar constant written into an equation."""

    __slots__ = ("aval", "val")

    def __init__(self, val, aval: ShapedArray):
        self.val = val
        self.aval = aval

    def __repr__(self):
        return f"Literal({self.val!r})"


class JaxprEqn:
    """One application of a primitive: ``outvars = primitive[params] invars``."""

    __slots__ = ("invars", "outvars", "params", "primitive", "source")

    def __init__(self, invars, outvars, primitive: Primitive, params: dict, source: Source | None):
        self.invars = invars
        self.outvars = outvars
        self.primitive = primitive
        self.params = params
        self.source = source

    def __repr__(self):
        from fgrad.core.printer import format_eqn

        return format_eqn(self)

    @property
    def effectful(self):
        """Whether it does more than give results, or a program inside it does."""
        return has_effect(self.primitive, self.params)

    def replace(self, **kwargs):
        """A copy with some of its parts replaced."""
        parts = {k: kwargs.get(k, getattr(self, k)) for k in self.__slots__}
        return JaxprEqn(**parts)


class Jaxpr:
    """A typed program: ``constvars`` and ``invars`` in, ``eqns`` in order, ``outvars`` out."""

    __slots__ = ("constvars", "debug_name", "eqns", "invars", "outvars")

    def __init__(self, constvars, invars, outvars, eqns, debug_name=""):
        self.constvars = constvars
        self.invars = invars
        self.outvars = outvars
        self.eqns = eqns
        self.debug_name = debug_name

    def __repr__(self):
        from fgrad.core.printer import format_jaxpr

        return format_jaxpr(self)


class ClosedJaxpr:
    """A jaxpr and the values of its constants."""

    # __dict__: transformations of a jaxpr are remembered on it (`transforms.jaxprs`).
    __slots__ = ("__weakref__", "consts", "jaxpr", "memo")

    def __init__(self, jaxpr: Jaxpr, consts):
        self.jaxpr = jaxpr
        self.consts = consts
        self.memo = {}

    @property
    def effectful(self):
        """Whether an equation does more than give results."""
        found = self.memo.get("effectful")
        if found is None:
            found = self.memo["effectful"] = any(e.effectful for e in self.jaxpr.eqns)
        return found

    @property
    def in_avals(self):
        """The avals of the inputs."""
        return [v.aval for v in self.jaxpr.invars]

    @property
    def out_avals(self):
        """The avals of the outputs."""
        return [v.aval for v in self.jaxpr.outvars]

    @property
    def eqns(self):
        """The equations."""
        return self.jaxpr.eqns

    def __repr__(self):
        return repr(self.jaxpr)

    def __call__(self, *args):
        return eval_jaxpr(self.jaxpr, self.consts, *args)


def eval_jaxpr(jaxpr: Jaxpr, consts, *args) -> list:
    """Run a jaxpr, equation by equation, under the current interpreter.

    Parameters
    ----------
    jaxpr : Jaxpr
    consts : sequence
        Values of its constvars.
    *args
        Values of its invars.

    Returns
    -------
    list
        One value for each outvar.
    """
    env = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    last_use = last_uses(jaxpr)
    process, outside = thread.trace.process, thread.source
    try:
        for i, eqn in enumerate(jaxpr.eqns):
            thread.source = eqn.source or outside
            values = tuple([v.val if type(v) is Literal else env[v] for v in eqn.invars])
            out = process(eqn.primitive, values, eqn.params)
            if eqn.primitive.multiple_results:
                env.update(zip(eqn.outvars, out, strict=True))
            else:
                env[eqn.outvars[0]] = out
            for v in last_use[i]:  # values die where they are last used
                env.pop(v, None)
    finally:
        thread.source = outside
    return [v.val if type(v) is Literal else env[v] for v in jaxpr.outvars]


def last_uses(jaxpr: Jaxpr) -> list[list[Var]]:
    """For each equation, the variables that nothing after it reads."""
    seen = {v for v in jaxpr.outvars if type(v) is Var}
    table = []
    for eqn in reversed(jaxpr.eqns):
        dead = []
        for v in (*eqn.invars, *eqn.outvars):
            if type(v) is Var and v not in seen:
                seen.add(v)
                dead.append(v)
        table.append(dead)
    return table[::-1]


def jaxprs_in_params(params: dict):
    """The closed jaxprs that an equation's params hold."""
    for value in params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, ClosedJaxpr):
                yield item


def has_effect(primitive: Primitive, params: dict) -> bool:
    """Whether an operation does more than give results, or a program inside it does."""
    return primitive.effectful or any(c.effectful for c in jaxprs_in_params(params))
