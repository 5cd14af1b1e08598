"""Lines of a random program that transform a function drawn inside it."""

import numpy as np
from hypothesis import strategies as st

import fgrad.numpy as fnp
from fgrad.testing._programs_block import Block


def _floating(v):
    return v.dtype.kind == "f"


def _inexact(v):
    return v.dtype.kind in "fc"


def _arguments(draw, block, fits, most=2):
    """Names of distinct variables to call an inner function with."""
    first = block.pick(draw, fits)
    if first is None:
        return ()
    rest = block.names(lambda v: fits(v))
    rest.remove(first)
    more = draw(st.booleans()) and rest and most > 1
    return (first, draw(st.sampled_from(rest))) if more else (first,)


def _function(draw, block, line, values, result=None, finish="{}"):
    """Draw ``def f(p, q): ...`` in `block`, which may use variables of the block.

    Parameters
    ----------
    values : list
        What the parameters are when it is called.
    result : callable, optional
        What the result must be like.
    finish : str
        The template of what is returned.

    Returns
    -------
    name, definition, result
        None for the name if no result fits.
    """
    name = block.name("f")
    parameters = [block.name("p") for _ in values]
    inner = Block(dict(zip(parameters, values, strict=True)), block)
    inner.draw_lines(draw, line, 4)
    found = [n for n in reversed(inner.own) if result is None or result(inner.values[n])]
    if not found:
        return None, None, None
    body = inner.finish([found[0]])
    head, _, returned = body.rpartition("return ")
    lines = f"{head}return {finish.format(returned)}".splitlines()
    definition = f"def {name}({', '.join(parameters)}):\n" + "".join(f"    {s}\n" for s in lines)
    return name, definition, inner.values[found[0]]


def _called(transformation):
    """``jit(f)(x, y)``: the transformation changes nothing."""

    def family(draw, block, line):
        args = _arguments(draw, block, lambda v: True)
        values = [block.values[a] for a in args]
        name, definition, _ = _function(draw, block, line, values)
        block.add(f"{transformation}({name})({', '.join(args)})", definition)

    return family


def _grad(draw, block, line):
    args = _arguments(draw, block, _floating)
    if not args:
        return
    values = [block.values[a] for a in args]
    transformation = draw(st.sampled_from(("grad({f}{n})({a})", "value_and_grad({f}{n})({a})[1]")))
    argnum = draw(st.integers(0, len(args) - 1))
    n = f", argnums={argnum}" if argnum else ""
    name, definition, _ = _function(draw, block, line, values, _floating, "np.sum({})")
    if name:
        block.add(transformation.format(f=name, n=n, a=", ".join(args)), definition)


def _jacobian(draw, block, line):
    small = lambda v: v.dtype.kind == "f" and v.size <= 3
    args = _arguments(draw, block, small, most=1)
    if not args:
        return
    transformation = draw(st.sampled_from(("jacfwd", "jacrev")))
    values = [block.values[a] for a in args]
    name, definition, value = _function(draw, block, line, values, _floating)
    if name and value.size * values[0].size <= 27:
        block.add(f"{transformation}({name})({args[0]})", definition)


def _directional(template):
    """Derivatives that are linear in a direction, which depends on what is differentiated."""

    def family(draw, block, line):
        args = _arguments(draw, block, _inexact, most=1)
        if not args:
            return
        (x,) = args
        name, definition, _ = _function(draw, block, line, [block.values[x]], _inexact)
        if name:
            before, _, expression = template.format(f=name, x=x, g=block.name("g")).rpartition("\n")
            block.add(expression, definition + before + "\n" * bool(before))

    return family


def _vmap(draw, block, line):
    mapped = lambda v: v.ndim and v.size
    x = block.pick(draw, mapped)
    if x is None:
        return
    v = block.values[x]
    axis = draw(st.integers(0, v.ndim - 1))
    args, axes, values = [x], [axis], [fnp.take(v, 0, axis)]
    if draw(st.booleans()):
        y = block.pick(draw)
        w = block.values[y]
        same = [i for i in range(w.ndim) if w.shape[i] == v.shape[axis]]
        other = draw(st.sampled_from([None, *same]))
        args.append(y)
        axes.append(other)
        values.append(w if other is None else fnp.take(w, 0, other))
    name, definition, value = _function(draw, block, line, values)
    out = draw(st.integers(0, np.ndim(value)))
    in_axes = axes[0] if len(axes) == 1 else tuple(axes)
    how = (f", in_axes={in_axes}" if in_axes != 0 else "") + (f", out_axes={out}" if out else "")
    block.add(f"vmap({name}{how})({', '.join(args)})", definition)


def _custom_jvp(draw, block, line):
    """A function whose rule, written by hand, is its derivative."""
    x = block.pick(draw, _floating)
    if x is None:
        return
    like = block.values[x]
    y = block.pick(draw, lambda v: v.shape == like.shape and v.dtype == like.dtype)
    f, g, p, q = block.name("f"), block.name("g"), block.name("p"), block.name("x")
    definition = (
        f"@custom_jvp\ndef {f}({p}, {q}):\n    return np.sin({p}) * {q}, {p} + {q}\n"
        f"@{f}.defjvp\ndef {g}(primals, tangents):\n"
        f"    ({p}, {q}), (d{p}, d{q}) = primals, tangents\n"
        f"    moved = np.cos({p}) * {q} * d{p} + np.sin({p}) * d{q}\n"
        f"    return {f}({p}, {q}), (moved, d{p} + d{q})\n"
    )
    which = draw(st.integers(0, 1))
    block.add(f"{f}({x}, {y})[{which}]", definition)


NESTED = (
    _called("jit"),
    _grad,
    _vmap,
    _called("checkpoint"),
    _directional("jvp({f}, ({x},), (np.cos({x}),))[1]"),
    _directional("{g} = vjp({f}, {x})\n{g}[1](np.cos({g}[0]))[0]"),
    _directional("linearize({f}, {x})[1](np.sin({x}))"),
    _jacobian,
    _custom_jvp,
)
