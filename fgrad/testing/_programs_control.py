"""Lines of a random program that loop or choose."""

import numpy as np
from hypothesis import strategies as st

import fgrad.numpy as fnp
from fgrad.testing._programs_nested import arguments, inner_function, is_floating

_INDEX = np.zeros((), np.int64)[()]


def _same_type(value):
    return lambda v: v.shape == value.shape and v.dtype == value.dtype


def _carry_and_rows(draw, block):
    """What a loop starts from, and what it goes over: the first axis of a variable."""
    init = block.pick(draw, lambda v: v.dtype.kind in "fci")
    xs = block.pick(draw, lambda v: v.ndim and v.shape[0])
    return init, xs


def _scan(draw, block, line):
    init, xs = _carry_and_rows(draw, block)
    if init is None or xs is None:
        return
    carry, rows = block.values[init], block.values[xs]
    inner = inner_function(draw, block, line, [carry, fnp.take(rows, 0, 0)])
    new = inner.result(_same_type(carry))
    out = inner.result()
    # a bounded carry stays where it was drawn
    bounded = f"np.sin({new})" if carry.dtype.kind == "f" else new
    reverse = ", reverse=True" if draw(st.booleans()) else ""
    which = draw(st.integers(0, 1))
    definition = inner.definition((new, out), f"{bounded}, {out}")
    block.add(f"lax.scan({inner.called}, {init}, {xs}{reverse})[{which}]", definition)


def _fori_loop(draw, block, line):
    init, _ = _carry_and_rows(draw, block)
    if init is None:
        return
    carry = block.values[init]
    inner = inner_function(draw, block, line, [_INDEX, carry])
    new = inner.result(_same_type(carry))
    bounded = f"np.sin({new})" if carry.dtype.kind == "f" else new
    steps = draw(st.integers(0, 3))
    definition = inner.definition((new,), bounded)
    block.add(f"lax.fori_loop(0, {steps}, {inner.called}, {init})", definition)


def _map(draw, block, line):
    _, xs = _carry_and_rows(draw, block)
    if xs is None:
        return
    inner = inner_function(draw, block, line, [fnp.take(block.values[xs], 0, 0)])
    block.add(f"lax.map({inner.called}, {xs})", inner.definition((inner.result(),)))


def _while_loop(draw, block, line):
    """A loop with a count and a condition; reverse mode cannot pass it and so is kept out."""
    init = block.pick(draw, is_floating)
    if init is None:
        return
    carry = block.values[init]
    inner = inner_function(draw, block, line, [carry], closed=True)
    new = inner.result(_same_type(carry))
    definition = inner.definition((new,), f"np.sin({new}) + 0.25")
    f, g, x = block.name("f"), block.name("g"), block.name("x")
    definition += (
        f"def {f}({x}):\n"
        f"    goes_on = lambda state: (state[0] < 3) & (np.sum(state[1]) < 2)\n"
        f"    step = lambda state: (state[0] + 1, {inner.called}(state[1]))\n"
        f"    return lax.while_loop(goes_on, step, (0, {x}))[1]\n"
        f"{g} = lax.stop_gradient({init})\n"
    )
    if draw(st.booleans()):
        block.add(f"jvp({f}, ({g},), (np.cos({g}),))[1]", definition)
    else:
        block.add(f"{f}({g})", definition)


def _branches(draw, block, line):
    """Definitions of two functions of the same type, their names, and what to call them with."""
    args = arguments(draw, block, lambda v: True)
    values = [block.values[a] for a in args]
    first, second = (inner_function(draw, block, line, values) for _ in range(2))
    one = first.result()
    other = second.result(_same_type(first.values[one]))
    definitions = first.definition((one,))
    if other is None:
        sign = "~" if first.values[one].dtype.kind == "b" else "-"
        definitions += f"{second.called} = lambda *args: {sign}{first.called}(*args)\n"
    else:
        definitions += second.definition((other,))
    return definitions, first.called, second.called, ", ".join(args)


def _cond(draw, block, line):
    definitions, f, g, args = _branches(draw, block, line)
    x = block.pick(draw, lambda v: v.dtype.kind != "c")
    if x is None:
        return
    v = block.values[x]
    predicate = x if v.dtype == bool and v.ndim == 0 else f"np.sum({x}) > 0"
    block.add(f"lax.cond({predicate}, {f}, {g}, {args})", definitions)


def _switch(draw, block, line):
    definitions, f, g, args = _branches(draw, block, line)
    x = block.pick(draw, lambda v: v.dtype.kind != "c")
    if x is None:
        return
    v = block.values[x]
    index = x if v.dtype.kind == "i" and v.ndim == 0 else f"np.sum({x} > 0)"
    block.add(f"lax.switch({index}, [{f}, {g}, {f}], {args})", definitions)


CONTROL = (_cond, _scan, _fori_loop, _map, _switch, _while_loop)
