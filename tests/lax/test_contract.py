"""Products against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same, derivatives
from tests.jax_suite import Row, suite

NUMBERS = ("float32", "complex128", "float64")


def row(name, program, *shapes):
    """A row for one operation of lax."""
    return Row(name, lambda lib, *xs: program(lib.lax, *xs), *shapes, dtypes=NUMBERS)


def _scaled_dot(lax, x, y, s, t):
    if lax is fgrad.lax:
        return lax.scaled_dot(x, y, lhs_scale=s, rhs_scale=t)
    return lax.dot(x * lax.tile(lax.expand_dims(s, (2,)), (1, 1, 2)).reshape(3, 4), y * t)


ROWS = [
    row("dot", lambda l, x, y: l.dot(x, y), (2, 3), (3, 4)),
    row("dot-vectors", lambda l, x, y: l.dot(x, y), (3,), (3,)),
    row(
        "dot-numbers",
        lambda l, x, y: l.dot(x, y, dimension_numbers=(((0,), (1,)), ((), ()))),
        (2, 3),
        (3, 2),
    ),
    row(
        "dot_general",
        lambda l, x, y: l.dot_general(x, y, (((2,), (1,)), ((0,), (0,)))),
        (2, 3, 4),
        (2, 4, 3),
    ),
    row(
        "dot_general-two",
        lambda l, x, y: l.dot_general(x, y, (((1, 2), (2, 0)), ((), ()))),
        (2, 3, 4),
        (4, 2, 3),
    ),
    row(
        "dot_general-outer",
        lambda l, x, y: l.dot_general(x, y, (((), ()), ((1,), (0,)))),
        (2, 3),
        (3, 2),
    ),
    row("batch_matmul", lambda l, x, y: l.batch_matmul(x, y), (5, 2, 3), (5, 3, 2)),
    # JAX has no derivatives, nor a default for more than bfloat16: NumPy's promotion is used
    row(
        "scaled_dot",
        lambda l, x, y, s, t: _scaled_dot(l, x, y, s, t),
        (3, 4),
        (4, 2),
        (3, 2),
        (1, 2),
    ),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((((0, 1), (0,)), ((), ())), "do not pair up"),
        ((((0,), (0,)), ((0,), (1,))), "name an axis twice"),
        ((((0,), (1,)), ((), ())), "needs equal sizes"),
    ],
)
def test_errors(numbers, message):
    """Dimension numbers that do not fit are refused."""
    with pytest.raises(ValueError, match=message):
        fgrad.lax.dot_general(np.ones((2, 3)), np.ones((2, 3)), numbers)


@pytest.mark.parametrize("sizes", [(2, 3, 0), (1, 1, 1), (0, 0, 5)])
def test_ragged_dot(sizes):
    rng = np.random.default_rng(0)
    x, y, sizes = rng.normal(size=(5, 4)), rng.normal(size=(3, 4, 2)), np.array(sizes)

    def run(lib):
        f = lambda x, y: lib.lax.ragged_dot(x, y, sizes)
        return derivatives(lib, f, (x, y), (x**2, y**2), np.ones((5, 2)))

    assert_same(run(fgrad), run(jax))
    single = fgrad.lax.ragged_dot(x, y, sizes, preferred_element_type=np.float32)
    assert_same(single, run(fgrad)["value"].astype(np.float32))
    with pytest.raises(ValueError, match=r"\(m, k\), \(g, k, n\) and \(g,\); got .*\(5, 4\)"):
        fgrad.lax.ragged_dot(x, y[:2], sizes)


@pytest.mark.parametrize("precision", [None, "highest", *fgrad.lax.Precision])
def test_precision_changes_nothing(precision):
    x = np.arange(4.0).reshape(2, 2)
    for product in (fgrad.lax.dot, fgrad.numpy.matmul, fgrad.lax.batch_matmul):
        assert_same(product(x, x, precision=precision), x @ x)
    assert_same(fgrad.numpy.einsum("ij,jk->ik", x, x, precision=precision), x @ x)
    assert [p.name for p in fgrad.lax.Precision] == [p.name for p in jax.lax.Precision]
