"""Initializers give JAX's numbers, and what they promise of them."""

import functools

import jax
import numpy as np
import pytest

import fgrad
from fgrad.nn import initializers as ours

SCALED = [
    "glorot_uniform", "glorot_normal", "lecun_uniform", "lecun_normal", "he_uniform", "he_normal",
    "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
]  # fmt: skip
CALLS = {
    "zeros": lambda i: i.zeros,
    "ones": lambda i: i.ones,
    "constant": lambda i: i.constant(-7),
    "uniform": lambda i: i.uniform(3.0),
    "normal": lambda i: i.normal(2.0),
    "truncated_normal": lambda i: i.truncated_normal(2.0, lower=-1.0),
    "orthogonal": lambda i: i.orthogonal(2.0),
    "orthogonal rows": lambda i: i.orthogonal(2.0, column_axis=0),
    "delta_orthogonal": lambda i: i.delta_orthogonal(2.0),
    **{name: lambda i, name=name: getattr(i, name)() for name in SCALED},
    **{
        f"{mode} {kind}": lambda i, mode=mode, kind=kind: i.variance_scaling(
            3.0, mode, kind, 0, 2, 1
        )
        for mode in ("fan_in", "fan_out", "fan_avg", "fan_geo_avg")
        for kind in ("truncated_normal", "normal", "uniform")
    },
    "axes": lambda i: i.variance_scaling(1.0, "fan_in", "normal", (0, 1), (-1,), ()),
}
SHAPE = (3, 4, 6)
REAL_ONLY = {"truncated_normal", "uniform", "constant"}
CASES = [
    (name, dtype)
    for name in CALLS
    for dtype in ("float32", "float64", "complex64")
    if dtype != "complex64" or (name in SCALED[:4] or " " in name or name == "orthogonal")
]


@functools.cache
def answers():
    """JAX's numbers, in one program."""

    def everything(key):
        return [CALLS[name](jax.nn.initializers)(key, SHAPE, dtype) for name, dtype in CASES]

    options = {"xla_backend_optimization_level": 1, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(everything, compiler_options=options)(jax.random.key(4))


@pytest.mark.parametrize("i", range(len(CASES)), ids=[" ".join(c) for c in CASES])
def test_the_numbers_are_those_of_jax(i):
    name, dtype = CASES[i]
    init, want = CALLS[name](ours), np.asarray(answers()[i])
    got = init(fgrad.random.key(4), SHAPE, dtype)
    assert got.dtype == want.dtype
    assert isinstance(init, ours.Initializer)
    # XLA's erf_inv is good to a hundred units in the last place
    eps = np.finfo(want.dtype).eps
    np.testing.assert_allclose(got, want, rtol=200 * eps, atol=200 * eps)
    jitted = fgrad.jit(init, static_argnums=(1, 2))(fgrad.random.key(4), SHAPE, dtype)
    np.testing.assert_allclose(jitted, got, rtol=20 * eps, atol=20 * eps)


def test_the_default_is_float64():
    for make in CALLS.values():
        assert make(ours)(fgrad.random.key(0), SHAPE).dtype == np.float64
    assert ours.normal(dtype="float32")(fgrad.random.key(0), (2,)).dtype == np.float32


@pytest.mark.parametrize("kind", ["truncated_normal", "normal", "uniform"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_the_variance_is_what_was_asked_for(kind, dtype):
    w = ours.variance_scaling(2.0, "fan_in", kind)(fgrad.random.key(0), (200, 300), dtype)
    np.testing.assert_allclose(w.var(), 2 / 200, rtol=0.03)  # of 60,000 numbers
    np.testing.assert_allclose(w.mean(), 0, atol=3e-3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ours.variance_scaling(1.0, "fan", "normal"), "mode must be of 'fan_in'"),
        (lambda: ours.variance_scaling(1.0, "fan_in", "cauchy"), "distribution must be of"),
        (lambda: ours.he_normal()(fgrad.random.key(0), (3,)), "give in_axis and out_axis"),
        (lambda: ours.orthogonal()(fgrad.random.key(0), (3,)), "two axes or more"),
        (lambda: ours.delta_orthogonal()(fgrad.random.key(0), (3, 3)), "3, 4 or 5 axes"),
        (lambda: ours.delta_orthogonal()(fgrad.random.key(0), (1, 3, 2)), "fewer outputs"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
