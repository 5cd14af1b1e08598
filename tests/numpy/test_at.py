"""Functional updates, ``x.at[index]``, against JAX: operations, modes, masks, repeated indices."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad.testing import check_grads
from fgrad.testing.strategies import arrays, indices
from tests.harness import assert_same
from tests.jax_suite import Row, suite

I = np.array([2, 0, 2, -1])
J = np.array([[1, 1], [0, 2]])
OUT = np.array([1, 7, -1, -9, 2])


def at(index, method, *arguments, **options):
    """The program ``x.at[index].method(...)``, the other arrays as its first arguments."""

    def program(lib, x, *values):
        place = lib.numpy.asarray(x).at[index]
        return getattr(place, method)(*(arguments or values), **options)

    return program


def with_function(lib, x):
    return lib.numpy.asarray(x).at[I].apply(lib.numpy.sin)


OPERATIONS = ("set", "add", "subtract", "multiply", "divide", "power", "min", "max")


def each(name, index, *shapes, methods=OPERATIONS, **options):
    """A row for each operation; JAX has no second derivatives of products."""
    return [
        Row(f"{m}-{name}", at(index, m, **options), *shapes, domain="positive",
            smooth=m not in ("multiply", "divide", "power"))
        for m in methods
    ]  # fmt: skip


ROWS = [
    *each("array", np.array([2, 0, 1]), (4,), (3,)),
    *each("repeated", I, (4, 3), (4, 3), methods=("set", "add", "subtract")),
    *each("one", (1, 2), (4, 3), ()),
    *each("slice", np.s_[1:, ::2], (4, 3), (2,)),
    # which of several to one place stays is not defined for `set`
    *each("clip", OUT, (4, 2), (5, 2), methods=("add",), mode="clip"),
    *each("drop", OUT, (4, 2), (5, 2), methods=("set", "add", "multiply", "min"), mode="drop"),
    Row("mixed", at(np.s_[..., J, None, 1], "add"), (2, 3, 2), (2, 2, 2, 1)),
    Row("ellipsis", at(np.s_[..., 1], "set"), (2, 3), (2,)),
    Row("mask", at(np.array([True, False, True]), "add"), (3, 2), (2, 2)),
    Row("apply", with_function, (4,), smooth=False),
    Row("power-repeated", at(I, "power"), (4,), (4,), domain="positive", smooth=False),
    Row("divide-repeated", at(I, "divide"), (4,), (4,), domain="positive", smooth=False),
    *(Row(f"get-{m}", at(OUT, "get", mode=m), (4,)) for m in ("clip", "fill", "drop")),
    *(Row(f"get-rows-{m}", at(np.s_[:, OUT], "get", mode=m), (2, 4)) for m in ("clip", "fill")),
    Row("get-fill-value", at((OUT, 1), "get", mode="fill", fill_value=3.0), (4, 2)),
    Row("get-both", at((OUT, OUT), "get", mode="fill", fill_value=0.0), (4, 3)),
    Row("get-one", at(np.s_[..., 9], "get", mode="fill", fill_value=1.0), (4, 3)),
    Row("get-one-clip", at(np.s_[..., 9], "get", mode="clip"), (4, 3)),
    Row("get-integers", at(OUT, "get", mode="fill"), (4,), dtypes=("int32", "uint8", "bool"),
        smooth=False),
    Row("drop-one", at(9, "set", mode="drop"), (4,), ()),
    Row("promised", at(I[:2], "set", mode="promise_in_bounds", unique_indices=True), (4,), (2,)),
]  # fmt: skip
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("index", [np.array([2, 0, 1]), np.s_[1:3], I, OUT], ids=str)
@pytest.mark.parametrize("method", ["multiply", "divide", "power"])
def test_products_against_differences(method, index):
    mode = "drop" if index is OUT else None
    x = np.linspace(0.5, 2.0, 4)
    u = np.linspace(1.5, 0.7, len(x[:5][index] if index is not OUT else OUT))
    check_grads(lambda x, u: getattr(fnp.asarray(x).at[index], method)(u, mode=mode), (x, u), 2)


@pytest.mark.parametrize("method", ["min", "max"])
def test_extremes_of_several_against_differences(method):
    """JAX's second derivative is infinite where two updates meet in one place."""
    x, u = np.array([1.0, -0.5, 0.3, 0.9]), np.array([0.4, -1.0, 2.0, 1.7, 0.2])
    check_grads(lambda x, u: getattr(fnp.asarray(x).at[OUT], method)(u, mode="clip"), (x, u), 2)


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_products_at_repeated_indices(zeros):
    """Two factors and the element they meet; JAX has no derivative here."""
    x, u = np.array([[2.0, 3.0], [0.5, -1.0], [1.5, 4.0]]), np.array([2.0, -3.0, 0.5, 1.5])
    u[:zeros] = 0
    index = (np.array([0, 0, 2, 2]), np.array([1, 1, 0, 1]))
    f = lambda x, u: fnp.asarray(x).at[index].multiply(u)

    def g(x, u):
        return fnp.stack([x[0, 0], x[0, 1] * u[0] * u[1], x[1, 0], x[1, 1], x[2, 0] * u[2],
                          x[2, 1] * u[3]]).reshape(3, 2)  # fmt: skip

    assert_same(fgrad.jacrev(f, (0, 1))(x, u), fgrad.jacrev(g, (0, 1))(x, u))
    if zeros < 2:  # with two zeros at one place second derivatives are not exact
        assert_same(fgrad.jacfwd(fgrad.jacrev(f, (0, 1)))(x, u),
                    fgrad.jacfwd(fgrad.jacrev(g, (0, 1)))(x, u))  # fmt: skip


def test_traced_indices_out_of_bounds():
    """The modes hold for indices that are not known while tracing, too."""
    x = np.arange(4.0)
    for mode in ("clip", "fill"):
        got = fgrad.jit(lambda x, i, mode=mode: x.at[i].get(mode=mode))(x, OUT)
        assert_same(got, np.asarray(jnp.asarray(x).at[OUT].get(mode=mode)))
    got = fgrad.vmap(lambda x, i: x.at[i].add(1.0, mode="drop"), (None, 0))(x, OUT)
    assert_same(got, np.stack([jnp.asarray(x).at[i].add(1.0, mode="drop") for i in OUT]))
    with pytest.raises(IndexError, match=r"out of bounds[^\0]*test_at.py"):
        fgrad.jit(lambda x, i: x.at[i].add(1.0))(x, OUT)


def test_masks_that_are_not_known():
    """One value for all places of a mask needs no numbers of it."""
    x = np.array([[1.0, -2.0], [-3.0, 4.0]])

    def relu(lib, x):
        return lib.numpy.asarray(x).at[x < 0].multiply(0.5).at[x[:, 0] < 0].add(lib.numpy.ones(2))

    want = relu(fgrad, x)
    assert_same(fgrad.jit(lambda x: relu(fgrad, x))(x), want)
    assert_same(fgrad.vmap(lambda x: x.at[x < 0].set(0.0))(x), np.maximum(x, 0))
    assert_same(fgrad.jit(fgrad.jacfwd(lambda x: relu(fgrad, x)))(x),
                fgrad.jacrev(lambda x: relu(fgrad, x))(x))  # fmt: skip
    with pytest.raises(fgrad.errors.NonConcreteBooleanIndexError, match="where"):
        fgrad.jit(lambda x: x.at[x < 0].set(np.ones(2)))(x)
    with pytest.raises(fgrad.errors.NonConcreteBooleanIndexError):
        fgrad.jit(lambda x: x.at[x < 0].get())(x)


def test_a_function_at_repeated_indices():
    """It is applied once for each time, which must be known."""
    x = np.arange(1.0, 5.0)
    f = lambda x: fnp.asarray(x).at[I].apply(fnp.square)
    assert_same(f(x), np.array([1.0, 2.0, 81.0, 16.0]))
    check_grads(f, (x,), 2)
    with pytest.raises(fgrad.errors.NonConcreteBooleanIndexError, match="unique_indices=True"):
        fgrad.jit(lambda x, i: x.at[i].apply(fnp.square))(x, I)
    once = fgrad.jit(lambda x, i: x.at[i].apply(fnp.square, unique_indices=True))(x, I[1:])
    assert_same(once, f(x) ** np.array([1.0, 1.0, 0.5, 1.0]))


@pytest.mark.parametrize(
    "index",
    [True, False, np.True_, np.array(False), (True, 1), (0, True, 1), (np.s_[1:], True),
     (..., True), (True, True, [0, 1]), (None, True), (True, np.array([True, False]))],
    ids=str,
)  # fmt: skip
def test_one_boolean_is_an_index(index):
    """It makes an axis of length one or none."""
    x = np.arange(6.0).reshape(2, 3)
    assert_same(fgrad.jit(lambda x: x[index])(x), x[index])
    want = x.copy()
    want[index] = 9.0
    assert_same(fnp.asarray(x).at[index].set(9.0), want)


def test_an_unknown_mode():
    with pytest.raises(ValueError, match=r"mode must be one of[^\0]*test_at.py"):
        fnp.zeros(3).at[0].set(1.0, mode="wrap")


@given(st.data())
def test_any_index(data):
    """set and add at any of NumPy's indices do what NumPy's assignment does."""
    x = data.draw(arrays("float64", (3, 4)))
    index = data.draw(indices(x.shape))
    part = np.full(x[index].shape, 0.5)
    want = x.copy()
    want[index] = part
    assert_same(fnp.asarray(x).at[index].set(part), want)
    want = x.copy()
    np.add.at(want, index, part)
    assert_same(fnp.asarray(x).at[index].add(part), want)
    assert_same(fgrad.jit(lambda x: x.at[index].add(part))(x), want)
    assert_same(fnp.asarray(x).at[index].get(), np.asarray(x[index])[()])
