"""Every elementwise function over all dtypes; derivatives are tested with the primitives."""

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.numpy import _elementwise
from tests.harness import assert_same, draw
from tests.numpy.suite import quiet

DTYPES = ("float16", "float32", "float64", "complex64", "complex128", "int8", "int32", "int64",
          "uint8", "uint64", "bool")  # fmt: skip
UNARY, BINARY = (
    sorted(n for n, f in vars(_elementwise).items() if getattr(f, "nin", None) == nin)
    for nin in (1, 2)
)


def compare(name, *args):
    """fgrad.numpy's function gives what NumPy's gives, or refuses what it refuses."""
    with quiet():
        try:
            want = getattr(np, name)(*args)
        except TypeError:
            with pytest.raises(TypeError):
                getattr(fnp, name)(*args)
            return
        got = getattr(fnp, name)(*args)
        staged = fgrad.jit(getattr(fnp, name))(*args)
    assert_same(got, want, scale=10)
    assert_same(staged, want, scale=10)


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    """All dtypes, with shapes (3,), () and (0,)."""
    rng = np.random.default_rng(0)
    for dtype in DTYPES:
        for shape in ((3,), (), (0,)):
            compare(name, draw(rng, "positive", shape, dtype))


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    """All pairs of dtypes, broadcast; and a Python number with each dtype."""
    rng = np.random.default_rng(0)
    for a in DTYPES:
        compare(name, draw(rng, "positive", (2, 1), a), 2)
        for b in DTYPES:
            compare(name, draw(rng, "positive", (2, 1), a), draw(rng, "positive", (3,), b))


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_numpy_answers_the_same(name):
    """numpy.f on a tracer is fgrad.numpy.f."""
    args = [np.float64(0.5)] * (2 if name in BINARY else 1)
    try:
        ours = fgrad.make_jaxpr(getattr(fnp, name))(*args)
    except TypeError:
        args = [np.int64(3)] * len(args)
        ours = fgrad.make_jaxpr(getattr(fnp, name))(*args)
    assert str(fgrad.make_jaxpr(lambda *xs: getattr(np, name)(*xs))(*args)) == str(ours)


def test_options():
    """dtype= is taken; what would change an array in place is refused."""
    assert fnp.add(np.ones(2), 1, dtype=np.float32).dtype == np.float32
    with pytest.raises(NotImplementedError, match="out="):
        fnp.exp(np.ones(2), out=np.ones(2))
    with pytest.raises(NotImplementedError, match="where="):
        fnp.exp(np.ones(2), where=np.array([True, False]))


def test_errors():
    """Shapes that do not broadcast and dtypes that do not fit are named."""
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        fnp.add(np.ones(2), np.ones(3))
    with pytest.raises(TypeError):
        fnp.bitwise_and(1.5, 2)
    with pytest.raises(TypeError):
        fnp.sin("text")
