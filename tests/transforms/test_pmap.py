"""pmap over the one device there is, against JAX."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same

X = np.arange(6.0).reshape(1, 2, 3)

PROGRAMS = {
    "plain": lambda lib, x: lib.pmap(lambda x: 2 * x)(x),
    "named": lambda lib, x: lib.pmap(lambda x: lib.lax.psum(x, "i") + lib.lax.axis_index("i"), "i")(
        x
    ),
    "axes": lambda lib, x: lib.pmap(
        lambda a, b: (a["x"] @ b, b), in_axes=({"x": 2}, None), out_axes=(1, 0)
    )({"x": x.transpose(1, 2, 0)}, np.ones(3)),
    "static": lambda lib, x: lib.pmap(
        lambda x, n, y: x * n + y, static_broadcasted_argnums=1, in_axes=(0, None, 0)
    )(x, 3, x),
    "gradient": lambda lib, x: lib.pmap(lib.grad(lambda x: (x**2).sum()), donate_argnums=0)(x + 0),
    "mean": lambda lib, x: lib.pmap(
        lambda x: lib.lax.pmean(x.sum(), axis_name="d"), axis_name="d", out_axes=None
    )(x),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_device(name):
    program = PROGRAMS[name]
    assert_same(program(fgrad, X), program(jax, X), dtype=name != "named")


def test_more_elements_than_devices():
    with pytest.raises(
        ValueError, match=r"one device, .* argument 0 has shape \(2, 3\). vmap maps"
    ):
        fgrad.pmap(lambda x: x)(X[0])
    with pytest.raises(ValueError, match="there is one device; got axis_size 8"):
        fgrad.pmap(lambda x: x, axis_size=8)
