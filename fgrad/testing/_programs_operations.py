"""What a line of a random program may be: families of operations, the simple ones first.

A template is the source of an expression. Domains are part of it: ``np.log(2 + np.cos({x}))`` is
defined and tame everywhere.
"""

import functools
import itertools

import numpy as np
from hypothesis import strategies as st

from fgrad.testing._programs_block import MOST_ELEMENTS
from fgrad.testing._programs_control import CONTROL
from fgrad.testing._programs_nested import TRANSFORMED

_UNARY_REAL = (
    "np.sin({x})", "2 * {x}", "-{x}", "{x} ** 2", "{x} + 0.5", "1 - {x}", "{x} / 3", "np.cos({x})",
    "np.tanh({x})", "np.abs({x})", "nn.relu({x})", "np.square({x})", "{x} ** 3", "np.exp({x})",
    "np.expm1({x})", "np.exp2({x})", "np.log(2 + np.cos({x}))", "np.log1p({x} ** 2)",
    "np.log2(2 + np.sin({x}))", "np.log10(1 + {x} ** 2)", "np.sqrt(1 + {x} ** 2)",
    "lax.rsqrt(2 + np.sin({x}))", "np.cbrt(2 + np.sin({x}))", "np.tan(np.sin({x}))",
    "np.arctan({x})", "np.arcsin(np.sin({x}) / 2)", "np.arccos(np.cos({x}) / 2)",
    "np.sinh({x})", "np.cosh({x})", "np.arcsinh({x})", "np.arccosh(2 + {x} ** 2)",
    "np.arctanh(np.tanh({x}) / 2)", "1 / (2 + np.cos({x}))", "np.reciprocal(2 + np.sin({x}))",
    "(1 + {x} ** 2) ** -1.5", "lax.integer_pow({x}, 3)", "np.sinc({x})", "lax.erf({x})",
    "lax.erfc({x})", "lax.erf_inv(np.tanh({x}) / 2)", "lax.logistic({x})", "nn.softplus({x})",
    "nn.gelu({x})", "nn.silu({x})", "nn.elu({x})", "nn.leaky_relu({x})", "nn.log_sigmoid({x})",
    "np.maximum({x}, 0.5)", "np.minimum({x}, 0.5)", "np.clip({x}, -1, 1)", "np.positive({x})",
    "np.where({x} > 0, {x}, {x} ** 2)", "np.sign({x})", "np.floor({x})", "np.round({x})",
    "np.remainder({x}, 2)", "np.trunc({x}) * {x}", "np.where(np.isfinite({x}), {x}, 0)",
    "np.heaviside({x}, 0.5)", "np.full_like({x}, 2) * {x}", "np.zeros_like({x})",
    "lax.stop_gradient({x})",
)  # fmt: skip
_UNARY_COMPLEX = (
    "np.sin({x})", "2 * {x}", "-{x}", "{x} ** 2", "np.conj({x})", "np.real({x})", "np.imag({x})",
    "1j * {x}", "{x} + (0.5 - 1j)", "np.cos({x})", "np.exp({x} / 2)", "np.abs({x})",
    "np.angle(9 + {x})", "np.tanh({x} / 4)", "1 / (9 + {x})", "np.log(9 + {x})", "np.sqrt(9 + {x})",
    "np.square({x})", "lax.integer_pow({x}, 3)", "np.sinh({x})", "np.cosh({x})", "{x} * {x}.conj()",
)  # fmt: skip
_UNARY_INTEGER = (
    "{x} + 1", "-{x}", "{x} % 3", "{x} // 2", "np.abs({x})", "{x} * {x}", "np.sign({x})",
    "{x} & 1", "{x} ^ 3", "np.maximum({x}, 1)", "np.clip({x}, 0, 2)", "~{x}",
)  # fmt: skip
_UNARY_BOOL = ("~{x}", "np.logical_not({x})", "{x} ^ True")
UNARY = {"f": _UNARY_REAL, "c": _UNARY_COMPLEX, "i": _UNARY_INTEGER, "b": _UNARY_BOOL}

_CASTS_REAL = (
    "{x}.astype(np.float64)", "{x}.astype(np.float32)", "{x}.astype(np.complex128)",
    "np.asarray({x}, dtype=np.complex64)", "{x} > 0", "{x} <= 0.5", "np.floor({x}).astype(int)",
    "np.sign({x}).astype(np.int32)", "np.isfinite({x})", "np.signbit({x})", "{x} != 0",
    "lax.complex({x}, {x})",
)  # fmt: skip
CASTS = {
    "f": _CASTS_REAL,
    "c": ("{x}.astype(np.complex128)", "{x}.astype(np.complex64)", "np.isfinite({x})", "{x} == 0"),
    "i": ("{x}.astype(np.float64)", "{x}.astype(np.int32)", "{x}.astype(int)", "{x} > 0"),
    "b": ("{x}.astype(np.float64)", "{x}.astype(int)", "{x}.astype(np.float32)"),
}

_BINARY_REAL = (
    "{x} + {y}", "{x} * {y}", "{x} - {y}", "{y} - {x}", "{x} / (2 + {y} ** 2)",
    "{y} / (2 + np.cos({x}))", "np.maximum({x}, {y})", "np.minimum({x}, {y})",
    "np.arctan2({x}, 2 + np.cos({y}))", "np.hypot({x}, 2 + np.sin({y}))", "np.logaddexp({x}, {y})",
    "(2 + np.sin({x})) ** {y}", "np.power(1 + {y} ** 2, np.tanh({x}))", "np.copysign({x}, {y})",
    "{x} % (1 + {y} ** 2)", "np.where({x} > {y}, {x}, {y} ** 2)", "np.clip({x}, {y}, {y} + 1)",
    "np.fmod({x}, 1 + {y} ** 2)", "{x} < {y}", "{x} >= {y}", "{x} == {y}", "np.outer({x}, {y})",
)  # fmt: skip
_BINARY_COMPLEX = (
    "{x} + {y}", "{x} * {y}", "{x} - {y}", "{y} - {x}", "{x} / (9 + {y})", "{x} * np.conj({y})",
    "{x} == {y}", "np.where({x} == {y}, {x}, 2 * {y})",
)  # fmt: skip
_BINARY_INTEGER = (
    "{x} + {y}", "{x} * {y}", "{x} - {y}", "np.maximum({x}, {y})", "{x} // (1 + {y} % 3)",
    "{x} % (1 + {y} * {y})", "{x} < {y}", "{x} == {y}", "np.where({x} == {y}, {x}, 2 * {y})",
)  # fmt: skip
_BINARY_BOOL = ("{x} & {y}", "{x} | {y}", "{x} ^ {y}", "np.logical_and({x}, {y})", "{x} == {y}")
BINARY = {"f": _BINARY_REAL, "c": _BINARY_COMPLEX, "i": _BINARY_INTEGER, "b": _BINARY_BOOL}

TERNARY = (
    "{x} * {y} + {z}", "np.where({z} > 0, {x}, {y})", "np.clip({x}, {y}, {z})",
    "np.where({x} < {y}, {z}, {x} * {y})", "np.maximum({x}, {y}) - {z}",
)  # fmt: skip

# {r} is axis=..., keepdims=...; {a} is axis=...
_REDUCTIONS_REAL = (
    "np.sum({x}, {r})", "np.mean({x}, {r})", "np.max({x}, {r})", "np.min({x}, {r})",
    "np.prod({x}, {r})", "np.var({x}, {r})", "nn.logsumexp({x}, {r})", "np.any({x} > 0, {r})",
    "np.sqrt(1 + np.sum({x} ** 2, {r}))", "np.sum({x}, {r}, where={x} < 1)",
)  # fmt: skip
_REDUCTIONS_COMPLEX = ("np.sum({x}, {r})", "np.mean({x}, {r})", "np.prod({x}, {r})")
_REDUCTIONS_INTEGER = ("np.sum({x}, {r})", "np.max({x}, {r})", "np.min({x}, {r})")
_REDUCTIONS_BOOL = ("np.any({x}, {r})", "np.all({x}, {r})", "np.sum({x}, {r})")
REDUCTIONS = {
    "f": _REDUCTIONS_REAL,
    "c": _REDUCTIONS_COMPLEX,
    "i": _REDUCTIONS_INTEGER,
    "b": _REDUCTIONS_BOOL,
}

_ALONG_REAL = (
    "np.cumsum({x}, {a})", "np.sort({x}, {a})", "np.cumprod({x}, {a})", "nn.softmax({x}, {a})",
    "nn.log_softmax({x}, {a})", "np.argmax({x}, {a})", "np.argmin({x}, {a})",
    "np.argsort({x}, {a})", "lax.cummax({x}, {a})", "lax.cummin({x}, {a})",
    "lax.cumlogsumexp({x}, {a})", "lax.cumsum({x}, {a}, reverse=True)", "np.median({x}, {a})",
    "lax.cumprod({x}, {a}, reverse=True)", "np.take_along_axis({x}, np.argsort(-{x}, {a}), {a})",
    "np.diff({x}, {a})", "np.flip({x}, {a})", "np.roll({x}, 1, {a})", "np.repeat({x}, 2, {a})",
    "lax.associative_scan(np.multiply, {x}, {a})", "lax.associative_scan(np.add, {x}, {a})",
)  # fmt: skip
_ALONG_ANY = ("np.flip({x}, {a})", "np.roll({x}, 1, {a})", "np.repeat({x}, 2, {a})")
_ALONG_COMPLEX = ("np.cumsum({x}, {a})", "np.cumprod({x}, {a})", "np.diff({x}, {a})", *_ALONG_ANY)
ALONG = {
    "f": _ALONG_REAL,
    "c": _ALONG_COMPLEX,
    "i": ("np.sort({x}, {a})", "np.cumsum({x}, {a})", *_ALONG_ANY),
    "b": _ALONG_ANY,
}

SHAPING = (
    "np.ravel({x})", "np.transpose({x})", "np.stack([{x}, {x}])", "np.stack([{x}, {x}], -1)",
    "np.expand_dims({x}, 0)", "np.expand_dims({x}, -1)", "np.squeeze({x})", "np.tile({x}, 2)",
    "np.broadcast_to({x}, (2, *np.shape({x})))", "np.reshape({x}, (-1, 1))", "np.atleast_2d({x})",
    "np.concatenate([np.ravel({x}), np.ravel({x})[:1]])", "np.pad({x}, 1)",
    "np.tril(np.diag(np.ravel({x})))",
)  # fmt: skip
_SHAPING_MATRIX = (
    "np.swapaxes({x}, 0, -1)", "np.moveaxis({x}, 0, -1)", "np.rot90({x})", "np.tril({x})",
    "np.trace({x})", "np.diagonal({x})", "np.vstack([{x}, 2 * {x}])",
    "np.hstack([{x}, {x}[:, :1]])",
)  # fmt: skip

_CONTRACTIONS = (
    "np.dot({x}, {y})", "np.matmul({x}, {y})", "np.tensordot({x}, {y}, 1)", "np.inner({x}, {y})",
)  # fmt: skip
_LETTERS = "ijk"


# -- types that meet ------------------------------------------------------------------------------
def alike(*dtypes):
    """Whether NumPy and JAX promote these in the same way: not 32-bit floats with integers."""
    kinds = {d.kind for d in dtypes}
    return "i" not in kinds or not any(d.name in ("float32", "complex64") for d in dtypes)


@functools.lru_cache(4096)
def _broadcast(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _meets(x, same_kind=True):
    """Whether a value can stand beside `x` in an elementwise operation."""

    def fits(y):
        kinds = x.dtype.kind + y.dtype.kind
        if same_kind and kinds not in ("ff", "cc", "fc", "cf", "ii", "bb", "fb", "bf", "if", "fi"):
            return False
        shape = _broadcast(x.shape, y.shape)
        return shape is not None and np.prod(shape) <= MOST_ELEMENTS and alike(x.dtype, y.dtype)

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


def _along(draw, block):
    x = block.pick(draw, lambda v: v.ndim and v.size)
    if x is None:
        return
    v = block.values[x]
    axis = draw(st.integers(0, v.ndim - 1))
    block.add(draw(st.sampled_from(ALONG[v.dtype.kind])).format(x=x, a=f"axis={axis}"))


def _shaping(draw, block):
    x = block.pick(draw, np.size)
    if x is None:
        return
    v = block.values[x]
    if v.ndim > 2:
        templates = SHAPING[:2]
    else:
        templates = SHAPING + (_SHAPING_MATRIX if v.ndim == 2 else ())
    block.add(draw(st.sampled_from(templates)).format(x=x))


def _contraction(draw, block):
    fits = lambda v: 0 < v.ndim < 4 and v.dtype.kind in "fc"
    x = block.pick(draw, fits)
    if x is None:
        return
    v = block.values[x]
    y = block.pick(draw, fits)
    w = block.values[y]
    choices = []
    if v.shape[-1] == w.shape[max(0, w.ndim - 2)]:
        choices += _CONTRACTIONS[:2]
        if v.ndim == 2:
            choices.append("np.vdot({x}, np.transpose(np.transpose({x})))")
    if v.shape[-1] == w.shape[0]:
        choices.append(_CONTRACTIONS[2])
    if v.shape[-1] == w.shape[-1]:
        choices.append(_CONTRACTIONS[3])
    if v.ndim > 2 and w.ndim > 2 and v.shape[:-2] != w.shape[:-2]:
        choices = [c for c in choices if c not in _CONTRACTIONS[:2]]
    template = draw(st.sampled_from([None, *choices]))
    block.add((template or _einsum(draw, v.shape, w.shape)).format(x=x, y=y))


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
        w.ndim == v.ndim and rest(w.shape) == rest(v.shape) and alike(v.dtype, w.dtype)
    )
    y = block.pick(draw, joins)
    block.add(f"np.concatenate([{x}, {y}], axis={axis})")


FLAT = (
    _one(UNARY), _binary, _reduction, _along, _one(UNARY), _shaping, _ternary, _indexing,
    _contraction, _one(CASTS), _update, _joining, _moving_slice,
)  # fmt: skip
NESTED = (*TRANSFORMED, *CONTROL)
# twice the flat ones: those that hold functions make programs long
FAMILIES = FLAT + FLAT + NESTED
DEPTH = 2


@st.composite
def draw_line(draw, block):
    """Draw a line into `block`; False is the end of the program."""
    if draw(st.integers(0, 11)) == 0:
        return False
    family = draw(st.sampled_from(FAMILIES if block.depth < DEPTH else FLAT))
    if family in NESTED:
        family(draw, block, draw_line)
    else:
        family(draw, block)
    return True
