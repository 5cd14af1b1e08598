"""The checks that need no differences: each finds what it is for, and passes what is right."""

import itertools

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.testing import (
    CheckFailure,
    check_all,
    check_dot_product,
    check_hessian_symmetry,
    check_jit,
    check_linearity,
    check_pure,
    check_vmap,
)
from tests.testing.planted import HARD, arguments


def model(params, x, n):
    hidden = fnp.tanh(x @ params["w"] + params["b"])
    return {"loss": fnp.mean(hidden**2), "hidden": hidden[:2], "n": n + 1}


PARAMS = {"w": np.linspace(-1, 1, 6).reshape(2, 3), "b": np.array([0.1, 0.2, -0.3], np.float32)}
X = np.array([0.5, -1.5])


def test_a_model_passes_everything():
    check_all(model, (PARAMS, X, 3))


@pytest.mark.parametrize("name", [h[0] for h in HARD])
def test_hard_functions_pass_everything(name):
    f, factor = next(h[1:] for h in HARD if h[0] == name)
    check_all(f, arguments(factor), order=1)
    check_hessian_symmetry(f, arguments(factor))


def test_complex_functions_pass_everything():
    check_all(lambda z: fnp.exp(z) * fnp.conj(z), (np.array([1 + 2j, -0.5j]),))


def custom(rule, value=fnp.sin):
    @fgrad.custom_jvp
    def f(x):
        return value(x)

    f.defjvp(lambda primals, tangents: (f(*primals), rule(primals[0], tangents[0])))
    return f


def custom_backward(backward):
    @fgrad.custom_vjp
    def f(x):
        return fnp.sin(x)

    f.defvjp(lambda x: (fnp.sin(x), x), lambda x, ct: (backward(x, ct),))
    return f


def test_a_derivative_that_is_not_linear_is_found():
    affine = custom(lambda x, t: t + 0 * x + 1e-6)
    with pytest.raises(CheckFailure, match="the tangent of the output"):
        check_linearity(affine, (np.ones(2),))


def test_modes_that_disagree_are_found():
    """Forward mode right, reverse mode not: only a transpose rule can do that."""
    from fgrad.primitives import elementwise

    neg = elementwise.neg
    check_dot_product(lambda x: neg(x) * x, (np.ones(2),))
    rule = neg.partials
    try:
        neg.partials = (lambda ans, x: -1.001 * (x == x),)
        with pytest.raises(CheckFailure):
            check_dot_product(_one_sided, (np.ones(2),))
    finally:
        neg.partials = rule


def _one_sided(x):
    """Uses the rule of `neg` under reverse mode alone."""
    from fgrad.transforms.linearize import LinearizeTracer

    return -x if isinstance(x, LinearizeTracer) else 0 - x


def test_second_derivatives_that_are_not_symmetric_are_found():
    # a gradient field that turns: (-y, x)
    f = custom(lambda x, t: -x[1] * t[0] + x[0] * t[1], lambda x: x[0] * x[1])
    with pytest.raises(CheckFailure, match="second derivative"):
        check_hessian_symmetry(f, (np.array([1.0, 2.0]),))
    with pytest.raises(TypeError, match="must be real"):
        check_hessian_symmetry(fnp.sin, (1j,))


def test_a_function_that_differs_when_compiled_is_found():
    def f(x):
        return x * 2 if isinstance(x, np.ndarray) else x * 2.001

    with pytest.raises(CheckFailure) as found:
        check_jit(f, (np.ones(3),))
    assert found.value.smallest[0].shape == (1,)
    with pytest.raises(CheckFailure, match="dtype"):
        check_jit(lambda x: x if isinstance(x, np.ndarray) else x.astype(np.float32), (X,))
    with pytest.raises(CheckFailure, match="tuple"):
        check_jit(lambda x: x if isinstance(x, np.ndarray) else (x, x), (X,))


def test_a_function_that_differs_when_mapped_is_found():
    def f(x, y):
        return x * y if isinstance(y, np.ndarray | np.generic) else x + y

    with pytest.raises(CheckFailure, match="in_axes="):
        check_vmap(f, (np.ones(3), 3.0))
    check_vmap(f, (np.ones(3), 3.0), in_axes=(1, None))
    check_vmap(f, (np.ones(3), 3.0), in_axes=[0, None])


def test_every_choice_of_axes_is_tried():
    seen = set()

    def f(x, y):
        seen.add((getattr(x, "dim", None), getattr(y, "dim", None)))
        return x.sum() + y.sum()

    check_vmap(f, (np.ones((2, 3)), np.ones(2)))
    everything = set(itertools.product((None, 0, 1, 2), (None, 0, 1)))
    assert seen == everything


@pytest.mark.filterwarnings("error")
def test_functions_that_are_not_pure_are_found():
    def changes(x):
        x += 1
        return x.sum()

    with pytest.raises(CheckFailure, match="changed its argument"):
        check_pure(changes, (np.ones(2),))

    def sets(x):
        x[0] = 9.0  # a second call changes nothing
        return x.sum()

    x = np.ones(2)
    with pytest.raises(CheckFailure, match="changed its argument"):
        check_pure(sets, (x,))
    assert x[0] == 1

    calls = itertools.count()
    with pytest.raises(CheckFailure, match="second call gave something else"):
        check_pure(lambda x: x + next(calls), (np.ones(2),))

    buffer, counts = np.zeros(2), itertools.cycle([0, 0])

    def keeps(x):
        buffer[...] = x
        return buffer

    with pytest.raises(CheckFailure, match="memory of"):
        check_pure(lambda x: x.T, (np.ones((2, 2)),))
    check_pure(lambda x: x.T, (np.ones((2, 2)),), may_alias=True)
    with pytest.raises(CheckFailure, match="memory of the output"):
        check_pure(lambda x: (keeps(x), buffer), (np.ones(2),))
    del counts


def test_a_result_that_the_next_call_overwrites_is_found():
    buffer = np.zeros(2)
    calls = itertools.count()

    def f(x):
        if next(calls) % 2 == 1:
            buffer[...] = x
            return buffer
        buffer[...] = -1
        return np.array(x)

    with pytest.raises(CheckFailure, match="changed the first result"):
        check_pure(f, (np.ones(2),))
