"""The expressions of random programs: source with places for operands, by kind of dtype.

``{x}``, ``{y}`` and ``{z}`` are variables, ``{r}`` the axes of a reduction and whether it keeps
them, ``{a}`` one axis. Domains are part of a template: ``np.log(2 + np.cos({x}))`` is defined and
tame everywhere. The simple ones come first, since what is drawn shrinks towards them.
"""

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

_CUMULATIVE_REAL = (
    "np.cumsum({x}, {a})", "np.cumprod({x}, {a})", "lax.cummax({x}, {a})", "lax.cummin({x}, {a})",
    "lax.cumlogsumexp({x}, {a})", "lax.cumsum({x}, {a}, reverse=True)",
    "lax.cumprod({x}, {a}, reverse=True)", "lax.associative_scan(np.multiply, {x}, {a})",
    "lax.associative_scan(np.add, {x}, {a})", "np.diff({x}, {a})",
)  # fmt: skip
CUMULATIVE = {
    "f": _CUMULATIVE_REAL,
    "c": ("np.cumsum({x}, {a})", "np.cumprod({x}, {a})", "np.diff({x}, {a})"),
    "i": ("np.cumsum({x}, {a})", "lax.cummax({x}, {a})"),
    "b": ("np.cumsum({x}, {a})",),
}

_ALONG_ANY = ("np.flip({x}, {a})", "np.roll({x}, 1, {a})", "np.repeat({x}, 2, {a})")
_ALONG_REAL = (
    "np.sort({x}, {a})", "nn.softmax({x}, {a})", "nn.log_softmax({x}, {a})", "np.argmax({x}, {a})",
    "np.argmin({x}, {a})", "np.argsort({x}, {a})", "np.median({x}, {a})",
    "np.take_along_axis({x}, np.argsort(-{x}, {a}), {a})", *_ALONG_ANY,
)  # fmt: skip
ALONG = {
    "f": _ALONG_REAL,
    "c": _ALONG_ANY,
    "i": ("np.sort({x}, {a})", *_ALONG_ANY),
    "b": _ALONG_ANY,
}

SHAPING = (
    "np.ravel({x})", "np.transpose({x})", "np.stack([{x}, {x}])", "np.stack([{x}, {x}], -1)",
    "np.expand_dims({x}, 0)", "np.expand_dims({x}, -1)", "np.squeeze({x})", "np.tile({x}, 2)",
    "np.broadcast_to({x}, (2, *np.shape({x})))", "np.reshape({x}, (-1, 1))", "np.atleast_2d({x})",
    "np.concatenate([np.ravel({x}), np.ravel({x})[:1]])", "np.pad({x}, 1)",
    "np.tril(np.diag(np.ravel({x})))",
)  # fmt: skip
SHAPING_MATRIX = (
    "np.swapaxes({x}, 0, -1)", "np.moveaxis({x}, 0, -1)", "np.rot90({x})", "np.tril({x})",
    "np.trace({x})", "np.diagonal({x})", "np.vstack([{x}, 2 * {x}])",
    "np.hstack([{x}, {x}[:, :1]])",
)  # fmt: skip
