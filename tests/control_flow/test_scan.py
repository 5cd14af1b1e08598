"""scan and the loops made of it, against JAX."""

import gc

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad.lax import fori_loop, scan
from tests.harness import assert_same, assert_vmap_is_the_loop
from tests.jax_suite import Row, suite


def cumulate(lib, c, xs):
    return lib.lax.scan(lambda c, x: (c + x, c * x), c, xs)


def rnn(lib, w, u, b, h, xs):
    def step(h, x):
        h = lib.numpy.tanh(x @ u + h @ w + b)
        return h, h[0] * h

    return lib.lax.scan(step, h, xs)


def gated(lib, w, h, xs):
    def step(state, x):
        h, c = state
        z = h @ w + x
        i, f, g, o = lib.numpy.split(z, 4, axis=-1)
        c = lib.nn.sigmoid(f) * c + lib.nn.sigmoid(i) * lib.numpy.tanh(g)
        return (lib.nn.sigmoid(o) * lib.numpy.tanh(c), c), ()

    return lib.lax.scan(step, (h, h), xs)[0]


def trees(lib, a, xs):
    def step(carry, x):
        carry = {"a": carry["a"] * lib.numpy.sin(x["p"][0]), "n": carry["n"] + 1}
        return carry, {"q": carry["a"], "row": x["p"][1], "n": carry["n"]}

    return lib.lax.scan(step, {"a": a, "n": 0}, {"p": (xs, xs[:, ::-1])})


def length_only(lib, x):
    return lib.lax.scan(lambda c, _: (lib.numpy.cos(c), c), x, None, length=4)


def swapped(lib, a, b):
    def step(carry, _):
        a, b = carry
        return (b, a * 2), a + b

    return lib.lax.scan(step, (a, b), None, length=5)


def views(lib, a):
    def step(carry, _):
        a, b, c = carry
        return (a * 2, a.T, b), (a.T, c[0])

    return lib.lax.scan(step, (a, a, a), None, length=4)


def shift_register(lib, a, xs):
    def step(carry, x):
        a, b = carry
        return (x, a), a * b

    return lib.lax.scan(step, (a, a), xs)


def nested(lib, w, xs):
    def outer(c, x):
        def inner(d, y):
            return d * 0.5 + lib.numpy.sin(y @ w) * c, d

        d, ys = lib.lax.scan(inner, c, x)
        return d, ys.sum()

    return lib.lax.scan(outer, w[0], xs)


def only_results(lib, w, xs):
    return lib.lax.scan(lambda c, x: (c, (lib.numpy.sin(x @ w), w)), w[0, 0], xs)


def sums(lib, w, xs):
    """Carries that only sum up, of several kinds."""

    def step(carry, x):
        p, q, n, h = carry
        h = lib.numpy.tanh(h * x)
        return (p + lib.numpy.outer(h, x), x * h + q, n + 1.0, h), ()

    return lib.lax.scan(step, (w, w[0], 0.0, w[1]), xs)[0]


def constant_carry(lib, a, xs):
    return lib.lax.scan(lambda c, x: ((c[0], c[1] * c[0] + x), c[1]), (a, a), xs)


def integers(lib, a, xs):
    def step(carry, x):
        a, n = carry
        return (a * x + n, n + 1), n

    return lib.lax.scan(step, (a, np.int64(2)), xs)


def reverse(lib, w, xs):
    def step(h, x):
        new = lib.numpy.tanh(x + h @ w)
        return new, (h, new)

    return lib.lax.scan(step, w[0], xs, reverse=True)


def checkpointed(lib, w, xs):
    step = lib.checkpoint(lambda h, x: (lib.numpy.tanh(x + h @ w), h.sum()))
    return lib.lax.scan(step, w[0], xs)


def within_checkpoint(lib, w, xs):
    f = lib.checkpoint(
        lambda w, xs: lib.lax.scan(lambda h, x: (lib.numpy.sin(x + h @ w), h[0]), w[0], xs)
    )
    return f(w, xs)


def choice_inside(lib, w, xs):
    def step(h, x):
        h = lib.lax.cond(x[0] > 0, lambda h: lib.numpy.sin(h @ w), lambda h: h * x, h)
        return h, h.sum()

    return lib.lax.scan(step, w[0], xs)


def jitted_body(lib, w, xs):
    return lib.jit(lambda xs: lib.lax.scan(lib.jit(lambda h, x: (h * w + x, h)), w, xs))(xs)


def gradient_inside(lib, w, xs):
    def step(h, x):
        return h - 0.1 * lib.grad(lambda h: lib.numpy.sum(lib.numpy.sin(h * w - x) ** 2))(h), h[0]

    return lib.lax.scan(step, w, xs)


def no_steps(lib, a, xs):
    return lib.lax.scan(lambda c, x: (c * x, lib.numpy.sin(c)), a, xs)


def power(lib, x):
    return lib.lax.fori_loop(0, 5, lambda i, y: y * x + i, x)


def indexed(lib, x):
    x = lib.numpy.asarray(x)
    return lib.lax.fori_loop(1, 4, lambda i, y: y * x[i] + x[i - 1], x)


def updated(lib, x):
    return lib.lax.fori_loop(1, 5, lambda i, y: y.at[i].set(y[i - 1] * y[i]), x)


def mapped_rows(lib, x):
    return lib.lax.map(lambda r: (r.sum(), lib.numpy.sin(r)), x)


def mapped_batches(lib, x):
    return lib.lax.map(lambda r: lib.numpy.outer(r, r), x, batch_size=2)


ROWS = [
    Row("cumulate", cumulate, (), (4,)),
    Row("cumulate-vectors", cumulate, (3,), (4, 3), dtypes=("float32", "float64", "complex128")),
    Row("rnn", rnn, (3, 3), (2, 3), (3,), (3,), (5, 2)),
    Row("rnn-batch", rnn, (3, 3), (2, 3), (3,), (4, 3), (5, 4, 2)),
    Row("gated", gated, (3, 12), (2, 3), (4, 2, 12)),
    Row("trees", trees, (2,), (3, 2)),
    Row("length-only", length_only, (2,)),
    Row("swapped", swapped, (3,), (3,)),
    Row("views", views, (3, 3)),
    Row("views-large", views, (20, 20)),
    Row("swapped-large", swapped, (300,), (300,)),
    Row("shift-register", shift_register, (2,), (5, 2)),
    Row("nested", nested, (2,), (3, 4, 2), scale=10),
    Row("only-results", only_results, (2, 3), (4, 2)),
    Row("sums", sums, (3, 3), (4, 3)),
    Row("constant-carry", constant_carry, (2,), (4, 2)),
    Row("integers", integers, (), (4,), dtypes=("float64",)),
    Row("reverse", reverse, (2, 2), (4, 2)),
    Row("checkpointed", checkpointed, (2, 2), (4, 2)),
    Row("within-checkpoint", within_checkpoint, (2, 2), (4, 2)),
    Row("choice-inside", choice_inside, (2, 2), (4, 2)),
    Row("jitted-body", jitted_body, (2,), (4, 2)),
    Row("gradient-inside", gradient_inside, (2,), (4, 2)),
    Row("no-steps", no_steps, (2,), (0, 2)),
    Row("one-step", cumulate, (2,), (1, 2)),
    Row("fori-power", power, ()),
    Row("fori-indexed", indexed, (4,)),
    Row("fori-updated", updated, (5,)),
    Row("map", mapped_rows, (4, 3)),
    Row("map-batches", mapped_batches, (5, 3)),
]

test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_compiled(row):
    """jit of the value, and of the gradient of a sum, is no other function."""
    args = row.arrays("float64")

    def total(*xs):
        leaves = jax.tree.leaves(row.program(fgrad, *xs))
        return sum((leaf * leaf).sum() for leaf in leaves if leaf.dtype.kind == "f")

    numbers = tuple(range(len(args)))
    both = fgrad.value_and_grad(total, numbers)
    assert_same(fgrad.jit(both)(*args), both(*args), scale=10)
    program = lambda *xs: row.program(fgrad, *xs)
    assert_same(fgrad.jit(program)(*args), program(*args), scale=10)
    second = lambda *xs: fgrad.jvp(fgrad.grad(total, numbers), xs, xs)[1]
    assert_same(fgrad.jit(second)(*args), second(*args), scale=100)


def test_fori_loop_over_a_traced_bound():
    f = lambda n, x: fori_loop(0, n, lambda i, y: y * x + i, 1.0)
    g = lambda n, x: jax.lax.fori_loop(0, n, lambda i, y: y * x + i, 1.0)
    assert_same(fgrad.jit(f)(5, 1.5), np.asarray(jax.jit(g)(5, 1.5)))
    assert_same(
        fgrad.vmap(f, (0, None))(np.arange(4), 1.5), np.array([g(n, 1.5) for n in range(4)])
    )
    got = fgrad.jvp(lambda x: fgrad.jit(f)(5, x), (1.5,), (1.0,))
    assert_same(got, jax.jvp(lambda x: g(5, x), (1.5,), (1.0,)), scale=10)


def test_body_is_traced_once():
    calls = []

    def step(c, x):
        calls.append(1)
        return c + x, c

    scan(step, 0.0, np.arange(100.0))
    assert len(calls) <= 2  # again if a weak carry grows into a stronger type


def test_counter_is_weak():
    """As Python's own counter: it widens nothing."""
    out = fori_loop(0, 3, lambda i, y: y * i + i, np.ones(2, np.float32))
    assert out.dtype == np.float32


def test_weak_carry_takes_the_type_of_what_is_added():
    total, _ = scan(lambda c, x: (c + x, None), 0, np.ones(3, np.float32))
    assert total == 3 and total.dtype == np.float32
    total, _ = scan(lambda c, x: (c + 0.5, None), 0, None, 3)
    assert total == 1.5


def test_results_do_not_alias():
    x = np.ones((3, 2))
    c, ys = scan(lambda c, x: (x, (x, c)), x[0], x)
    for a in (c, *ys):
        assert not np.shares_memory(a, x)
    assert not np.shares_memory(*ys)
    f = fgrad.jit(lambda x: scan(lambda c, x: (c * x, (c, c * x)), x[0], x))
    c, (before, after) = f(x)
    assert not np.shares_memory(before, after) and not np.shares_memory(c, after)


def test_inputs_are_not_written_to():
    c, x = np.full((30, 30), 2.0), np.ones((4, 30, 30))
    f = lambda c, x: scan(lambda c, x: (c * x + 1, c), c, x)
    for g in (f, fgrad.jit(f)):
        g(c, x)
        assert (c == 2).all() and (x == 1).all()


def test_eager_loops_leave_no_memory():
    def run():
        fgrad.grad(lambda x: scan(lambda c, y: (c * y, None), x, np.ones(3))[0])(1.0)

    def count():
        gc.collect()
        return len(gc.get_objects())

    run()
    before = count()
    for _ in range(10):
        run()
    assert count() - before < 200


def test_without_jit():
    with fgrad.disable_jit():
        seen = []

        def step(c, x):
            seen.append(float(x))
            return c + x, c

        assert_same(scan(step, 0.0, np.arange(3.0)), (np.float64(3.0), np.array([0.0, 0.0, 1.0])))
    assert seen == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: scan(lambda c, x: (c[0], x), (0.0, 1.0), np.arange(4.0)),
            TypeError,
            "like the one",
        ),
        (lambda: scan(lambda c, x: c, 0.0, np.arange(4.0)), TypeError, r"pair \(carry, y\)"),
        (
            lambda: scan(lambda c, x: ({"a": c["a"] + 1.5}, 0), {"a": np.int64(3)}, np.ones(2)),
            TypeError,
            r"\['a'\] goes in as i64\[\] and comes out as f64\[\]",
        ),
        (
            lambda: scan(lambda c, x: (fnp.stack([c, c]), 0), np.ones(2), np.ones(2)),
            TypeError,
            r"goes in as f64\[2\] and comes out as f64\[2,2\]",
        ),
        (
            lambda: scan(lambda c, x: (c, x), 0.0, [np.arange(4.0), np.arange(3.0)]),
            ValueError,
            r"4: xs\[0\]; 3: xs\[1\]",
        ),
        (lambda: scan(lambda c, x: (c, x), 0.0, np.ones(3), 4), ValueError, "4: length; 3: xs"),
        (lambda: scan(lambda c, x: (c, x), 0.0, 1.0), ValueError, "scalar"),
        (lambda: scan(lambda c, x: (c, x), 0.0), ValueError, "xs or length"),
        (lambda: scan(lambda c, x: (c, x), 0.0, None, 2.5), TypeError, "length must be an int"),
        (lambda: scan(lambda c, x: (c, x), 0.0, None, -1), ValueError, "negative"),
        (lambda: fori_loop(0.5, 3, lambda i, x: x, 0.0), TypeError, "lower must be an integer"),
        (lambda: scan(3, 0.0, np.ones(3)), TypeError, "expected a function"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=rf"{text}[^\0]*test_scan.py"):
        call()


def test_batched_over_everything():
    def f(w, h, xs):
        return scan(lambda h, x: (fnp.tanh(h @ w + x), h.sum()), h, xs)

    rng = np.random.default_rng(0)
    draws = [[rng.normal(size=s) for s in ((2, 2), (2,), (3, 2))] for _ in range(2)]
    for axes in ((0, 0, 0), (None, None, 1), (None, 0, None), (2, None, None), (None, -1, 2)):
        assert_vmap_is_the_loop(f, draws, axes)


def test_without_operands():
    """Neither a carry nor rows: what is left of a loop once the rest was found unused."""

    def f(x):
        return scan(lambda _, __: ((), fnp.arange(3.0)), (), None, 2)[1] * x

    want = np.tile(np.arange(3.0), (2, 1))
    assert_same(f(2.0), 2 * want)
    assert_same(fgrad.jit(f)(2.0), 2 * want)
    assert_same(fgrad.jvp(f, (2.0,), (1.0,)), (2 * want, want))


def test_the_body_may_give_a_python_number_for_a_carry():
    last, seen = scan(lambda c, y: (1.0, c), np.float32(2.0), np.arange(3))
    assert_same((last, seen), (np.float32(1.0), np.array([2, 1, 1], np.float32)))
    last, seen = fgrad.jit(lambda x: scan(lambda c, y: (1.0, c), x, np.arange(3)))(np.float32(2.0))
    assert_same((last, seen), (np.float32(1.0), np.array([2, 1, 1], np.float32)))


def test_what_is_not_mapped_is_computed_once():
    def f(x):
        return scan(lambda c, y: (c + x, y * 2.0), 0.0, np.arange(3.0))

    closed = fgrad.make_jaxpr(fgrad.vmap(f, out_axes=(0, None)))(np.ones(5))
    (loop,) = [e for e in closed.eqns if e.primitive.name == "scan"]
    assert [v.aval.shape for v in loop.outvars] == [(5,), (3,)]


def test_rows_of_matrices_without_jit():
    xs = np.arange(12.0).reshape(2, 3, 2)
    step = lambda c, x: (c + x, 2 * x)
    with fgrad.disable_jit():
        carry, ys = fgrad.lax.scan(step, np.zeros((3, 2)), xs)
    np.testing.assert_array_equal(carry, xs.sum(0))
    np.testing.assert_array_equal(ys, 2 * xs)
