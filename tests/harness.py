"""What the test tables share: draws, comparisons, and the same derivatives in fgrad and in JAX."""

import functools
import itertools

import jax
import numpy as np

import fgrad
from fgrad.core.check import check_jaxpr
from fgrad.core.jaxpr import ClosedJaxpr, Literal
from fgrad.core.trace import evaluation, get_aval

# Relative to the largest number of an array: a few dozen roundings.
TOLERANCE = {"f": {2: 1e-2, 4: 1e-5, 8: 1e-11, 16: 1e-11}, "c": {8: 1e-5, 16: 1e-11, 32: 1e-11}}


def _tolerance(dtype):
    return TOLERANCE.get(dtype.kind, {}).get(dtype.itemsize, 0.0)


def assert_same(got, want, scale=1.0, dtype=True):
    """Equal structure, shape, dtype and numbers (NaN where NaN), within roundings.

    Parameters
    ----------
    got, want : pytree of arrays
    scale : float
        How many times more roundings than usual there may be.
    dtype : bool
        Whether the dtypes must be equal too.
    """
    got, structure = jax.tree.flatten(got)
    want, wanted = jax.tree.flatten(want)
    assert structure == wanted, f"{structure} != {wanted}"
    for g, w in zip(got, want, strict=True):
        g, w = np.asarray(g), np.asarray(w)
        assert g.shape == w.shape, f"shape {g.shape}, wanted {w.shape}"
        if dtype:
            assert g.dtype == w.dtype, f"dtype {g.dtype}, wanted {w.dtype}"
        rtol = max(_tolerance(g.dtype), _tolerance(w.dtype)) * scale
        finite = np.abs(w[np.isfinite(w)]) if w.dtype.kind in "fc" else np.zeros(0)
        atol = rtol * float(finite.max(initial=1e-3))
        np.testing.assert_allclose(g, w, rtol=rtol, atol=atol)


# -- jaxprs --------------------------------------------------------------------------------------


def assert_promises_kept(closed: ClosedJaxpr, args) -> None:
    """A jaxpr type-checks, and running it gives exactly the avals it promises, weak types too."""
    check_jaxpr(closed)
    _run_checked(closed.jaxpr, closed.consts, args)


def _run_checked(jaxpr, consts, args):
    env = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    for v in jaxpr.invars:
        assert get_aval(env[v]) == v.aval, f"argument {get_aval(env[v])} for {v.aval}"
    for eqn in jaxpr.eqns:
        values = tuple(v.val if type(v) is Literal else env[v] for v in eqn.invars)
        before = [np.array(v) for v in values]
        out = evaluation.process(eqn.primitive, values, eqn.params)
        outs = out if eqn.primitive.multiple_results else [out]
        for v, o in zip(eqn.outvars, outs, strict=True):
            assert get_aval(o) == v.aval, f"{get_aval(o)} where {v.aval} was promised: {eqn}"
            env[v] = o
        for was, now in zip(before, values, strict=True):
            np.testing.assert_array_equal(was, now, err_msg=f"an operand was changed by {eqn}")


def assert_traced_well(fun, *args) -> None:
    """The jaxpr of ``fun(*args)`` keeps its promises and gives what `fun` gives."""
    closed = fgrad.make_jaxpr(fun)(*args)
    leaves = jax.tree.leaves(args)
    assert_promises_kept(closed, leaves)
    assert_same(closed(*leaves), jax.tree.leaves(fun(*args)), scale=10)


# -- draws ---------------------------------------------------------------------------------------

DOMAINS = {
    "any": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.5, 2.0, shape),
    "unit": lambda rng, shape: rng.uniform(-0.8, 0.8, shape),
    "fraction": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "above one": lambda rng, shape: rng.uniform(1.2, 3.0, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape),
}
_INTEGERS = {
    "any": (-4, 5),
    "positive": (1, 5),
    "unit": (0, 2),
    "fraction": (0, 2),
    "above one": (1, 5),
    "nonzero": (1, 5),
}


def draw(rng, domain, shape, dtype):
    """Random numbers of a named domain."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        x = rng.random(shape) < 0.5
    elif dtype.kind in "iu":
        x = rng.integers(*_INTEGERS[domain], shape)
    else:
        x = DOMAINS[domain](rng, shape)
        if dtype.kind == "c":
            x = x + 1j * rng.normal(size=shape)
    return np.asarray(x).astype(dtype)[()]


def direction(rng, x):
    """A random tangent for `x`."""
    return draw(rng, "any", np.shape(x), np.asarray(x).dtype)


# -- derivatives, the same way in both libraries -------------------------------------------------


def derivatives(lib, fun, primals, tangents, ct):
    """Value, JVP, VJP, and the second order as the JVP of the VJP."""

    def pullback(*xs):
        return lib.vjp(fun, *xs)[1](ct)

    value, tangent = lib.jvp(fun, primals, tangents)
    return {
        "value": value,
        "jvp": tangent,
        "vjp": pullback(*primals),
        "jvp of vjp": lib.jvp(pullback, primals, tangents)[1],
    }


def jax_derivatives(problems):
    """`derivatives` in JAX of several ``(fun, primals, tangents, ct)``, compiled as one program."""
    funs = [p[0] for p in problems]

    def everything(arguments):
        return [derivatives(jax, f, *a) for f, a in zip(funs, arguments, strict=True)]

    return jax.jit(everything)([p[1:] for p in problems])


def central_difference(fun, primals, tangents, step=1e-6):
    """The derivative of `fun` along `tangents`, from its values."""
    ahead = fun(*(p + step * t for p, t in zip(primals, tangents, strict=True)))
    behind = fun(*(p - step * t for p, t in zip(primals, tangents, strict=True)))
    return (np.asarray(ahead) - np.asarray(behind)) / (2 * step)


# -- vmap ----------------------------------------------------------------------------------------


def axis_choices(shapes):
    """in_axes for every non-empty set of mapped operands, each first, last and in the middle."""
    n = len(shapes)
    for mapped in itertools.product((True, False), repeat=n):
        if not any(mapped):
            continue
        tried = set()
        for shift in range(3):
            axes = tuple(
                ((0, -1, len(s) // 2)[(shift + i) % 3] if m else None)
                for i, (m, s) in enumerate(zip(mapped, shapes, strict=True))
            )
            if axes not in tried:
                tried.add(axes)
                yield axes


def assert_vmap_is_the_loop(fun, draws, in_axes, size=2):
    """``vmap(fun, in_axes)`` equals calling `fun` for each example.

    Parameters
    ----------
    fun : callable
    draws : list of tuple
        Arguments for `size` calls; of an unmapped one the first is taken.
    in_axes : tuple of int or None
    """
    examples = [
        [draws[k if a is not None else 0][i] for i, a in enumerate(in_axes)] for k in range(size)
    ]
    stacked = [
        examples[0][i] if a is None else np.stack([e[i] for e in examples], axis=a)
        for i, a in enumerate(in_axes)
    ]
    vmapped = fgrad.vmap(fun, in_axes=in_axes)
    want = jax.tree.map(lambda *xs: np.stack(xs), *[fun(*e) for e in examples])
    assert_same(vmapped(*stacked), want, scale=10)
    assert_traced_well(vmapped, *stacked)


seeded = functools.partial(np.random.default_rng, 0)
