"""custom_gradient, symbolic zeros, linear_call, fwd_and_bwd and enable_checks, against JAX."""

import functools

import jax
import jax.custom_derivatives
import numpy as np
import pytest

import fgrad
import fgrad.custom_derivatives
from fgrad.core.staging import trace_to_jaxpr
from fgrad.core.trace import Primitive
from fgrad.custom_derivatives import SymbolicZero, linear_call
from fgrad.errors import JaxprTypeError
from tests.harness import assert_same, assert_traced_well

x, y = np.array([0.3, -0.7, 1.1]), np.array([1.5, 0.2, -0.4])

# -- custom_gradient -----------------------------------------------------------------------------


def scaled(lib):
    """A product whose gradient is made with what the function computed, and is not the true one."""

    @lib.custom_gradient
    def f(x, y):
        s = lib.numpy.sin(x)
        return s * y, lambda ct: (10 * ct * s, {"a": 1}["a"] * ct * x)

    return f


GRADIENTS = {
    "grad": lambda lib, f: lib.grad(f, (0, 1))(0.5, 2.0),
    "jit": lambda lib, f: lib.jit(lib.grad(f, (0, 1)))(0.5, 2.0),
    "grad of jit": lambda lib, f: lib.grad(lib.jit(f), (0, 1))(0.5, 2.0),
    "vmap": lambda lib, f: lib.vmap(lib.grad(f, (0, 1)))(x, y),
    "grad of vmap": lambda lib, f: lib.grad(lambda x, y: lib.vmap(f)(x, y).sum(), (0, 1))(x, y),
    "scan": lambda lib, f: lib.grad(lambda x: lib.lax.scan(lambda c, y: (f(c, y), None), x, y)[0])(
        0.5
    ),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_custom_gradient(name):
    call = GRADIENTS[name]
    assert_same(call(fgrad, scaled(fgrad)), call(jax, scaled(jax)))


# -- symbolic zeros ------------------------------------------------------------------------------


def jvp_with_zeros(lib, seen):
    @lib.custom_jvp
    def f(x, y, n):
        return x * y, n

    def rule(primals, tangents):
        x, y, n = primals
        tx, ty, tn = tangents
        zero = lib.custom_derivatives.SymbolicZero
        seen.append([type(t) is zero for t in tangents])
        total = 7.0 * x * y
        for t in (tx, ty):
            if type(t) is not zero:
                total = total + 3 * t
        return (x * y, n), (total, lib.custom_derivatives.zero_from_primal(n, True))

    f.defjvp(rule, symbolic_zeros=True)
    return f


JVPS = {
    "jvp": lambda lib, f: lib.jvp(lambda x: f(x, 2.0, 3)[0], (0.5,), (1.0,)),
    "jacfwd": lambda lib, f: lib.jacfwd(lambda y: f(0.5, y, 3)[0])(2.0),
    "vmap": lambda lib, f: lib.vmap(lambda x: lib.jvp(lambda y: f(x, y, 3)[0], (x,), (x,)))(x),
    "jit": lambda lib, f: lib.jit(lib.jacfwd(lambda x: f(x, 2.0, 3)[0]))(0.5),
    "jvp of jit": lambda lib, f: lib.jvp(lib.jit(lambda x: f(x, 2.0, 3)[0]), (0.5,), (1.0,)),
}


@pytest.mark.parametrize("name", JVPS)
def test_jvp_with_symbolic_zeros(name):
    ours, theirs = [], []
    got = JVPS[name](fgrad, jvp_with_zeros(fgrad, ours))
    assert_same(got, JVPS[name](jax, jvp_with_zeros(jax, theirs)))
    assert ours[0] == theirs[0]


def vjp_with_zeros(lib, seen):
    module = lib.custom_derivatives

    @lib.custom_vjp
    def f(x, y):
        return x * y, x + y

    def fwd(x, y):
        seen.append((x.perturbed, y.perturbed))
        x, y = module.custom_vjp_primal_tree_values((x, y))
        return (x * y, x + y), (x, y)

    def bwd(res, cts):
        x, y = res
        zeros = [type(ct) is module.SymbolicZero for ct in cts]
        seen.append(zeros)
        total = 0.0 * x
        for ct, z in zip(cts, zeros, strict=True):
            total = total + (5.0 * x if z else 2 * ct)
        return total, module.zero_from_primal(y, symbolic_zeros=True)

    f.defvjp(fwd, bwd, symbolic_zeros=True)
    return f


VJPS = {
    "first": lambda lib, f: lib.grad(lambda x: f(x, 2.0)[0])(0.5),
    "second": lambda lib, f: lib.grad(lambda y: f(0.5, y)[1])(2.0),
    "both": lambda lib, f: lib.grad(lambda x, y: sum(f(x, y)), (0, 1))(0.5, 2.0),
    "vmap": lambda lib, f: lib.vmap(lib.grad(lambda x, y: f(x, y)[0], (0, 1)))(x, y),
    "grad of vmap": lambda lib, f: lib.grad(lambda x: lib.vmap(f)(x, y)[0].sum())(x),
}


@pytest.mark.parametrize("name", VJPS)
def test_vjp_with_symbolic_zeros(name):
    ours, theirs = [], []
    got = VJPS[name](fgrad, vjp_with_zeros(fgrad, ours))
    assert_same(got, VJPS[name](jax, vjp_with_zeros(jax, theirs)))
    assert ours == theirs


def test_a_symbolic_zero():
    zero = SymbolicZero.from_primal_value(np.zeros((2, 3), np.float32))
    assert (zero.shape, zero.dtype, zero.ndim, zero.size) == ((2, 3), np.float32, 2, 6)
    assert SymbolicZero.from_primal_value(3).dtype == fgrad.dtypes.float0
    got = fgrad.custom_derivatives.zero_from_primal({"a": x, "n": 3})
    np.testing.assert_array_equal(got["a"], np.zeros(3))
    assert (got["n"].shape, got["n"].dtype) == ((), fgrad.dtypes.float0)
    with pytest.raises(TypeError, match="a leaf is a float"):
        fgrad.custom_derivatives.custom_vjp_primal_tree_values([1.0])


# -- linear_call ---------------------------------------------------------------------------------


def quotient(lib):
    """A quotient whose transpose is not the true one, as its derivatives show."""
    f, t = lambda r, x: {"q": x / r["d"]}, lambda r, ct: 4 * ct["q"] / r["d"]
    return lambda x, d: lib.custom_derivatives.linear_call(f, t, {"d": d}, x)["q"]


QUOTIENTS = {
    "value": lambda lib, f: f(6.0, 3.0),
    "jvp": lambda lib, f: lib.jvp(lambda x: f(x, 3.0), (6.0,), (1.0,)),
    "grad": lambda lib, f: lib.grad(f)(6.0, 3.0),
    "jit": lambda lib, f: lib.jit(lib.grad(f))(6.0, 3.0),
    "grad of jit": lambda lib, f: lib.grad(lib.jit(f))(6.0, 3.0),
    "transposed": lambda lib, f: lib.linear_transpose(lambda x: f(x, 3.0), 6.0)(1.0),
    "twice": lambda lib, f: lib.linear_transpose(
        lambda c: lib.linear_transpose(lambda x: f(x, 3.0), 6.0)(c)[0], 6.0
    )(1.0),
}


@pytest.mark.parametrize("name", QUOTIENTS)
def test_linear_call(name):
    assert_same(QUOTIENTS[name](fgrad, quotient(fgrad)), QUOTIENTS[name](jax, quotient(jax)))


def test_linear_call_beyond_jax():
    """JAX neither maps it nor differentiates it by what it is not linear in."""
    f = quotient(fgrad)
    np.testing.assert_allclose(fgrad.vmap(f, (0, None))(x, 3.0), x / 3)
    np.testing.assert_allclose(fgrad.vmap(fgrad.grad(f))(x, y), 4 / y)
    np.testing.assert_allclose(fgrad.vmap(fgrad.jacfwd(f, 1))(x, y), -x / y**2)
    np.testing.assert_allclose(fgrad.jvp(f, (6.0, 3.0), (1.0, 1.0))[1], 1 / 3 - 6 / 9)
    assert_traced_well(f, x, y)
    with pytest.raises(TypeError, match=r"fun_transpose .* like linear_args.*f64\[3\]"):
        linear_call(lambda r, x: x, lambda r, ct: ct.sum(), (), x)


# -- fwd_and_bwd ---------------------------------------------------------------------------------


@pytest.mark.parametrize("jitted", [True, False])
@pytest.mark.parametrize("argnums", [0, 2, (1, 0), (0, 2)])
def test_fwd_and_bwd(jitted, argnums):
    def passes(lib):
        f = lambda x, y, z: (lib.numpy.sin(x) * y + z["a"], {"aux": x})
        fwd, bwd = lib.fwd_and_bwd(f, argnums, has_aux=True, jitted=jitted)
        value, residuals, aux = fwd(x, y, {"a": x})
        return value, bwd(residuals, 2 * y), aux

    assert_same(passes(fgrad), passes(jax))


def test_each_pass_is_traced_once():
    traced = []
    fwd, bwd = fgrad.fwd_and_bwd(lambda x: (traced.append(1), x * x)[1], 0)
    for scale in (1.0, 2.0, 3.0):
        value, residuals = fwd(scale * x)
        np.testing.assert_allclose(bwd(residuals, y), 2 * scale * x * y)
    assert (len(traced), fwd.cache_info().misses, bwd.cache_info().misses) == (1, 1, 1)


# -- enable_checks -------------------------------------------------------------------------------


def test_a_rule_that_lies_is_found():
    wrong = Primitive("wrong", internal=True)
    stage = lambda: trace_to_jaxpr(lambda x: [wrong(x)], [fgrad.typeof(x)])

    def lie():
        """Announce a vector first, then a scalar."""
        answers = iter([fgrad.typeof(x), fgrad.typeof(1.0)])
        wrong.abstract_eval = lambda aval: next(answers)

    lie()
    stage()  # nobody looks
    with fgrad.enable_checks():
        lie()
        with pytest.raises(JaxprTypeError, match="wanted f64"):
            stage()
        with fgrad.enable_checks(False):
            lie()
            stage()


def test_programs_pass():
    with fgrad.enable_checks():
        f = lambda x: fgrad.lax.fori_loop(0, 3, lambda _, c: functools.reduce(np.add, [c, c]), x)
        got = fgrad.jit(fgrad.vmap(fgrad.grad(f)))(x)
    np.testing.assert_array_equal(got, [8.0, 8.0, 8.0])
