"""Random programs: they run, print as source, mean the same in JAX, vary, and shrink."""

import jax
import numpy as np
from hypothesis import HealthCheck, Phase, find, given, settings

import fgrad
from fgrad.testing.strategies import programs
from tests.harness import assert_same
from tests.testing.laws import every_line

GENERATED = settings(phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@given(programs())
def test_they_run_and_are_tame_and_well_typed(program):
    with np.errstate(all="ignore"):
        values = every_line(program)(*program.arguments)
    for v in values:
        assert isinstance(v, fgrad.Array)
        assert v.dtype.kind in "fcib"
        assert np.all(np.isfinite(v))
        assert np.max(np.abs(v), initial=0) < 8


@given(programs())
def test_what_is_printed_can_be_pasted(program):
    scope = {}
    with np.errstate(all="ignore"):
        exec(str(program), scope)
        assert_same(scope["arguments"], program.arguments)
        assert_same(scope["program"](*scope["arguments"]), program(*program.arguments))


@settings(max_examples=10)
@given(programs(max_lines=3))
def test_the_source_for_jax_is_the_same_but_for_imports(program):
    ours, theirs = program.source(), program.source("jax")
    assert theirs == ours.replace("import fgrad.numpy", "import jax.numpy").replace(
        "from fgrad import", "from jax import"
    )
    with np.errstate(all="ignore"):
        jax.eval_shape(program.function("jax"), *program.arguments)


@given(programs(max_inputs=1, max_lines=1))
def test_limits_are_kept(program):
    assert len(program.parameters) == 1
    assert sum(not line.startswith((" ", "def")) for line in program.body.splitlines()) <= 6


def test_they_vary():
    """Every sort of line is drawn before long, and every kind of number."""
    seen = []

    @settings(GENERATED, max_examples=400)
    @given(programs())
    def collect(program):
        seen.append(str(program))

    collect()
    text = "\n".join(seen)
    for name in (
        "np.sin", "np.where", "astype", "axis=", "keepdims", "np.einsum", "np.array([", ".at[",
        "np.concatenate", "lax.dynamic_slice", "custom_jvp", "jit(", "checkpoint(", "grad(",
        "jvp(", "vjp(", "vmap(", "linearize(", "lax.scan(", "lax.while_loop(", "lax.fori_loop(",
        "lax.cond(", "lax.switch(", "lax.map(", "float32", "j)",
    ):  # fmt: skip
        assert name in text, name


def test_they_shrink():
    """What is left is the line in question, and what it needs."""
    smallest = find(
        programs(max_lines=4),
        lambda program: "np.sum" in program.body,
        settings=settings(max_examples=1000, derandomize=True, database=None),
    )
    assert len(smallest.body.splitlines()) <= 3
    assert len(smallest.arguments) == 1
