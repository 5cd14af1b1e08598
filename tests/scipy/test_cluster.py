"""Vector quantization against JAX."""

import jax
import jax.scipy.cluster.vq
import numpy as np
import pytest

import fgrad
import fgrad.scipy.cluster.vq
from tests.harness import assert_same

RNG = np.random.default_rng(0)
OBS, BOOK = RNG.normal(size=(7, 3)), RNG.normal(size=(4, 3))


@pytest.mark.parametrize("column", [slice(None), 0], ids=["vectors", "numbers"])
def test_nearest(column):
    def run(lib):
        vq = lib.scipy.cluster.vq.vq
        args = OBS[:, column], BOOK[:, column]
        return vq(*args), lib.grad(lambda a: vq(a, args[1])[1].sum())(args[0])

    assert_same(run(fgrad), run(jax))
    assert_same(
        fgrad.jit(fgrad.scipy.cluster.vq.vq)(OBS, BOOK), fgrad.scipy.cluster.vq.vq(OBS, BOOK)
    )


def test_errors():
    with pytest.raises(ValueError, match=r"vq: .* got shapes \(7, 3\) and \(4, 2\)"):
        fgrad.scipy.cluster.vq.vq(OBS, BOOK[:, :2])
