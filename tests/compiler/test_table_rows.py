"""Products with rows of short tables are products with the tables."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp

R = np.random.default_rng(0)
TABLE, WEIGHTS, EDGES = R.normal(size=(5, 16)), R.normal(size=(16, 8)), R.normal(size=(40, 8))
ROWS = R.integers(-5, 5, 40)


def products(f, *args):
    """The shapes of operands of the products in a compiled function."""
    eqns = fgrad.jit(f, backend="numpy").lower(*args).optimized.jaxpr.eqns
    return [[v.aval.shape for v in e.invars] for e in eqns if e.primitive.name == "einsum"]


def message(x, w, rows):
    return fnp.tanh(x[rows] @ w).sum()


PROGRAMS = {
    "taken": lambda x, w, u, rows: x[rows] @ w,
    "taken, from the right": lambda x, w, u, rows: w.T @ x[rows].T,
    "taken by a matrix": lambda x, w, u, rows: x[rows.reshape(4, 10)] @ w,
    "with rows": lambda x, w, u, rows: x[rows].T @ u,
    "summed": lambda x, w, u, rows: fnp.zeros((5, 16)).at[rows].add(u @ w.T),
    "slopes": lambda x, w, u, rows: fgrad.value_and_grad(message, (0, 1))(x, w, rows),
    "second order": lambda x, w, u, rows: fgrad.grad(
        lambda x: fgrad.grad(message)(x, w, rows).sum()
    )(x),
}
OTHERS = {
    "summed onto an array": lambda x, w, u, rows: x.at[rows].add(u @ w.T),
    "of matrices": lambda x, w, u, rows: fnp.einsum("eij,jk->eik", x.reshape(5, 4, 4)[rows], w[:4]),
    "a letter in all": lambda x, w, u, rows: fnp.einsum("ei,ej->eij", x[rows], u),
    "of itself": lambda x, w, u, rows: x[rows] @ x[rows].T,
    "in a batch": lambda x, w, u, rows: fgrad.vmap(lambda w: x[rows] @ w, 1)(w[:, :, None]),
}


@pytest.mark.parametrize("name", PROGRAMS | OTHERS)
@pytest.mark.parametrize("backend", ("numpy", "llvm"))
def test_the_numbers_are_the_same(name, backend):
    f, args = (PROGRAMS | OTHERS)[name], (fnp.asarray(TABLE), WEIGHTS, EDGES, ROWS)
    got, want = fgrad.jit(f, backend=backend)(*args), f(*args)
    for a, b in zip(fgrad.tree.leaves(got), fgrad.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, 1e-10, 1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_products_are_short(name):
    shapes = products(PROGRAMS[name], fnp.asarray(TABLE), WEIGHTS, EDGES, ROWS)
    assert shapes
    assert not any(40 in shape or 4 in shape for pair in shapes for shape in pair)


def test_few_rows_are_taken_first():
    few = np.arange(9)[::-1] % 5
    assert [(9, 16), (16, 8)] in products(lambda x, w: x[few] @ w, TABLE, WEIGHTS)


def test_narrow_rows_that_would_become_wide_are_taken_first():
    wide = np.ones((16, 50))
    assert [(40, 16), (16, 50)] in products(lambda x, w: x[ROWS] @ w, TABLE, wide)


def test_numbers_out_of_bounds():
    f = fgrad.jit(fgrad.grad(message, (0, 1)))
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        f(TABLE, WEIGHTS, np.where(ROWS == 0, 5, ROWS))
