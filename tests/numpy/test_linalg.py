"""Norms and products of fgrad.numpy.linalg."""

import math

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

NUMBERS = {"dtypes": ("float32", "float64", "complex128", "int32")}


def norm(name, *cases, domain="any", **options):
    """A row for a norm."""
    return Row(
        f"norm-{name}",
        lambda xp, x: xp.linalg.norm(x, **options),
        *cases,
        domain=domain,
        **NUMBERS,
    )


ROWS = [
    norm("plain", [(3,)], [(2, 3)], [(2, 3, 2)], [()], [(0,)]),
    norm("axis", [(2, 3)], axis=1, keepdims=True),
    *(norm(f"{o}", [(3,)], [(2, 3)], ord=o) for o in (1, -1, math.inf, -math.inf)),
    *(norm(f"vector-{o}", [(2, 3)], ord=o, axis=0) for o in (0, 1, 2, 3, 2.5, -1, math.inf)),
    norm("fro", [(2, 3)], [(3,)], ord="fro"),
    norm("matrix-axes", [(2, 3, 2)], ord=1, axis=(2, 0), keepdims=True),
    Row("vector_norm", lambda xp, x: xp.linalg.vector_norm(x, ord=1), [(2, 3)], **NUMBERS),
    Row("matrix_norm", lambda xp, x: xp.linalg.matrix_norm(x), [(4, 2, 3)], **NUMBERS),
    Row(
        "matrix_power",
        lambda xp, x: xp.linalg.matrix_power(x, 5),
        [(2, 2)],
        [(3, 2, 2)],
        [(2, 3)],
        **NUMBERS,
    ),
    Row("matrix_power-0", lambda xp, x: xp.linalg.matrix_power(x, 0), [(2, 2)], **NUMBERS),
    Row(
        "multi_dot",
        lambda xp, x, y, z: xp.linalg.multi_dot([x, y, z]),
        [(2, 3), (3, 4), (4, 2)],
        [(3,), (3, 4), (4,)],
        **NUMBERS,
    ),
    Row("outer", lambda xp, x, y: xp.linalg.outer(x, y), [(2,), (3,)], [(2, 2), (3,)], **NUMBERS),
    Row(
        "cross",
        lambda xp, x, y: xp.linalg.cross(x, y, axis=0),
        [(3, 2), (3, 2)],
        [(2,), (2,)],
        **NUMBERS,
    ),
    Row("trace", lambda xp, x: xp.linalg.trace(x, offset=1), [(4, 2, 3)], **NUMBERS),
    Row("diagonal", lambda xp, x: xp.linalg.diagonal(x), [(4, 2, 3)], **NUMBERS),
    Row("vecdot", lambda xp, x, y: xp.linalg.vecdot(x, y), [(2, 3), (2, 3)], **NUMBERS),
    Row(
        "tensordot", lambda xp, x, y: xp.linalg.tensordot(x, y, axes=1), [(2, 3), (3, 2)], **NUMBERS
    ),
    Row("transpose", lambda xp, x: xp.linalg.matrix_transpose(x), [(4, 2, 3)], **NUMBERS),
]
test_value, test_traced, test_mapped, test_derivatives = suite(ROWS)


def test_orders_that_do_not_exist():
    with pytest.raises(ValueError, match="no matrix norm of order 3"):
        fnp.linalg.norm(np.ones((2, 2)), 3)
