"""One equation as Python source: an expression, or a call that writes into a buffer."""

import builtins
import keyword
import math

import numpy as np

from fgrad.compiler import blas
from fgrad.compiler.backend import current
from fgrad.compiler.deferral import product_flops
from fgrad.compiler.gather import gather_rows, takes_rows
from fgrad.core.jaxpr import Literal
from fgrad.core.parallel import THREADS, start
from fgrad.primitives import contract, elementwise, index, parts, reduce
from fgrad.primitives import shape as sh
from fgrad.primitives.define import Elementwise

# On Python numbers these operators do what NumPy does; the others raise or round differently.
_SAFE_ON_PYTHON = frozenset("+-*")
_PYTHON = {"f": "float", "i": "int", "c": "complex"}


class Namespace:
    """The global names of a generated program.

    Parameters
    ----------
    program : str
        What the program is called; its function gets that name, if Python allows it.
    """

    def __init__(self, program: str):
        self.program = "".join(c if c.isalnum() else "_" for c in program) or "program"
        if hasattr(builtins, self.program) or keyword.iskeyword(self.program):
            self.program += "_"
        self.values = {}
        self._by_id = {}
        self._shared = {}

    def name(self, value, hint) -> str:
        """A name for a value, the same for the same object."""
        if id(value) not in self._by_id:
            base = "".join(c if c.isalnum() else "_" for c in hint)
            name, n = base, 1
            while name in self.values or name == self.program:
                n += 1
                name = f"{base}{n}"
            self.values[name] = value
            self._by_id[id(value)] = name
        return self._by_id[id(value)]

    def sources(self) -> list[str]:
        """The sources of the generated functions among the values."""
        return [v.source for v in self.values.values() if hasattr(v, "source")]

    def codes(self) -> list[str]:
        """The texts of the machine code among the values, in LLVM's language."""
        owners = (getattr(v, "__self__", v) for v in self.values.values())
        return list(dict.fromkeys(v.code for v in owners if isinstance(getattr(v, "code", 0), str)))

    def shared(self, key, hint, make) -> str:
        """A name for a value that equations with the same key share."""
        if key not in self._shared:
            self._shared[key] = make()
        return self.name(self._shared[key], hint)


def literal(names: Namespace, lit: Literal) -> str:
    """A literal as source."""
    val = lit.val
    if type(val) in (int, float) and math.isfinite(val):
        return repr(val) if val >= 0 and not str(val).startswith("-") else f"({val!r})"
    return names.name(val, f"c_{type(val).__name__}")


def array_literal(names: Namespace, lit: Literal, dtype) -> str:
    """A literal beside arrays as source: NumPy takes a 0-d array sooner than a Python number."""
    wanted = np.result_type(dtype, lit.val) if lit.aval.weak_type else lit.aval.dtype
    key = ("scalar", repr(lit.val), wanted)
    return names.shared(key, "number", lambda: np.asarray(lit.val, wanted))


def operands(names: Namespace, eqn, atom) -> list[str]:
    """The operands of an equation as source.

    Parameters
    ----------
    names : Namespace
    eqn : JaxprEqn
    atom : callable
        The source of a variable.
    """
    arrays = [v.aval.dtype for v in eqn.invars if not v.aval.weak_type]
    beside = isinstance(eqn.primitive, Elementwise) and eqn.outvars[0].aval.shape and arrays
    if eqn.primitive is parts.select:  # whose choices may be random keys
        dtype = eqn.outvars[0].aval.dtype
    else:
        dtype = np.result_type(*arrays) if beside else None
    out = []
    for v in eqn.invars:
        if type(v) is not Literal:
            out.append(atom(v))
        elif beside and dtype.kind != "b" and _fits(v, dtype):
            out.append(array_literal(names, v, dtype))
        else:
            out.append(literal(names, v))
    return out


def _fits(lit, dtype):
    """Whether a literal is a number of the dtype beside it: with 300 an int8 may be compared."""
    if dtype.kind not in "iu" or type(lit.val) is not int:
        return True
    return np.iinfo(dtype).min <= lit.val <= np.iinfo(dtype).max


def can_write(eqn) -> bool:
    """Whether an equation can write into a given buffer."""
    p = eqn.primitive
    if p.name in ("loop", "kernel"):
        return True
    if isinstance(p, Elementwise):
        return p.ufunc is not None or p in (parts.select, elementwise.clamp)
    if p in (index.gather, index.scatter):
        return takes_rows(eqn) if current() == "numpy" else _native().can_write(eqn)
    if p is contract.einsum:
        return True
    return p in (sh.convert_element_type, sh.concatenate) or p in _REDUCE


# The bound methods are kept: each access to `ufunc.reduce` makes a new object.
_REDUCE = {
    primitive: (f"{primitive.ufunc.__name__}_reduce", primitive.ufunc.reduce)
    for primitive in (
        reduce.reduce_sum, reduce.reduce_prod, reduce.reduce_max, reduce.reduce_min,
        reduce.reduce_and, reduce.reduce_or, reduce.reduce_xor,
    )
}  # fmt: skip


def in_place(eqn, operand) -> bool:
    """Whether an equation may write over one of its operands (of the same shape and dtype)."""
    if eqn.primitive is parts.select:
        blends = parts.can_blend(*(v.aval for v in eqn.invars), eqn.outvars[0].aval)
        return blends or (operand is eqn.invars[2] and operand not in eqn.invars[:2])
    if eqn.primitive is index.scatter:
        return operand is eqn.invars[1] and eqn.invars.count(operand) == 1
    return isinstance(eqn.primitive, Elementwise)


def started(names, eqn, args, out) -> str:
    """The line that has another thread compute a product; ``out.result()`` is the product."""
    function, rest = _einsum(names, eqn, args, alone=True).split("(", 1)
    return f"{out} = {names.name(start, 'start')}({function}, {rest}"


def statement(names, eqn, args, outs, buffer, alone=False) -> list[str]:
    """The lines that compute an equation.

    Parameters
    ----------
    names : Namespace
    eqn : JaxprEqn
    args, outs : list of str
        Source of the operands, names of the results.
    buffer : str or None
        The buffer to write the result into.
    alone : bool
        Whether a large product shall run on one thread.
    """
    p = eqn.primitive
    if p is contract.einsum:
        return [f"{outs[0]} = {_einsum(names, eqn, args, buffer, alone)}"]
    if len(outs) != 1 or p.multiple_results:
        target = ", ".join(outs) + "," * (len(outs) == 1) + " = " * bool(outs)
        return [f"{target}{_generic(names, eqn, args)}"]
    (out,) = outs
    if buffer is not None:
        return _into(names, eqn, args, out, buffer)
    return [f"{out} = {expression(names, eqn, args)}"]


def _into(names, eqn, args, out, buffer):
    p = eqn.primitive
    if p is parts.select:
        c, x, y = args
        if parts.can_blend(*(v.aval for v in eqn.invars), eqn.outvars[0].aval):
            return [f"{out} = {names.name(parts.blend, 'blend')}({c}, {x}, {y}, {buffer})"]
        copyto = names.name(np.copyto, "copyto")
        return [
            f"{out} = {buffer}",
            f"if {out} is not {y}: {copyto}({out}, {y})",
            f"{copyto}({out}, {x}, 'same_kind', {c})",
        ]
    bound = _bound(eqn)
    if bound is not None:
        return [f"{out} = {_clipped(names, eqn, args, bound)[:-1]}, {buffer})"]
    if p is elementwise.clamp:
        low, x, high = args
        return [f"{out} = {x}.clip({low}, {high}, {buffer})"]
    if isinstance(p, Elementwise):
        if p.ufunc in (np.maximum, np.minimum):
            buffer = f"out={buffer}"
        return [f"{out} = {names.name(p.ufunc, p.ufunc.__name__)}({', '.join(args)}, {buffer})"]
    if p is sh.convert_element_type:
        copyto = names.name(np.copyto, "copyto")
        return [f"{out} = {buffer}", f"{copyto}({out}, {args[0]}, 'unsafe')"]
    if p is sh.concatenate:
        f = names.name(np.concatenate, "concatenate")
        return [f"{out} = {f}(({', '.join(args)}), {eqn.params['dimension']}, {buffer})"]
    if p in (index.gather, index.scatter):
        if current() == "numpy":
            f = names.name(gather_rows, "gather_rows")
        else:
            f = names.name(_native().implementation(eqn), p.name)
        return [f"{out} = {f}({', '.join(args)}, out={buffer})"]
    return [f"{out} = {_reduction(names, eqn, args, buffer)}"]


def expression(names, eqn, args) -> str:
    """An equation with one result as an expression."""
    p = eqn.primitive
    if isinstance(p, Elementwise):
        return _elementwise(names, eqn, args)
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


def _bound(eqn):
    """Which operand of a maximum or minimum is a number that bounds an array of floats, or None."""
    if eqn.primitive in (elementwise.max, elementwise.min) and eqn.outvars[0].aval.shape:
        for i, v in enumerate(eqn.invars):
            if type(v) is Literal and eqn.invars[1 - i].aval == eqn.outvars[0].aval:
                return i if eqn.outvars[0].aval.dtype.kind == "f" else None
    return None


def _clipped(names, eqn, args, bound):
    """A maximum or minimum with a number as a clip, which is twice as fast."""
    infinity = np.array(np.inf, eqn.outvars[0].aval.dtype)
    low = eqn.primitive is elementwise.max
    key = ("infinity", low, infinity.dtype)
    other = names.shared(key, "infinity", lambda: infinity if low else -infinity)
    limits = (args[bound], other) if low else (other, args[bound])
    return f"{args[1 - bound]}.clip({limits[0]}, {limits[1]})"


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
    bound = _bound(eqn)
    if bound is not None:
        return _clipped(names, eqn, args, bound)
    if p.ufunc is None:
        return _generic(names, eqn, args)
    if p.operator is not None and (not python or p.operator in _SAFE_ON_PYTHON):
        return f"{args[0]} {p.operator} {args[1]}" if len(args) == 2 else f"{p.operator}{args[0]}"
    call = f"{names.name(p.ufunc, p.ufunc.__name__)}({', '.join(args)})"
    return f"{_PYTHON[aval.dtype.kind]}({call})" if aval.weak_type else call


def _reduction(names, eqn, args, buffer=None):
    hint, function = _REDUCE[eqn.primitive]
    aval, out = eqn.invars[0].aval, eqn.outvars[0].aval
    axes, keepdims = eqn.params["axes"], eqn.params.get("keepdims", False)
    if buffer is None and eqn.primitive is reduce.reduce_sum and reduce.sums_short_rows(aval, axes):
        ones = names.name(reduce.ones(aval.shape[1], aval.dtype), "ones")
        product = f"{names.name(np.matmul, 'matmul')}({args[0]}, {ones})"
        return f"{product}.reshape({out.shape})" if keepdims else product
    axes = None if len(axes) == aval.ndim and len(axes) else axes
    options = [args[0], str(axes)]
    if out.dtype.kind not in "fc" or buffer is not None or keepdims:
        options += [names.name(out.dtype, "dtype"), str(buffer)]
    options += ["True"] if keepdims else []
    return f"{names.name(function, hint)}({', '.join(options)})"


def _einsum(names, eqn, args, buffer=None, alone=False):
    subscripts = eqn.params["subscripts"]
    if current() == "llvm":
        from fgrad.compiler.native.matmul import Contraction, is_large

        if is_large(eqn):
            function = names.name(Contraction(eqn), "product")
            return f"{function}({', '.join(args)}{f', {buffer}' if buffer else ''})"
    plan = contract.plan(subscripts)
    x, y = (args[1], args[0]) if plan.swap else args
    tail = f", {buffer}" if buffer else ""
    if plan.direct:
        x = _permuted(x, plan.first)
        y = _permuted(y, plan.second)
        if _sums_one_term(eqn, plan):  # twice as fast as a matrix product
            return f"{names.name(np.multiply, 'multiply')}({x}, {y}{tail})"
        shared = THREADS > 1 and not alone and product_flops(eqn) >= blas.LARGE
        function = blas.matmul if shared else np.matmul
        return f"{names.name(function, 'matmul')}({x}, {y}{tail})"
    return f"{names.name(plan, 'contract_' + subscripts)}({args[0]}, {args[1]}{tail})"


def _sums_one_term(eqn, plan):
    _, m, _, n = plan.groups
    shape = eqn.invars[1 if plan.swap else 0].aval.shape
    return m == n == 1 and shape[-1 if plan.first is None else plan.first[-1]] == 1


def _permuted(x, order):
    if order is None:
        return x
    return f"{x}.T" if order == (1, 0) else f"{x}.transpose({order})"


def _generic(names, eqn, args):
    """A call of the operation's NumPy implementation, its parameters filled in; or of the compiled
    form of the programs it holds.
    """
    p = eqn.primitive
    if current() == "llvm":
        found = _native().implementation(eqn)
        if found is not None:
            return f"{names.name(found, p.name)}({', '.join(args)})"
    if p.lower is not None:
        return f"{names.name(p.lower(**eqn.params), p.name)}({', '.join(args)})"
    params = [
        f"{k}={names.name(v, k) if not isinstance(v, int | str | bool) else repr(v)}"
        for k, v in eqn.params.items()
    ]
    return f"{names.name(p.impl, p.name)}({', '.join([*args, *params])})"


def _native():
    from fgrad.compiler.native import replace  # only where LLVM is

    return replace
