"""Einstein's notation."""

import numpy as np
import pytest

import fgrad.numpy as fnp
from tests.numpy.suite import Row, suite

NUMBERS = ("float32", "float64", "complex128", "int32")


def row(subscripts, *shapes):
    """A row for an einsum."""
    return Row(subscripts, lambda xp, *xs: xp.einsum(subscripts, *xs), list(shapes), dtypes=NUMBERS)


ROWS = [
    row("i,i", (3,), (3,)),
    row("ij,jk->ik", (2, 3), (3, 4)),
    row("ij,jk->ki", (2, 3), (3, 4)),
    row("ij,jk", (2, 3), (3, 4)),
    row("ba", (2, 3)),
    row("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    row("bij,bjk->ibk", (2, 3, 4), (2, 4, 2)),
    row("...ij,...jk->...ik", (5, 1, 2, 3), (4, 3, 2)),
    row("i...,i->...", (3, 2), (3,)),
    row("...,...", (2, 3), (3,)),
    row("ii", (3, 3)),
    row("ii->i", (3, 3)),
    row("iij->ji", (3, 3, 2)),
    row("iii->i", (2, 2, 2)),
    row("ij->", (2, 3)),
    row("ij->j", (2, 3)),
    row("ij,kl->", (2, 3), (2, 2)),
    row("ij,k->ik", (2, 3), (2,)),
    row(",ij->ij", (), (2, 3)),
    row("i,j,k->ijk", (2,), (3,), (2,)),
    row("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    row("ij,jk,kl,lm->im", (2, 3), (3, 4), (4, 2), (2, 3)),
    row("a,ab,abc->abc", (2,), (2, 3), (2, 3, 2)),
    row("i,i,i->i", (3,), (3,), (3,)),
    row("i,i->i", (1,), (3,)),
    row("ij,jj->i", (2, 3), (3, 3)),
    row("ij,jk->ik", (2, 0), (0, 3)),
    row("ij , jk -> ik", (2, 3), (3, 2)),
]
for k, r in enumerate(ROWS):
    r.name = f"{k}: {r.name}"
test_value, test_traced, test_mapped, test_derivatives = suite(
    [
        *ROWS,
        Row(
            "lists",
            lambda xp, x, y: xp.einsum(x, [0, 1], y, [1, 2], [2, 0]),
            [(2, 3), (3, 4)],
            dtypes=NUMBERS,
        ),
        Row(
            "lists-implicit",
            lambda xp, x, y: xp.einsum(x, [Ellipsis, 1], y, [1]),
            [(2, 3), (3,)],
            dtypes=NUMBERS,
            smooth=False,
        ),
    ]
)


@pytest.mark.parametrize(
    ("subscripts", "message"),
    [
        ("ij,jk", "is for 2 operands"),
        ("ijk", "does not fit an operand of 2 axes"),
        ("i", "does not fit an operand of 2 axes"),
        ("ij->ijk", "must name labels of the operands"),
        ("ij->ii", "each once"),
        ("ii", "the label 'i' has the sizes 2 and 3"),
        ("i1", "no letter"),
    ],
)
def test_errors(subscripts, message):
    """Subscripts that do not fit are refused."""
    with pytest.raises(ValueError, match=message):
        fnp.einsum(subscripts, np.ones((2, 3)))


def test_products_are_taken_in_pairs():
    """A chain of matrix products costs what its best order costs."""
    import fgrad

    shapes = (2, 100), (100, 100), (100, 2)
    jaxpr = fgrad.make_jaxpr(lambda *xs: fnp.einsum("ij,jk,kl->il", *xs))(*map(np.ones, shapes))
    assert [e.primitive.name for e in jaxpr.jaxpr.eqns] == ["einsum", "einsum"]
    assert max(np.prod(e.outvars[0].aval.shape) for e in jaxpr.jaxpr.eqns) == 200
