"""checkify: what it reports is what JAX reports, wherever the check stands."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.experimental import checkify as of_jax

import fgrad
import fgrad.numpy as fnp
from fgrad.experimental import checkify
from tests.harness import assert_same

LIBRARIES = {fgrad: checkify, jax: of_jax}


def check(lib, *args, **kwargs):
    args = [a if i < 2 else lib.numpy.asarray(a) for i, a in enumerate(args)]
    LIBRARIES[lib].check(*args, **{k: lib.numpy.asarray(v) for k, v in kwargs.items()})


def positive(lib, x):
    check(lib, lib.numpy.all(x > 0), "not positive: {}, {largest}", x.min(), largest=x.max())
    return lib.numpy.sqrt(abs(x)).sum()


def two(lib, x):
    check(lib, x[0] < 1, "first: {}", x[0])
    check(lib, x[1] < 1, "second: {}", x[1])
    return x.sum()


def scanned(lib, x):
    def step(total, x):
        check(lib, x < 2, "row {} after {}", x, total)
        check(lib, total < 4, "total {}", total)
        return total + x, x * 2

    return lib.lax.scan(step, 0.0, x)


def looped(lib, x):
    def body(s):
        check(lib, s[1] < 30, "{} at {}", s[1], s[0])
        return s[0] + 1, s[1] * x[0]

    return lib.lax.while_loop(lambda s: s[0] < 4, body, (0, x[1]))


def branched(lib, x):
    # two numbers each: of messages with different numbers JAX does not tell the first
    def small(x):
        check(lib, x[1] > 0, "small: {} {}", x[1], x[0])
        return x.sum()

    def large(x):
        check(lib, x[0] > 9, "tens: {} {}", x[0], x[1])
        check(lib, x[2] > 0, "large: {} {}", x[2], x[0])
        return x.sum() * 2

    check(lib, x[2] < 50, "before: {} {}", x[2], x[0])
    return lib.lax.cond(x[0] < 1, small, large, x)


def nested(lib, x):
    inner = lib.jit(lambda x: lib.lax.scan(lambda c, x: (c + branched(lib, x), c), 0.0, x))
    return inner(lib.numpy.stack([x, x / 2]))


def remat(lib, x):
    return lib.checkpoint(lambda x: positive(lib, x))(x)


def custom(lib, x):
    f = lib.custom_jvp(lambda x: positive(lib, x))
    f.defjvp(lambda primals, tangents: (positive(lib, *primals), 7 * tangents[0].sum()))
    return f(x)


PROGRAMS = [positive, two, scanned, looped, branched, nested, remat, custom]
POINTS = [
    np.array([0.5, 0.25, 0.75]),
    np.array([0.5, -0.25, 0.75]),
    np.array([-1.5, 2.0, 3.0]),
    np.array([2.0, 4.0, -1.0]),
    np.array([10.0, 1.0, -3.0]),
    np.array([3.0, 3.0, 60.0]),
]


def told(error):
    """The message without the user's line, which JAX does not tell."""
    message = error.get()
    return message and "\n".join(m for m in message.split("\n") if not m.startswith("  --> "))


def answers(lib, program, errors="user_checks"):
    module = LIBRARIES[lib]
    f = module.checkify(lambda x: program(lib, x), errors=getattr(module, errors))
    with np.errstate(all="ignore"):
        one = lib.jit(f)
        single = [one(x) for x in POINTS]
        error, outs = lib.vmap(f)(np.stack(POINTS))
    return [told(e) for e, _ in single], [o for _, o in single], told(error), outs


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_user_checks(program):
    ours, theirs = answers(fgrad, program), answers(jax, program)
    assert ours[0] == theirs[0]
    assert ours[2] == theirs[2]
    assert_same(ours[1::2], theirs[1::2], scale=10)
    f = checkify.checkify(lambda x: program(fgrad, x))
    assert [told(f(x)[0]) for x in POINTS] == ours[0]
    assert any(ours[0])
    assert not all(ours[0])


def quotients(lib, x):
    return x[0] / lib.numpy.floor(abs(x[1])), lib.numpy.log(x)


def in_a_loop(lib, x):
    step = lambda c, x: (lib.numpy.log(c), c / x)
    return lib.lax.scan(step, x[0] + 3, x)


def picked(lib, x):
    i = lib.numpy.asarray(x, int)
    return lib.numpy.arange(4.0)[i] + x


@pytest.mark.parametrize(
    ("program", "errors"),
    [
        (quotients, "float_checks"),
        (quotients, "div_checks"),
        (quotients, "nan_checks"),
        (in_a_loop, "nan_checks"),
        (in_a_loop, "float_checks"),
        (in_a_loop, "user_checks"),
    ],
)
def test_automatic_checks(program, errors):
    ours, theirs = answers(fgrad, program, errors), answers(jax, program, errors)
    assert ours[0] == theirs[0]
    assert ours[2] == theirs[2]


def test_indices():
    f = fgrad.jit(checkify.checkify(lambda x, i: x[i].sum(), errors=checkify.index_checks))
    x = np.arange(4.0)
    assert f(x, np.array([1, -4]))[0].get() is None
    error, _ = f(x, np.array([1, -5, 4]))
    want = of_jax.checkify(lambda x, i: x[i].sum(), errors=of_jax.index_checks)
    want, _ = want(jnp.asarray(x), jnp.array([1, 7]))
    assert told(f(x, np.array([1, 7]))[0]) == want.get().strip()
    assert "index -5 is out of bounds for axis 0 with size 4" in error.get()
    g = checkify.checkify(lambda x, i: fnp.zeros(3).at[i].add(x), errors=checkify.all_checks)
    assert "index 3 is out of bounds" in g(1.0, 3)[0].get()
    assert g(1.0, 2)[0].get() is None
    with pytest.raises(IndexError):
        checkify.checkify(lambda x, i: x[i])(x, 9)


def test_around_and_under_derivatives():
    for lib, module in LIBRARIES.items():
        x = lib.numpy.asarray(POINTS[2])
        f = lambda x, lib=lib: positive(lib, x)
        error, gradient = module.checkify(lib.grad(f))(x)
        assert "not positive: -1.5, 3.0" in error.get()
        (_, also) = lib.grad(
            lambda x, f=f, module=module: module.checkify(f)(x)[::-1], has_aux=True
        )(x)
        assert told(also) == told(error)
        np.testing.assert_allclose(gradient, np.sign(x) / (2 * np.sqrt(np.abs(x))))


def test_derivative_rules_are_kept():
    f = checkify.checkify(lambda x: custom(fgrad, x), errors=checkify.all_checks)
    np.testing.assert_array_equal(fgrad.grad(lambda x: f(x)[1])(POINTS[0]), np.full(3, 7.0))


def test_a_batch_fails_where_its_examples_do():
    """Not in branches that they do not take, and not after their last step."""

    def choose(x):
        def positive(x):
            checkify.check(x > 0, "{} > 0", x)
            checkify.check(x < 9, "{} < 9", x)
            return x

        return fgrad.lax.cond(x > 0, fgrad.jit(positive), lambda x: -x, x)

    def grow(x):
        def body(x):
            checkify.check(x < 10, "{} < 10", x)
            checkify.check(x != 4, "{} is 4", x)
            return x + 3

        return fgrad.lax.while_loop(lambda x: x < 10, body, x)

    for f, good, bad, text in (
        (choose, [1.0, -2.0, 8.0], [1.0, -2.0, 20.0, 30.0], "20.0 < 9"),
        (grow, [2.0, -3.0, 5.0], [2.0, 1.0, -8.0], "4.0 is 4"),
    ):
        good, bad = np.array(good), np.array(bad)
        mapped = fgrad.vmap(f)
        want = [f(x) for x in good]
        for g in (mapped, fgrad.jit(mapped)):
            np.testing.assert_array_equal(g(good), want)
            with pytest.raises(ValueError, match=text):
                g(bad)
        error, outs = fgrad.jit(checkify.checkify(mapped))(good)
        assert error.get() is None
        np.testing.assert_array_equal(outs, want)
        assert told(checkify.checkify(mapped)(bad)[0]) == f"{text} (`check` failed)"
        np.testing.assert_array_equal(
            fgrad.vmap(lambda x, f=f: fgrad.jvp(f, (x,), (1.0,))[1])(good),
            [fgrad.jvp(f, (x,), (1.0,))[1] for x in good],
        )


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=6))
def test_the_first_failure_is_told(xs):
    f = checkify.checkify(lambda x: scanned(fgrad, x))
    error, (total, _) = f(np.array(xs))
    want, have = None, 0.0
    for x in xs:
        if want is None and not x < 2:
            want = f"row {np.float64(x)} after {np.float64(have)} (`check` failed)"
        if want is None and not have < 4:
            want = f"total {np.float64(have)} (`check` failed)"
        have += x
    assert told(error) == want
    assert total == have


def test_outside_checkify_a_check_raises():
    f = lambda x: positive(fgrad, x)
    calls = (f, fgrad.jit(f), fgrad.grad(f), fgrad.jit(fgrad.grad(f)))
    for call in calls:
        call(POINTS[0])
        with pytest.raises(
            ValueError, match=r"(?s)not positive: -1.5.*test_checkify.py:\d+ \(check"
        ):
            call(POINTS[2])
    with pytest.raises(ValueError, match="not positive: -0.25"):
        fgrad.vmap(f)(np.stack(POINTS))


def test_debug_checks_count_under_checkify_alone():
    def f(x):
        checkify.debug_check(x > 0, "no")
        return x

    assert fgrad.jit(f)(-1.0) == f(-1.0) == -1.0
    assert told(checkify.checkify(f)(-1.0)[0]) == "no (`check` failed)"


def test_errors_are_thrown_and_passed_on():
    f = checkify.checkify(lambda x: two(fgrad, x))
    good, bad = f(POINTS[0])[0], f(POINTS[3])[0]
    good.throw()
    checkify.init_error.throw()
    for throw in (bad.throw, lambda: checkify.check_error(bad)):
        with pytest.raises(checkify.JaxRuntimeError, match="first: 2.0"):
            throw()

    def outer(x):
        error, y = f(x)
        checkify.check_error(error)
        return y

    assert told(fgrad.jit(checkify.checkify(outer))(POINTS[3])[0]).startswith("first: 2.0")
    with pytest.raises(ValueError, match="second: 4.0"):
        fgrad.jit(outer)(POINTS[3] / [4.0, 1.0, 1.0])
    assert fgrad.jit(outer)(POINTS[0]) == 1.5


def in_a_vmap_rule(x):
    f = fgrad.custom_batching.custom_vmap(lambda x: positive(fgrad, x))
    f.def_vmap(lambda size, batched, x: (x.sum(-1), True))
    return f(x)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: checkify.check(3, "x"), TypeError, "boolean scalar; got i64"),
        (lambda: checkify.check(np.ones(2, bool), "x"), TypeError, r"bool\[2\]"),
        (lambda: checkify.check(True, "{}", "a"), TypeError, "number for the message.*str"),
        (lambda: checkify.check_error(3), TypeError, "wanted an Error; got int"),
        (lambda: checkify.checkify(fnp.sin, errors={"all"}), ValueError, "union of sets"),
        (lambda: checkify.checkify(3), TypeError, "expected a function"),
        (
            lambda: checkify.checkify(in_a_vmap_rule)(POINTS[0]),
            NotImplementedError,
            "custom_vmap_call",
        ),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert "test_checkify.py" in str(caught.value)
