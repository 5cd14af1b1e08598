"""Binary searches: the places that NumPy finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.native import search
from tests.compiler.native.helpers import check, compiled


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(search, "MANY", 0)


@given(st.integers(1, 70), st.integers(1, 40), st.sampled_from("fdilBL"),
       st.sampled_from(("left", "right")), st.booleans(), st.integers(0, 99))  # fmt: skip
def test_places(n, m, dtype, side, with_nans, seed):
    r = np.random.default_rng(seed)
    draw = lambda size: r.integers(0, n, size).astype(dtype)  # with many that are equal
    x, query = draw(n), draw((m, 2))
    if with_nans and dtype in "fd":
        query[r.random(query.shape) < 0.3] = np.nan
        query[r.random(query.shape) < 0.2] = np.inf
        x[r.random(n) < 0.2] = np.nan
    x.sort()
    check(lambda x, q: fnp.searchsorted(x, q, side), x, query, rtol=0, atol=0)


@pytest.mark.parametrize("n", (1, 2, 5, 16))
def test_rows_in_rows(n):
    r = np.random.default_rng(n)
    x, query = np.sort(r.normal(size=(3, n))), r.normal(size=(3, 7))
    check(fgrad.vmap(fnp.searchsorted), x, query, rtol=0, atol=0)


def test_a_number_that_is_looked_for():
    assert compiled(fnp.searchsorted)(np.arange(5.0), 2.5) == 3
