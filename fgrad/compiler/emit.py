"""Python source for a program, compiled once.

Scratch buffers belong to one running call: a call takes a set from the program's pool and puts it
back.
"""

import numpy as np

from fgrad.compiler.body import Body
from fgrad.compiler.buffers import memory_roots
from fgrad.compiler.donation import heirs, reports_errors
from fgrad.compiler.function import compile_function, function_source, uses_blas
from fgrad.compiler.lower import Namespace
from fgrad.compiler.passes.pack import join
from fgrad.core import memory
from fgrad.core.array import Array, as_user
from fgrad.core.jaxpr import ClosedJaxpr, Var
from fgrad.core.tree import tree_flatten, tree_unflatten


class Program:
    """Generated source and the function it defines.

    Attributes
    ----------
    source : str
    run : callable
        Base arrays and scalars in, a list of results out.
    """

    def __init__(self, closed: ClosedJaxpr, donated=()):
        j = closed.jaxpr
        self._jaxpr = j
        self._names = Namespace(j.debug_name)
        self._params = [f"a{i}" for i in range(len(j.invars))]
        self._given = {}  # the inputs whose memory results take, and a name for it
        self._body = Body(self._names, closed, self._params, self._results(donated))
        self._outs = self._owned()
        self._blas = uses_blas(closed)
        kept = [(f"{given} = None", None) for given in self._given.values()]
        lines = [*kept, *self._body.lines]
        self.source = self._source(self._params, f"[{', '.join(self._outs)}]", lines)
        self.run = compile_function(self._names, self.source, self._blas)
        self.source = "\n\n".join((*self._names.sources(), self.source))

    @property
    def llvm(self):
        """What machine code it calls, in LLVM's language."""
        return "\n\n".join(self._names.codes())

    def _results(self, donated):
        """For the memory behind large results the source of an array to write them into."""
        j = self._jaxpr
        roots = memory_roots(j)
        given = {*j.invars, *j.constvars}
        heir_of = heirs(j, [j.invars[i] for i in donated])
        targets = {}
        for v in (roots[v] for v in j.outvars if type(v) is Var):
            if v in given or v.aval.size * v.aval.dtype.itemsize < memory.WORTH:
                continue
            kind = f"{v.aval.shape}, {self._names.name(v.aval.dtype, 'dtype')}"
            if v in heir_of:
                i = j.invars.index(heir_of[v])
                self._given[i] = f"given{i}"
                targets[v] = f"{self._names.name(memory.inherit, 'inherit')}(given{i}, {kind})"
            else:
                targets[v] = f"{self._names.name(memory.empty, 'empty')}({kind})"
        return targets

    def _owned(self):
        """Source of the results as arrays that share no memory."""
        plan = self._body.plan
        given = set()
        outs = []
        for v, text in zip(self._jaxpr.outvars, self._body.outs, strict=True):
            if type(v) is Var:
                if v.aval.shape and plan.must_copy(v, given):
                    text = f"{self._names.name(memory.copy, 'copy')}({text})"
                given.add(plan.root[v])
            outs.append(text)
        return outs

    def _source(self, params, result, lines):
        return function_source(self._names, params, lines, result, self._body)

    def user_call(self, out_tree):
        """A second form of the function, which wraps its results for users itself."""
        names = self._names
        arguments = []
        ndarray = names.name(np.ndarray, "ndarray")
        computed = {v for e in self._jaxpr.eqns if e.primitive is not join for v in e.invars
                    if type(v) is Var} | {*self._jaxpr.outvars}  # fmt: skip
        for a, v in zip(self._params, self._jaxpr.invars, strict=True):
            if v.aval.shape and v in computed:
                line = f"if type({a}) is not {ndarray}: {a} = {a}.view({ndarray})"
                arguments.append((line, None))
        wrapped = [
            self._wrapped(v, t) for v, t in zip(self._jaxpr.outvars, self._outs, strict=True)
        ]
        if out_tree == tree_flatten(0)[1]:
            result = wrapped[0]
        else:
            unflatten = names.name(tree_unflatten, "tree_unflatten")
            result = f"{unflatten}({names.name(out_tree, 'out_tree')}, [{', '.join(wrapped)}])"
        params = [*self._params, *self._given.values()]
        source = self._source(params, result, [*arguments, *self._body.lines])
        run = compile_function(names, source, self._blas)
        return _giving(run, list(self._given)) if self._given else run

    def _wrapped(self, v, text):
        if v.aval.shape:
            return f"{text}.view({self._names.name(Array, 'Array')})"
        return f"{self._names.name(as_user, 'as_user')}({text})"


def _giving(run, places):
    """`run` of the leaves of a call, and of the memory of those that the caller gives away."""

    def call(*leaves):
        mine = list(leaves)
        # the caller's tree, the list of its leaves, and these arguments there and here
        given = [memory.give_up(mine, i, hands=4) for i in places]
        if reports_errors():
            given = [None] * len(given)
        return run(*mine, *given)

    return call
