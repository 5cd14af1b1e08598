"""Work shared out among threads: from several callers at once, in a forked child, at the end."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.compiler.native import kernel, matmul
from fgrad.core.parallel import THREADS
from tests.compiler.native.helpers import compiled

pytestmark = pytest.mark.skipif(THREADS < 2, reason="needs two processors")


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    for module in (kernel, matmul):
        monkeypatch.setattr(module, "SHARED", 0)
    for name in ("LARGE", "ODD"):
        monkeypatch.setattr(matmul, name, 0)


def loss(x, y):
    return (fnp.tanh(x @ y) ** 2).sum(axis=0)


def data(seed, n=24):
    r = np.random.default_rng(seed)
    return r.normal(size=(n, n)), r.normal(size=(n, n))


def want(x, y):
    return (np.tanh(x @ y) ** 2).sum(axis=0)


def test_one_program_called_by_several_threads():
    program = compiled(loss)

    def check(seed):
        x, y = data(seed)
        for _ in range(50):
            np.testing.assert_allclose(program(x, y), want(x, y), rtol=1e-12)
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(check, range(8)))


def run(code):
    """What another interpreter, without anything else in it, says of some code."""
    head = (
        "import os, warnings, numpy as np, fgrad, fgrad.numpy as fnp\n"
        "warnings.simplefilter('ignore')\n"
        "x = np.ones((512, 512))\n"
        "f = fgrad.jit(lambda x: fnp.tanh(x @ x).sum(), backend='llvm')\n"
    )
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_all_of_it():
    code = (
        "want = f(x)\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if f(x) == want else 1)\n"
        "raise SystemExit(os.waitpid(child, 0)[1])\n"
    )
    assert run(code) == (0, b"")


def test_an_interpreter_ends_while_workers_look_for_jobs():
    for _ in range(3):
        assert run("for _ in range(3): f(x)\n") == (0, b"")


def test_what_a_worker_notes_is_reported():
    x = np.ones((64, 64))
    x[-1, -1] = 0  # in the last share
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="test_pool"):
        compiled(lambda x: (1 / x + fnp.sin(x)).sum(axis=0))(x)


def test_arrays_that_lie_otherwise():
    x, y = data(0)
    np.testing.assert_allclose(compiled(loss)(x.T, y[::-1]), want(x.T, y[::-1]), rtol=1e-12)


def test_gradients_under_many_calls():
    program = compiled(fgrad.grad(lambda x, y: loss(x, y).sum()))
    x, y = data(1)
    first = program(x, y)
    for _ in range(300):
        np.testing.assert_array_equal(program(x, y), first)
