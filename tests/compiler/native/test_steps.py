"""Loops as machine code: which are, on what arrays, with which errors, by many threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from fgrad.compiler.native import steps
from fgrad.compiler.steps import Steps as PythonSteps
from tests.compiler.native.helpers import check, compiled

R = np.random.default_rng(0)


@pytest.fixture(name="made")
def _made(monkeypatch):
    """The types of the loops that are compiled."""
    types = []
    compile_steps = steps.compile_steps

    def noted(*params):
        loop = compile_steps(*params)
        types.append(type(loop))
        return loop

    monkeypatch.setattr(steps, "compile_steps", noted)
    return types


def cell(w, h, x):
    return fnp.tanh(h @ w + x)


def recurrent(w, h, xs):
    return lax.scan(lambda h, x: (cell(w, h, x),) * 2, h, xs)


CELL = R.normal(size=(8, 8)) / 3, R.normal(size=(4, 8)), R.normal(size=(6, 4, 8))


def newton(x):
    return lax.while_loop(
        lambda c: (fnp.abs(c[0] ** 2 - x) > 1e-12).any() & (c[1] < 50),
        lambda c: ((c[0] + x / c[0]) / 2, c[1] + 1),
        (x, 0),
    )


def logistic(x):
    return lax.fori_loop(0, 100, lambda i, c: 3.7 * c * (1 - c) + 0.001 * i, x)


def nested(w, h):
    inner = lambda h: lax.fori_loop(0, 3, lambda i, c: fnp.sin(c @ w) + i, h)
    return lax.scan(lambda h, _: (inner(h), h.sum(axis=0)), h, None, length=4)


def halved(x):
    inner = lambda h: lax.while_loop(lambda c: c[0] > 1, lambda c: (c[0] / 2, c[1] + c[0]), h)
    return lax.scan(lambda h, x: (inner((h[0] + x, h[1])),) * 2, (x[0], 0.0), x)


@pytest.mark.parametrize(
    ("fun", "args"),
    [
        (recurrent, CELL),
        (halved, (np.array([3.0, 0.5, 20.0]),)),
        (fgrad.grad(lambda *a: recurrent(*a)[1].sum()), CELL),
        (lambda w, h, xs: fgrad.vmap(recurrent, (None, 0, 1))(w, h, xs), CELL),
        (newton, (np.array([2.0, 3.0, 10.0]),)),
        (newton, (2.0,)),
        (logistic, (0.3,)),
        (logistic, (R.uniform(size=40),)),
        (nested, CELL[:2]),
    ],
)
def test_loops_that_are_machine_code(made, fun, args):
    check(fun, *args)
    assert made and all(t is steps.Steps for t in made)


@pytest.mark.parametrize(
    "body",
    [
        lambda c: fnp.sort(c),
        lambda c: c[fnp.argsort(c)],
        lambda c: lax.cumlogsumexp(c),
        lambda c: (c * 1j).imag + c,
        lambda c: c.astype(np.float16).astype(float),
    ],
)
def test_loops_that_numpy_has_a_part_in(made, body):
    check(lambda c: lax.fori_loop(0, 3, lambda i, c: body(c) * 0.9 + i, c), R.normal(size=7))
    assert made == [PythonSteps]


def test_no_steps():
    check(lambda c: lax.scan(lambda c, x: (c + x, c * 2), c, np.zeros((0, 3))), np.ones(3))


def misaligned(x):
    raw = np.empty(x.nbytes + 1, np.uint8)
    y = raw[1:].view(x.dtype).reshape(x.shape)
    y[...] = x
    return y


@pytest.mark.parametrize(
    "place", [np.asfortranarray, misaligned, lambda x: np.repeat(x, 2, -1)[..., ::2], fnp.array]
)
def test_arrays_in_any_layout(place):
    args = [place(x) for x in CELL]
    before = [np.array(x) for x in args]
    for got, want in zip(compiled(recurrent)(*args), recurrent(*CELL), strict=True):
        np.testing.assert_allclose(got, want, 1e-12)
    for x, old in zip(args, before, strict=True):
        np.testing.assert_array_equal(x, old)


@pytest.mark.parametrize("place", [np.array, np.asfortranarray, misaligned])
def test_constants_in_any_layout(place):
    w, x = place(CELL[0]), place(CELL[1])

    def f(h):
        body = lambda i, h: lax.fori_loop(0, 2, lambda k, h: fnp.tanh(h @ w + fnp.asarray(x)[k]), h)
        return lax.fori_loop(0, 3, body, h)

    check(f, CELL[1])


@pytest.mark.parametrize("number", (2, 2.5, True, np.float32(1.5), np.int8(3), np.array(2.5)))
def test_numbers_of_every_type(number):
    def f(x, n):
        c = lax.fori_loop(0, 3, lambda i, c: fnp.sin(c) * n + i, x)
        k = lax.fori_loop(0, 3, lambda i, k: k * 2 + i, fnp.asarray(n) * 1)
        return c, k, lax.scan(lambda k, _: (k, k * c), fnp.asarray(n), None, length=2)

    check(f, R.normal(size=5), number)


def test_results_share_no_memory():
    x, f = R.normal(size=(5, 3)), compiled(lambda x: lax.scan(lambda c, r: (r, (c, r)), x[0], x))
    arrays = [x, *fgrad.tree.leaves(f(x)), *fgrad.tree.leaves(f(x))]
    assert not any(np.shares_memory(a, b) for a in arrays for b in arrays if a is not b)


def test_carries_that_change_places():
    def f(a, b, c):
        return lax.scan(lambda c, _: ((c[1], c[2].T, c[0] * 2), c[0]), (a, b, c), None, length=7)

    check(f, *R.normal(size=(3, 3, 3)), rtol=0, atol=0)


def test_a_carry_that_is_stacked_and_passed_on():
    def f(a, xs):
        return lax.scan(lambda c, x: ((c[1], x), (c[0], c[1], x)), (a, a * 2), xs)

    check(f, R.normal(size=3), R.normal(size=(5, 3)), rtol=0, atol=0)
    check(fgrad.grad(lambda a, xs: fnp.sin(f(a, xs)[1][0]).sum(), (0, 1)), R.normal(size=3),
          R.normal(size=(5, 3)))  # fmt: skip


@pytest.mark.parametrize("start", (-9, -4, -1, 0, 2, 3, 9))
@pytest.mark.parametrize("dtype", (np.int8, np.int64, np.uint8))
def test_slices_that_start_anywhere(made, start, dtype):
    if start < 0 and dtype is np.uint8:
        return

    def f(x, i):  # of an array that each step changes, or they would be taken before the loop
        def body(k, c):
            x, total, number = c
            part = lax.dynamic_slice(x, (i, k), (2, 1))
            x = lax.dynamic_update_slice(fnp.sin(x), part + 1, (i, i))
            return x, total + part, number + x[k, i]

        return lax.fori_loop(0, 4, body, (x, fnp.zeros((2, 1)), 0.0))

    check(f, R.normal(size=(4, 20)), np.asarray(start, dtype))
    assert made[0] is steps.Steps


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij,kj->ik", "ji,jk->ik", "ji,kj->ik",
                                        "ij,jk->ki", "ij,ij->", "ij,j->i", "i,ij->j", "i,j->ij",
                                        "aij,ji->a", "aij,jk->aik", "ija,jk->aki",
                                        ",i->i", "i,->i", ",->", "ij,->ji"])  # fmt: skip
def test_products(made, subscripts):
    sizes = {"i": 5, "j": 9, "k": 17, "a": 3}
    first, second = subscripts.split("->")[0].split(",")
    x, y = (R.normal(size=[sizes[s] for s in t]) for t in (first, second))

    def f(x, y):
        def body(i, c):
            x, y, total = c
            p = fnp.einsum(subscripts, x, y)
            return fnp.sin(x + 0.1 * p.sum()), y * 0.9, total + p

        return lax.fori_loop(0, 3, body, (x, y, fnp.einsum(subscripts, x, y)))

    check(f, x, y)
    assert steps.Steps in made


def test_slices_of_numbers():
    check(lambda x: lax.fori_loop(0, 3, lambda i, c: lax.dynamic_slice(c * 2, (), ()) + i, x), 1.5)


def test_errors_name_the_line():
    def f(x):
        return lax.fori_loop(0, 5, lambda i, c: fnp.log(c - i), x)

    x = np.full(20, 3.0)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
        compiled(f)(x)
    assert f"{__file__}:{f.__code__.co_firstlineno + 1}" in str(caught.value)


def test_no_error_where_numpy_raises_none():
    f = compiled(lambda x: lax.fori_loop(0, 5, lambda i, c: fnp.maximum(c, i) * 1.5, x))
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(f(np.array([np.nan, np.inf, 1.0]))[:2], [np.nan, np.inf])


def test_many_threads_run_one_loop():
    f = compiled(recurrent)
    args = [(CELL[0], CELL[1] + i, np.tile(CELL[2], (20, 1, 1))) for i in range(6)]
    want = [np.asarray(f(*a)[1]) for a in args]
    wrong = []

    def work(i):
        for _ in range(20):
            if not np.array_equal(f(*args[i])[1], want[i]):
                wrong.append(i)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert not wrong


@pytest.mark.parametrize("n", (1, 7, 8, 9, 16, 17, 33, 65, 1000))
@pytest.mark.parametrize("dtype", "fd")
def test_rows_of_all_lengths(n, dtype):
    def f(x, xs):
        def step(c, x):
            c = fnp.exp(c - c.max()) * x
            c = c / (1 + fnp.abs(c.sum()))
            return c, (c[::-1], c[1:] - c[:-1], c.sum(), c > 0)

        return lax.scan(step, x, xs, reverse=True)

    rtol = 1e-4 if dtype == "f" else 1e-10
    check(f, R.normal(size=n).astype(dtype), R.normal(size=(6, n)).astype(dtype), rtol=rtol,
          atol=rtol)  # fmt: skip
