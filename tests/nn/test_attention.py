"""Attention against jax.nn."""

import numpy as np

import fgrad
from tests.jax_suite import Row, suite

LENGTHS = np.array([2, 4], np.int32)
MASK = np.random.default_rng(0).random((2, 1, 3, 4)) < 0.7
MASK[..., 0] = True


def row(label, shapes=((2, 3, 2, 4), (2, 4, 2, 4), (2, 4, 2, 4)), **options):
    """A row for attention with some options."""
    return Row(
        label,
        lambda lib, *xs: lib.nn.dot_product_attention(*xs, **options),
        *shapes,
        scale=1e5,  # JAX computes the scores in float32
    )


ROWS = [
    row("plain"),
    row("one example", ((3, 2, 4), (4, 2, 4), (4, 2, 4))),
    row("grouped", ((2, 3, 4, 2), (2, 4, 2, 2), (2, 4, 2, 2))),
    row("bias", ((2, 3, 2, 4), (2, 4, 2, 4), (2, 4, 2, 4), (1, 2, 3, 4))),
    row("scale", scale=0.3),
    row("mask", mask=MASK),
    row("causal", is_causal=True),
    row("window", local_window_size=(1, 2)),
    row("lengths", key_value_seq_lengths=LENGTHS, query_seq_lengths=LENGTHS - 1),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


def test_in_double_precision():
    """The scores have the precision of the arguments."""
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(n, 1, 4)) for n in (3, 5, 5))
    scores = np.exp(q[:, 0] @ k[:, 0].T / 2)
    want = scores @ v[:, 0] / scores.sum(axis=1, keepdims=True)
    got = fgrad.nn.dot_product_attention(q, k, v)
    np.testing.assert_allclose(got[:, 0], want, rtol=1e-13)
