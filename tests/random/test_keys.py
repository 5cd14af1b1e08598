"""Random keys are arrays of a dtype of their own, which everything but arithmetic takes."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import lax, random

KEY = random.key(7)


def words(key):
    """The words of keys as lists."""
    return random.key_data(key).tolist()


# -- what they are -------------------------------------------------------------------------------


def test_a_key_has_a_shape_and_a_dtype():
    assert KEY.shape == ()
    assert KEY.dtype == random.key_dtype() == random.key_dtype("threefry2x32")
    assert fnp.issubdtype(KEY.dtype, fgrad.dtypes.prng_key)
    assert fgrad.dtypes.issubdtype(KEY.dtype, fgrad.dtypes.extended)
    assert fgrad.dtypes.issubdtype(KEY.dtype, np.generic)
    assert not fnp.issubdtype(KEY.dtype, np.integer)
    assert not fnp.issubdtype(np.float32, fgrad.dtypes.prng_key)
    assert isinstance(KEY, fgrad.Array)
    assert isinstance(random.split(KEY), fgrad.Array)
    assert random.key_impl(KEY) == "threefry2x32"


@pytest.mark.parametrize("seed", [0, -1, 2**40 + 3, np.int32(-5), np.uint8(200), np.uint64(2**63)])
def test_seeds_are_those_of_jax(seed):
    want = np.asarray(jax.random.key_data(jax.random.key(seed))).tolist()
    assert words(random.key(seed)) == want
    assert words(random.key(seed, impl="threefry2x32")) == want
    assert words(fgrad.jit(random.key)(seed)) == want
    assert random.PRNGKey(seed).tolist() == want


def test_arrays_of_keys_are_indexed_iterated_and_compared():
    keys = random.split(KEY, (2, 3))
    assert keys.shape == (2, 3)
    first = [[words(k) for k in row] for row in keys]
    assert first == words(keys)
    assert words(keys[1, 2]) == first[1][2]
    assert keys[0, 0] == keys[0, 0]
    assert keys[0, 0] != keys[0, 1]
    assert (keys == keys[0]).tolist() == [[True] * 3, [False] * 3]
    one, other = random.split(KEY)
    assert one != other


def test_raw_keys_serve_and_stay_raw():
    raw = random.PRNGKey(3)
    assert raw.dtype == np.uint32
    assert random.split(raw, 3).shape == (3, 2)
    assert random.fold_in(raw, 2).shape == (2,)
    assert random.wrap_key_data(raw) == random.key(3)
    assert random.normal(raw) == random.normal(random.key(3))


# -- where they go -------------------------------------------------------------------------------


def test_keys_go_through_transformations():
    def draw(key):
        one, other = random.split(key)
        return random.normal(one) + random.normal(other)

    keys = random.split(KEY, 3)
    want = [draw(k) for k in keys]
    np.testing.assert_allclose(fgrad.vmap(draw)(keys), want)
    np.testing.assert_allclose(fgrad.vmap(draw, in_axes=-1)(keys), want)
    np.testing.assert_allclose([fgrad.jit(draw)(k) for k in keys], want)
    np.testing.assert_allclose(fgrad.jit(fgrad.vmap(draw))(keys), want)
    closed = fgrad.make_jaxpr(draw)(KEY)
    assert "key<fry>[2]" in str(closed)
    np.testing.assert_allclose(closed(KEY), [draw(KEY)])
    slope = fgrad.grad(lambda x, key: x * draw(key))(2.0, KEY)
    np.testing.assert_allclose(slope, draw(KEY))
    checked = fgrad.checkpoint(lambda x, key: x * draw(key))
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(checked))(2.0, KEY), draw(KEY))
    twice = fgrad.vmap(lambda k: fgrad.vmap(random.normal)(random.split(k, 4)))(keys)
    np.testing.assert_allclose(twice[1, 2], random.normal(random.split(keys[1], 4)[2]))


def test_keys_are_carried_through_loops_and_branches():
    def step(key, _):
        key, draw = random.split(key)
        return key, random.uniform(draw)

    last, draws = lax.scan(step, KEY, None, length=3)
    key, want = KEY, []
    for _ in range(3):
        key, x = step(key, None)
        want.append(x)
    assert last == key
    np.testing.assert_array_equal(draws, want)
    last = lax.fori_loop(0, 3, lambda i, k: random.split(k)[0], KEY)
    assert last == key
    assert lax.cond(True, lambda k: k, lambda k: random.fold_in(k, 1), KEY) == KEY
    many = fgrad.vmap(lambda p: lax.cond(p, lambda k: k, lambda k: random.fold_in(k, 1), KEY))
    assert (many(np.array([True, False])) == KEY).tolist() == [True, False]
    assert (lax.map(lambda k: k, random.split(KEY, 4)) == random.split(KEY, 4)).all()


@pytest.mark.parametrize("how", [lambda f: f, fgrad.jit], ids=["eager", "jit"])
def test_keys_are_rearranged_like_any_array(how):
    keys = random.split(KEY, (2, 3))

    def same(fun, *args):
        got = how(fun)(*args)
        want = fun(*[np.asarray(a) for a in args])
        assert words(got) == words(want)

    same(lambda k: fnp.stack([k[0], k[1]], axis=1), keys)
    same(lambda k: fnp.concatenate([k, k[:1]]), keys)
    same(lambda k: k.reshape(3, 2).T, keys)
    same(lambda k: fnp.broadcast_to(k[0, 0], (4,)), keys)
    same(lambda k, i: fnp.take(k, i, axis=1), keys, np.array([2, 0]))
    same(lambda k, p: fnp.where(p, k[0], k[1]), keys, np.array([True, False, True]))
    assert words(how(lambda k, i: k[1, i])(keys, 2)) == words(keys[1, 2])
    moved = how(lambda k: k.at[0].set(k[1]))(keys)
    assert words(moved) == [words(keys[1])] * 2
    assert how(lambda a, b: a == b)(keys, keys).all()
    assert not how(lambda a, b: a != b)(keys, keys).any()


def test_keys_are_leaves_of_pytrees():
    tree = {"a": KEY, "b": [random.split(KEY)]}
    assert fgrad.tree.structure(tree).num_leaves == 2
    folded = fgrad.jit(lambda t: fgrad.tree.map(lambda k: k, t))(tree)
    assert folded["a"] == KEY
    assert fgrad.eval_shape(random.split, KEY).dtype == KEY.dtype


def test_a_compiled_programs_keys_do_not_change_later():
    """NumPy's scalars of structured dtypes are views."""

    @fgrad.jit
    def first(keys):
        return fnp.concatenate([keys, keys])[1]

    keys = random.split(KEY, 3)
    one = first(keys)
    before = words(one)
    first(random.split(random.key(1), 3))
    assert words(one) == before


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [lambda f: f, fgrad.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(
    "fun", [lambda k: k + 1, fnp.sin, fnp.sum, lambda k: k < k, lambda k: fnp.multiply(k, 2.0)]
)
def test_arithmetic_with_keys_is_refused(fun, how):
    with pytest.raises(TypeError):
        how(fun)(KEY)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: random.normal(0), TypeError, "normal: wanted a random key, .* got i64"),
        (lambda: random.normal("key"), TypeError, "normal: the key is a builtins.str"),
        (lambda: random.normal(np.zeros(3, np.uint32)), TypeError, "normal: wanted a random key"),
        (lambda: random.normal(random.split(KEY)), ValueError, r"array of keys of shape \(2,\)"),
        (lambda: random.key(1.0), TypeError, "the seed must be an integer; got f64"),
        (lambda: random.key(np.arange(2)), TypeError, "the seed must be a scalar"),
        (lambda: random.key(KEY), TypeError, "the seed must be an integer; got key<fry>"),
        (lambda: random.key(0, impl="rbg"), ValueError, "the only generator is 'threefry2x32'"),
        (lambda: random.key(0, impl="fry", dtype="fry"), ValueError, "not both"),
        (lambda: random.fold_in(KEY, np.arange(2)), TypeError, "data must be a scalar"),
        (lambda: random.split(KEY, 2.5), TypeError, "num must be made of integers"),
        (lambda: random.wrap_key_data(np.zeros(3, np.uint32)), TypeError, r"\(\.\.\., 2\)"),
        (lambda: random.wrap_key_data(np.zeros(2)), TypeError, "uint32"),
        (lambda: fgrad.grad(lambda k: 1.0)(KEY), TypeError, "key<fry>"),
        (lambda: random.normal(KEY, (2,), int), ValueError, "must be floating or complex"),
        (lambda: random.bits(KEY, (2,), "int32"), ValueError, "must be unsigned integer"),
        (lambda: random.uniform(KEY, (-1,)), ValueError, "negative dimensions"),
        (lambda: random.uniform(KEY, (2,), minval=np.zeros(3)), ValueError, "broadcast"),
        (lambda: random.gamma(KEY, np.ones(3), (2,)), ValueError, "gamma"),
        (
            lambda: random.t(KEY, np.array([1.0]), dtype="float32"),
            fgrad.dtypes.TypePromotionError,
            "df of dtype float64 does not fit into dtype float32",
        ),
        (lambda: random.bernoulli(KEY, 1), TypeError, "p must be a float"),
        (lambda: random.choice(KEY, 3, (4,), replace=False), ValueError, "cannot draw 4 of 3"),
        (lambda: random.choice(KEY, 3, (4,), p=np.ones(2)), ValueError, r"p must have shape \(3,"),
        (lambda: random.choice(KEY, 0, (4,)), ValueError, "nothing to choose"),
        (lambda: random.permutation(KEY, 1.5), TypeError, "an integer or an array"),
        (lambda: random.categorical(KEY, [1, 2]), TypeError, "must be floats"),
        (lambda: random.gumbel(KEY, mode="up"), ValueError, "mode must be"),
        (lambda: random.dirichlet(KEY, 1.0), ValueError, "must have an axis"),
        (lambda: random.multivariate_normal(KEY, np.ones(2), np.eye(3)), ValueError, "covariance"),
    ],
)
def test_errors_name_the_argument(call, error, match):
    with pytest.raises(error, match=match):
        call()


# -- reuse ---------------------------------------------------------------------------------------


def twice(key):
    return random.normal(key, (3,)) + random.normal(key, (3,))


def jitted_twice(key):
    draw = fgrad.jit(random.normal)
    return draw(key) + draw(key)


@pytest.mark.parametrize(
    "fun",
    [
        twice,
        fgrad.jit(twice),
        jitted_twice,
        lambda k: fgrad.vmap(twice)(random.split(k)),
        lambda k: (random.split(k), random.uniform(k)),
        lambda k: (random.gamma(k, 1.0), random.poisson(k, 1.0)),
        lambda k: (random.normal(random.clone(k)), random.normal(random.clone(k)), random.split(k)),
    ],
)
def test_using_a_key_twice_is_an_error_when_asked(fun):
    fun(KEY)
    with (
        fgrad.debug_key_reuse(True),
        pytest.raises(fgrad.errors.KeyReuseError, match="(?s)used before.*test_keys.py"),
    ):
        fun(KEY)
    with fgrad.debug_key_reuse(True), fgrad.debug_key_reuse(False):
        fun(KEY)


@pytest.mark.parametrize(
    "fun",
    [
        lambda k: (random.fold_in(k, 1), random.fold_in(k, 2), random.normal(k)),
        lambda k: (random.normal(k), random.normal(random.clone(k))),
        lambda k: (random.key_data(k), k == k, random.normal(k)),
        lambda k: lax.scan(lambda c, _: tuple(random.split(c)), k, None, length=3),
        lambda k: fgrad.jit(fgrad.grad(lambda x: x * random.normal(k)))(1.0),
        lambda k: fgrad.grad(lambda a: random.beta(k, a, 2.0))(1.0),
        lambda k: (random.normal(random.key(1)), random.normal(random.key(1))),
        *(
            lambda k, draw=draw: draw(k)
            for draw in (
                lambda k: random.permutation(k, 9), lambda k: random.ball(k, 3),
                lambda k: random.multinomial(k, 10, [0.2, 0.8]), lambda k: random.f(k, 1.0, 2.0),
                lambda k: random.wald(k, 1.0), lambda k: random.binomial(k, 10, 0.5),
                lambda k: random.choice(k, 5, (3,), p=[0.2] * 5),
                lambda k: random.randint(k, (3,), 0, 9, "int8"),
                lambda k: random.double_sided_maxwell(k, 0.0, 1.0),
            )
        ),
    ],
)  # fmt: skip
def test_using_a_key_once_is_not(fun):
    with fgrad.debug_key_reuse(True):
        fun(KEY)


# -- under derivatives ---------------------------------------------------------------------------


def _by_scan(x, key):
    def step(carry, _):
        x, key = carry
        key, one, other = random.split(key, 3)
        y = random.gamma(one, fnp.abs(x) + 1)
        return (x * fnp.sin(x + random.normal(other)), key), y

    (x, _), ys = lax.scan(step, (x, key), None, length=3)
    return x + ys.sum()


def _by_loop(x, key):
    total = 0.0
    for _ in range(3):
        key, one, other = random.split(key, 3)
        total = total + random.gamma(one, fnp.abs(x) + 1)
        x = x * fnp.sin(x + random.normal(other))
    return x + total


def _by_cond(x, key):
    return lax.cond(x > 0, lambda k: x * random.normal(k), lambda k: random.uniform(k), key)


@fgrad.custom_vjp
def _by_rule(x, key):
    return x * random.normal(key)


_by_rule.defvjp(
    lambda x, key: (_by_rule(x, key), key), lambda key, ct: (ct * random.normal(key), None)
)


@pytest.mark.parametrize(
    ("fun", "plain"),
    [
        (_by_scan, _by_loop),
        (fgrad.checkpoint(_by_scan), _by_loop),
        (_by_cond, lambda x, key: x * random.normal(key)),
        (_by_rule, lambda x, key: x * random.normal(key)),
    ],
)
def test_programs_with_keys_have_derivatives(fun, plain):
    want = fgrad.grad(plain)(1.3, KEY)
    np.testing.assert_allclose(fgrad.grad(fun)(1.3, KEY), want)
    np.testing.assert_allclose(fgrad.jit(fgrad.grad(fun))(1.3, KEY), want)
    keys = random.split(KEY, 2)
    mapped = fgrad.vmap(fgrad.grad(fun), in_axes=(None, 0))(1.3, keys)
    np.testing.assert_allclose(mapped, [fgrad.grad(plain)(1.3, k) for k in keys])
    if fun is not _by_rule:
        np.testing.assert_allclose(fgrad.jvp(lambda x: fun(x, KEY), (1.3,), (1.0,))[1], want)
