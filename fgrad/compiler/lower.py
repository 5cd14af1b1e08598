"""One equation as Python source: an expression, or a call that writes into a buffer."""

import math

import numpy as np

from fgrad.core.jaxpr import Literal
from fgrad.primitives import contract, parts, reduce
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise

# On Python numbers these operators do what NumPy does; the others raise or round differently.
_SAFE_ON_PYTHON = frozenset("+-*")
_PYTHON = {"f": "float", "i": "int", "c": "complex"}


class Namespace:
    """The global names of a generated program."""

    def __init__(self):
        self.values = {}
        self._by_id = {}

    def name(self, value, hint) -> str:
        """A name for a value, the same for the same object."""
        if id(value) not in self._by_id:
            base = "".join(c if c.isalnum() else "_" for c in hint)
            name, n = base, 1
            while name in self.values:
                n += 1
                name = f"{base}{n}"
            self.values[name] = value
            self._by_id[id(value)] = name
        return self._by_id[id(value)]


def literal(names: Namespace, lit: Literal) -> str:
    """A literal as source."""
    val = lit.val
    if type(val) in (int, float) and math.isfinite(val):
        return repr(val) if val >= 0 and not str(val).startswith("-") else f"({val!r})"
    return names.name(val, f"c_{type(val).__name__}")


def can_write(eqn) -> bool:
    """Whether an equation can write into a given buffer."""
    p = eqn.primitive
    if isinstance(p, Elementwise):
        return p.ufunc is not None or p is parts.select
    if p is contract.einsum:
        return True
    return p in (sh.convert_element_type, sh.concatenate) or p in _REDUCE


_REDUCE = {
    reduce.reduce_sum: np.add,
    reduce.reduce_prod: np.multiply,
    reduce.reduce_max: np.maximum,
    reduce.reduce_min: np.minimum,
    reduce.reduce_and: np.bitwise_and,
    reduce.reduce_or: np.bitwise_or,
    reduce.reduce_xor: np.bitwise_xor,
}


def in_place(eqn, operand) -> bool:
    """Whether an equation may write over one of its operands (of the same shape and dtype)."""
    if eqn.primitive is parts.select:
        return operand is eqn.invars[2] and operand not in eqn.invars[:2]
    return isinstance(eqn.primitive, Elementwise)


def statement(names, eqn, args, outs, buffer) -> list[str]:
    """The lines that compute an equation.

    Parameters
    ----------
    names : Namespace
    eqn : JaxprEqn
    args, outs : list of str
        Source of the operands, names of the results.
    buffer : str or None
        The buffer to write the result into.
    """
    p = eqn.primitive
    if len(outs) != 1 or p.multiple_results:
        target = ", ".join(outs) + "," * (len(outs) == 1)
        return [f"{target} = {_generic(names, eqn, args)}"]
    (out,) = outs
    if buffer is not None:
        return _into(names, eqn, args, out, buffer)
    return [f"{out} = {expression(names, eqn, args)}"]


def _into(names, eqn, args, out, buffer):
    p = eqn.primitive
    if p is parts.select:
        c, x, y = args
        copyto = names.name(np.copyto, "copyto")
        lines = [f"{out} = {buffer}"]
        if y != out and not (eqn.invars[2] is eqn.outvars[0]):
            lines.append(f"if {out} is not {y}: {copyto}({out}, {y})")
        return [*lines, f"{copyto}({out}, {x}, 'same_kind', {c})"]
    if isinstance(p, Elementwise):
        return [f"{out} = {names.name(p.ufunc, p.ufunc.__name__)}({', '.join(args)}, {buffer})"]
    if p is contract.einsum:
        return [f"{out} = {_einsum(names, eqn, args, buffer)}"]
    if p is sh.convert_element_type:
        copyto = names.name(np.copyto, "copyto")
        return [f"{out} = {buffer}", f"{copyto}({out}, {args[0]}, 'unsafe')"]
    if p is sh.concatenate:
        f = names.name(np.concatenate, "concatenate")
        return [f"{out} = {f}(({', '.join(args)}), {eqn.params['dimension']}, {buffer})"]
    return [f"{out} = {_reduction(names, eqn, args, buffer)}"]


def expression(names, eqn, args) -> str:
    """An equation with one result as an expression."""
    p = eqn.primitive
    if isinstance(p, Elementwise):
        return _elementwise(names, eqn, args)
    if p is contract.einsum:
        return _einsum(names, eqn, args)
    if p in _REDUCE:
        return _reduction(names, eqn, args)
    if eqn.invars and eqn.invars[0].aval.shape:
        (x, *_) = args
        if p is sh.reshape and eqn.outvars[0].aval.shape:
            return f"{x}.reshape({eqn.params['new_sizes']})"
        if p is sh.transpose:
            return f"{x}.transpose({eqn.params['permutation']})"
        if p is sh.slice:
            return f"{x}[{_subscript(eqn.params['index'])}]"
        if p is sh.convert_element_type and eqn.invars[0].aval.dtype.kind != "c":
            return f"{x}.astype({names.name(eqn.params['new_dtype'], 'dtype')})"
    return _generic(names, eqn, args)


def _subscript(index):
    parts = []
    for i in index:
        if type(i) is int:
            parts.append(str(i))
        else:
            start, stop, step = i
            parts.append(f"{start}:{'' if stop < 0 else stop}" + (f":{step}" if step != 1 else ""))
    return ", ".join(parts) + "," * (len(parts) == 1)


def _elementwise(names, eqn, args):
    p, aval = eqn.primitive, eqn.outvars[0].aval
    python = all(v.aval.weak_type for v in eqn.invars)
    if p.ufunc is None:
        return _generic(names, eqn, args)
    if p.operator is not None and (not python or p.operator in _SAFE_ON_PYTHON):
        text = f"{args[0]} {p.operator} {args[1]}" if len(args) == 2 else f"{p.operator}{args[0]}"
        return text
    call = f"{names.name(p.ufunc, p.ufunc.__name__)}({', '.join(args)})"
    return f"{_PYTHON[aval.dtype.kind]}({call})" if aval.weak_type else call


def _reduction(names, eqn, args, buffer=None):
    ufunc = _REDUCE[eqn.primitive]
    axes = eqn.params["axes"]
    axes = None if len(axes) == eqn.invars[0].aval.ndim and len(axes) else axes
    f = names.name(ufunc.reduce, f"{ufunc.__name__}_reduce")
    dtype = eqn.outvars[0].aval.dtype
    tail = ""
    if dtype.kind not in "fc" or buffer is not None:
        tail = f", {names.name(dtype, 'dtype')}"
    if buffer is not None:
        tail += f", {buffer}"
    return f"{f}({args[0]}, {axes}{tail})"


def _einsum(names, eqn, args, buffer=None):
    subscripts = eqn.params["subscripts"]
    plan = contract.plan(subscripts)
    x, y = (args[1], args[0]) if plan.swap else args
    b, m, k, n = plan.groups
    tail = f", {buffer}" if buffer else ""
    direct = k == 1 and m <= 1 and n <= 1 and (b == 0 or m == n == 1) and plan.out is None
    if direct:
        x = _permuted(x, plan.first)
        y = _permuted(y, plan.second)
        return f"{names.name(np.matmul, 'matmul')}({x}, {y}{tail})"
    return f"{names.name(plan, 'contract_' + subscripts)}({args[0]}, {args[1]}{tail})"


def _permuted(x, order):
    if order is None:
        return x
    return f"{x}.T" if order == (1, 0) else f"{x}.transpose({order})"


def _generic(names, eqn, args):
    """A call of the operation's NumPy implementation, its parameters filled in."""
    p = eqn.primitive
    params = "".join(
        f", {k}={names.name(v, k) if not isinstance(v, int | str | bool) else repr(v)}"
        for k, v in eqn.params.items()
    )
    call = implementation(eqn)
    hint = getattr(p, "name", "call")
    return f"{names.name(call, hint)}({', '.join(args)}{params if call is p.impl else ''})"


def implementation(eqn):
    """What runs an equation: the primitive's implementation, or the compiled program it holds."""
    if eqn.primitive.name == "checkpoint":
        from fgrad.compiler.executable import compile_jaxpr

        closed = eqn.params["jaxpr"]
        if "compiled" not in closed.memo:
            closed.memo["compiled"] = compile_jaxpr(closed)
        return closed.memo["compiled"]
    return eqn.primitive.impl
