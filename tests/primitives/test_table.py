"""Every row of the table: values, derivatives of both orders, batching, staging, types."""

import importlib
import pkgutil

import jax
import numpy as np
import pytest

import fgrad
from fgrad.core.avals import aval_of_value
from fgrad.core.trace import get_aval, registry
from tests.harness import (
    assert_same,
    assert_traced_well,
    assert_vmap_is_the_loop,
    axis_choices,
    central_difference,
    derivatives,
    direction,
    draw,
    jax_derivatives,
    seeded,
)
from tests.primitives.rows import (
    CALLBACKS,
    COLLECTIVES,
    FACTORIZATIONS,
    HOLD_PROGRAMS,
    RANDOM,
    ROWS,
    WITHOUT_RESULT,
)

for module in pkgutil.walk_packages(fgrad.__path__, "fgrad."):  # so that no primitive is missed
    importlib.import_module(module.name)

every_row = pytest.mark.parametrize("row", ROWS, ids=repr)
differentiable = pytest.mark.parametrize("row", [r for r in ROWS if r.dtypes], ids=repr)

quiet = np.errstate(all="ignore")  # integers and booleans draw zeros, also to divide by


def drawn(row, operands, dtype, rng):
    """Arguments for a case."""
    domains = iter(row.domains)
    return [
        o if isinstance(o, np.ndarray | np.generic) else draw(rng, next(domains), o, dtype)
        for o in operands
    ]


def calls(row, dtype, seed=0):
    """For each case the function of its drawn operands, those, and the function in JAX."""
    rng = np.random.default_rng(seed)
    for operands, params in row.cases:
        args = drawn(row, operands, dtype, rng)
        moving = [i for i, o in enumerate(operands) if isinstance(o, tuple)]

        def restricted(bind, args=args, moving=moving, params=params):
            def fun(*xs):
                full = list(args)
                for i, x in zip(moving, xs, strict=True):
                    full[i] = x
                return bind(*full, **params)

            return fun

        yield restricted(row.primitive), tuple(args[i] for i in moving), restricted(row.jax)


# -- rules ---------------------------------------------------------------------------------------


def test_every_primitive_has_a_row():
    named = {r.primitive for r in ROWS}
    elsewhere = FACTORIZATIONS | HOLD_PROGRAMS | RANDOM | WITHOUT_RESULT | CALLBACKS | COLLECTIVES
    missing = [p.name for p in registry if p not in named and p.name not in elsewhere]
    assert not missing, f"add rows to tests/primitives/rows.py for {missing}"


@pytest.mark.parametrize("primitive", registry, ids=repr)
def test_every_primitive_has_its_rules(primitive):
    assert callable(primitive.impl)
    assert callable(primitive.abstract_eval)
    assert callable(primitive.batch)
    if primitive.linear is not None and primitive.partials is None:
        assert callable(primitive.transpose), "linear, so it needs a transpose"
    gives_integers = {"reduce_and", "reduce_or", "reduce_xor", "custom_lin"}
    has_derivative = primitive.partials is not None or primitive.jvp is not None
    assert has_derivative or primitive.name in gives_integers


# -- values --------------------------------------------------------------------------------------


@every_row
@quiet
def test_value_and_type(row):
    """The numbers and dtype of NumPy, or its refusal; and the aval that the rule promises."""
    accepted = 0
    for dtype in row.values:
        rng = seeded()
        for operands, params in row.cases:
            args = drawn(row, operands, dtype, rng)
            try:
                want = row.numpy(*args, **params)
            except (TypeError, ValueError):
                with pytest.raises((TypeError, ValueError)):
                    row.primitive(*args, **params)
                continue
            accepted += 1
            before = [np.array(a) for a in args]
            got = row.primitive(*args, **params)
            assert type(got) is np.ndarray or np.ndim(got) == 0
            if np.ndim(got) == 0:
                assert isinstance(got, np.generic), "0-d results are scalars"
            assert_same(got, want, scale=10)
            assert_same(args, before)
            promised = row.primitive.abstract_eval(*map(get_aval, args), **params)
            assert aval_of_value(got) == promised
    assert accepted


@every_row
@quiet
def test_weak_types_are_promised_right(row):
    """Python scalars in place of 0-d operands: the aval of the rule is that of the value."""
    for dtype in ("float64", "int32", "complex128"):
        if dtype not in row.values:
            continue
        for operands, params in row.cases:
            scalars = [isinstance(o, tuple) and o == () for o in operands]
            values = drawn(row, operands, dtype, seeded())
            args = [v.item() if s else np.abs(v) for s, v in zip(scalars, values, strict=True)]
            if not any(scalars):
                continue
            avals = [get_aval(a) for a in args]
            try:
                promised = row.primitive.abstract_eval(*avals, **params)
            except TypeError:
                with pytest.raises(TypeError):
                    row.primitive(*args, **params)
                continue
            assert get_aval(row.primitive(*args, **params)) == promised, avals


@every_row
@quiet
def test_jit_gives_the_same(row):
    for dtype in row.values:
        for fun, args, _ in calls(row, dtype):
            try:
                want = fun(*args)
            except (TypeError, ValueError):
                with pytest.raises((TypeError, ValueError)):
                    fgrad.jit(fun)(*args)
                continue
            assert_same(fgrad.jit(fun)(*args), want, scale=10)
            assert_traced_well(fun, *args)


# -- derivatives ---------------------------------------------------------------------------------


def problem(fun, args, rng):
    """A function with a place, a direction and a cotangent to differentiate it with."""
    tangents = tuple(direction(rng, a) for a in args)
    return fun, args, tangents, direction(rng, fun(*args))


def inexact(case):
    """Whether a case gives floating-point numbers."""
    fun, args, _ = case
    return np.asarray(fun(*args)).dtype.kind in "fc"


@differentiable
def test_derivatives_are_those_of_jax(row):
    for dtype in row.dtypes:
        rng = seeded()
        cases = [c for c in calls(row, dtype) if inexact(c)]
        problems = [problem(fun, args, rng) for fun, args, _ in cases]
        theirs = jax_derivatives([(c[2], *p[1:]) for c, p in zip(cases, problems, strict=True)])
        for (fun, primals, tangents, ct), want in zip(problems, theirs, strict=True):
            ours = derivatives(fgrad, fun, primals, tangents, ct)
            assert_same(ours, want, scale=100)
            jitted = fgrad.jit(lambda p, t, c, fun=fun: derivatives(fgrad, fun, p, t, c))
            assert_same(jitted(primals, tangents, ct), ours, scale=100)


@differentiable
def test_derivatives_are_central_differences(row):
    for dtype in row.dtypes:
        rng = seeded()
        for fun, args, _ in filter(inexact, calls(row, dtype)):
            _, args, tangents, _ = problem(fun, args, rng)
            got = np.asarray(fgrad.jvp(fun, args, tangents)[1])
            if row.primitive.name == "stop_gradient":
                assert not got.any()
                continue
            want = central_difference(fun, args, tangents)
            # steps of 1e-6 leave 1e-12 of truncation and 1e-10 of cancellation, times the scale
            scale = 1 + np.abs(want).max(initial=0)
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8 * scale)


@differentiable
def test_reverse_over_reverse_is_forward_over_reverse(row):
    """A Hessian is symmetric."""
    if "float64" not in row.dtypes:
        return
    rng = seeded()
    for fun, args, _ in filter(inexact, calls(row, "float64")):
        _, args, tangents, ct = problem(fun, args, rng)
        if np.iscomplexobj(ct):
            continue  # its cotangents go to the inputs by their real parts only
        pull = lambda *xs, fun=fun, ct=ct: fgrad.vjp(fun, *xs)[1](ct)
        want = fgrad.jvp(pull, args, tangents)[1]
        assert_same(fgrad.vjp(pull, *args)[1](tangents), want, scale=100)


@differentiable
def test_small_floats_stay_small(row):
    """Derivatives in float32 and complex64 have that dtype and agree with the wide ones."""
    for wide, narrow in (("float64", "float32"), ("complex128", "complex64")):
        if wide not in row.dtypes:
            continue
        rng = seeded()
        for fun, args, _ in filter(inexact, calls(row, wide)):
            _, args, tangents, ct = problem(fun, args, rng)
            small = fun(*(a.astype(narrow) for a in args))
            ours = derivatives(
                fgrad, fun, tuple(a.astype(narrow) for a in args),
                tuple(t.astype(narrow) for t in tangents), ct.astype(small.dtype),
            )  # fmt: skip
            want = jax.tree.map(
                lambda x: x.astype(x.dtype.kind + str(x.dtype.itemsize // 2)),
                derivatives(fgrad, fun, args, tangents, ct),
            )
            # the narrow inputs are rounded, which second derivatives amplify
            assert_same(ours, want, scale=100, dtype=False)
            for key in ("vjp", "jvp of vjp"):
                assert all(np.asarray(g).dtype == narrow for g in ours[key]), key
            assert ours["jvp"].dtype == small.dtype


@differentiable
def test_integers_have_no_derivative(row):
    """Under jvp and grad an operand without a tangent stays a constant."""
    for fun, args, _ in filter(inexact, calls(row, row.dtypes[0])):
        for i, a in enumerate(args):
            one = lambda x, i=i, args=args, fun=fun: fun(*args[:i], x, *args[i + 1 :])
            t = direction(seeded(), a)
            zeros = [np.zeros_like(b) for b in args]
            zeros[i] = t
            alone = fgrad.jvp(one, (a,), (t,))
            together = fgrad.jvp(fun, args, tuple(zeros))
            assert_same(alone, together, scale=10)


# -- batching ------------------------------------------------------------------------------------


@every_row
@quiet
def test_vmap_is_the_loop(row):
    dtype = row.dtypes[-1] if row.dtypes else "int32" if "int32" in row.values else "float64"
    if row.primitive.name in ("isnan", "isinf", "is_finite", "signbit", "nextafter"):
        dtype = "float64"
    for operands, params in row.cases:
        draws = [drawn(row, operands, dtype, np.random.default_rng(k)) for k in range(2)]
        shapes = [np.shape(a) for a in draws[0]]
        for axes in axis_choices(shapes):
            assert_vmap_is_the_loop(
                lambda *xs, params=params: row.primitive(*xs, **params), draws, axes
            )


@differentiable
def test_vmap_of_derivatives_is_the_loop(row):
    for dtype in row.dtypes:
        pairs = zip(calls(row, dtype, 0), calls(row, dtype, 1), strict=True)
        for first, (_, other, _) in pairs:
            if not inexact(first):
                continue
            fun, args, _ = first
            _, _, tangents, ct = problem(fun, args, seeded())

            def both(*xs, fun=fun, tangents=tangents, ct=ct):
                pulled = fgrad.vjp(fun, *xs)[1](ct)
                return fgrad.jvp(fun, xs, tangents), pulled

            assert_vmap_is_the_loop(both, [args, other], (0,) * len(args))
