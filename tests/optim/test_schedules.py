"""Schedules take optax's values at each step, compiled or not."""

import jax
import numpy as np
import optax
import pytest

import fgrad
from fgrad import optim

SCHEDULES = {
    "constant": lambda o: o.constant_schedule(0.3),
    "linear": lambda o: o.linear_schedule(0.1, 1.0, 7),
    "linear later": lambda o: o.linear_schedule(0.1, 1.0, 7, transition_begin=3),
    "linear of no steps": lambda o: o.linear_schedule(0.1, 1.0, 0),
    "linear from before": lambda o: o.linear_schedule(0.1, 1.0, 7, transition_begin=-3),
    "polynomial": lambda o: o.polynomial_schedule(1.0, 0.2, 2.5, 9, 2),
    "cosine": lambda o: o.cosine_decay_schedule(0.5, 8),
    "cosine to alpha": lambda o: o.cosine_decay_schedule(0.5, 8, alpha=0.1, exponent=2.0),
    "warm-up": lambda o: o.warmup_cosine_decay_schedule(0.0, 1.0, 4, 12, 0.1),
    "warm-up to zero": lambda o: o.warmup_cosine_decay_schedule(0.1, 0.0, 4, 12),
    "warm-up then constant": lambda o: o.warmup_constant_schedule(0.1, 1.0, 5),
    "piecewise constant": lambda o: o.piecewise_constant_schedule(1.0, {3: 0.5, 9: 0.1}),
    "piecewise constant of one piece": lambda o: o.piecewise_constant_schedule(0.7),
    "exponential": lambda o: o.exponential_decay(1.0, 4, 0.5),
    "exponential stairs": lambda o: o.exponential_decay(1.0, 4, 0.5, 2, True, 0.3),
    "exponential growth": lambda o: o.exponential_decay(1.0, 4, 2.0, end_value=5.0),
    "exponential of no steps": lambda o: o.exponential_decay(1.0, 0, 0.5),
    "exponential of no rate": lambda o: o.exponential_decay(1.0, 4, 0.0),
    "exponential from before": lambda o: o.exponential_decay(1.0, 4, 0.5, -2),
    "warm-up then exponential": lambda o: o.warmup_exponential_decay_schedule(
        0.0, 1.0, 3, 2, 0.7, transition_begin=1, end_value=0.4
    ),
    "lines": lambda o: o.piecewise_interpolate_schedule("linear", 0.5, {3: 2.0, 7: 0.1, 9: 3.0}),
    "cosines": lambda o: o.piecewise_interpolate_schedule("cosine", 0.5, {3: 2.0, 7: 0.1}),
    "one piece": lambda o: o.piecewise_interpolate_schedule("cosine", 0.5),
    "linear one-cycle": lambda o: o.linear_onecycle_schedule(12, 1.0, 0.3, 0.8, 10.0, 50.0),
    "cosine one-cycle": lambda o: o.cosine_onecycle_schedule(12, 1.0),
    "warm restarts": lambda o: o.sgdr_schedule(
        [
            {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 6},
            {
                "init_value": 0.1,
                "peak_value": 0.5,
                "warmup_steps": 1,
                "decay_steps": 8,
                "end_value": 0.05,
                "exponent": 2.0,
            },
        ]
    ),
    "joined": lambda o: o.join_schedules(
        [o.constant_schedule(1.0), o.linear_schedule(1.0, 0.0, 4), o.constant_schedule(0.5)], [3, 9]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values_are_those_of_optax(name):
    ours, theirs = SCHEDULES[name](optim), SCHEDULES[name](optax)
    compiled = fgrad.jit(ours)
    # Floats, as JAX divides integers in float32.
    counts = np.arange(16.0)
    expected = np.broadcast_to(jax.jit(jax.vmap(theirs))(counts), counts.shape)
    for count in range(16):
        np.testing.assert_allclose(ours(count), expected[count], rtol=1e-12, atol=1e-15)
        value = compiled(np.int32(count))
        np.testing.assert_allclose(value, expected[count], rtol=1e-12, atol=1e-15)


def test_cosine_needs_steps():
    with pytest.raises(ValueError, match="must be positive, got 0"):
        optim.cosine_decay_schedule(1.0, 0)


def test_joined_schedules_need_their_boundaries():
    schedule = optim.join_schedules([optim.constant_schedule(1.0)] * 2, [3, 5])
    with pytest.raises(ValueError):
        schedule(0)
