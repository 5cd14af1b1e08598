"""Tests made from a table whose rows are compared with JAX.

``Row("top_k", lambda lib, x: lib.lax.top_k(x, 2), (5,))`` is run with ``lib`` being fgrad and jax.
"""

import functools

import jax
import numpy as np
import pytest

import fgrad
from tests.harness import assert_same, assert_traced_well, assert_vmap_is_the_loop, direction, draw

# How many cases are one program of JAX: a program has its price, and one of a hundred cases takes
# longer than ten of ten.
TOGETHER = 10


class Row:
    """A program and the shapes to run it on.

    Parameters
    ----------
    name : str
    program : callable
        ``program(lib, *arrays)``.
    *shapes : tuple of int
        One for each array.
    domain : str
        Where numbers are drawn from; see `tests.harness.DOMAINS`.
    dtypes : sequence of str
        What to compare values over.
    smooth : bool
        Whether to compare derivatives too.
    same_dtype : bool
        Whether the dtype must be JAX's: its indices are int32.
    """

    def __init__(
        self,
        name,
        program,
        *shapes,
        domain="any",
        dtypes=("float32", "float64"),
        smooth=True,
        same_dtype=True,
        scale=1.0,
    ):
        self.name = name
        self.program = program
        self.shapes = shapes
        self.domain = domain
        self.dtypes = dtypes
        self.smooth = smooth
        self.same_dtype = same_dtype
        self.scale = scale

    def arrays(self, dtype, seed=0):
        """Arrays of the shapes."""
        rng = np.random.default_rng([seed, *map(ord, self.name)])
        return [draw(rng, self.domain, shape, dtype) for shape in self.shapes]


def _everything(lib, program, xs, ts, weights):
    """The value, and derivatives of a weighted sum of it if there are weights."""
    out = {"value": program(lib, *xs)}
    if weights is None:
        return out

    def fun(*xs):
        total = 0.0
        for leaf, w in zip(jax.tree.leaves(program(lib, *xs)), weights, strict=True):
            if np.issubdtype(leaf.dtype, np.inexact):
                total = total + (w * leaf).sum().real
        return total

    gradient = lib.grad(fun, argnums=tuple(range(len(xs))))
    out["gradient"], out["second"] = lib.jvp(gradient, tuple(xs), tuple(ts))
    out["jvp"] = lib.jvp(fun, tuple(xs), tuple(ts))[1]
    return out


def _case(row, dtype):
    xs = row.arrays(dtype)
    if not row.smooth or dtype not in ("float64", "complex128"):
        return xs, None, None
    rng = np.random.default_rng(1)
    ts = [direction(rng, x) for x in xs]
    shapes = jax.tree.leaves(jax.eval_shape(functools.partial(row.program, jax), *xs))
    return xs, ts, [direction(rng, np.zeros(s.shape)) for s in shapes]


def suite(rows):
    """The tests of a table: of values and derivatives, tracing, and vmap."""
    keys = [(row, dtype) for row in rows for dtype in row.dtypes]

    @functools.cache
    def answers(first):
        """JAX's answers for the cases from `first` on, as many as go together."""
        some = keys[first : first + TOGETHER]

        def everything(arguments):
            return [
                _everything(jax, row.program, *a)
                for (row, _), a in zip(some, arguments, strict=True)
            ]

        options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
        cases = [_case(*key) for key in some]
        return cases, jax.jit(everything, compiler_options=options)(cases)

    @pytest.mark.parametrize(
        "i", [pytest.param(i, id=f"{row.name}-{dtype}") for i, (row, dtype) in enumerate(keys)]
    )
    def test_values_and_derivatives(i):
        row = keys[i][0]
        case, want = (a[i % TOGETHER] for a in answers(i - i % TOGETHER))
        with np.errstate(all="ignore"):
            got = _everything(fgrad, row.program, *case)
        value = got.pop("value"), want.pop("value")
        assert_same(*value, 10 * row.scale, row.same_dtype)
        assert_same(got, want, 100 * row.scale)

    @pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])
    def test_traced(row):
        with np.errstate(all="ignore"):
            assert_traced_well(functools.partial(row.program, fgrad), *row.arrays(row.dtypes[-1]))

    @pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])
    def test_mapped(row):
        draws = [row.arrays(row.dtypes[-1], seed) for seed in (0, 1)]
        choices = {(0,) * len(row.shapes)}
        choices |= {
            tuple(0 if i == k else None for i in range(len(row.shapes)))
            for k in range(len(row.shapes))
        }
        for axes in sorted(choices, key=str):
            with np.errstate(all="ignore"):
                assert_vmap_is_the_loop(functools.partial(row.program, fgrad), draws, axes)

    return test_values_and_derivatives, test_traced, test_mapped
