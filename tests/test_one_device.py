"""The names by which JAX speaks of devices, and what programs check types by."""

import inspect

import jax
import jax.extend
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same

X = np.arange(3.0)
COUNTS = (
    "default_backend", "device_count", "local_device_count", "process_count", "process_index",
)  # fmt: skip
FUNCTIONS = (
    *COUNTS, "devices", "local_devices", "device_put", "device_get", "effects_barrier",
    "clear_caches",
)  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_there_is_one(name):
    assert getattr(fgrad, name)() == getattr(jax, name)()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_are_those_of_jax(name):
    ours, theirs = (list(inspect.signature(getattr(m, name)).parameters) for m in (fgrad, jax))
    assert [p for p in theirs if p != "may_alias"][: len(ours)] == [
        p for p in ours if p != "may_alias"
    ]


def test_the_device_is_described_as_in_jax():
    (ours,), (theirs,) = fgrad.devices(), jax.devices()
    assert fgrad.local_devices() == fgrad.devices("cpu") == [ours]
    assert isinstance(ours, fgrad.Device)
    for name in ("platform", "device_kind", "id", "process_index"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (str(ours), repr(ours)) == ("cpu:0", "CpuDevice(id=0)")
    assert fgrad.effects_barrier() is fgrad.clear_caches() is None


def test_what_is_put_is_fgrads_and_its_own():
    tree = {"a": np.ones(2), "b": [1.0, 2]}
    put = fgrad.device_put(tree, fgrad.devices()[0])
    assert type(put["a"]) is fgrad.Array
    put["a"][0] = 5.0
    got = fgrad.device_get(put)
    got["a"][1] = 7.0
    assert_same(
        (tree["a"], put["a"], got["a"]), (np.ones(2), np.array([5.0, 1]), np.array([5.0, 7]))
    )
    assert type(got["a"]) is np.ndarray
    with fgrad.default_device(fgrad.devices()[0]):
        assert_same(fgrad.jit(fgrad.grad(lambda x: fgrad.device_put(x) ** 2))(3.0), np.float64(6.0))


def test_other_devices_are_refused():
    with pytest.raises(RuntimeError, match="devices: the only platform is 'cpu'; got 'gpu'"):
        fgrad.devices("gpu")
    with pytest.raises(ValueError, match="device_put: the only device is"):
        fgrad.device_put(1.0, "tpu")


def test_arrays_are_ready():
    x = fnp.ones(2)
    assert x.block_until_ready() is x
    assert_same(fgrad.jit(lambda x: (2 * x).block_until_ready())(x), 2 * x)


def test_types_for_annotations_and_checks():
    def f(x: fgrad.typing.ArrayLike, dtype: fgrad.typing.DTypeLike = float) -> fgrad.Array:
        return fnp.asarray(x, dtype)

    seen = []
    jitted = fgrad.jit(lambda x: (seen.append(isinstance(x, fgrad.core.Tracer)), f(x))[1])
    assert_same(jitted(1), np.float64(1.0))
    assert seen == [True]
    assert not isinstance(fnp.ones(2), fgrad.core.Tracer)
    assert isinstance(jitted, fgrad.stages.Wrapped)
    assert isinstance(jitted.lower(1), fgrad.stages.Lowered)
    assert isinstance(jitted.lower(1).compile(), fgrad.stages.Compiled)
    assert fgrad.core.ShapedArray((2,), np.dtype(float)) == fgrad.typeof(fnp.ones(2))
    closed = fgrad.make_jaxpr(fnp.sin)(1.0)
    assert fgrad.core.eval_jaxpr(closed.jaxpr, closed.consts, 0.0) == [0.0]
    assert fgrad.float0 == jax.float0


def test_a_program_can_be_interpreted():
    """As JAX's tutorial on interpreters of its own does it."""

    def interpret(core, closed, *args):
        env = dict(zip(closed.jaxpr.invars, args, strict=True))
        env.update(zip(closed.jaxpr.constvars, closed.consts, strict=True))
        read = lambda v: v.val if type(v) is core.Literal else env[v]
        for eqn in closed.jaxpr.eqns:
            outs = eqn.primitive.bind(*map(read, eqn.invars), **eqn.params)
            outs = outs if eqn.primitive.multiple_results else [outs]
            env.update(zip(eqn.outvars, outs, strict=True))
        return list(map(read, closed.jaxpr.outvars))

    def run(lib, core):
        f = lambda x, y: lib.numpy.exp(x) * y + lib.numpy.sin(y) * 2
        closed = lib.make_jaxpr(f)(X, X)
        assert isinstance(closed, core.ClosedJaxpr)
        slope = lib.grad(lambda x: interpret(core, closed, x, x)[0].sum())
        return slope(X), core.jaxpr_as_fun(closed)(X, X), f(X, X)

    got = run(fgrad, fgrad.extend.core)
    assert_same(got, run(jax, jax.extend.core))
    assert_same(got[1], [got[2]])
