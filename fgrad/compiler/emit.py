"""Python source for a program, compiled once.

Intermediate arrays that are worth it live in scratch buffers, which belong to one running call: a
call takes a set from the program's pool and puts it back.
"""

import itertools
import linecache
import weakref
from functools import partial

import numpy as np

from fgrad.compiler.blas import on_one_thread
from fgrad.compiler.buffers import SMALL, Plan, Scratch
from fgrad.compiler.deferral import Deferral
from fgrad.compiler.loops import loop_call, loop_source
from fgrad.compiler.lower import (
    Namespace,
    can_write,
    in_place,
    literal,
    operands,
    started,
    statement,
)
from fgrad.compiler.passes.fuse import loop
from fgrad.core.array import Array, as_user
from fgrad.core.jaxpr import ClosedJaxpr, Literal, Var
from fgrad.core.source import located
from fgrad.core.tree import tree_flatten, tree_unflatten
from fgrad.primitives.contract import einsum

_counter = itertools.count(1)


class Program:
    """Generated source and the function it defines.

    Attributes
    ----------
    source : str
    run : callable
        Base arrays and scalars in, a list of results out.
    """

    def __init__(self, closed: ClosedJaxpr, compiled):
        self._closed = closed
        self._names = Namespace(closed.jaxpr.debug_name, compiled)
        self._name = self._names.program
        self._loops = []  # source of the functions that the body calls
        self._body(closed)
        self._scratch = Scratch([slot.nbytes for slot in self._plan.slots], list(self._views))
        self.source = self._source(f"[{', '.join(self._outs)}]", self._body_lines)
        self._multiplies = any(e.primitive is einsum for e in closed.jaxpr.eqns)
        self.run = self._compile(self.source)

    # -- the body ----------------------------------------------------------------------------

    def _body(self, closed):
        j = closed.jaxpr
        names = self._names
        self._vars = {}
        for i, v in enumerate(j.invars):
            self._vars[v] = f"a{i}"
        for v, c in zip(j.constvars, closed.consts, strict=True):
            self._vars[v] = names.name(c, "k")
        deferral = Deferral(j)
        self._plan = Plan(j, _wants_slot, in_place, deferral.until)
        self._views = {}  # (slot, shape, dtype) -> name
        count = itertools.count()
        lines = []
        for place, eqn in enumerate(j.eqns):
            lines += self._joins(deferral, place)
            args = operands(names, eqn, self._vars.__getitem__)
            for v in eqn.outvars:
                self._vars[v] = f"v{next(count)}"
            outs = [self._vars[v] for v in eqn.outvars]
            if eqn.primitive is loop:
                buffers = [self._buffer(v) for v in eqn.outvars]
                name = f"loop{len(self._loops)}"
                self._loops.append(loop_source(names, eqn, name))
                new = loop_call(names, eqn, name, args, outs, buffers)
            elif place in deferral.until:
                new = [started(names, eqn, args, *outs)]
            else:
                buffer = self._buffer(*eqn.outvars[:1])
                new = statement(names, eqn, args, outs, buffer, place in deferral.beside)
            lines += [(line, eqn.source) for line in new]
        lines += self._joins(deferral, len(j.eqns))
        given = set()
        self._outs = []
        for v in j.outvars:
            text = self._atom(v)
            if type(v) is Var:
                if v.aval.shape and (self._plan.must_copy(v, given) or v in given):
                    text = f"{names.name(_fresh, 'fresh')}({text})"
                given.add(v)
                given.add(self._plan.root[v])
            self._outs.append(text)
        self._body_lines = lines

    def _joins(self, deferral, place):
        """The lines that wait for products done on other threads."""
        names = [self._vars[v] for v in deferral.joins(place, self._closed.jaxpr)]
        return [(f"{name} = {name}.result()", None) for name in names]

    def _atom(self, v):
        return literal(self._names, v) if type(v) is Literal else self._vars[v]

    def _buffer(self, out=None):
        slot = self._plan.slot.get(out)
        if slot is None:
            return None
        key = (slot.index, out.aval.shape, out.aval.dtype)
        if key not in self._views:
            self._views[key] = f"b{len(self._views)}"
        return self._views[key]

    # -- the function ------------------------------------------------------------------------

    def _source(self, result, body, arguments=()):
        names = self._names
        params = ", ".join(self._vars[v] for v in self._closed.jaxpr.invars)
        lines = [*arguments, *(line for line, _ in body)]
        start = len(lines) - len(body)
        if self._views:
            take, give_back = self._scratch.lines(names, self._views.values())
            lines = [*take, *lines, give_back]
            start += len(take)
        lines.append(f"return {result}")
        head = "".join(f"{f}\n\n" for f in self._loops) + f"def {self._name}({params}):\n    try:\n"
        first = head.count("\n") + start + 1
        places = {first + i: source for i, (_, source) in enumerate(body) if source}
        explain = names.name(partial(_explain, places), "explain")
        text = "\n".join(f"        {line}" for line in lines)
        tail = f"    except Exception as error:\n        {explain}(error)\n        raise\n"
        return f"{head}{text}\n{tail}"

    def _compile(self, source):
        filename = f"<fgrad {self._name} {next(_counter)}>"
        scope = dict(self._names.values)
        exec(compile(source, filename, "exec"), scope)
        # so that tracebacks and debuggers show the generated lines
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        run = scope[self._name]
        weakref.finalize(run, linecache.cache.pop, filename, None)
        return on_one_thread(run) if self._multiplies else run

    def user_call(self, out_tree):
        """A second form of the function, which wraps its results for users itself."""
        names = self._names
        arguments = []
        ndarray = names.name(np.ndarray, "ndarray")
        for v in self._closed.jaxpr.invars:
            if v.aval.shape:
                a = self._vars[v]
                arguments.append(f"if type({a}) is not {ndarray}: {a} = {a}.view({ndarray})")
        wrapped = [
            self._wrapped(v, t) for v, t in zip(self._closed.jaxpr.outvars, self._outs, strict=True)
        ]
        if out_tree == tree_flatten(0)[1]:
            result = wrapped[0]
        else:
            unflatten = names.name(tree_unflatten, "tree_unflatten")
            result = f"{unflatten}({names.name(out_tree, 'out_tree')}, [{', '.join(wrapped)}])"
        return self._compile(self._source(result, self._body_lines, arguments))

    def _wrapped(self, v, text):
        if v.aval.shape:
            return f"{text}.view({self._names.name(Array, 'Array')})"
        return f"{self._names.name(as_user, 'as_user')}({text})"


# What NumPy raises when a program runs; these are made of one message.
_EXPLAINED = (IndexError, ValueError, TypeError, OverflowError, FloatingPointError)


def _explain(places, error):
    """Raise an error of a running program with the user's line for the generated one."""
    source = places.get(error.__traceback__.tb_lineno)
    if source and type(error) in _EXPLAINED and "\n  --> " not in str(error):
        raise type(error)(located(str(error), source)) from None


def _wants_slot(eqn, out):
    return out.aval.size * out.aval.dtype.itemsize >= SMALL and can_write(eqn)


def _fresh(x):
    return np.array(x)


def build(closed: ClosedJaxpr, donated, compiled) -> Program:
    """The NumPy backend; `compiled` compiles the programs that equations hold."""
    return Program(closed, compiled)
