"""Collectives along mapped axes against jax.lax."""

import jax
import numpy as np
import pytest

import fgrad
import fgrad.test_util
from tests.harness import assert_same
from tests.jax_suite import Row, suite

lax = fgrad.lax


def row(name, program, *shapes, in_axes=0, **options):
    """A row for a function of `lib` and examples of a batch."""

    def mapped(lib, *xs):
        fun = lambda *vs: program(lib, *vs)
        return lib.vmap(fun, in_axes=in_axes, axis_name="i")(*xs)

    return Row(name, mapped, *shapes, **({"dtypes": ("float64",)} | options))


def nested(name, program, *shapes):
    """A row for a function of examples of a batch of batches, its axes i and j."""
    return row(
        name,
        lambda lib, *xs: lib.vmap(lambda *vs: program(lib, *vs), axis_name="j")(*xs),
        *shapes,
    )


def custom_jvp(lib, x):
    """A function with a rule, which both sum over the axis."""

    @lib.custom_jvp
    def f(x):
        return lib.lax.psum(x**2, "i")

    @f.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), lib.lax.psum(2 * x * t, "i") + t * lib.lax.axis_index("i")

    return f(x) * x


def custom_vjp(lib, x):
    """The same with a backward rule."""

    @lib.custom_vjp
    def f(x):
        return lib.lax.psum(x, "i") * x

    def backward(x, ct):
        return (lib.lax.psum(x, "i") * ct + lib.lax.psum(x * ct, "i"),)

    f.defvjp(lambda x: (f(x), x), backward)
    return f(x) * x


def loop(lib, x):
    """Steps that each look at the neighbours."""
    turn = [(0, 1), (1, 2), (2, 0)]

    def step(carry, _):
        new = lib.numpy.sin(lib.lax.ppermute(carry, "i", turn)) + 0.1 * carry
        return new, lib.lax.psum(new, "i")

    return lib.lax.scan(step, x, None, length=3)


def shared(lib, x):
    """A gradient of one example's part of a sum that all share."""
    g = lib.grad(lambda v: (lib.lax.psum(v, "i") ** 2 * lib.lax.axis_index("i")).sum())
    return g(x)


ROWS = [
    row("psum", lambda lib, x: lib.lax.psum(x**2, "i") * x, (3, 4), dtypes=("float32", "float64")),
    row("psum-second-axis", lambda lib, x: lib.lax.psum(x**2, "i") * x, (3, 4), in_axes=1),
    row(
        "psum-unmapped", lambda lib, x, y: x * lib.lax.psum(y, "i"), (3, 4), (4,), in_axes=(0, None)
    ),
    row("psum-tree", lambda lib, x: lib.lax.psum({"a": x, "b": (x * x, 1.0)}, "i"), (3,)),
    row("psum-complex", lambda lib, x: lib.lax.psum(x * x, "i") * x, (3,), dtypes=("complex128",)),
    row("pmean", lambda lib, x: lib.lax.pmean(x**2, "i") * x, (3, 4)),
    row("pmax", lambda lib, x: lib.lax.pmax(x, "i") - x, (3, 4), smooth=False),
    row("pmin", lambda lib, x: lib.lax.pmin(x, "i") - x, (3, 4), smooth=False),
    row("all_gather", lambda lib, x: x * lib.lax.all_gather(x**2, "i", axis=1)[..., 0], (3, 3, 3)),
    row(
        "all_gather-tiled",
        lambda lib, x: lib.lax.all_gather(x**2, "i", axis=1, tiled=True),
        (3, 4, 2),
    ),
    row("all_to_all", lambda lib, x: lib.lax.all_to_all(x**2, "i", 1, 0), (3, 4, 3, 2)),
    row(
        "all_to_all-tiled",
        lambda lib, x: lib.lax.all_to_all(x**2, "i", 1, 0, tiled=True),
        (3, 4, 6),
    ),
    row("pswapaxes", lambda lib, x: lib.lax.pswapaxes(x**2, "i", 1), (3, 4, 3)),
    row(
        "psum_scatter",
        lambda lib, x: lib.lax.psum_scatter(x**2, "i", scatter_dimension=1),
        (3, 2, 3),
    ),
    row(
        "psum_scatter-tiled", lambda lib, x: lib.lax.psum_scatter(x**2, "i", tiled=True), (3, 6, 2)
    ),
    row(
        "ppermute", lambda lib, x: x * lib.lax.ppermute(x**2, "i", [(0, 2), (1, 0), (2, 1)]), (3, 4)
    ),
    row("pshuffle", lambda lib, x: x * lib.lax.pshuffle(x**2, "i", [2, 0, 1]), (3, 4)),
    row("axis_index", lambda lib, x: x**2 * lib.lax.axis_index("i"), (3, 4)),
    row("axis_size", lambda lib, x: x**2 / lib.lax.axis_size("i"), (3, 4)),
    nested("names", lambda lib, x: x * lib.lax.psum(x**2, ("i", "j")), (2, 3)),
    nested("outer-name", lambda lib, x: x * lib.lax.psum(x**2, "i"), (2, 3)),
    nested("inner-name", lambda lib, x: x * lib.lax.all_gather(x**2, "j"), (2, 3)),
    nested("index-names", lambda lib, x: x**2 * lib.lax.axis_index(("i", "j")), (2, 3)),
    row("gradient", shared, (3, 4)),
    row("jit", lambda lib, x: lib.jit(lambda v: x * lib.lax.psum(v**2, "i"))(x), (3, 4)),
    row(
        "jit-gradient",
        lambda lib, x: lib.jit(lib.grad(lambda v: lib.lax.psum(v**3, "i").sum()))(x),
        (3, 4),
    ),
    row(
        "checkpoint", lambda lib, x: lib.checkpoint(lambda v: v * lib.lax.psum(v**2, "i"))(x), (3,)
    ),
    row("scan", loop, (3, 2)),
    row(
        "cond",
        lambda lib, x: lib.lax.cond(
            x[0] > 0, lambda v: v * 2, lambda v: v**2, lib.lax.psum(x**2, "i")
        ),
        (3, 2),
    ),
    row(
        "while",
        lambda lib, x: lib.lax.while_loop(
            lambda c: c[1] < 3 + lib.lax.axis_index("i"),
            lambda c: (c[0] + 0.1 * lib.lax.psum(c[0], "i"), c[1] + 1),
            (x, 0),
        ),
        (3, 2),
        smooth=False,
        same_dtype=False,
    ),
    row("custom_jvp", custom_jvp, (3, 2)),
]
test_values_and_derivatives, test_traced, test_mapped = suite(ROWS)


def mapped(fun, *xs):
    """`fun` over a batch, eagerly; compiled it gives the same."""
    vmapped = fgrad.vmap(fun, axis_name="i")
    got = vmapped(*xs)
    assert_same(fgrad.jit(vmapped)(*xs), got)
    return got


def test_rules_of_custom_vjp():
    """Their backward rules know the axis, inside of vmap and outside of it, compiled or not."""
    x = np.random.default_rng(0).normal(size=(3, 2))

    def gradients(lib, x):
        mapped = lib.vmap(lambda v: custom_vjp(lib, v), axis_name="i")
        inside = lambda v: lib.grad(lambda w: custom_vjp(lib, w).sum())(v)
        return lib.grad(lambda x: (mapped(x) ** 2).sum())(x), lib.vmap(inside, axis_name="i")(x)

    want = jax.jit(lambda x: gradients(jax, x))(x)
    assert_same(gradients(fgrad, x), want, 10)
    assert_same(fgrad.jit(lambda x: gradients(fgrad, x))(x), want, 10)


def test_branches():
    """All look along the axis, whichever branch each takes (JAX's derivative is another)."""

    def branch(x):
        total = lambda v: v * lax.psum(v**2, "i")
        return lax.cond(x[0] > 0, total, lambda v: lax.pmean(v, "i"), x)

    x = np.array([[1.0, 2.0], [-1.0, 3.0], [0.5, -2.0]])
    want = np.where(x[:, :1] > 0, x * (x**2).sum(0), x.mean(0))
    assert_same(mapped(branch, x), want)
    fgrad.test_util.check_grads(fgrad.vmap(branch, axis_name="i"), (x,), order=2)


# -- what JAX's vmap does not have -----------------------------------------------------------------


GROUPS = [[0, 3], [2, 1]]
X = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0], [13.0, 17.0]])


def test_groups():
    """Each group by itself, its places in the order in which they are named."""
    options = {"axis_index_groups": GROUPS}
    total = np.stack([X[0] + X[3], X[1] + X[2], X[1] + X[2], X[0] + X[3]])
    members = np.stack([X[[0, 3]], X[[2, 1]], X[[2, 1]], X[[0, 3]]])
    place = np.array([0, 1, 0, 1])
    own = np.arange(4)
    assert_same(mapped(lambda x: lax.psum(x, "i", **options), X), total)
    assert_same(mapped(lambda x: lax.pmean(x, "i", **options), X), total / 2)
    assert_same(mapped(lambda x: lax.pmax(x, "i", **options), X), members.max(1))
    assert_same(mapped(lambda x: lax.pmin(x, "i", **options), X), members.min(1))
    assert_same(mapped(lambda x: lax.all_gather(x, "i", **options), X), members)
    assert_same(mapped(lambda x: lax.psum_scatter(x, "i", **options), X), total[own, place])
    swapped = np.stack([members[i][:, place[i]] for i in own])
    assert_same(mapped(lambda x: lax.all_to_all(x, "i", 0, 0, **options), X), swapped)
    assert_same(mapped(lambda x: lax.pswapaxes(x, "i", 0, **options), X), swapped)
    assert mapped(lambda x: x * 0 + lax.psum(1, "i", **options), X[:, 0]).tolist() == [2.0] * 4


def test_places_that_get_nothing():
    """They get zeros, and give back no cotangent."""
    send = lambda x: lax.ppermute(x, "i", [(0, 1), (3, 0)])
    assert_same(mapped(send, X), np.stack([X[3], X[0], 0 * X[0], 0 * X[0]]))
    gradient = fgrad.grad(lambda x: (fgrad.vmap(send, axis_name="i")(x) * X).sum())(X)
    assert_same(gradient, np.stack([X[1], 0 * X[0], 0 * X[0], X[0]]))
    assert_same(
        mapped(lambda x: x * 0 + lax.ppermute(5.0, "i", [(0, 1)]), X)[:, 0],
        np.array([0, 5.0, 0, 0]),
    )
    token = lambda x: lax.precv(lax.psend(x, "i", [(0, 1), (3, 0)]), x, "i", [(0, 1), (3, 0)])
    assert_same(mapped(token, X), mapped(send, X))


def test_gathers_over_several_axes():
    """The first name is the slowest."""
    x = np.arange(6.0).reshape(2, 3)
    for names, want in ((("i", "j"), x.ravel()), (("j", "i"), x.T.ravel())):
        inner = fgrad.vmap(lambda v, n=names: lax.all_gather(v, n), axis_name="j", out_axes=None)
        got = fgrad.vmap(inner, axis_name="i", out_axes=None)(x)
        assert_same(got, want)


def test_derivatives_of_extremes():
    """Which JAX does not have: ties share."""
    x = np.array([1.0, 3.0, 3.0])
    largest = fgrad.vmap(lambda v: lax.pmax(v, "i"), axis_name="i", out_axes=None)
    assert_same(fgrad.grad(largest)(x), np.array([0, 0.5, 0.5]))


def test_constants_need_no_tracing():
    """`psum` of a number is a number, so it may be a shape; of booleans it counts."""

    def f(x):
        n = lax.psum(1, "i")
        assert type(n) is not type(x)
        return fgrad.numpy.zeros(int(n)) + x, lax.psum(x > 1, "i"), lax.psum(True, "i")

    zeros, count, trues = mapped(f, np.array([1.0, 2.0, 3.0]))
    assert zeros.shape == (3, 3)
    assert count.tolist() == [2, 2, 2]
    assert trues.tolist() == [3, 3, 3]


def test_results_that_all_share_are_not_mapped():
    """They may leave vmap without an axis."""
    for reduce in (lax.psum, lax.pmean, lax.pmax, lambda x, name: lax.all_gather(x, name).sum()):
        fun = fgrad.vmap(lambda x, r=reduce: r(x, "i"), axis_name="i", out_axes=None)
        assert fun(np.array([1.0, 2.0])).shape == ()


def test_a_jitted_function_is_traced_for_its_axes():
    """Not for those of an earlier call with the same shapes."""
    f = fgrad.jit(lambda x: x * lax.axis_size("i") + lax.psum(x, "i"))
    for n in (2, 3, 2):
        got = fgrad.vmap(f, axis_name="i")(np.ones(n))
        assert_same(got, np.full(n, 2.0 * n))
    constant = fgrad.jit(lambda: lax.axis_size("i"))
    for n in (2, 3):
        sizes = fgrad.vmap(lambda x, c=constant: x * c(), axis_name="i")(np.ones(n))
        assert_same(sizes, np.full(n, float(n)))


def test_the_innermost_axis_of_a_name_is_meant():
    """Names may be used again."""
    inner = fgrad.vmap(lambda x: lax.psum(x, "i"), axis_name="i")
    outer = fgrad.vmap(lambda x: inner(x) + lax.psum(x, "i"), axis_name="i")
    x = np.arange(6.0).reshape(2, 3)
    assert_same(outer(x), x.sum(1)[:, None] + x.sum(0))


def test_names_are_any_hashables():
    """As in JAX; a tuple is several names."""
    for name in (0, "a name", object(), np.float64):
        assert_same(
            fgrad.vmap(lambda x, n=name: lax.psum(x, n), axis_name=name)(np.ones(3)),
            np.full(3, 3.0),
        )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: lax.psum(x, "k"), NameError, "psum: unbound axis name: 'k'"),
        (lambda x: lax.axis_index("k"), NameError, "axis_index: unbound axis name: 'k'"),
        (lambda x: lax.axis_size(("i", "k")), NameError, "axis_size: unbound axis name: 'k'"),
        (lambda x: lax.psum(x, ("i", "i")), ValueError, "name an axis twice"),
        (lambda x: lax.psum(x, "i", axis_index_groups=[[0, 1]]), ValueError, "groups of one size"),
        (
            lambda x: lax.psum(x, "i", axis_index_groups=[[0, 1, 2], [3]]),
            ValueError,
            "groups of one size",
        ),
        (lambda x: lax.ppermute(x, "i", [(0, 1), (0, 2)]), ValueError, "each once"),
        (lambda x: lax.ppermute(x, "i", [(0, 4)]), ValueError, "each once"),
        (lambda x: lax.pshuffle(x, "i", [0, 0, 1, 2]), ValueError, "must be a permutation"),
        (lambda x: lax.psum_scatter(x, "i"), ValueError, "the length of the mapped axis"),
        (lambda x: lax.all_to_all(x, "i", 0, 0, tiled=True), ValueError, "a multiple of"),
        (lambda x: lax.precv(x, x, "i", []), TypeError, "token must come from psend"),
        (lambda x: lax.precv(lax.psend(x, "i", []), x[0], "i", []), TypeError, "was sent"),
    ],
)
def test_errors(call, error, message):
    """Names that are not bound, and what does not fit; the user's line is named."""
    with pytest.raises(error, match=message) as e:
        fgrad.vmap(call, axis_name="i")(X)
    assert "test_collective.py" in str(e.value)


def test_names_end_with_vmap():
    """Afterwards, and outside of it, they are unbound."""
    with pytest.raises(NameError, match=r"vmap\(..., axis_name='i'\)"):
        lax.psum(1.0, "i")
    with pytest.raises(NameError):
        fgrad.vmap(lambda x: lax.psum(x, "i"))(X)
