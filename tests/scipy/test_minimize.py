"""Minima against those of SciPy."""

import numpy as np
import pytest
import scipy.optimize

import fgrad
import fgrad.numpy as fnp
from fgrad.scipy.optimize import minimize


def _rosenbrock(x):
    return fnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def _matyas(x):
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


def _eggholder(x):
    x, y = x[0], x[1] + 47
    return -y * fnp.sin(fnp.sqrt(abs(x / 2 + y))) - x * fnp.sin(fnp.sqrt(abs(x - y)))


CASES = [
    (_rosenbrock, np.zeros(2)),
    (_rosenbrock, np.linspace(-1, 2, 8)),
    (_himmelblau, np.array([92.0, 0.001])),
    (_matyas, np.array([1.0, -2.0])),
    (_eggholder, np.array([100.0, 50.0])),
    (lambda x: fnp.sum(fnp.log(fnp.cosh(x - 3.0))), np.full(3, -40.0)),  # flat far out
    (lambda x: fnp.sum(x - fnp.log(x)), np.full(2, 9.0)),  # not defined everywhere
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_minima(case):
    """A gradient that is small, a value not above SciPy's, an inverse Hessian that fits."""
    fun, x0 = CASES[case]
    with np.errstate(all="ignore"):
        want = scipy.optimize.minimize(lambda x: float(fun(x)), x0, method="BFGS")
        got = minimize(fun, x0, method="BFGS")
        jitted = fgrad.jit(lambda x: minimize(fun, x, method="BFGS"))(x0)
    assert got.success and got.status == 0
    assert abs(got.jac).max() < 1e-5
    assert np.abs(fgrad.grad(fun)(got.x) - got.jac).max() < 1e-12
    if fun is not _eggholder:  # which has many minima
        assert got.fun <= want.fun + 1e-8 or np.isnan(want.fun)  # where SciPy fails
    assert got.nit <= got.nfev < 20 * (want.nit + 10)
    np.testing.assert_allclose(jitted.x, got.x, rtol=1e-6, atol=1e-6)
    # the inverse Hessian is positive definite
    assert (np.linalg.eigvalsh(got.hess_inv) > 0).all()


def test_arguments_and_options():
    fun = lambda x, a, b: fnp.sum((x - a) ** 2) * b
    got = minimize(fun, [0, 0], (3.0, 2.0), method="bfgs", tol=1e-10)
    np.testing.assert_allclose(got.x, 3.0, atol=1e-10)
    few = minimize(_rosenbrock, np.zeros(4), method="BFGS", options={"maxiter": 2})
    assert (few.status, few.nit, few.success) == (1, 2, False)
    exact = minimize(_rosenbrock, np.zeros(2), method="BFGS", options={"gtol": 0.0})
    assert exact.status == 2 and exact.fun < 1e-20
    single = minimize(_rosenbrock, np.zeros(2, np.float32), method="BFGS", tol=1e-2)
    assert single.x.dtype == np.float32 and single.success


def test_mapped():
    starts = np.array([[0.0, 0.0], [-1.0, 2.0], [1.0, 1.0]])
    found = fgrad.vmap(lambda x: minimize(_rosenbrock, x, method="BFGS"))(starts)
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)
    assert found.success.all()


def test_forward_derivative():
    place = lambda a: minimize(lambda x: fnp.sum((x - a) ** 4 + (x - a) ** 2), np.zeros(2),
                               method="BFGS", tol=1e-9).x  # fmt: skip
    a, t = np.array([1.0, -2.0]), np.array([0.3, 1.0])
    # of a search that ends at a gradient of 1e-9
    np.testing.assert_allclose(fgrad.jvp(place, (a,), (t,))[1], t, atol=1e-4)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: minimize(_matyas, [1.0], method="CG"), ValueError, "method must be 'BFGS'"),
        (lambda: minimize(_matyas, 1.0, method="BFGS"), ValueError, "x0 must be a vector"),
        (lambda: minimize(_matyas, [1.0], 1, method="BFGS"), TypeError, "args must be a tuple"),
        (
            lambda: minimize(_matyas, [1.0], method="BFGS", options={"x": 1}),
            TypeError,
            r"unknown options \['x'\]",
        ),
    ],
)
def test_errors(call, error, match):
    with pytest.raises(error, match=match) as e:
        call()
    assert "test_minimize.py" in str(e.value)
