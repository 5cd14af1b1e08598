"""NumPy's own functions on tracers: each gives what it gives on arrays, or says what to do."""

import jax
import numpy as np
import pytest
import scipy.special

import fgrad
from fgrad.core.trace import Tracer
from tests.harness import assert_same
from tests.numpy.protocols import (
    CALLS,
    NEED_NUMBERS,
    REFUSED,
    REFUSED_CALLS,
    A,
    overridable,
    programs,
)
from tests.numpy.suite import quiet

FUNCTIONS = overridable()


def arrays(tree):
    """Leaves as arrays; named tuples and lists as tuples, for NumPy and we differ in these."""
    if isinstance(tree, tuple | list):
        return tuple(map(arrays, tree))
    return tree if isinstance(tree, Tracer) else np.asarray(tree)


CASES = [
    pytest.param(name, i, id=f"{name}-{i}")
    for name in FUNCTIONS
    if name not in REFUSED or name in NEED_NUMBERS
    for i in range(len(programs(name)))
]


@pytest.mark.parametrize(("name", "i"), CASES)
def test_on_tracers(name, i):
    """Under jit, on tracers with values, and mapped."""
    f = FUNCTIONS[name]

    def program(x):
        return arrays(programs(name)[i](f, x))

    with quiet():
        try:
            want = program(A)
        except (TypeError, ValueError) as e:
            pytest.fail(f"numpy refuses: {e}; a row of CALLS is wanted")
        strings = {np.asarray(w).dtype.kind for w in jax.tree.leaves(want)} & set("USO")
        if strings:
            assert str(programs(name)[i](f, A)) == str(fgrad_value(programs(name)[i], f))
            return
        seen = []
        fgrad.grad(lambda x: (seen.append(program(x)), x.sum())[1])(A)
        assert jax.tree.structure(seen[0]) == jax.tree.structure(want)
        for g, w in zip(jax.tree.leaves(seen[0]), jax.tree.leaves(want), strict=True):
            assert (g.shape, g.dtype) == (w.shape, w.dtype)
        if name in NEED_NUMBERS:
            return
        assert_same(fgrad.jit(program)(A), want, scale=100)
        other = A + np.triu(np.ones((3, 3)))
        mapped = jax.tree.map(lambda *w: np.stack(w), want, program(other))
        batch = np.stack([A, other])
        assert_same(fgrad.vmap(program)(batch), mapped, scale=100)


def fgrad_value(program, f):
    """What a program that gives no arrays gives on a tracer."""
    seen = []
    fgrad.jit(lambda x: (seen.append(program(f, x)), x)[1])(A)
    return seen[0]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    """The error says what to do."""
    if name not in FUNCTIONS or not REFUSED[name]:
        pytest.skip("not on this NumPy, or reads files without a tracer")
    call = REFUSED_CALLS.get(name, lambda f, x: f(x))
    with pytest.raises((TypeError, ValueError), match=REFUSED[name]):
        fgrad.jit(lambda x: call(FUNCTIONS[name], x))(A)


def test_the_tables_name_functions_of_numpy():
    """No row of a table is left over."""
    assert not {n for n in (*CALLS, *REFUSED) if n not in FUNCTIONS} - {
        "in1d", "fromregex", "einsum_path",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["add", "sin", "divide", "equal", "float_power", "modf"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool"])
def test_the_dtype_option(name, dtype):
    """dtype= chooses NumPy's loop, or is refused where there is none."""
    f = getattr(np, name)
    args = (A,) * f.nin

    def program(*xs):
        return f(*xs, dtype=dtype, casting="same_kind")

    try:
        want = program(*args)
    except TypeError:
        with pytest.raises(TypeError, match=name):
            fgrad.jit(program)(*args)
        return
    assert_same(fgrad.jit(program)(*args), want)


def test_ufuncs_of_others():
    """The error does not say that they are NumPy's, and says where to look."""
    shout = np.frompyfunc(lambda x: x, 1, 1)
    for ufunc in (scipy.special.log1p, shout):
        with pytest.raises(TypeError, match=r"none of NumPy's[^\0]*fgrad.scipy.special"):
            fgrad.jit(lambda x, f=ufunc: f(x))(A)


def test_options_that_are_refused():
    """where= of ufuncs says what to write, and what is no option is refused."""
    with pytest.raises(NotImplementedError, match=r"fgrad.numpy.where\(mask"):
        fgrad.jit(lambda x: np.exp(x, where=x > 1))(A)
    with pytest.raises(TypeError, match="no option keepdims="):
        fgrad.jit(lambda x: fgrad.numpy.exp(x, keepdims=True))(A)
