"""Memory that serves again once nobody holds it."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.core import memory

F64 = np.dtype(float)
SHAPE = (317, 211)  # of no other test


@pytest.fixture(autouse=True)
def _forgotten():
    memory.forget()


def test_a_dropped_array_serves_again():
    x = memory.empty(SHAPE, F64)
    place = x.ctypes.data
    del x
    assert memory.empty(SHAPE, F64).ctypes.data == place


@pytest.mark.parametrize("hold", (lambda x: x, lambda x: x[3:], lambda x: x.T[1], memoryview))
def test_a_held_array_does_not(hold):
    x = memory.empty(SHAPE, F64)
    place = x.ctypes.data
    held = hold(x)
    del x
    assert memory.empty(SHAPE, F64).ctypes.data != place
    del held
    assert memory.empty(SHAPE, F64).ctypes.data == place


def test_what_is_held_of_many():
    arrays = [memory.empty(SHAPE, F64) for _ in range(20)]
    kept, places = arrays[::2], {x.ctypes.data for x in arrays}
    del arrays
    for _ in range(3):
        new = [memory.empty(SHAPE, F64) for _ in range(10)]
        assert not {x.ctypes.data for x in new} & {x.ctypes.data for x in kept}
    assert {x.ctypes.data for x in new} & places


def test_little_is_forgotten_and_much_at_once():
    memory.empty((3,), F64)
    assert not memory._held
    rows = memory.LIMIT // 8 // 1000
    memory.empty((rows, 700), F64)
    memory.empty((rows, 701), F64)
    assert list(memory._held) == [((rows, 701), F64)]


def test_results_of_a_compiled_function_stay_as_they_are():
    f = fgrad.jit(lambda x: (fnp.sin(x) * 2.0, (x @ x.T)[1:].T))
    xs = [np.full((200, 200), float(i)) for i in range(5)]
    got = [f(x) for x in xs]
    for x, (a, b) in zip(xs, got, strict=True):
        np.testing.assert_allclose(a, np.sin(x) * 2.0)
        np.testing.assert_allclose(b, (x @ x.T)[1:].T)
    x = xs[1]
    for _ in range(6):  # each result is the next argument, and then nobody's
        x, want = f(x)[0], np.sin(x) * 2.0
        np.testing.assert_allclose(x, want)
