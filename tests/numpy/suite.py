"""Tests made from a table: each row is a program over a namespace that looks like NumPy's.

``Row("roll", lambda xp, x: xp.roll(x, 1), [(4,)], [(2, 3)])`` is run on arrays of the listed shapes
with ``xp`` being numpy (whose answer counts), fgrad.numpy and, for derivatives, jax.numpy.
"""

import contextlib
import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from tests.harness import assert_same, assert_traced_well, direction, draw
from tests.jax_suite import TOGETHER

DTYPES = ("float32", "float64", "complex128", "int32", "bool")
REFUSALS = (TypeError, ValueError, IndexError, np.linalg.LinAlgError)


class Row:
    """A program and the shapes to run it on.

    Parameters
    ----------
    name : str
    program : callable
        ``program(xp, *arrays)``.
    *cases : list of shapes
        One shape for each array.
    domain : str
        Where numbers are drawn from; see `tests.harness.DOMAINS`.
    dtypes : sequence of str
        What to compare values over; where NumPy refuses one, fgrad must refuse it too.
    smooth : bool
        Whether to compare derivatives with JAX's.
    numpy : bool
        Whether NumPy answers for tracers the same as fgrad.numpy.
    jax : callable, optional
        The program for jax.numpy, where its names differ.
    """

    def __init__(
        self,
        name,
        program,
        *cases,
        domain="any",
        dtypes=DTYPES,
        smooth=True,
        traced=True,
        jax=None,
        scale=1.0,
    ):
        self.name = name
        self.program = program
        self.cases = cases
        self.domain = domain
        self.dtypes = dtypes
        self.smooth = smooth
        self.traced = traced
        self.jax = jax or program
        self.scale = scale

    def __repr__(self):
        return self.name

    def arrays(self, case, dtype, seed=0):
        """Arrays of the shapes of a case."""
        rng = np.random.default_rng([seed, *map(ord, self.name)])
        return [draw(rng, self.domain, shape, dtype) for shape in self.cases[case]]


@contextlib.contextmanager
def quiet():
    """NumPy's warnings of NaN and empty slices are no concern of a comparison of values."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def numpy_answer(row, xs):
    """What NumPy gives; None where it refuses."""
    with quiet():
        try:
            return row.program(np, *xs)
        except REFUSALS:
            return None


def same_as_numpy(row, case, dtype):
    """fgrad.numpy gives NumPy's numbers, shape and dtype, or refuses where NumPy does."""
    xs = row.arrays(case, dtype)
    want = numpy_answer(row, xs)
    with quiet():
        if want is None:
            with pytest.raises((*REFUSALS, NotImplementedError)):
                row.program(fnp, *xs)
            return
        got = row.program(fnp, *xs)
    assert_same(_as_tuples(got), _as_tuples(want), scale=10 * row.scale)


def _as_tuples(tree):
    """Lists as tuples: NumPy and JAX differ in which they give."""
    return tuple(map(_as_tuples, tree)) if isinstance(tree, list | tuple) else tree


def same_when_traced(row, case):
    """The jaxpr keeps its promises, and numpy.f on tracers is fgrad.numpy.f."""
    xs = row.arrays(case, "float64")
    with quiet():
        ours = functools.partial(row.program, fnp)
        assert_traced_well(ours, *xs)
        theirs = fgrad.make_jaxpr(functools.partial(row.program, np))(*xs)
        assert str(theirs) == str(fgrad.make_jaxpr(ours)(*xs))
        assert_same(
            _as_tuples(fgrad.jit(ours)(*xs)), _as_tuples(row.program(np, *xs)), 10 * row.scale
        )


def same_when_mapped(row, case):
    """vmap is the loop, with all arguments mapped and with one."""
    xs = row.arrays(case, "float64")
    others = row.arrays(case, "float64", seed=1)
    program = functools.partial(row.program, fnp)
    with quiet():
        subsets = {tuple(range(len(xs))), *((i,) for i in range(len(xs)))}
        for mapped in sorted(subsets):
            stacked = [np.stack([x, y]) if i in mapped else x
                       for i, (x, y) in enumerate(zip(xs, others, strict=True))]  # fmt: skip
            axes = tuple(0 if i in mapped else None for i in range(len(xs)))
            second = [y if i in mapped else x
                      for i, (x, y) in enumerate(zip(xs, others, strict=True))]  # fmt: skip
            loop = [row.program(np, *xs), row.program(np, *second)]
            want = jax.tree.map(lambda a, b: np.stack([a, b]), *map(_as_tuples, loop))
            got = fgrad.vmap(program, in_axes=axes)(*stacked)
            assert_same(_as_tuples(got), want, 10 * row.scale)


# -- derivatives, several cases in one JAX program ------------------------------------------------


def _scalar(lib, program, weights):
    """The program followed by a weighted sum of what it gives: something to differentiate."""

    def fun(*xs):
        total = 0.0
        for leaf, w in zip(jax.tree.leaves(program(*xs)), weights, strict=True):
            if np.issubdtype(leaf.dtype, np.inexact):
                total = total + (w * leaf).sum().real
        return total

    return fun


def _derivatives(lib, np_like, program, xs, ts, weights):
    fun = _scalar(lib, functools.partial(program, np_like), weights)
    gradient = lib.grad(fun, argnums=tuple(range(len(xs))))
    value, tangent = lib.jvp(gradient, tuple(xs), tuple(ts))
    return {"gradient": value, "second": tangent, "jvp": lib.jvp(fun, tuple(xs), tuple(ts))[1]}


def problems(rows):
    """What to differentiate: (row, dtype, arrays, directions, weights)."""
    out = []
    for row in rows:
        if not row.smooth:
            continue
        for dtype in ("float64", "complex128"):
            if dtype not in row.dtypes:
                continue
            for case in range(len(row.cases)):
                xs = row.arrays(case, dtype)
                want = numpy_answer(row, xs)
                if want is None:
                    continue
                rng = np.random.default_rng(1)
                ts = [direction(rng, x) for x in xs]
                weights = [direction(rng, np.zeros(np.shape(s))) for s in jax.tree.leaves(want)]
                out.append((row, dtype, xs, ts, weights))
                if dtype == "complex128":
                    break
    return out


def jax_answers(cases):
    """JAX's derivatives of the cases, compiled as one program without costly optimisation."""

    def everything(arguments):
        return [_or_refusal(row, *a) for (row, *_), a in zip(cases, arguments, strict=True)]

    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(everything, compiler_options=options)([c[2:] for c in cases])


def _or_refusal(row, xs, ts, weights):
    try:
        return _derivatives(jax, jnp, row.jax, xs, ts, weights)
    except (*REFUSALS, NotImplementedError):
        return None


ROWS_RUN: list[Row] = []  # of all tables that tests are made of, for the page of tests.numpy.table


def suite(rows):
    """The tests of a table: of values, tracing, vmap, and derivatives."""
    ROWS_RUN.extend(rows)
    every = [
        pytest.param(row, case, dtype, id=f"{row.name}-{case}-{dtype}")
        for row in rows
        for case in range(len(row.cases))
        for dtype in row.dtypes
    ]
    traced = [
        pytest.param(row, case, id=f"{row.name}-{case}")
        for row in rows
        for case in range(len(row.cases))
        if row.traced and numpy_answer(row, row.arrays(case, "float64")) is not None
    ]
    cases = problems(rows)

    @functools.cache
    def answers(first):
        return jax_answers(cases[first : first + TOGETHER])

    @pytest.mark.parametrize(("row", "case", "dtype"), every)
    def test_value(row, case, dtype):
        same_as_numpy(row, case, dtype)

    @pytest.mark.parametrize(("row", "case"), traced)
    def test_traced(row, case):
        same_when_traced(row, case)

    @pytest.mark.parametrize(("row", "case"), traced)
    def test_mapped(row, case):
        same_when_mapped(row, case)

    @pytest.mark.parametrize(
        "i", [pytest.param(i, id=f"{c[0].name}-{i}") for i, c in enumerate(cases)]
    )
    def test_derivatives(i):
        row, _, xs, ts, weights = cases[i]
        want = answers(i - i % TOGETHER)[i % TOGETHER]
        if want is None:
            pytest.skip("JAX refuses this case")
        with quiet():
            got = _derivatives(fgrad, fnp, row.program, xs, ts, weights)
        assert_same(got, want, 100 * row.scale)

    return test_value, test_traced, test_mapped, test_derivatives
