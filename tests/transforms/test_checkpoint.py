"""checkpoint: the same derivatives from fewer kept values."""

import io
from contextlib import redirect_stdout

import jax
import jax.ad_checkpoint
import jax.numpy as jnp
import numpy as np
import pytest

import fgrad
import fgrad.ad_checkpoint
import fgrad.numpy as fnp
from fgrad.core.avals import float0
from fgrad.core.check import check_jaxpr
from tests.harness import assert_same

X = np.array([0.1, 0.5, -0.3])


def block(np_):
    return lambda x: np_.sin(np_.sin(np_.exp(x)) * x)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_derivatives(order):
    f = lambda x: fnp.sum(fgrad.checkpoint(block(fnp))(x))
    g = lambda x: jnp.sum(block(jnp)(x))
    for _ in range(order):
        f = lambda x, f=f: fnp.sum(fgrad.grad(f)(x) * X)
        g = lambda x, g=g: jnp.sum(jax.grad(g)(x) * X)
    assert_same(f(X), jax.jit(g)(X), scale=100)
    assert_same(fgrad.jit(f)(X), f(X), scale=10)


def test_the_function_is_computed_again_in_the_backward_pass():
    def sines(f):
        closed = fgrad.make_jaxpr(fgrad.grad(lambda x: fnp.sum(f(x))))(X)
        check_jaxpr(closed)
        return str(closed).count("= sin")

    plain = sines(block(fnp))
    assert plain == 2
    assert sines(fgrad.checkpoint(block(fnp))) > plain
    assert sines(fgrad.remat(block(fnp))) > plain


def test_only_the_inputs_are_kept():
    """A chain of checkpointed blocks keeps one array a block, not one an operation."""

    def deep(x):
        for _ in range(50):
            x = fnp.sin(x)
        return x

    def held(f):
        _, pull = fgrad.vjp(f, np.ones(1000))
        trace = pull.args[0].trace
        return len(trace.tape)

    assert held(deep) == 50
    assert held(fgrad.checkpoint(deep)) == 1


def test_nested_with_jit_inside_and_outside():
    inner = fgrad.checkpoint(fgrad.jit(block(fnp)))
    outer = fgrad.jit(fgrad.checkpoint(lambda x: inner(inner(x)) + fgrad.checkpoint(inner)(x)))
    want = jax.grad(lambda x: jnp.sum(block(jnp)(block(jnp)(x)) + block(jnp)(x)))(X)
    assert_same(fgrad.grad(lambda x: fnp.sum(outer(x)))(X), want, scale=10)


def test_closed_over_values_are_differentiated():
    f = lambda w: fnp.sum(fgrad.checkpoint(lambda x: fnp.tanh(w * x))(X))
    assert fgrad.grad(f)(2.0) == pytest.approx(np.sum(X / np.cosh(2 * X) ** 2))


def test_static_arguments_trees_and_keywords():
    @fgrad.checkpoint
    def f(t, *, k):
        return {"y": t["x"] ** 2 * k}

    @fgrad.checkpoint(static_argnums=(1,))
    def g(x, n):
        return x if n == 0 else x * n

    assert fgrad.grad(lambda x: f({"x": x}, k=3.0)["y"])(2.0) == 12.0
    assert fgrad.grad(g)(2.0, 5) == 5.0
    h = fgrad.checkpoint(g, static_argnames="n")
    assert fgrad.grad(h)(2.0, 5) == fgrad.grad(h)(2.0, n=5) == 5.0
    with pytest.raises(ValueError, match="checkpoint: argument name 'm'"):
        fgrad.checkpoint(g, static_argnames="m")
    with pytest.raises(TypeError, match="policy: expected a function; got 'dots'"):
        fgrad.checkpoint(g, policy="dots")


def test_integer_operands_and_outputs():
    @fgrad.checkpoint
    def f(x, i):
        return x[i] * 2, i + 1

    y, j = f(X, 2)
    assert (y, j) == (-0.6, 3)
    assert_same(fgrad.grad(lambda x: f(x, 1)[0])(X), np.array([0.0, 2.0, 0.0]))
    assert_same(fgrad.vmap(f, (None, 0))(X, np.array([0, 1]))[0], 2 * X[:2])


def test_results_without_a_derivative_stand_beside_others():
    f = fgrad.checkpoint(lambda x: (fnp.argmax(x), fnp.sin(x), x > 0))
    (place, sines, positive), (none, t, nothing) = fgrad.jvp(f, (X,), (np.ones(3),))
    assert place == 1
    assert_same((sines, t), (np.sin(X), np.cos(X)))
    assert_same(positive, X > 0)
    assert none.dtype == nothing.dtype == float0
    assert_same(fgrad.grad(lambda x: f(x)[1].sum())(X), np.cos(X))


def test_a_program_inside_a_program_has_no_part_in_tangents():
    """What an inner call gives of the input alone is no tangent, however deep the call is."""
    inner = fgrad.jit(lambda x: fgrad.jit(fnp.cos)(x))
    f = fgrad.checkpoint(lambda x: fnp.sin(inner(x)))
    assert_same(fgrad.grad(f)(0.3), -np.cos(np.cos(0.3)) * np.sin(0.3))


# -- policies --------------------------------------------------------------------------------------


def offloading(p):
    if p is jax.checkpoint_policies:  # it has no second derivatives of what it offloads
        return p.save_only_these_names("a", "b")
    return p.save_and_offload_only_these_names(
        names_which_can_be_saved=["a"],
        names_which_can_be_offloaded=["b"],
        offload_src="device",
        offload_dst="pinned_host",
    )


POLICIES = {
    "everything": lambda p: p.everything_saveable,
    "nothing": lambda p: p.nothing_saveable,
    "dots": lambda p: p.dots_saveable,
    "dots-without-batch": lambda p: p.dots_with_no_batch_dims_saveable,
    "a": lambda p: p.save_only_these_names("a"),
    "but-a": lambda p: p.save_any_names_but_these("a"),
    "all-but-a": lambda p: p.save_anything_except_these_names("a"),
    "a-or-dots": lambda p: p.save_from_both_policies(p.save_only_these_names("a"), p.dots_saveable),
    "offloaded": offloading,
    "own": lambda p: lambda prim, *avals, **params: prim.name == "sin" and avals[0].shape == (3,),
}
W = np.linspace(-1.0, 1.0, 9).reshape(3, 3)


def network(lib, policy):
    """Matrix products, names, a jitted part and a loop, under a policy."""
    np_, named = lib.numpy, lib.ad_checkpoint.checkpoint_name
    layer = lib.jit(lambda w, x: named(np_.sin(w @ x), "a"))

    @lambda f: lib.checkpoint(f, policy=POLICIES[policy](lib.checkpoint_policies))
    def f(w, x):
        h = layer(w, x)
        h, rows = lib.lax.scan(lambda h, r: (layer(w, h) * r, named(np_.exp(h), "b")), h, x)
        return np_.sum(rows * named(np_.cos(h), "b"), axis=-1)

    return f


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("compile", [False, True], ids=["eager", "jit"])
def test_policies_change_no_derivative(policy, compile):
    def everything(lib):
        f = network(lib, policy)
        total = lambda w, x: lib.numpy.sum(f(w, x))
        slope = lambda w, x: lib.numpy.sum(lib.grad(total, (0, 1))(w, x)[0] * W)

        def run(w, x):
            return {
                "value": f(w, x),
                "gradient": lib.grad(total, (0, 1))(w, x),
                "second order": lib.grad(slope, (0, 1))(w, x),
                "forward": lib.jvp(f, (w, x), (w, x)),
                "batched": lib.vmap(lib.grad(total), (None, 0))(w, lib.numpy.stack([x, 2 * x])),
            }

        return lib.jit(run) if compile or lib is jax else run

    assert_same(everything(fgrad)(W, X), everything(jax)(W, X), scale=100)


def in_a_loop(lib, policy):
    step = lambda h, x: (lib.numpy.tanh(lib.numpy.sin(W @ h) + x), h.sum())
    step = lib.checkpoint(step, policy=POLICIES[policy](lib.checkpoint_policies))
    return lambda h: lib.lax.scan(step, h, W)[1].sum()


@pytest.mark.parametrize("policy", ["everything", "nothing", "dots"])
def test_policies_inside_loops(policy):
    f, g = in_a_loop(fgrad, policy), in_a_loop(jax, policy)
    assert_same(fgrad.grad(f)(X), jax.grad(g)(X), scale=10)
    assert_same(fgrad.jit(fgrad.hessian(f))(X), jax.jit(jax.hessian(g))(X), scale=100)


def saved(f, *args, **kwargs):
    """What print_saved_residuals says, without the places in this file."""
    out = io.StringIO()
    with redirect_stdout(out):
        fgrad.ad_checkpoint.print_saved_residuals(f, *args, **kwargs)
    return [line.partition(" from /")[0].split(" ", 1) for line in out.getvalue().splitlines()]


def chain(w, x):
    named = fgrad.ad_checkpoint.checkpoint_name
    h = named(fnp.sin(w @ x), "a")
    h = named(fnp.exp(w @ h), "b")
    return fnp.sum(h**2)


@pytest.mark.parametrize(
    ("policy", "between"),
    [
        ("nothing", []),
        ("dots", ["output of einsum", "output of einsum"]),
        ("a", ["named 'a'"]),
        ("but-a", ["named 'b'"]),
        ("a-or-dots", ["output of einsum", "named 'a'", "output of einsum"]),
        ("offloaded", ["named 'a'", "named 'b'"]),
        ("everything", ["output of cos", "named 'a'", "named 'b'", "output of mul"]),
        ("own", ["output of sin"]),
    ],
)
def test_what_is_saved_is_what_the_policy_says(policy, between):
    f = fgrad.checkpoint(chain, policy=POLICIES[policy](fgrad.checkpoint_policies))
    arguments = ["from the argument w", "from the argument x"]
    assert [what for _, what in saved(f, W, X)] == arguments + between


def test_residuals_are_named_by_their_origin():
    f = lambda params, *, k: fnp.sum(fnp.sin(params["w"] @ params["x"]) * k) * 2.0
    got = saved(f, {"w": W, "x": fgrad.ShapeDtypeStruct((3,), float)}, k=2.0)
    assert ["f64[3]", "from the argument params['x']"] in got
    assert ["f64[]~", "from the argument k"] in got


def counts(f, *args):
    """How many products and sines there are in the compiled gradient."""
    closed = fgrad.make_jaxpr(fgrad.grad(lambda *a: fnp.sum(f(*a))))(*args)
    check_jaxpr(closed)
    text = str(closed)
    return text.count("= einsum"), text.count("= sin")


def test_what_is_saved_is_not_computed_again():
    layers = lambda w, x: fnp.sin(w @ fnp.sin(w @ x))
    products, sines = counts(layers, W, X)

    def more(policy):
        f = fgrad.checkpoint(layers, policy=POLICIES[policy](fgrad.checkpoint_policies))
        p, s = counts(f, W, X)
        return p - products, s - sines

    assert more("everything") == (0, 0)
    assert more("dots") == more("dots-without-batch") == (0, 1)
    assert more("nothing") == more("a") == (2, 1)


def test_what_is_saved_in_a_loop_is_not_computed_again():
    def loop(h):
        return fgrad.lax.scan(lambda h, x: (fnp.sin(W @ h) + x, None), h, W)[0]

    def products(policy):
        f = fgrad.checkpoint(loop, policy=POLICIES[policy](fgrad.checkpoint_policies))
        return counts(f, X)[0]

    assert products("dots") == products("everything") == products("nothing") - 1


def test_products_with_batch_dimensions():
    batched = fgrad.checkpoint(
        lambda a, b: fnp.sin(a @ b).sum(),
        policy=fgrad.checkpoint_policies.dots_with_no_batch_dims_saveable,
    )
    assert len(saved(batched, np.ones((2, 3, 3)), np.ones((2, 3, 3)))) == 2
    assert len(saved(batched, np.ones((2, 3, 3)), W)) == 3


def test_an_effect_happens_in_both_runs_and_a_saved_callback_in_one():
    calls = []

    def count(x):
        calls.append(1)
        return np.asarray(x)

    def f(x):
        scale = fgrad.experimental.io_callback(count, fgrad.ShapeDtypeStruct((), float), 2.0)
        return fnp.sin(x * scale)

    for policy, times in (("nothing", 2), ("everything", 1)):
        calls.clear()
        g = fgrad.checkpoint(f, policy=POLICIES[policy](fgrad.checkpoint_policies))
        assert fgrad.grad(g)(0.0) == 2.0
        assert len(calls) == times


def test_a_name_is_the_value_itself():
    named = fgrad.ad_checkpoint.checkpoint_name
    x = np.ones(2)
    y = named({"x": x, "n": 3}, "both")
    assert_same(y, {"x": x, "n": np.int64(3)})
    assert y["x"] is not x
    y["x"] += 1.0
    assert_same(x, np.ones(2))
    assert_same(fgrad.jit(fgrad.vmap(fgrad.grad(lambda x: named(x, "a") ** 2)))(X), 2 * X)
    with pytest.raises(ValueError, match="to be saved or to be offloaded; got 'a' for both"):
        fgrad.checkpoint_policies.save_and_offload_only_these_names(
            names_which_can_be_saved=["a"], names_which_can_be_offloaded=["a"],
            offload_src="device", offload_dst="pinned_host",
        )  # fmt: skip
