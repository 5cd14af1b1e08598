"""Long programs, long runs, several threads."""

import gc
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


def chain(x, n):
    for _ in range(n):
        x = x * 1.00001
    return x


def test_a_hundred_thousand_operations_differentiate():
    n = 100_000
    want = 1.00001**n
    assert fgrad.grad(lambda x: chain(x, n))(1.0) == pytest.approx(want, rel=1e-9)
    assert fgrad.jvp(lambda x: chain(x, n), (1.0,), (1.0,))[1] == pytest.approx(want, rel=1e-9)


def test_twenty_thousand_operations_compile():
    n = 20_000
    g = fgrad.jit(fgrad.grad(lambda x: chain(x, n)))
    assert g(1.0) == pytest.approx(1.00001**n, rel=1e-9)
    assert fgrad.grad(fgrad.jit(lambda x: chain(x, n)))(1.0) == pytest.approx(1.00001**n, rel=1e-9)


def test_a_wide_sum_differentiates():
    """One value used by many operations: cotangents are added one after the other."""

    def wide(x):
        return sum([x * k for k in range(20_000)])

    assert fgrad.grad(wide)(1.0) == sum(range(20_000))


def test_deep_trees_and_deep_nesting():
    def nest(f, n):
        for _ in range(n):
            f = fgrad.grad(f)
        return f

    assert nest(lambda x: x**8, 6)(1.0) == pytest.approx(20160.0)
    jitted = lambda x: x * 2
    for _ in range(20):
        jitted = fgrad.jit(lambda x, f=jitted: f(x) + 1)
    assert fgrad.grad(jitted)(1.0) == 2.0


def _memory():
    gc.collect()
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("jitted", [False, True])
def test_ten_thousand_steps_leave_memory_flat(jitted):
    rng = np.random.default_rng(0)
    w = rng.normal(size=(100, 10))
    x = rng.normal(size=(20, 100))

    def loss(w):
        return fnp.mean(fnp.tanh(x @ w) ** 2)

    step = fgrad.grad(loss)
    if jitted:
        step = fgrad.jit(step)
    for _ in range(500):
        w = w - 0.01 * step(w)
    before = _memory()
    for _ in range(10_000):
        w = w - 0.01 * step(w)
    # one kept residual a step would be 160 MB
    assert _memory() - before < 4_000_000


def test_ever_new_shapes_do_not_keep_eager_memory():
    gc.collect()
    before = len(gc.get_objects())
    for n in range(1, 300):
        fgrad.grad(lambda x: fnp.sum(fnp.sin(x)))(np.ones(n))
    gc.collect()
    assert len(gc.get_objects()) - before < 3_000


def test_threads_do_not_disturb_each_other():
    """Each differentiates, batches and compiles its own programs, all at the same time."""
    failures = []
    shared = fgrad.jit(lambda w, x: fnp.sum(fnp.tanh(x @ w) ** 2))
    start = threading.Barrier(4)

    def work(seed):
        rng = np.random.default_rng(seed)
        w, x = rng.normal(size=(5, 3)), rng.normal(size=(8, 5))
        t = np.tanh(x @ w)
        want = x.T @ (2 * t * (1 - t**2))
        start.wait()
        try:
            for k in range(60):
                np.testing.assert_allclose(shared(w, x), np.sum(t**2))
                np.testing.assert_allclose(fgrad.grad(shared)(w, x), want)
                own = fgrad.jit(lambda w, k=k: fgrad.grad(shared)(w, x) * k)
                np.testing.assert_allclose(own(w), want * k)
                per = fgrad.vmap(fgrad.grad(shared), in_axes=(None, 0))(w, x[:, None])
                np.testing.assert_allclose(per.sum(0), want)
        except BaseException as e:
            failures.append(e)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert not failures, failures[0]


def test_two_threads_train_at_once():
    def train(seed, out):
        rng = np.random.default_rng(seed)
        target = rng.normal(size=(4,))
        x = rng.normal(size=(50, 4))
        y = x @ target
        step = fgrad.jit(fgrad.grad(lambda w: fnp.mean((x @ w - y) ** 2)))
        w = np.zeros(4)
        for _ in range(400):
            w = w - 0.2 * step(w)
        out[seed] = np.abs(w - target).max()

    out = {}
    threads = [threading.Thread(target=train, args=(s, out)) for s in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert out.keys() == {0, 1}
    assert max(out.values()) < 1e-6


def test_a_tracer_of_another_thread_is_not_lost_silently():
    """A traced value is used in a thread that traces nothing: an error, not a wrong number."""
    caught = []

    def f(x):
        def other():
            try:
                fnp.sin(x)
            except fgrad.errors.UnexpectedTracerError as e:
                caught.append(e)

        t = threading.Thread(target=other)
        t.start()
        t.join()
        return x

    fgrad.grad(f)(1.0)
    assert len(caught) == 1
