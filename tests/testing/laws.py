"""What the law tests share: a random program as a function to transform, and when numbers agree.

Numbers agree if they differ by a few hundred roundings relative to the largest of their array.
Where they differ by more, the program is run again at points a few roundings away: what moves its
result that much may also move it between two ways of computing it. Where the result jumps, the
point is at a kink that rounding decides; such a program is set aside and counted.
"""

import collections
import functools
import re

import hypothesis
import jax
import numpy as np
from hypothesis import given, settings

import fgrad.numpy as fnp
from fgrad.testing.strategies import programs

COUNTS = collections.Counter()
ROUNDINGS = 500


def law(*strategies, share=1.0):
    """Make a test of programs: it is given the program, then what `strategies` draw.

    Parameters
    ----------
    share : float
        How many programs, relative to the other laws.
    """
    # programs are smaller than other examples, and rules are many
    programs_run = max(100, 2.6 * settings.default.max_examples)

    def decorate(test):
        @functools.wraps(test)
        def counted(program, **drawn):
            COUNTS["programs"] += 1
            with np.errstate(all="ignore"):
                test(program, **drawn)

        count = int(programs_run * share)
        return settings(max_examples=count)(given(programs(), *strategies)(counted))

    return decorate


# -- a program as a function of inexact arrays to a tuple of inexact arrays ------------------------


def _inexact(x):
    return np.issubdtype(x.dtype, np.inexact)


def function(program, library="fgrad"):
    """The inexact results of `program`, as a function of `library`."""
    whole = program.function(library)
    return lambda *xs: tuple(o for o in whole(*xs) if _inexact(o))


def wave(x, phase=0.0):
    """A direction like `x`: fixed numbers, unlike each other, of a shape and dtype."""
    n = np.size(x)
    flat = np.cos(2.0 * np.arange(n) + 1.0 + phase)
    if np.dtype(x.dtype).kind == "c":
        flat = flat + 1j * np.sin(3.0 * np.arange(n) + phase)
    flat = flat.astype(x.dtype).reshape(np.shape(x))[()]
    # JAX's loops refuse some constants that are NumPy's
    return jax.numpy.asarray(flat) if isinstance(x, jax.Array) else flat


def waves(xs, phase=0.0):
    return tuple(wave(x, phase + i) for i, x in enumerate(xs))


def total(fun, np=fnp):
    """A real number made of all that `fun` gives."""

    def scalar(*xs):
        result = 0.0
        for i, o in enumerate(fun(*xs)):
            # in the dtype of the result, and of complex numbers both parts
            result = result + np.sum(np.real(o * wave(o, i))).astype(float)
        return result

    return scalar


def pair(cts, outs):
    """<ct, out>, real: what transposition preserves in JAX's convention."""
    pairs = zip(cts, outs, strict=True)
    return sum((np.sum(np.asarray(c) * np.asarray(o), dtype=complex) for c, o in pairs), 0j)


_COMPILED_QUICKLY = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


def in_jax(fun, *xs):
    """``fun(*xs)`` in JAX, compiled: each operation by itself would be compiled too, and slower."""
    try:
        return jax.jit(fun, compiler_options=_COMPILED_QUICKLY)(*xs)
    except NotImplementedError as e:
        # its derivative of ``x.at[i].mul(y)`` is not for an `i` that may repeat
        if "scatter_mul gradients" not in str(e):
            raise
        COUNTS["not in JAX"] += 1
        hypothesis.reject()


def every_line(program, library="fgrad"):
    """The program with the value of each of its lines as its results."""
    head, _, _ = program.body.rpartition("return ")
    names = re.findall(r"^(v\d+) =", head, re.MULTILINE)
    returned = "".join(f"{n}, " for n in names or program.parameters)
    return program._replace(body=f"{head}return {returned}").function(library)


def assert_lines_differ(program):
    """Some value on the way is rounded differently in JAX, so that a kink may be decided by it."""
    libraries = ("fgrad", "jax")
    got, want = (_leaves(every_line(program, lib)(*program.arguments)) for lib in libraries)
    assert not all(map(np.array_equal, got, want)), "JAX differs at a kink, on the same numbers"


# -- when numbers agree --------------------------------------------------------------------------


def _eps(program):
    narrow = any(x.dtype in (np.float32, np.complex64) for x in program.arguments)
    narrow = narrow or "float32" in program.body or "complex64" in program.body
    return float(np.finfo(np.float32 if narrow else np.float64).eps)


def _leaves(tree):
    return [np.asarray(x) for x in jax.tree.leaves(tree)]


def _worst(got, want):
    """The largest difference of each leaf; infinite where one is not finite and they differ."""
    worst = []
    for g, w in zip(got, want, strict=True):
        g, w = (x.astype(np.result_type(x, np.float64)) for x in (g, w))
        same = (g == w) | (np.isnan(g) & np.isnan(w))
        apart = np.where(same, 0.0, np.abs(g - w))
        worst.append(float(np.max(np.where(np.isnan(apart), np.inf, apart), initial=0.0)))
    return np.array(worst)


def _size(leaf):
    finite = np.abs(leaf[np.isfinite(leaf)])
    return float(np.max(finite, initial=1.0))


def _neighbours(xs, eps, count=4):
    """Points a few roundings from `xs`."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        near = []
        for x in xs:
            step = 4 * max(eps, float(np.finfo(x.dtype).eps))
            moved = np.asarray(x) * (1 + step * rng.choice([-1.0, 1.0], np.shape(x)))
            near.append(fnp.asarray(moved.astype(x.dtype))[()])
        yield near


def assert_agree(program, left, right, xs=None, same_types=True, in_jax=False):
    """``left(*xs)`` and ``right(*xs)`` are the same, within roundings.

    Parameters
    ----------
    program : Program
    left, right : callable
        What gives the numbers; `right` is run at neighbouring points too, where they differ.
    xs : tuple of arrays, optional
        The program's arguments if not given.
    same_types : bool
        Whether dtypes must be the same.
    in_jax : bool
        Whether `left` was computed by JAX, whose values on the way can be looked at.
    """
    xs = program.arguments if xs is None else xs
    got, want = left(*xs), right(*xs)
    trees = jax.tree.structure(got), jax.tree.structure(want)
    assert trees[0] == trees[1], f"{trees[0]} != {trees[1]}"
    got, want = _leaves(got), _leaves(want)
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape, f"shapes {g.shape} and {w.shape}"
        assert not same_types or g.dtype == w.dtype, f"dtypes {g.dtype} and {w.dtype}"
    eps = _eps(program)
    sizes = np.array([_size(w) for w in want])
    allowed = ROUNDINGS * eps * sizes * np.array([w.dtype.kind in "fc" for w in want])
    worst = _worst(got, want)
    if np.all(worst <= allowed):
        return
    spread = np.zeros(len(want))
    for near in _neighbours(xs, eps):
        spread = np.maximum(spread, _worst(_leaves(right(*near)), want))
    if np.any(spread > np.sqrt(eps) * sizes):
        COUNTS["set aside at kinks"] += 1
        if in_jax:
            assert_lines_differ(program)
        hypothesis.reject()
    allowed = allowed + 30 * spread
    k = int(np.argmax(worst - allowed))
    assert np.all(worst <= allowed), (
        f"leaf {k}: they differ by {worst[k]:.3g}, allowed are {allowed[k]:.3g}\n"
        f"{got[k]}\n{want[k]}"
    )
