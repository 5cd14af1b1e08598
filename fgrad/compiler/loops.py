"""Loops over blocks: what a fused chain of elementwise operations compiles to."""

import math

import numpy as np

from fgrad.compiler.buffers import Plan, Scratch
from fgrad.compiler.lower import Namespace, in_place, operands, statement
from fgrad.core import memory
from fgrad.core.parallel import THREADS, run_loop
from fgrad.primitives.reduce import reduce_sum

# What the arrays of a block may take together, in bytes: longer blocks spare calls, and what
# leaves the second-level cache finds room in the third.
CACHE = 3 << 21
# Elements, and operations on elements, from which on work is handed to other threads: with fewer
# these wait for the interpreter's lock.
WIDE, LONG = 1 << 18, 1 << 22


def loop_source(names: Namespace, eqn, name: str) -> str:
    """A function that runs a `loop` equation over a range of elements.

    It takes the range, the inputs (arrays flattened) and the flattened result arrays, and gives the
    sums over the range.

    Parameters
    ----------
    names : Namespace
    eqn : JaxprEqn
    name : str
        Of the function.
    """
    j = eqn.params["jaxpr"].jaxpr
    plan = Plan(j, lambda e, out: e.primitive is not reduce_sum, in_place)
    itemsize = max(v.aval.dtype.itemsize for e in j.eqns for v in e.outvars)
    arrays = len(plan.slots) + sum(bool(v.aval.shape) for v in (*j.invars, *j.outvars))
    block = _block_size(math.prod(eqn.params["shape"]), itemsize * arrays, _is_long(eqn))
    atoms = {v: f"x{i}" for i, v in enumerate(j.invars)}
    filled = [v for v in j.outvars if v.aval.shape]
    targets = {v: f"o{i}" for i, v in enumerate(filled)}
    sums = {v: f"s{i}" for i, v in enumerate(v for v in j.outvars if not v.aval.shape)}
    views = {}
    for v, slot in plan.slot.items():
        views.setdefault((slot.index, v.aval.dtype), f"t{len(views)}")

    params = [*(f"{a}_all" if v.aval.shape else a for v, a in atoms.items()), *targets.values()]
    head = [f"{s} = {names.name(v.aval.dtype.type(0), 'zero')}" for v, s in sums.items()]
    scratch = Scratch(
        [block * itemsize] * len(plan.slots), [(i, (block,), dtype) for i, dtype in views]
    )
    take, give_back = scratch.lines(names, [f"{t}_all" for t in views.values()])
    head += take if views else []
    body = [f"j = min(i + {block}, stop)"]
    body += [f"{a} = {a}_all[i:j]" for v, a in atoms.items() if v.aval.shape]
    body += [f"{t} = {t}_all[:j - i]" for t in views.values()]
    for n, e in enumerate(j.eqns):
        (v,) = e.outvars
        inputs = operands(names, e, atoms.__getitem__)
        if e.primitive is reduce_sum:
            add_reduce = names.name(_add_reduce, "add_reduce")
            body.append(f"{sums[v]} = {sums[v]} + {add_reduce}({inputs[0]})")
            continue
        atoms[v] = f"y{n}"
        target = f"{targets[v]}[i:j]" if v in targets else views[plan.slot[v].index, v.aval.dtype]
        body += statement(names, e, inputs, [atoms[v]], target)
    lines = [*head, f"for i in range(start, stop, {block}):", *[f"    {b}" for b in body]]
    lines += [give_back] if views else []
    lines.append(f"return ({' '.join(f'{s},' for s in sums.values())})")
    text = "\n".join(f"    {line}" for line in lines)
    return f"def {name}(start, stop, {', '.join(params)}):\n{text}\n"


def loop_call(names: Namespace, eqn, name, args, outs, buffers) -> list[str]:
    """The lines that run a `loop` equation.

    Parameters
    ----------
    args, outs : list of str
    buffers : list of str or None
        For each result the array to write into, or None for a fresh one.
    """
    j = eqn.params["jaxpr"].jaxpr
    shape = eqn.params["shape"]
    empty = names.name(memory.empty, "empty")
    lines = []
    flat = [f"{a}.reshape(-1)" if v.aval.shape else a for v, a in zip(j.invars, args, strict=True)]
    for o, v, b in zip(outs, j.outvars, buffers, strict=True):
        if v.aval.shape:
            lines.append(
                f"{o} = " + (b or f"{empty}({shape}, {names.name(v.aval.dtype, 'dtype')})")
            )
            flat.append(f"{o}.reshape(-1)")
    sums = "".join(f"{o}, " for o, v in zip(outs, j.outvars, strict=True) if not v.aval.shape)
    size = math.prod(shape)
    if _is_long(eqn):
        call = f"{names.name(run_loop, 'run_loop')}({name}, {size}, {', '.join(flat)})"
    else:
        call = f"{name}(0, {size}, {', '.join(flat)})"
    return [*lines, f"{sums.rstrip()} = {call}" if sums else call]


def _is_long(eqn) -> bool:
    """Whether a loop is worth several threads."""
    size = math.prod(eqn.params["shape"])
    work = size * len(eqn.params["jaxpr"].eqns)
    return THREADS > 1 and size >= WIDE and work >= LONG


def _block_size(size: int, row: int, shared: bool) -> int:
    """How many elements a block has.

    Parameters
    ----------
    size : int
        The number of elements of the loop.
    row : int
        The bytes of all its arrays together, for one element.
    shared : bool
        Whether several threads run it: they wait for each other between operations, so these should
        be long.
    """
    most = 1 << (16 if shared else 15)
    while most > 4096 and most * row > CACHE:
        most >>= 1
    blocks = -(-size // most)
    return -(-size // blocks)


_add_reduce = np.add.reduce
