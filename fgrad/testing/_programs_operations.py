"""What a line of a random program may be: families of operations, the simple ones first."""

import functools
import itertools

import numpy as np
from hypothesis import strategies as st

from fgrad.testing._programs_block import MOST_ELEMENTS
from fgrad.testing._programs_control import CONTROL
from fgrad.testing._programs_nested import TRANSFORMED
from fgrad.testing._programs_templates import (
    ALONG,
    BINARY,
    CASTS,
    CUMULATIVE,
    REDUCTIONS,
    SHAPING,
    SHAPING_MATRIX,
    TERNARY,
    UNARY,
)

# not floats with booleans, whose sine NumPy takes in 16 bits
_KINDS_THAT_MEET = frozenset(("ff", "cc", "fc", "cf", "ii", "bb", "if", "fi"))


# -- types that meet ------------------------------------------------------------------------------
def _promote_alike(a, b):
    """Whether NumPy and JAX promote these in the same way: not 32-bit floats with integers."""
    names = {a.name, b.name}
    return "i" not in (a.kind, b.kind) or names.isdisjoint(("float32", "complex64"))


@functools.lru_cache(4096)
def _broadcast(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _meets(x):
    """Whether a value can stand beside `x` in an elementwise operation."""

    def fits(y):
        if x.dtype.kind + y.dtype.kind not in _KINDS_THAT_MEET:
            return False
        shape = _broadcast(x.shape, y.shape)
        return (
            shape is not None
            and np.prod(shape) <= MOST_ELEMENTS
            and _promote_alike(x.dtype, y.dtype)
        )

    return fits


def _pick_two(draw, block):
    x = block.pick(draw)
    y = block.pick(draw, _meets(block.values[x]))
    kinds = {block.values[n].dtype.kind for n in (x, y)}
    return x, y, next(k for k in "cfib" if k in kinds)


# -- families -------------------------------------------------------------------------------------
def _one(table):
    """A family of one operand: a template for its kind of dtype."""

    def family(draw, block):
        x = block.pick(draw)
        template = draw(st.sampled_from(table[block.values[x].dtype.kind]))
        block.add(template.format(x=x))

    return family


def _binary(draw, block):
    x, y, kind = _pick_two(draw, block)
    block.add(draw(st.sampled_from(BINARY[kind])).format(x=x, y=y))


def _ternary(draw, block):
    x = block.pick(draw, lambda v: v.dtype.kind == "f")
    if x is None:
        return
    real = _meets(block.values[x])
    fits = lambda v: v.dtype.kind == "f" and real(v)
    y = block.pick(draw, fits)
    shape = _broadcast(block.values[x].shape, block.values[y].shape)
    z = block.pick(draw, lambda v: fits(v) and _broadcast(shape, v.shape) is not None)
    if z is not None:
        block.add(draw(st.sampled_from(TERNARY)).format(x=x, y=y, z=z))


@functools.lru_cache(64)
def _axes(ndim):
    some = [None, *range(ndim), *range(-ndim, 0)]
    return tuple(some + [p for k in (0, 2, 3) for p in itertools.permutations(range(ndim), k)])


def _reduction(draw, block):
    x = block.pick(draw, np.size)
    if x is None:
        return
    v = block.values[x]
    axis = draw(st.sampled_from(_axes(v.ndim)))
    keepdims = ", keepdims=True" if draw(st.booleans()) else ""
    template = draw(st.sampled_from(REDUCTIONS[v.dtype.kind]))
    block.add(template.format(x=x, r=f"axis={axis}{keepdims}"))


def _along(table):
    """A family of one operand and one of its axes."""

    def family(draw, block):
        x = block.pick(draw, lambda v: v.ndim and v.size)
        if x is None:
            return
        v = block.values[x]
        axis = draw(st.integers(0, v.ndim - 1))
        template = draw(st.sampled_from(table[v.dtype.kind]))
        block.add(template.format(x=x, a=f"axis={axis}"))

    return family


def _shaping(draw, block):
    x = block.pick(draw, np.size)
    if x is None:
        return
    v = block.values[x]
    if v.ndim > 2:
        templates = SHAPING[:2]
    else:
        templates = SHAPING + (SHAPING_MATRIX if v.ndim == 2 else ())
    block.add(draw(st.sampled_from(templates)).format(x=x))


def _contraction(draw, block):
    fits = lambda v: 0 < v.ndim < 4 and v.dtype.kind in "fc"
    x = block.pick(draw, fits)
    if x is None:
        return
    y = block.pick(draw, fits)
    left, right = block.values[x].shape, block.values[y].shape
    templates = []
    batches_meet = _broadcast(left[:-2], right[:-2]) is not None
    if left[-1] == right[max(0, len(right) - 2)] and batches_meet:
        templates += ["np.dot({x}, {y})", "np.matmul({x}, {y})"]
    if left[-1] == right[0]:
        templates.append("np.tensordot({x}, {y}, 1)")
    if left[-1] == right[-1]:
        templates.append("np.inner({x}, {y})")
    template = draw(st.sampled_from([*templates, None]))
    block.add((template or _einsum(draw, left, right)).format(x=x, y=y))


def _einsum(draw, left, right):
    """A template of einsum with letters drawn for the axes: equal ones have equal sizes."""
    sizes, operands = {}, []
    for shape in (left, right):
        labels = ""
        for n in shape:
            fresh = "ijklmn"[len(sizes)]
            label = draw(st.sampled_from([fresh, *(c for c in sizes if sizes[c] == n)]))
            sizes[label] = n
            labels += label
        operands.append(labels)
    kept = [c for c in sizes if draw(st.booleans())]
    if draw(st.booleans()):
        kept.reverse()
    return f'np.einsum("{",".join(operands)}->{"".join(kept)}", {{x}}, {{y}})'


# -- indexing -------------------------------------------------------------------------------------
def _index(draw, block, v):
    """An index of the first or the last axes of `v`, as source."""
    axes = v.ndim if v.ndim == 1 else draw(st.integers(1, v.ndim))
    last = axes < v.ndim and draw(st.booleans())
    parts, length = ["..."] if last else [], draw(st.integers(1, 3))
    for n in v.shape[-axes:] if last else v.shape[:axes]:
        kind = draw(st.sampled_from(("int", "slice", "array", "variable", "full")))
        if n == 0 or kind == "full":
            parts.append(":")
        elif kind == "int":
            parts.append(str(draw(st.integers(-n, n - 1))))
        elif kind == "slice":
            start = draw(st.sampled_from(("", "1", "-2")))
            step = draw(st.sampled_from(("", ":-1", ":2")))
            parts.append(f"{start}:{step}")
        elif kind == "array":
            items = draw(st.lists(st.integers(-n, n - 1), min_size=length, max_size=length))
            parts.append(f"np.array({items})")
        else:
            whole = lambda w: w.dtype.kind == "i" and w.shape in ((), (length,))
            name = block.pick(draw, whole)
            parts.append(":" if name is None else f"{name} % {n}")
    if draw(st.integers(0, 3)) == 3:
        parts.append("None")
    return ", ".join(parts)


def _indexing(draw, block):
    x = block.pick(draw, np.ndim)
    if x is not None:
        block.add(f"{x}[{_index(draw, block, block.values[x])}]")


def _update(draw, block):
    """``x.at[index].add(y)`` and the like; `set` only where no element is set twice."""
    x = block.pick(draw, np.ndim)
    if x is None:
        return
    v = block.values[x]
    index = _index(draw, block, v)
    methods = ("add", "mul") if "array" in index or "%" in index else ("set", "add", "mul")
    methods += ("max", "min") if v.dtype.kind in "fi" else ()
    if v.dtype.kind == "b":
        methods = ("set",) if methods[0] == "set" else ()
    if not methods:
        return
    shape = np.shape(block.run(f"part = {x}[{index}]\n")["part"])
    y = block.pick(draw, lambda w: w.dtype == v.dtype and _broadcast(shape, w.shape) == shape)
    value = y or {"b": "True", "i": "2"}.get(v.dtype.kind, "0.5")
    block.add(f"{x}.at[{index}].{draw(st.sampled_from(methods))}({value})")


def _moving_slice(draw, block):
    """`lax.dynamic_slice` and its update, at a start that may be a variable."""
    x = block.pick(draw, lambda v: v.ndim and v.size)
    if x is None:
        return
    v = block.values[x]
    axis = draw(st.integers(0, v.ndim - 1))
    size = draw(st.integers(1, v.shape[axis]))
    places = v.shape[axis] - size + 1
    i = block.pick(draw, lambda w: w.dtype.kind == "i" and w.ndim == 0)
    start = "0" if i is None else f"{i} % {places}"
    taken = f"lax.dynamic_slice_in_dim({x}, {start}, {size}, {axis})"
    if v.dtype.kind == "b" or draw(st.booleans()):
        block.add(taken)
    else:
        block.add(f"lax.dynamic_update_slice_in_dim({x}, 2 * {taken}, 0, {axis})")


def _joining(draw, block):
    x = block.pick(draw, lambda v: v.ndim)
    if x is None:
        return
    v = block.values[x]
    axis = draw(st.integers(0, v.ndim - 1))
    rest = lambda s: s[:axis] + s[axis + 1 :]
    joins = lambda w: (
        w.ndim == v.ndim and rest(w.shape) == rest(v.shape) and _promote_alike(v.dtype, w.dtype)
    )
    y = block.pick(draw, joins)
    block.add(f"np.concatenate([{x}, {y}], axis={axis})")


FLAT = (
    _one(UNARY), _binary, _reduction, _along(ALONG), _one(UNARY), _shaping, _ternary, _indexing,
    _contraction, _along(CUMULATIVE), _one(CASTS), _update, _joining, _moving_slice,
)  # fmt: skip
NESTED = (*TRANSFORMED, *CONTROL)
# twice the flat ones: those that hold functions make programs long
FAMILIES = FLAT + FLAT + NESTED
DEPTH = 2


@st.composite
def draw_line(draw, block):
    """Draw a line into `block`; it stays out if nothing fits or the value is not finite."""
    family = draw(st.sampled_from(FAMILIES if block.depth < DEPTH else FLAT))
    if family in NESTED:
        family(draw, block, draw_line)
    else:
        family(draw, block)
