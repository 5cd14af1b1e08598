"""Compiled groups on whatever arrays come: layouts, errors, donated memory, threads, shares."""

import gc
import os
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.native import engine, kernel
from tests.compiler.native.helpers import check, compiled, kernels


def chain(x, y):
    return fnp.sin(x) * y + 1, (x * y).sum(axis=0), fnp.maximum(x, y).sum()


def layouts(x):
    """The same numbers in other places."""
    raw = np.empty(x.nbytes + 1, np.uint8)
    misaligned = raw[1:].view(x.dtype).reshape(x.shape)
    misaligned[...] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    wide = np.repeat(x, 2, axis=-1)
    return {
        "plain": x,
        "fortran": np.asfortranarray(x),
        "misaligned": misaligned,
        "frozen": frozen,
        "strided": wide[..., ::2],
        "reversed": x[::-1].copy()[::-1],
        "transposed": x.T.copy().T,
        "broadcast": np.broadcast_to(x[:1], x.shape),
        "user": fnp.array(x),
        "subclass": x.view(Other),
    }


class Other(np.ndarray):
    """Somebody's arrays."""


X = np.random.default_rng(0).normal(size=(13, 21))


@pytest.mark.parametrize("place", layouts(X))
def test_arrays_in_any_layout(place):
    x, y = layouts(X)[place], np.cos(X)
    before = np.array(x)
    f = compiled(chain)
    for args in ((x, y), (y, x), (x, x)):
        for got, want in zip(f(*args), chain(*args), strict=True):
            np.testing.assert_allclose(got, want, 1e-13, 1e-13)
    np.testing.assert_array_equal(x, before)


def test_one_program_takes_one_layout_after_the_other():
    f, y = compiled(chain), np.cos(X)
    for x in (*layouts(X).values(), X):
        np.testing.assert_allclose(f(x, y)[0], np.sin(x) * y + 1, 1e-13)


@pytest.mark.parametrize(
    "number",
    [2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int32(-2), np.uint8(3), np.bool_(True),
     np.array(2.5), np.array(2.5, np.float32), np.array(2, np.int16), np.array(2.5).view(Other)],
    ids=lambda x: f"{type(x).__name__}-{getattr(x, 'dtype', '')}",
)  # fmt: skip
@pytest.mark.parametrize("dtype", "fd")
def test_numbers_of_every_type(number, dtype):
    x = X.astype(dtype)
    check(lambda x, n: [fnp.sin(x * n) + n, (x * n).sum(axis=1), fnp.where(x > n, n, x)], x, number,
          rtol=1e-5 if dtype == "f" else 1e-12)  # fmt: skip


@pytest.mark.parametrize("number", (2.5, np.float64(2.5), np.array(2.5)))
def test_numbers_are_taken_as_they_are(number, monkeypatch):
    """No copy is made of them."""
    monkeypatch.setattr(kernel.Kernel, "settle", None)
    np.testing.assert_array_equal(compiled(lambda x, n: x * n + 1)(X, number), X * 2.5 + 1)


def test_a_number_that_lies_in_an_array():
    table = np.zeros(3, [("a", np.int8), ("b", float)])  # whose numbers are not aligned
    table["b"] = 2.5
    n = table["b"][1:2].reshape(())
    assert not n.flags.aligned
    check(lambda x, n: [fnp.sin(x * n) + n, x - n], X, n)


def test_results_share_no_memory():
    x = np.random.default_rng(0).normal(size=(300, 400))
    f = compiled(lambda x: (x * 1, x + 1, fnp.exp(x) - x))
    first, second = f(x), f(x)
    arrays = [x, *first, *second]
    assert not any(np.shares_memory(a, b) for a in arrays for b in arrays if a is not b)


# -- errors ------------------------------------------------------------------------------------


def bad_log(x):
    y = x * 2 + 1
    z = fnp.log(x - 1)  # the line
    return y * z


ONES = np.full(50, 2.0)


@pytest.mark.parametrize(
    ("function", "bad"),
    [
        (lambda x: fnp.log(x) * 2 + x, 0.0),
        (lambda x: fnp.log(x) * 2 + x, -1.0),
        (lambda x: fnp.log1p(x) * 2 + x, -1.0),
        (lambda x: fnp.log1p(x) * 2 + x, -2.0),
        (lambda x: fnp.sqrt(x) * 2 + x, -1.0),
        (lambda x: 1 / x + x * 2, 0.0),
        (lambda x: fnp.exp(x) * 2 + x, 1e4),
        (lambda x: fnp.exp(x) * 2 + x, -1e4),
        (lambda x: fnp.sin(x) * 2 + x, np.inf),
        (lambda x: (x - x) * 2 + x, np.inf),
        (lambda x: fnp.sinh(x) * 2 + x, 1e4),
        (lambda x: (x * x) + 2 + x, 1e300),
    ],
)
def test_errors_that_numpy_would_raise(function, bad):
    x = ONES.copy()
    f = compiled(function)
    for place in (0, 31, 49):  # in vectors, and in the rest
        x[:] = ONES
        x[place] = bad
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            f(x)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(f(x), function(x), 1e-12)


@pytest.mark.parametrize("power", (-0.5, 0.5, 1.5))
def test_errors_of_powers(power):
    x = np.ones(50, np.float32)
    x[40] = -1.0
    f = compiled(lambda x: fnp.power(x, np.float32(power) + 0 * x) * 2)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        f(x)


@pytest.mark.parametrize(
    ("function", "fine"),
    [
        (lambda x: fnp.log(x) * 2 + x, np.inf),
        (lambda x: fnp.log(x) * 2 + x, np.nan),
        (lambda x: fnp.exp(x) * 2, np.inf),
        (lambda x: fnp.exp(x) * 2, -np.inf),
        (lambda x: fnp.where(x > 2.5, x, 1.0) * 2, np.nan),
        (lambda x: fnp.maximum(x, 0) * 2 + x, np.nan),
        (lambda x: fnp.tanh(x) * 2, np.inf),
        (lambda x: fnp.logaddexp(x, x) * 2, -np.inf),
    ],
)
def test_no_error_where_numpy_raises_none(function, fine):
    x = ONES.copy()
    x[40] = fine
    with np.errstate(all="raise"):
        np.testing.assert_allclose(compiled(function)(x), function(x), 1e-12)


def test_lanes_beyond_the_end_raise_nothing():
    x = np.full(5, 2.0)
    with np.errstate(all="raise"):
        compiled(lambda x: 1 / (x - 1) + fnp.log(x - 1.5) + fnp.sqrt(x - 1.5))(x)


def test_an_error_names_the_line():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
        compiled(bad_log)(np.ones(50))
    line = bad_log.__code__.co_firstlineno + 2
    assert f"{__file__}:{line} (bad_log)" in str(caught.value)


def test_an_error_in_a_share_is_raised():
    x = np.full(2_000_000, 2.0)
    f = compiled(lambda x: fnp.log(x) * 2 + x)
    for place in (0, x.size - 1):
        x[:] = 2.0
        x[place] = 0.0
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide"):
            f(x)


def alike(xs):
    """The same on several arrays: one kernel."""
    return [fnp.log(x) * 2 + x for x in xs], [fnp.exp(x).sum() for x in xs]


@pytest.mark.parametrize("shapes", [((7, 9), (700,), (3, 2, 5)), ((2000,), (3,)), ((5,), (60, 70))])
def test_arrays_of_several_shapes_in_one_kernel(shapes):
    xs = [np.full(shape, 2.0) for shape in shapes]
    assert len(kernels(alike, xs)) == 1
    f = compiled(alike)
    spread = [np.asfortranarray(np.repeat(x, 2, -1)[..., ::2]) for x in xs]
    for given in (xs, spread):
        for got, want in zip(
            fgrad.tree.leaves(f(given)), fgrad.tree.leaves(alike(xs)), strict=True
        ):
            np.testing.assert_allclose(got, want, 1e-13)
    for x in xs:
        x.ravel()[-1] = 0.0
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide"):
            f(xs)
        x.ravel()[-1] = np.inf
        with np.errstate(all="raise"):
            f(xs)


def test_reports_go_to_whoever_wants_them():
    found = []
    x = np.full(50, 2.0)
    x[3] = 0
    with np.errstate(divide="call", call=lambda what, flag: found.append(what)):
        compiled(lambda x: fnp.log(x) * 2 + x)(x)
    assert found == ["divide by zero"]


def test_machine_code_does_not_warn(recwarn):
    compiled(lambda x: fnp.log(x) * 2 + x)(np.zeros(50))
    assert not recwarn.list


# -- donated arguments -------------------------------------------------------------------------

LARGE = (300, 400)


@pytest.fixture(name="running")
def _running():
    """A program that writes over its state, the state, and what it reads besides."""
    step = fgrad.jit(lambda s, g: {"w": fnp.log(s["w"]) * 0.5 + g}, donate_argnums=0)
    g = fnp.full(LARGE, 2.0)
    state = {"w": fnp.full(LARGE, 2.0)}
    for _ in range(3):
        state = step(state, g)
    return step, state, g


def _with_number(step, state, g, number):
    """The state with a number in it, in memory that the program has made."""
    place = state["w"].ctypes.data
    state["w"].flags.writeable = True
    state["w"][3, 4] = number
    return place, step(state, g)["w"]


def test_a_result_over_a_donated_argument(running):
    step, state, g = running
    want = np.log(np.asarray(state["w"])) * 0.5 + 2.0
    place, w = _with_number(step, state, g, 1.0)
    want[3, 4] = 2.0
    assert w.ctypes.data == place
    np.testing.assert_allclose(w, want, 1e-13)


def test_what_goes_wrong_over_a_donated_argument_is_done_once(running):
    step, state, g = running
    want = np.log(np.asarray(state["w"])) * 0.5 + 2.0
    want[3, 4] = -np.inf
    place, w = _with_number(step, state, g, 0.0)
    assert w.ctypes.data == place
    np.testing.assert_allclose(w, want, 1e-13)


@pytest.mark.parametrize("number", (0.0, np.inf))
def test_errors_over_a_donated_argument(running, number):
    step, state, g = running
    with np.errstate(all="raise"):
        if number:
            assert _with_number(step, state, g, number)[1][3, 4] == np.inf
        else:
            with pytest.raises(FloatingPointError, match="divide"):
                _with_number(step, state, g, number)


def test_a_donated_argument_that_is_read_again_is_not_written_over():
    def f(x):
        return x / x.sum(axis=1, keepdims=True), x[::-1] * 2 + x, x.T.reshape(x.shape) + x

    step = fgrad.jit(f, donate_argnums=0)
    x = np.random.default_rng(0).uniform(1, 2, LARGE)
    for _ in range(3):
        for got, want in zip(step(fnp.array(x)), f(x), strict=True):
            np.testing.assert_allclose(got, want, 1e-13)


# -- shares ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(2_000_001,), (10, 4_000_000, 300), (3_000_000, 1, 3_000_000)])
def test_sums_in_shares(sizes):
    r = np.random.default_rng(0)
    xs = [r.normal(size=n).astype("f") for n in sizes]

    def f(xs):
        return [(x * x).sum() for x in xs], [x.max() for x in xs], [fnp.sin(x) for x in xs]

    sums, largest, sines = compiled(f)(xs)
    for x, total, most, sine in zip(xs, sums, largest, sines, strict=True):
        np.testing.assert_allclose(total, (x.astype(float) ** 2).sum(), 1e-6)
        assert most == x.max()
        np.testing.assert_allclose(sine, np.sin(x), 1e-6)


def test_a_short_sum_of_much_work_in_shares():
    def f(x):
        return fnp.exp(fnp.sin(fnp.cos(fnp.exp(fnp.sin(fnp.tanh(x)))))).sum()

    x = np.random.default_rng(0).normal(size=1 << 15)
    assert any(k.params["shapes"] == ((1 << 15,),) for k in kernels(f, x))
    np.testing.assert_allclose(compiled(f)(x), f(x), 1e-12)


@pytest.mark.parametrize("shape", [(3000, 700), (700, 3000), (4, 700, 700), (100_000, 20)])
def test_rows_and_columns_in_shares(shape):
    def f(x, y):
        e = fnp.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True), (x * y).sum(axis=0), (x + y).max(axis=0), x.sum()

    x = np.random.default_rng(0).normal(size=shape)
    check(f, x, x[0], rtol=1e-11, atol=1e-11)


# -- threads and memory ------------------------------------------------------------------------


@pytest.mark.parametrize("n", (100, 300_000))
def test_many_threads_call_one_program(n):
    f = compiled(lambda x: (fnp.exp(fnp.sin(x) - x).sum(), fnp.tanh(x) * x))
    xs = [np.random.default_rng(i).normal(size=(n // 10, 10)) for i in range(6)]
    want = [f(x) for x in xs]
    wrong = []

    def work(i):
        for _ in range(20):
            total, y = f(xs[i])
            if total != want[i][0] or not np.array_equal(y, want[i][1]):
                wrong.append(i)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert not wrong


def _resident():
    """The bytes of memory that the process has."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="it says what memory is used")
def test_calls_leave_nothing():
    f = compiled(lambda x, c: (fnp.sin(x) * c, (x * x).sum(axis=0), x.max()))
    x, strided = np.ones((20, 30)), np.ones((20, 60))[:, ::2]
    none = [sys.getrefcount(v) for v in (None, True, False)]

    def calls_of(n):
        for _ in range(n):
            f(x, 2.5)
            f(strided, 2)

    calls_of(100)
    before, blocks = _resident(), sys.getallocatedblocks()
    calls_of(5000)
    assert _resident() - before < 1 << 20
    assert sys.getallocatedblocks() - blocks < 500
    after = [sys.getrefcount(v) for v in (None, True, False)]
    assert all(abs(a - b) < 1000 or a > 1 << 30 for a, b in zip(after, none, strict=True))


def test_programs_that_nobody_has_any_more_leave_nothing():
    def once(i):
        compiled(lambda x: fnp.sin(x) * (i + 0.5))(np.ones(20))

    before = len(engine._modules)
    for i in range(30):
        once(i)
    gc.collect()
    assert len(engine._modules) <= before


def test_functions_and_modules_go_in_any_order():
    text = kernel.Kernel(*_small()).code
    gc.collect()
    for first in (0, 1):
        module = engine.Module.of(text)
        function = module.function("kernel")
        gone = weakref.ref(module)
        if first:
            del module
        gc.collect()
        x, y = np.ones(5), np.empty(5)
        assert function(x, y) is True
        np.testing.assert_allclose(y, np.sin(1.0) + 1)
        del function
        if not first:
            del module
        gc.collect()
        assert gone() is None


def _small():
    (eqn,) = kernels(lambda x: fnp.sin(x) + 1, np.ones(5))
    return [eqn.params[k] for k in ("jaxpr", "shapes", "inner")]


def test_what_is_the_same_is_compiled_once():
    one, other = (kernel.Kernel(*_small()) for _ in range(2))
    assert one._function.__self__.module is other._function.__self__.module
