"""Which operation is blamed for a NaN or an infinity, and where it stands."""

import inspect
import io

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp


def _explain(f, *args):
    out = io.StringIO()
    report = fgrad.debug.explain_nan(f, *args, file=out)
    return report, out.getvalue()


def trap(x):
    root = fnp.sqrt(x)  # blamed
    return fnp.where(x > 0, root, 0.0).sum()


def masked_log(x):
    logs = fnp.log(x)  # blamed
    return fnp.where(x > 0, logs, 0.0).sum()


def norm(x):
    return fnp.linalg.norm(x)  # blamed


def overflow(x):
    e = fnp.exp(x)  # blamed
    return fnp.log(e).sum()


def zero_by_zero(x):
    return (x / x).sum()  # blamed


def power(x):
    return fnp.sum(x**0.5)  # blamed


def angle(x):
    return fnp.arctan2(x, 0 * x)  # blamed


def looped(x):
    def body(c, _):
        c = c * c  # blamed
        return c, c

    return fgrad.lax.scan(body, x, None, length=20)[0]


def going_on(x):
    return fgrad.lax.while_loop(
        lambda c: c < 10,
        lambda c: 2 * c + fnp.log(c - 1),  # blamed
        x,
    )


def branch(x):
    return fgrad.lax.cond(
        x > 0,
        lambda v: v,
        lambda v: 1 / (v + 1),  # blamed
        x,
    )


def inner_gradient(p):
    return fgrad.grad(lambda x: fnp.sqrt(x))(p["a"])  # blamed


@fgrad.custom_jvp
def own(x):
    return x / 0.0


own.defjvp(lambda primals, tangents: (own(*primals), tangents[0]))


def custom(x):
    return own(x) * 2  # blamed


CASES = [
    (trap, (np.array([4.0, 0.0]),), "backward", "sqrt", "where trap", [(1,)]),
    (masked_log, (np.array([0.0, 1.0]),), "backward", "log", "where trap", [(0,)]),
    (norm, (np.zeros(3),), "backward", "sqrt", "norm of a zero vector", [()]),
    (overflow, (np.array([1.0, 1e4]),), "forward", "exp", "subtract the maximum", [(1,)]),
    (zero_by_zero, (np.zeros(1),), "forward", "div", "division by zero", [(0,)]),
    (power, (np.zeros(1),), "backward", "pow", "power at zero", [(0,)]),
    (angle, (0.0,), "backward", "atan2", "no slope at", [()]),
    (looped, (3.0,), "forward", "mul", "overflow", [()]),
    (going_on, (1.0,), "forward", "log", "logarithm of zero", [()]),
    (branch, (-1.0,), "forward", "div", "division by zero", [()]),
    (inner_gradient, ({"a": 0.0},), "forward", "div", "division by zero", [()]),
    (custom, (1.0,), "forward", "custom_jvp_call", "", [()]),
]


@pytest.mark.parametrize("transform", (lambda f: f, fgrad.jit, fgrad.checkpoint))
@pytest.mark.parametrize(
    ("fun", "args", "direction", "operation", "cure", "places"),
    CASES,
    ids=lambda x: getattr(x, "__name__", None),
)
def test_the_operation_and_its_line(transform, fun, args, direction, operation, cure, places):
    report, text = _explain(transform(fun), *args)
    assert (report.direction, report.operation) == (direction, operation)
    assert report.places == places
    assert cure in report.cure
    lines, first = inspect.getsourcelines(fun)
    (blamed,) = [first + i for i, line in enumerate(lines) if "# blamed" in line]
    assert report.source.line == blamed
    assert report.source.file == __file__
    for word in (operation, "# blamed", "result: ", f"{__file__}:{blamed}", cure):
        assert word in text


def test_under_vmap_the_operands_are_those_of_the_batch():
    report, _ = _explain(fgrad.vmap(angle), np.array([1.0, 0.0]))
    assert report.places == [(1,)]
    np.testing.assert_array_equal(report.operands[0], [1.0, 0.0])
    np.testing.assert_array_equal(report.cotangents[0], [1.0, 1.0])


def test_what_comes_in_bad_is_said_so():
    report, text = _explain(lambda x, y: x * y, 1.0, np.array([1.0, np.nan]))
    assert (report.direction, report.places) == ("input", [(1,)])
    assert "argument leaf 1 holds a NaN already" in text


def test_infinite_constants_are_named():
    mask = lambda x: fgrad.nn.softmax(fnp.where(x > 5, x, -fnp.inf)).sum()
    report, text = _explain(mask, np.zeros(2))
    assert "an infinite constant" in text
    assert "large finite number" in report.cure


def test_all_is_well():
    report, text = _explain(lambda x: (fnp.where(x > 0, x, -fnp.inf).max(), x**2), np.ones(2))
    assert report is None
    assert "all numbers in value and gradient are finite" in text


def test_only_functions_are_explained():
    with pytest.raises(TypeError, match=r"must be a function[^\0]*test_explain"):
        fgrad.debug.explain_nan(3.0)
