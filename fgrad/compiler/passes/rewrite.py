"""What passes share: a walk over the equations that substitutes as it goes."""

from fgrad.core.jaxpr import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var


class Rewriter:
    """Builds a new program from an old one, equation by equation.

    Attributes
    ----------
    defined : dict
        For each variable of the new program the equation that makes it.
    consts : dict
        For each constant variable of the new program its value.
    """

    def __init__(self, closed: ClosedJaxpr):
        self.old = closed
        self.env = {}
        self.eqns = []
        self.defined = {}
        self.consts = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))

    def read(self, atom):
        """What stands for an old variable or literal in the new program."""
        return atom if type(atom) is Literal else self.env.get(atom, atom)

    def emit(self, primitive, invars, avals, params, source=None) -> list:
        """Add an equation with new variables."""
        eqn = JaxprEqn(list(invars), [Var(a) for a in avals], primitive, params, source)
        self.append(eqn)
        return eqn.outvars

    def append(self, eqn: JaxprEqn) -> None:
        """Add an equation as it is."""
        self.eqns.append(eqn)
        for v in eqn.outvars:
            self.defined[v] = eqn

    def constant(self, value, aval) -> Var:
        """A new constant of the program."""
        v = Var(aval)
        self.consts[v] = value
        return v

    def alias(self, old_vars, atoms) -> None:
        """Let old variables stand for atoms of the new program."""
        self.env.update(zip(old_vars, atoms, strict=True))

    def finish(self) -> ClosedJaxpr:
        """The new program."""
        j = self.old.jaxpr
        outs = [self.read(v) for v in j.outvars]
        used = {v for e in self.eqns for v in e.invars if type(v) is Var}
        used |= {v for v in outs if type(v) is Var}
        consts = [(v, c) for v, c in self.consts.items() if v in used]
        new = Jaxpr([v for v, _ in consts], j.invars, outs, self.eqns, j.debug_name)
        return ClosedJaxpr(new, [c for _, c in consts])


def rewrite(closed: ClosedJaxpr, rule) -> ClosedJaxpr:
    """Apply a rule to each equation.

    Parameters
    ----------
    rule : callable
        ``rule(rewriter, eqn)`` with the operands already replaced: the atoms that the results
        become, or None to keep the equation.
    """
    r = Rewriter(closed)
    for eqn in closed.jaxpr.eqns:
        new = eqn.replace(invars=[r.read(v) for v in eqn.invars])
        atoms = rule(r, new)
        if atoms is None:
            r.append(new)
        else:
            r.alias(eqn.outvars, atoms)
    return r.finish()
