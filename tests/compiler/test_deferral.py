"""Products done on other threads beside the rest of a program."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core.parallel import THREADS

several_threads = pytest.mark.skipif(THREADS < 2, reason="needs two processors")
RNG = np.random.default_rng(0)


def network(sizes):
    params = [
        (RNG.normal(size=(m, n)) / np.sqrt(m), RNG.normal(size=n))
        for m, n in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    return params, RNG.normal(size=(128, sizes[0]))


def loss(params, x):
    for w, b in params:
        x = fnp.tanh(x @ w + b)
    return (x * x).sum()


def test_gradients_of_a_large_network_are_those_without_jit():
    # wide enough that the gradients by the weights run beside the chain of cotangents
    args = network((300, 512, 400, 256))
    step = fgrad.jit(fgrad.grad(loss))
    want = fgrad.grad(loss)(*args)
    for _ in range(5):  # buffers are used again from call to call
        got = step(*args)
        for (w, b), (u, c) in zip(got, want, strict=True):
            np.testing.assert_allclose(w, u, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(b, c, rtol=1e-9, atol=1e-9)


@several_threads
def test_what_a_deferred_product_reads_is_not_written_over_meanwhile():
    x = RNG.normal(size=(256, 256))

    @fgrad.jit
    def f(x):
        y = fnp.sin(x)
        late = y @ y  # wanted at the end
        z = y @ x
        for _ in range(20):  # would take over the memory of y, which nothing else reads
            z = fnp.cos(z) * 2.0 - z
        return late + z, late

    assert "start(" in f.lower(x).source
    y = np.sin(x)
    z = y @ x
    for _ in range(20):
        z = np.cos(z) * 2.0 - z
    for _ in range(20):
        total, late = f(x)
        np.testing.assert_allclose(late, y @ y, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(total, y @ y + z, rtol=1e-9, atol=1e-6)


@several_threads
def test_a_result_read_through_a_view_is_waited_for():
    x = RNG.normal(size=(300, 300))
    f = fgrad.jit(lambda x: ((x @ x).T.reshape(-1)[:5], (fnp.sin(x) @ x).sum()))
    part, total = f(x)
    np.testing.assert_allclose(part, (x @ x).T.reshape(-1)[:5], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(total, (np.sin(x) @ x).sum(), rtol=1e-9)
