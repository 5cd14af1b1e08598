"""Elements and slices at computed places, in loops: as by NumPy, and without a copy where that is
safe."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler import native
from fgrad.compiler.native import steps
from tests.compiler.native.helpers import check

X = np.random.default_rng(0).normal(size=(6, 5))
V = fnp.asarray(np.random.default_rng(1).normal(size=6))
ORDER = np.array([2, 1, 0, 5, 4, 3])


def loop(body, n=6):
    return lambda u, *rest: lax.fori_loop(0, n, lambda i, u: body(i, u, *rest), u)


PROGRAMS = {
    "slice set": loop(lambda i, u: u.at[1:-1, 1:-1].set(u[1:-1, 1:-1] * 0.5 + u[2:, 1:-1])),
    "row set": loop(lambda i, u: u.at[i].set(u[i] * 2 + u[0])),
    "in turn": loop(lambda i, u: u.at[i, 2].add(u[0, 1]).at[i, 1].mul(3.0)),
    "from the end": loop(lambda i, u: u.at[-i - 1].max(u[i])),
    "least": loop(lambda i, u: u.at[i].min(u[0])),
    "slice of computed place": loop(lambda i, u: lax.dynamic_update_slice(u, u[:2, :2], (i, i)), 4),
    "by arrays": loop(lambda i, u: u[ORDER][:, np.array([1, 0, 2, 3, 4])] + 1),
    "what was there is read later": loop(lambda i, u: u.at[i].set(u.sum(0)).at[0].set(u[i])),
    "turned": loop(lambda i, u: u.T.at[0].set(1.0).T),
    "of another": lambda u: lax.fori_loop(
        0, 6, lambda i, c: (c[0].at[i].set(c[1][i]), c[0]), (u, u * 2)
    ),
    "while": lambda u: lax.while_loop(
        lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1].at[c[0]].set(-c[1][c[0]])), (0, u)
    ),
    "stacked": lambda u: lax.scan(
        lambda c, i: (c.at[i].add(V[i]), c[i]), u, np.array([0, 3, 3, -1, 2])
    ),
    "batch": fgrad.vmap(
        lambda u: lax.fori_loop(0, 3, lambda i, u: u.at[i].add(u[-1]), u), 1, out_axes=1
    ),
    "slope": fgrad.grad(lambda u: loop(lambda i, u: u.at[i].set(fnp.sin(u[i] * u[0])))(u).sum()),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_numpy(name):
    check(PROGRAMS[name], X)


@pytest.mark.parametrize("name", ("row set", "in turn", "stacked", "while"))
def test_they_are_machine_code(name, monkeypatch):
    made = []
    compile_steps = steps.compile_steps
    monkeypatch.setattr(
        native.steps, "compile_steps", lambda *a: made.append(compile_steps(*a)) or made[-1]
    )
    fgrad.jit(PROGRAMS[name])(X)
    assert [type(m) for m in made] == [steps.Steps]


@pytest.mark.parametrize(
    "function",
    (
        lambda u: lax.fori_loop(0, 9, lambda i, u: u.at[i].set(1.0), u),
        lambda u: lax.fori_loop(0, 9, lambda i, s: s + u[i].sum(), 0.0),
    ),
)
def test_an_index_out_of_bounds_is_an_error(function):
    with pytest.raises(IndexError, match=r"index 6 is out of bounds[^\0]*test_indexed.py"):
        fgrad.jit(function)(X)


def test_the_argument_stays():
    before = X.copy()
    fgrad.jit(PROGRAMS["row set"])(X)
    np.testing.assert_array_equal(X, before)
