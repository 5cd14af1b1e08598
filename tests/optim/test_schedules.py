"""Schedules take optax's values at each step, compiled or not."""

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
    "joined": lambda o: o.join_schedules(
        [o.constant_schedule(1.0), o.linear_schedule(1.0, 0.0, 4), o.constant_schedule(0.5)], [3, 9]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values_are_those_of_optax(name):
    ours, theirs = SCHEDULES[name](optim), SCHEDULES[name](optax)
    compiled = fgrad.jit(ours)
    for count in range(16):
        # A float, as JAX divides integers in float32.
        expected = np.asarray(theirs(np.float64(count)))
        np.testing.assert_allclose(ours(count), expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(compiled(np.int32(count)), expected, rtol=1e-12, atol=1e-15)


def test_cosine_needs_steps():
    with pytest.raises(ValueError, match="must be positive, got 0"):
        optim.cosine_decay_schedule(1.0, 0)


def test_joined_schedules_need_their_boundaries():
    schedule = optim.join_schedules([optim.constant_schedule(1.0)] * 2, [3, 5])
    with pytest.raises(ValueError):
        schedule(0)
