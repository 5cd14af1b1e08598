"""Checks that can be switched on, and what looks at tracing itself."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

TRANSFORMS = (lambda f: f, fgrad.jit, fgrad.vmap, lambda f: fgrad.jit(fgrad.grad(f)))


@pytest.mark.parametrize("transform", TRANSFORMS[:3])
def test_nans_are_raised_where_they_are_made(transform):
    f = transform(lambda x: fnp.log(x) + 1)
    x = np.array([-1.0, 2.0])
    with pytest.raises(FloatingPointError, match=r"a NaN[^\0]*switches"), fgrad.debug_nans(True):
        f(x)
    with np.errstate(invalid="ignore"):
        assert np.isnan(f(x)[0])
        with fgrad.debug_nans(True), fgrad.debug_nans(False):
            assert np.isnan(f(x)[0])


def test_nans_of_the_backward_pass_are_raised():
    f = lambda x: fnp.where(x > 0, fnp.sqrt(x), 0.0)
    for g in (fgrad.grad(f), fgrad.jit(fgrad.grad(f))):
        with np.errstate(divide="ignore"), pytest.raises(FloatingPointError), fgrad.debug_nans():
            g(0.0)


@pytest.mark.parametrize("transform", TRANSFORMS[:3])
@pytest.mark.parametrize("make", (lambda x: 1 / x, lambda x: fnp.exp(1000 + x)))
def test_infinities_are_raised_where_they_are_made(transform, make):
    with pytest.raises(FloatingPointError, match=r"infinity[^\0]*switches"), fgrad.debug_infs():
        transform(make)(np.zeros(2))


@pytest.mark.parametrize("transform", (fgrad.jit, fgrad.grad, fgrad.vmap))
def test_leaks_are_found(transform):
    kept = []

    def f(x):
        kept.append(2 * x)
        return x

    x = np.ones(2) if transform is fgrad.vmap else 1.0
    with (
        pytest.raises(fgrad.errors.UnexpectedTracerError, match=r"outlived[^\0]*test_switches"),
        fgrad.checking_leaks(),
    ):
        transform(f)(x)
    with fgrad.checking_leaks(False):
        transform(f)(x)
    kept.clear()
    with fgrad.checking_leaks():
        transform(lambda x: 2 * x)(x)


def test_types_of_values_and_of_tracers():
    assert str(fgrad.typeof(np.zeros((2, 3), np.float32))) == "f32[2,3]"
    seen = []
    fgrad.jit(lambda x: (seen.append(fgrad.typeof(x)), x)[1])(np.zeros(2))
    assert seen[0].shape == (2,)
    with pytest.raises(TypeError, match="typeof"):
        fgrad.typeof("text")


def test_evaluation_while_tracing():
    @fgrad.jit
    def f(x):
        with fgrad.ensure_compile_time_eval():
            n = int(fnp.sum(fnp.arange(4)))
        return fnp.full(n, x)

    assert f(2.0).shape == (6,)

    @fgrad.jit
    def g(x):
        with fgrad.ensure_compile_time_eval():
            return x + 1

    with pytest.raises(fgrad.errors.UnexpectedTracerError):
        g(1.0)


def test_results_are_ready():
    tree = {"a": fnp.ones(2)}
    assert fgrad.block_until_ready(tree) is tree
