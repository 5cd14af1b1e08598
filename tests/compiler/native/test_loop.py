"""Loops with a carry: random ones give by LLVM what they give by NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fgrad
import fgrad.numpy as fnp
from fgrad import lax
from tests.compiler.native.helpers import check

NUMBERS = st.integers(0, 1000)
SHAPES = st.sampled_from([(), (3,), (3, 3), (4, 3), (2, 3), (3,), ()])
DTYPES = st.sampled_from("dddddfl?i")


def real(x):
    return x if np.dtype(x.dtype).kind == "f" else x * 1.0


def is_bool(x):
    return np.dtype(x.dtype) == np.dtype(bool)


def _fit(x, y):
    try:
        return np.broadcast_shapes(x.shape, y.shape) is not None
    except ValueError:
        return False


def _start(x, i, other):
    return [i + other % 7 - 3] + [0] * (x.ndim - 1)


# Each with what it takes: x, y, the step, a number.
OPERATIONS = (
    (lambda x, y: _fit(x, y) and not (is_bool(x) and is_bool(y)), lambda x, y, i, k: x + y),
    (lambda x, y: _fit(x, y) and not (is_bool(x) and is_bool(y)), lambda x, y, i, k: x * y),
    (lambda x, y: _fit(x, y), lambda x, y, i, k: fnp.where(x != y, x, y)),
    (lambda x, y: _fit(x, y), lambda x, y, i, k: real(x) < real(y)),
    (lambda x, y: True, lambda x, y, i, k: fnp.tanh(real(x))),
    (lambda x, y: True, lambda x, y, i, k: fnp.exp(-(real(x) ** 2))),
    (lambda x, y: True, lambda x, y, i, k: fnp.arctan2(real(x), 2.0)),
    (lambda x, y: True, lambda x, y, i, k: x.T),
    (lambda x, y: x.ndim, lambda x, y, i, k: x[1:]),
    (lambda x, y: x.ndim == 2, lambda x, y, i, k: x[k % x.shape[0]]),
    (lambda x, y: x.ndim == 2, lambda x, y, i, k: x[:, k % x.shape[1]]),
    (lambda x, y: x.ndim and not is_bool(x), lambda x, y, i, k: x.sum(axis=k % x.ndim)),
    (lambda x, y: x.ndim and not is_bool(x), lambda x, y, i, k: x.max()),
    (
        lambda x, y: x.ndim and x.ndim == y.ndim and x.shape[1:] == y.shape[1:],
        lambda x, y, i, k: fnp.concatenate([x, y])[:4],
    ),
    (
        lambda x, y: x.ndim and y.ndim and x.shape[-1] == y.shape[0],
        lambda x, y, i, k: real(x) @ real(y),
    ),
    (
        lambda x, y: x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1],
        lambda x, y, i, k: real(x) @ real(y).T,
    ),
    (
        lambda x, y: x.ndim == y.ndim == 2 and x.shape[0] == y.shape[0],
        lambda x, y, i, k: real(x).T @ real(y),
    ),
    (
        lambda x, y: x.ndim and x.shape[0] > 1,
        lambda x, y, i, k: lax.dynamic_slice(x, _start(x, i, k), (x.shape[0] - 1, *x.shape[1:])),
    ),
    (
        lambda x, y: x.ndim,
        lambda x, y, i, k: lax.dynamic_index_in_dim(x, i - k % 4, 0, keepdims=False),
    ),
    (lambda x, y: x.ndim < 2, lambda x, y, i, k: fnp.broadcast_to(x, (3, *x.shape))),
    (lambda x, y: x.ndim == 2, lambda x, y, i, k: x.reshape(-1)),
    (lambda x, y: x.ndim < 2, lambda x, y, i, k: fnp.stack([x, x])),
)
OPERATION = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)


class Loop:
    """A random loop: a function of (carry, constants, stacked inputs)."""

    def __init__(self, kind, length, reverse, carry, consts, xs, plan, nexts, ys, inner):
        self.kind, self.length, self.reverse = kind, length, reverse
        self.carry, self.consts, self.xs = carry, consts, xs
        self.plan, self.nexts, self.ys, self.inner = plan, nexts, ys, inner

    def __repr__(self):
        return f"Loop({vars(self)})"

    def arguments(self, seed):
        """Arrays for it."""
        r = np.random.default_rng(seed)
        draw = lambda shape, dtype: np.asarray(r.normal(size=shape) * 3).astype(dtype)
        return (
            [draw(*c) for c in self.carry],
            [draw(c, "d") for c in self.consts],
            [draw((self.length, *x), "d") for x in self.xs],
        )

    def __call__(self, carry, consts, xs):
        if self.kind == "scan":

            def step(c, x):
                i, *c = c
                values = self._values([*c, *consts, *x], i)
                ys = [values[-1 - y % len(values)] for y in self.ys]
                return [i + 1, *self._next(c, values)], ys

            (_, *last), ys = lax.scan(
                step, [fnp.asarray(0), *carry], xs, length=self.length, reverse=self.reverse
            )
            return [*last, *ys]
        if self.kind == "fori":
            body = lambda i, c: self._next(c, self._values([*c, *consts], i))
            return list(lax.fori_loop(0, self.length, body, list(carry)))

        def body(c):
            i, *c = c
            return [i + 1, *self._next(c, self._values([*c, *consts], i))]

        goes_on = lambda c: (c[0] < self.length) & (real(c[1]).sum() < 1e6)
        return list(lax.while_loop(goes_on, body, [fnp.asarray(0), *carry]))[1:]

    def _values(self, values, i):
        for which, one, other, k in self.plan:
            x, y = values[-1 - one % min(len(values), 4)], values[other % len(values)]
            if which % (len(OPERATIONS) + 2) >= len(OPERATIONS):
                made = self._inside(values)
            else:
                takes, write = OPERATIONS[which % (len(OPERATIONS) + 2)]
                made = [write(x, y, i, k)] if takes(x, y) else [real(x) * 0.5]
            values += [v for v in made if v.ndim <= 2 and v.size <= 60]
        return values

    def _inside(self, values):
        """The results of the loop inside, on what there is."""
        if self.inner is None:
            return []
        loop = self.inner
        base = real(values[0]).sum() * 0.01
        take = lambda shape, dtype: next(
            (v for v in values if v.shape == shape and np.dtype(v.dtype) == np.dtype(dtype)),
            (fnp.ones(shape) * base).astype(dtype) if dtype != "?" else fnp.ones(shape) > base,
        )
        return loop(
            [take(*c) for c in loop.carry],
            [take(c, "d") for c in loop.consts],
            [fnp.ones((loop.length, *x)) * base for x in loop.xs],
        )

    def _next(self, carry, values):
        """Values of the shapes of the carry: new ones, others of it, or the same."""
        chosen = []
        for c, n in zip(carry, self.nexts, strict=True):
            alike = [v for v in values if v.shape == c.shape]
            v = alike[-1 - n % min(len(alike), 3)] if n % 5 else alike[n // 5 % len(alike)]
            if is_bool(c):
                v = v if is_bool(v) else v != 0
            elif np.dtype(v.dtype).kind == "f" and np.dtype(c.dtype).kind != "f":
                v = fnp.clip(v, -100, 100)
            chosen.append(v.astype(c.dtype))
        return chosen


@st.composite
def loops(draw, depth=1):
    kind = draw(st.sampled_from(("scan", "scan", "fori", "while")))
    carry = draw(st.lists(st.tuples(SHAPES, DTYPES), min_size=1, max_size=4))
    return Loop(
        kind,
        draw(st.sampled_from((1, 2, 3, 5))),
        draw(st.booleans()),
        carry,
        draw(st.lists(SHAPES, max_size=2)),
        draw(st.lists(SHAPES, max_size=2)) if kind == "scan" else [],
        draw(st.lists(OPERATION, min_size=1, max_size=10)),
        [draw(NUMBERS) for _ in carry],
        draw(st.lists(NUMBERS, max_size=3)) if kind == "scan" else [],
        draw(st.none() | loops(depth - 1)) if depth else None,
    )


def compare(f, *args):
    single = any(x.dtype == np.float32 for x in fgrad.tree.leaves(args))
    rtol = 1e-3 if single else 1e-8
    check(f, *args, rtol=rtol, atol=rtol)


@settings(max_examples=settings.default.max_examples * 2)
@given(loops(), NUMBERS)
def test_random_loops(loop, seed):
    compare(loop, *loop.arguments(seed))


@given(loops(), NUMBERS)
def test_random_loops_over_examples(loop, seed):
    carry, consts, xs = loop.arguments(seed)
    carry[0] = np.stack([carry[0], carry[0][...]])
    consts = [np.stack([c, c + 1]) for c in consts]
    axes = [0, *[None] * (len(carry) - 1)], 0 if consts else None, None
    compare(fgrad.vmap(loop, axes), carry, consts, xs)


@given(loops(), NUMBERS)
def test_gradients_of_random_loops(loop, seed):
    if "while" in (loop.kind, loop.inner and loop.inner.kind):
        return
    carry, consts, xs = loop.arguments(seed)
    carry = [c if c.dtype.kind == "f" else c.astype("d") for c in carry]
    loop.carry = [(c.shape, c.dtype.char) for c in carry]

    def total(carry, consts, xs):
        # flat where large: the slope of a sine there is rounding
        return sum(fnp.tanh(real(y) * 0.01).sum() for y in loop(carry, consts, xs))

    compare(fgrad.grad(total, (0, 1, 2)), carry, consts, xs)


@pytest.mark.parametrize("other", "f?ilbB")
@pytest.mark.parametrize("dtype", "df")
def test_concatenations_of_several_dtypes(dtype, other):
    def f(x, y):
        return lax.scan(
            lambda c, _: (fnp.concatenate([y, c[1:]]).astype(c.dtype), fnp.concatenate([c, y])),
            x, None, length=3,
        )  # fmt: skip

    r = np.random.default_rng(0)
    for n, m in ((4, 1), (40, 1), (70, 3)):
        x, y = r.normal(size=(n, 3)).astype(dtype), (r.normal(size=(1, 3)) * 3).astype(other)
        compare(f, x, y)
        compare(f, np.ones((n, m)) * x[:, :1], y[:, :1] + np.zeros((1, m), other))
