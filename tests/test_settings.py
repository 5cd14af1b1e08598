"""JAX's options: those that mean something do it, those that cannot be had are refused."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.check import checks_enabled
from fgrad.settings import Config
from fgrad.transforms.jit import jit_is_disabled

OPTIONS = sorted(Config()._values)


@pytest.mark.parametrize("name", [n for n in OPTIONS if n != "jax_platform_name"])
def test_options_are_those_of_jax(name):
    assert hasattr(jax.config, name)


@pytest.mark.parametrize("name", OPTIONS)
def test_what_is_set_as_it_is_changes_nothing(name):
    before = fgrad.config.read(name)
    fgrad.config.update(name, before)
    assert getattr(fgrad.config, name) == before
    assert np.geterr()["divide"] == np.geterr()["invalid"] == "warn"


@pytest.fixture
def switched(request):
    fgrad.config.update(request.param, True)
    yield request.param
    fgrad.config.update(request.param, False)


@pytest.mark.parametrize("switched", ["jax_debug_nans"], indirect=True)
def test_nans_raise(switched):
    with pytest.raises(FloatingPointError):
        fgrad.jit(fnp.log)(fnp.array([-1.0]))


@pytest.mark.parametrize("switched", ["jax_debug_infs"], indirect=True)
def test_infinities_raise(switched):
    with pytest.raises(FloatingPointError):
        fnp.log(fnp.array([0.0]))


@pytest.mark.parametrize("switched", ["jax_disable_jit"], indirect=True)
def test_jit_is_disabled(switched):
    assert jit_is_disabled()
    assert fgrad.jit(lambda x: x if x > 0 else -x)(-1.0) == 1.0


@pytest.mark.parametrize("switched", ["jax_enable_checks"], indirect=True)
def test_programs_are_checked(switched):
    assert checks_enabled()


def test_all_is_as_it_was():
    assert not jit_is_disabled() and not checks_enabled()
    with np.errstate(all="ignore"):
        assert np.isnan(fnp.log(-1.0))


def test_what_cannot_be_had_is_refused():
    with pytest.raises(AttributeError, match="there is no option 'jax_nothing'"):
        fgrad.config.update("jax_nothing", True)
    with pytest.raises(AttributeError, match="there is no option 'jax_nothing'"):
        _ = fgrad.config.jax_nothing
    with pytest.raises(ValueError, match="jax_platforms can only be 'cpu'; got 'gpu'"):
        fgrad.config.update("jax_platforms", "gpu")
    with pytest.raises(ValueError, match=r"use fgrad.checking_leaks\(\) around a part"):
        fgrad.config.update("jax_check_tracer_leaks", True)
    with pytest.warns(UserWarning, match="float64 stays the default"), fgrad.enable_x64(False):
        assert fnp.zeros(1).dtype == float
    assert fgrad.config.jax_enable_x64


def test_blocks():
    with (
        fgrad.enable_x64(),
        fgrad.default_matmul_precision("highest"),
        fgrad.log_compiles(),
        fgrad.numpy_rank_promotion("allow"),
        fgrad.numpy_dtype_promotion("standard"),
    ):
        assert fgrad.config.jax_default_matmul_precision == "highest"
        assert fgrad.config.jax_log_compiles
    assert fgrad.config.jax_default_matmul_precision is None
    refused = pytest.raises(ValueError, match="rank_promotion can only be 'allow'; got 'raise'")
    with refused, fgrad.numpy_rank_promotion("raise"):
        pass
