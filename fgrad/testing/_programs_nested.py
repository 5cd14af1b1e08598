"""Lines of a random program that transform a function drawn inside it."""

import numpy as np
from hypothesis import strategies as st

import fgrad.numpy as fnp
from fgrad.testing._programs_block import Block


def is_floating(v):
    return v.dtype.kind == "f"


def _is_inexact(v):
    return v.dtype.kind in "fc"


class _Inner(Block):
    """The body of a function that is defined inside another.

    Parameters
    ----------
    outer : Block
    values : list
        What the parameters are when it is called.
    closed : bool
        Whether it may not use the variables around it.
    """

    def __init__(self, outer, values, closed):
        self.called = outer.name("f")
        self.parameters = [outer.name("p") for _ in values]
        super().__init__(dict(zip(self.parameters, values, strict=True)), outer, closed)

    def result(self, fits=None):
        """The newest variable of its own that fits, or None."""
        own = reversed(self.own)
        return next((n for n in own if fits is None or fits(self.values[n])), None)

    def definition(self, results, returned=None):
        """The lines that define it, where `results` are needed for what is `returned`."""
        body = self.finish(results, returned or ", ".join(results))
        head = f"def {self.called}({', '.join(self.parameters)}):\n"
        return head + "".join(f"    {line}\n" for line in body.splitlines())


def inner_function(draw, block, line, values, closed=False):
    """Draw a function, to be defined in `block` and called with `values`."""
    inner = _Inner(block, values, closed)
    inner.draw_lines(draw, line, 4)
    return inner


def arguments(draw, block, fits, most=2):
    """Names of distinct variables to call an inner function with."""
    first = block.pick(draw, fits)
    if first is None:
        return ()
    rest = [n for n in block.names(fits) if n != first]
    more = most > 1 and rest and draw(st.booleans())
    return (first, draw(st.sampled_from(rest))) if more else (first,)


def _called(transformation):
    """``jit(f)(x, y)``: the transformation changes nothing."""

    def family(draw, block, line):
        args = arguments(draw, block, lambda v: True)
        inner = inner_function(draw, block, line, [block.values[a] for a in args])
        call = f"{transformation}({inner.called})({', '.join(args)})"
        block.add(call, inner.definition((inner.result(),)))

    return family


def _grad(draw, block, line):
    args = arguments(draw, block, is_floating)
    if not args:
        return
    template = draw(st.sampled_from(("grad({f}{n})({a})", "value_and_grad({f}{n})({a})[1]")))
    argnum = draw(st.integers(0, len(args) - 1))
    inner = inner_function(draw, block, line, [block.values[a] for a in args])
    result = inner.result(is_floating)
    call = template.format(
        f=inner.called, n=f", argnums={argnum}" if argnum else "", a=", ".join(args)
    )
    block.add(call, inner.definition((result,), f"np.sum({result})"))


def _jacobian(draw, block, line):
    x = block.pick(draw, lambda v: is_floating(v) and v.size <= 3)
    if x is None:
        return
    transformation = draw(st.sampled_from(("jacfwd", "jacrev")))
    inner = inner_function(draw, block, line, [block.values[x]])
    result = inner.result(lambda v: is_floating(v) and v.size <= 9)
    call = f"{transformation}({inner.called})({x})"
    block.add(call, inner.definition((result,)))


def _directional(template):
    """Derivatives that are linear in a direction, which depends on what is differentiated."""

    def family(draw, block, line):
        x = block.pick(draw, _is_inexact)
        if x is None:
            return
        inner = inner_function(draw, block, line, [block.values[x]])
        text = template.format(f=inner.called, x=x, g=block.name("g"))
        before, _, expression = text.rpartition("\n")
        definition = inner.definition((inner.result(_is_inexact),))
        block.add(expression, definition + before + "\n" * bool(before))

    return family


def _vmap(draw, block, line):
    x = block.pick(draw, lambda v: v.ndim and v.size)
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
    inner = inner_function(draw, block, line, values)
    result = inner.result()
    out = draw(st.integers(0, np.ndim(inner.values[result])))
    in_axes = axes[0] if len(axes) == 1 else tuple(axes)
    how = (f", in_axes={in_axes}" if in_axes != 0 else "") + (f", out_axes={out}" if out else "")
    call = f"vmap({inner.called}{how})({', '.join(args)})"
    block.add(call, inner.definition((result,)))


def _custom_jvp(draw, block, line):
    """A function whose rule, written by hand, is its derivative."""
    x = block.pick(draw, is_floating)
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


TRANSFORMED = (
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
