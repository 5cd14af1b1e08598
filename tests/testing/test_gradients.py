"""check_grads and its parts find wrong derivatives, and pass right ones."""

import functools

import jax
import jax.test_util
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import test_util
from fgrad.testing import CheckFailure, check_grads, check_jvp, check_vjp
from tests.testing.planted import HARD, arguments, wrong_by

hard = pytest.mark.parametrize(
    ("f", "factor"), [h[1:] for h in HARD], ids=[h[0].replace(" ", "-") for h in HARD]
)
DTYPES = st.sampled_from(["float64", "float32"])
# A few digits of both signs and any size, none so small that a relative error is lost.
NUMBERS = st.builds(
    lambda m, s, e: m * s * 10.0**e, st.floats(0.1, 1), st.sampled_from([-1, 1]), st.integers(-3, 1)
)
VECTORS = st.lists(NUMBERS, min_size=1, max_size=3)


# -- right derivatives ---------------------------------------------------------------------------


@hard
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right_derivatives_pass(f, factor, dtype):
    check_grads(f, arguments(factor, dtype), order=2)


@hard
@given(x=VECTORS, dtype=DTYPES)
def test_right_derivatives_pass_anywhere(f, factor, x, dtype):
    with np.errstate(all="ignore"):
        args = (np.array(x, dtype) * np.dtype(dtype).type(factor),)
        if not all(np.isfinite(leaf).all() for leaf in fgrad.tree.leaves(f(*args))):
            return
        check_grads(f, args, order=1)


# -- wrong derivatives ---------------------------------------------------------------------------


@hard
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("modes", [("fwd",), ("rev",)])
def test_an_error_of_a_thousandth_is_found(f, factor, dtype, modes):
    wrong = wrong_by(1e-3)
    with pytest.raises(CheckFailure):
        check_grads(lambda x: f(wrong(x)), arguments(factor, dtype), order=1, modes=modes)


@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    relative=st.sampled_from([1e-3, -1e-3, 1.0, -2.0]),
    data=st.data(),
)
def test_an_error_in_one_leaf_of_many_is_found_and_named(sizes, relative, data):
    leaf = data.draw(st.integers(0, len(sizes) - 1))
    wrong = wrong_by(relative)
    scales = [10.0 ** data.draw(st.integers(-8, 8)) for _ in sizes]

    def f(tree):
        return sum(
            fnp.sum(fnp.sin(wrong(x) if i == leaf else x)) * s
            for i, (x, s) in enumerate(zip(tree["leaves"], scales, strict=True))
        )

    args = ({"leaves": [np.linspace(0.3, 1.1, n) for n in sizes], "n": 3},)
    with pytest.raises(CheckFailure) as found:
        check_grads(f, args, order=1)
    assert f"argument 0 (tree) at ['leaves'][{leaf}], index" in found.value.where


def test_an_error_in_one_number_of_a_large_array_is_found_and_named():
    @fgrad.custom_jvp
    def f(x):
        return fnp.sin(x)

    @f.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        factor = np.ones((20, 30))
        factor[7, 11] = 1.01
        return fnp.sin(x), fnp.cos(x) * t * factor

    x = np.random.default_rng(0).normal(size=(20, 30))
    with pytest.raises(CheckFailure, match=r"argument 0 \(x\), index \(7, 11\)"):
        check_grads(f, (x,), 1, modes="fwd")


def test_an_error_of_second_order_is_found():
    @fgrad.custom_jvp
    def slope(x):
        return fnp.cos(x)

    slope.defjvp(lambda primals, tangents: (slope(*primals), fnp.sin(*primals) * tangents[0]))

    @fgrad.custom_jvp
    def sine(x):
        return fnp.sin(x)

    sine.defjvp(lambda primals, tangents: (sine(*primals), slope(*primals) * tangents[0]))
    check_grads(sine, (0.7,), order=1)
    for mode in ("fwd", "rev"):
        with pytest.raises(CheckFailure, match="then"):
            check_grads(sine, (0.7,), order=2, modes=(mode,))


def test_wrong_values_and_dtypes_of_a_rule_are_found():
    def no_value(primals, tangents):
        return np.sin(primals[0]) + 1e-6, np.cos(primals[0]) * tangents[0]

    with pytest.raises(CheckFailure, match="the value beside the derivative"):
        check_jvp(np.sin, no_value, (0.5,))

    def single(primals, tangents):
        return np.sin(primals[0]), np.float32(np.cos(primals[0]) * tangents[0])

    with pytest.raises(CheckFailure, match="dtype float32"):
        check_jvp(np.sin, single, (0.5,))
    with pytest.raises(CheckFailure, match="shape"):
        check_vjp(np.sum, lambda x: (x.sum(), lambda ct: (np.ones(2),)), (np.ones(3),))


# -- what a failure says -------------------------------------------------------------------------


def test_the_smallest_input_is_found():
    wrong = wrong_by(0.1)

    def f(x, w, n):
        return fnp.tanh(x @ w) * n + wrong(x).sum()

    rng = np.random.default_rng(0)
    with pytest.raises(CheckFailure) as found:
        check_grads(f, (rng.normal(size=4), {"w": rng.normal(size=(4, 4))}["w"], 3), 2)
    failure = found.value
    x, w, n = failure.smallest
    assert x.shape == (1,) and w.shape == (1, 1)
    assert not x.any() and not w.any() and n == 0
    assert isinstance(failure, AssertionError)
    assert failure.error > failure.tolerance
    text = str(failure)
    assert "args = (np.array([0.0]), np.array([[0.0]]), 0)" in text
    assert "argument 0 (x), index" in text


def test_a_function_without_values_around_says_so():
    with pytest.raises(CheckFailure, match="no finite values"):
        check_grads(lambda x: fnp.where(x == 0.5, x, np.nan), (0.5,), 1)
    with pytest.raises(CheckFailure, match="value is not finite"):
        check_grads(fnp.log, (np.array([1.0, 0.0]),), 1)


def test_kinks_have_every_slope_between_the_two_sides():
    for f in (fnp.abs, fgrad.nn.relu, lambda x: fnp.maximum(x, 2 * x)):
        check_grads(f, (0.0,), 1)
    wrong = wrong_by(1.0)
    with pytest.raises(CheckFailure, match="kink"):
        check_grads(lambda x: fnp.maximum(wrong(x), 2 * wrong(x)) + x, (0.0,), 1)


# -- what there may be ---------------------------------------------------------------------------


def test_complex_arguments_and_integer_leaves():
    def f(tree, k):
        z, n = tree["z"], tree["n"]
        return {"holomorphic": fnp.exp(z) * n, "not": fnp.abs(z) ** 2 + fnp.conj(z) * k, "n": n}

    z = np.array([0.3 + 1j, -2.0 - 0.5j])
    check_grads(f, ({"z": z, "n": np.arange(2)}, 1.5), 2)
    check_grads(fnp.abs, (np.complex64(1 + 2j),), 2)

    @fgrad.custom_jvp
    def conjugate(z):
        return fnp.conj(z)

    conjugate.defjvp(lambda primals, tangents: (conjugate(*primals), tangents[0]))
    with pytest.raises(CheckFailure, match="imaginary part"):
        check_grads(conjugate, (z,), 1)


def test_python_numbers_half_precision_empty_arrays_and_no_arguments():
    check_grads(lambda x, y: x * y, (2.0, 3.0), 2)
    check_grads(fnp.tanh, (np.float16(0.5),), 1)
    check_grads(fnp.sin, (np.zeros((0, 3)),), 2)
    check_grads(lambda n: n + 1, (3,), 2)
    check_grads(lambda: 1.0, (), 2)
    check_grads(lambda x: (), (1.0,), 2)


def test_single_precision_inside_stays_single():
    check_grads(lambda x: fnp.sin(x.astype(np.float32)), (np.array([0.3, 2.0]),), 1)


def test_tolerances_and_steps_are_the_caller_s():
    wrong = wrong_by(1e-3)
    check_grads(wrong, (1.0,), 1, rtol=1e-2)
    check_grads(wrong, (1.0,), 1, atol=1e-2)
    check_grads(fnp.sin, (1.0,), 1, eps=1e-3)
    with pytest.raises(CheckFailure):
        check_grads(wrong, (1.0,), 1, eps=1e-3)


@pytest.mark.parametrize("name", test_util.__all__)
def test_test_util_takes_what_jax_s_takes(name):
    ours, theirs = getattr(test_util, name), getattr(jax.test_util, name)
    if name == "check_grads":
        ours(fnp.sin, (0.5,), 2, ("fwd",), 1e-3, 1e-3, 1e-4)
        theirs(jax.numpy.sin, (0.5,), 2, ("fwd",), 1e-3, 1e-3, 1e-4)
        return
    rule = {"check_jvp": fgrad.jvp, "check_vjp": fgrad.vjp}[name]
    other = {"check_jvp": jax.jvp, "check_vjp": jax.vjp}[name]
    options = (1e-3, 1e-3, 1e-4, "of sin")
    ours(fnp.sin, functools.partial(rule, fnp.sin), (0.5,), *options)
    theirs(jax.numpy.sin, functools.partial(other, jax.numpy.sin), (0.5,), *options)
    with pytest.raises(CheckFailure, match="of sin"):
        ours(fnp.cos, functools.partial(rule, fnp.sin), (0.5,), err_msg="of sin")


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(TypeError, match="args must be a tuple"):
        check_grads(fnp.sin, 1.0, 1)
    with pytest.raises(ValueError, match="'fwd' or 'rev'; got 'forward'"):
        check_grads(fnp.sin, (1.0,), 1, modes=("forward",))
    with pytest.raises(TypeError, match="expected a function"):
        check_grads(3, (1.0,), 1)


@pytest.mark.parametrize("order", [-1, 1.5, None])
def test_an_order_that_is_no_number_of_derivatives_is_refused(order):
    with pytest.raises(ValueError, match=r"order must be 0, 1, 2[^\0]*test_gradients.py"):
        check_grads(np.sin, (1.0,), order)
