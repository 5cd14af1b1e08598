"""Losses have optax's values and gradients."""

import jax
import numpy as np
import optax
import pytest

import fgrad
from fgrad import optim
from tests.harness import assert_same
from tests.optim.trajectories import about

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 4, 5))
P, Q = RNG.dirichlet(np.ones(5), size=(2, 4))
SIGNS = np.where(RNG.random((4, 5)) < 0.5, -1.0, 1.0)
EVENTS = (RNG.random((4, 5)) < 0.5).astype(float)
CLASSES = np.array([3, 0, 4, 1])
SOME = np.array([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 0, 0, 0]], bool)
EXAMPLES = np.array([True, False, True, True])
CUBE = RNG.normal(size=(2, 3, 4, 5))
IMAGES, REGIONS = RNG.normal(size=(2, 6, 3)), np.eye(3)[RNG.integers(0, 3, (2, 6))]
SPEECH = RNG.normal(size=(3, 8, 6))
SILENCE = np.arange(8) >= np.array([[8], [6], [7]])
SPELLED = np.array([[1, 2, 2, 5], [3, 3, 0, 0], [4, 0, 0, 0]])
UNSPELLED = np.arange(4) >= np.array([[4], [2], [1]])


def dice(o, x, t, **kwargs):
    return o.losses.dice_loss(x, t, **kwargs)


# The loss, and its arguments; gradients are taken by those of floating dtype.
LOSSES = {
    "squared_error": (lambda o, x, y: o.squared_error(x, y), X, Y),
    "squared_error of errors": (lambda o, x: o.squared_error(x), X),
    "l2_loss": (lambda o, x, y: o.l2_loss(x, y), X, Y),
    "huber_loss": (lambda o, x, y: o.huber_loss(x, y), X, Y),
    "huber_loss delta": (lambda o, x: o.huber_loss(x, delta=0.3), X),
    "log_cosh": (lambda o, x, y: o.log_cosh(x, y), X, Y),
    "log_cosh far": (lambda o, x: o.log_cosh(x), 1e3 * X),
    "cosine_similarity": (lambda o, x, y: o.cosine_similarity(x, y), X, Y),
    "cosine_similarity axis": (
        lambda o, x, y: o.cosine_similarity(x, y, epsilon=1e-6, axis=0), X, Y,
    ),
    "cosine_distance": (lambda o, x, y: o.cosine_distance(x, y, where=SOME), X, Y),
    "sigmoid_binary_cross_entropy": (
        lambda o, x, y: o.sigmoid_binary_cross_entropy(x, y), X, P,
    ),
    "sigmoid_binary_cross_entropy far": (
        lambda o, x: o.sigmoid_binary_cross_entropy(x, EVENTS), 1e3 * X,
    ),
    "sigmoid_focal_loss": (lambda o, x: o.losses.sigmoid_focal_loss(x, EVENTS), X),
    "sigmoid_focal_loss weighted": (
        lambda o, x: o.losses.sigmoid_focal_loss(x, EVENTS, alpha=0.3, gamma=1.5), X,
    ),
    "softmax_cross_entropy": (lambda o, x, p: o.softmax_cross_entropy(x, p), X, P),
    "softmax_cross_entropy axes": (
        lambda o, x: o.softmax_cross_entropy(x, x * x, axis=(1, 3)), CUBE,
    ),
    "softmax_cross_entropy where": (
        lambda o, x, p: o.softmax_cross_entropy(x, p, where=SOME), X, P,
    ),
    "softmax_cross_entropy of all": (
        lambda o, x, p: o.softmax_cross_entropy(x, p, axis=None), X, P,
    ),
    "safe_softmax_cross_entropy": (lambda o, x, p: o.safe_softmax_cross_entropy(x, p), X, P),
    "integer labels": (
        lambda o, x: o.softmax_cross_entropy_with_integer_labels(x, CLASSES), X,
    ),
    "integer labels axis": (
        lambda o, x: o.softmax_cross_entropy_with_integer_labels(x, CLASSES % 4, axis=0),
        X[:, :4],
    ),
    "integer labels axes": (
        lambda o, x: o.softmax_cross_entropy_with_integer_labels(
            x, np.arange(8).reshape(2, 4), axis=(1, 3)
        ),
        CUBE,
    ),
    "integer labels where": (
        lambda o, x: o.softmax_cross_entropy_with_integer_labels(
            x, np.array([3, 0, 4, 1]), where=SOME & EXAMPLES[:, None]
        ),
        X,
    ),
    "poly_loss_cross_entropy": (
        lambda o, x, p: o.losses.poly_loss_cross_entropy(x, p, epsilon=0.7), X, P,
    ),
    "poly_loss_cross_entropy where": (
        lambda o, x, p: o.losses.poly_loss_cross_entropy(x, p, where=SOME, axis=0), X, P,
    ),
    "kl_divergence": (lambda o, p, q: o.kl_divergence(np.log(0.5) + p, q), P, Q),
    "kl_divergence of certainty": (lambda o, p: o.kl_divergence(p, np.eye(4, 5)), P),
    "kl_divergence where": (lambda o, p, q: o.kl_divergence(p, q, where=SOME), P, Q),
    "kl_divergence_with_log_targets": (
        lambda o, p, q: o.losses.kl_divergence_with_log_targets(p, q, axis=0), P, Q,
    ),
    "generalized_kl_divergence": (
        lambda o, p, q: o.generalized_kl_divergence(p, q, where=SOME), P, Q,
    ),
    "hinge_loss": (lambda o, x: o.hinge_loss(x, SIGNS), X),
    "perceptron_loss": (lambda o, x: o.losses.perceptron_loss(x, SIGNS), X),
    "sparsemax_loss": (lambda o, x: o.losses.sparsemax_loss(x, EVENTS), 2 * X),
    "multiclass_hinge_loss": (lambda o, x: o.losses.multiclass_hinge_loss(x, CLASSES), X),
    "multiclass_perceptron_loss": (
        lambda o, x: o.losses.multiclass_perceptron_loss(x, CLASSES), X,
    ),
    "multiclass_sparsemax_loss": (
        lambda o, x: o.losses.multiclass_sparsemax_loss(x, CLASSES), X,
    ),
    "ranking_softmax_loss": (lambda o, x: o.losses.ranking_softmax_loss(x, EVENTS), X),
    "ranking_softmax_loss where": (
        lambda o, x: o.losses.ranking_softmax_loss(
            x, EVENTS, where=SOME & EXAMPLES[:, None], weights=P
        ),
        X,
    ),
    "ranking_softmax_loss of each": (
        lambda o, x: o.losses.ranking_softmax_loss(x, EVENTS, where=SOME, reduce_fn=None), X,
    ),
    "smooth_labels": (lambda o, p: o.smooth_labels(p, 0.2), P),
    "smooth_labels axes": (lambda o, p: o.smooth_labels(p, 0.2, axis=None), P),
    "smooth_labels where": (lambda o, p: o.smooth_labels(p, 0.2, axis=0, where=SOME), P),
    "ntxent": (lambda o, x: o.ntxent(x, np.array([0, 1, 0, 1])), X),
    "ntxent warm": (lambda o, x: o.ntxent(x, np.array([2, 1, 2, 2]), temperature=0.8), X),
    "triplet_margin_loss": (
        lambda o, x, y, p: o.losses.triplet_margin_loss(x, y, p), X, Y, P,
    ),
    "triplet_margin_loss axis": (
        lambda o, x, y, p: o.losses.triplet_margin_loss(
            x, y, p, axis=0, norm_degree=4, margin=3.0, eps=0.1
        ),
        X,
        Y,
        P,
    ),
    "dice_loss": (lambda o, x: dice(o, x, REGIONS), IMAGES),
    "dice_loss weighted": (
        lambda o, x: dice(
            o, x, REGIONS, class_weights=np.array([1.0, 2.0, 3.0]), smooth=0.1, alpha=0.3,
            beta=0.6, reduction="none", ignore_background=True, axis=(0, 1),
        ),
        IMAGES,
    ),
    "dice_loss of one class": (
        lambda o, x: dice(o, x, REGIONS[..., 0], reduction="sum"), IMAGES[..., :1],
    ),
    "multiclass_generalized_dice_loss": (
        lambda o, x: o.losses.multiclass_generalized_dice_loss(x, REGIONS), IMAGES,
    ),
    "binary_dice_loss": (
        lambda o, x: o.losses.binary_dice_loss(x, REGIONS[..., 0], smooth=0.5), IMAGES[..., 0],
    ),
    "ctc_loss": (lambda o, x: o.ctc_loss(x, SILENCE * 1.0, SPELLED, UNSPELLED * 1.0), SPEECH),
    "ctc_loss blank": (
        lambda o, x: o.ctc_loss_with_forward_probs(
            x, SILENCE * 1.0, (SPELLED + 1) % 5, UNSPELLED * 1.0, blank_id=5, log_epsilon=-1e3
        ),
        SPEECH,
    ),
    "fenchel-young": (
        lambda o, x, p: o.losses.make_fenchel_young_loss(
            (jax if o is optax else fgrad).nn.logsumexp
        )(x, p),
        X,
        P,
    ),
}  # fmt: skip


def value_and_gradients(lib, optim_lib, loss, args):
    def total(*args):
        leaves = jax.tree.leaves(loss(optim_lib, *args))
        # Weights, so that no gradients cancel.
        return sum((np.cos(np.arange(x.size)).reshape(x.shape) * x).sum() for x in leaves)

    gradients = lib.grad(total, argnums=tuple(range(len(args))))(*args)
    return loss(optim_lib, *args), gradients


# optax's gradients by what a mask leaves out are NaN; they are zero.
NAN_IN_OPTAX = {
    "softmax_cross_entropy where",
    "poly_loss_cross_entropy where",
    "integer labels where",
    "ranking_softmax_loss where",
}


# Parts that are each one JAX program.
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_values_and_gradients_are_those_of_optax(part):
    rows = dict(list(LOSSES.items())[part::PARTS])
    arguments = {name: args for name, (_, *args) in rows.items()}

    def everything(lib, optim_lib):
        return lambda arguments: {
            name: value_and_gradients(lib, optim_lib, loss, arguments[name])
            for name, (loss, *_) in rows.items()
        }

    theirs = jax.jit(everything(jax, optax))(arguments)
    ours = everything(fgrad, optim)(arguments)
    compiled = fgrad.jit(everything(fgrad, optim))(arguments)
    for name in rows:
        expected = theirs[name]
        if name in NAN_IN_OPTAX:
            expected = jax.tree.map(lambda x: np.where(np.isnan(x), 0.0, x), expected)
        with about(name):
            assert_same(ours[name], expected, scale=100)
            assert_same(compiled[name], ours[name], scale=100)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_single_precision(name):
    loss, *args = LOSSES[name]
    single = loss(optim, *(arg.astype(np.float32) for arg in args))
    double = loss(optim, *args)
    for a, b in zip(jax.tree.leaves(single), jax.tree.leaves(double), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_what_is_impossible_and_does_not_happen_costs_nothing():
    """Logits of minus infinity, with labels of zero there; optax's values and gradients."""
    logits, labels = np.array([0.5, -1.0, -np.inf]), np.array([0.3, 0.7, 0.0])
    ours, theirs = (
        lib.value_and_grad(o.safe_softmax_cross_entropy)(logits, labels)
        for lib, o in ((fgrad, optim), (jax, optax))
    )
    assert_same(ours, jax.tree.map(np.asarray, theirs))


def test_padding_of_labels_may_hold_anything():
    logits = SPEECH
    loss, without = (
        optim.ctc_loss(logits, SILENCE * 1.0, np.where(UNSPELLED, pad, SPELLED), UNSPELLED * 1.0)
        for pad in (0, 1000)
    )
    np.testing.assert_array_equal(loss, without)


WRONG = {
    "floating": (lambda: optim.softmax_cross_entropy(np.array([1, 2]), P[0, :2]), TypeError),
    "integers": (
        lambda: optim.softmax_cross_entropy_with_integer_labels(X, 1.0 * CLASSES),
        TypeError,
    ),
    "same shape": (lambda: optim.squared_error(X, Y[:2]), ValueError),
    "reduction": (
        lambda: optim.losses.dice_loss(IMAGES, REGIONS, reduction="median"),
        ValueError,
    ),
    "as long": (lambda: optim.ntxent(X, CLASSES[:2]), ValueError),
    r"shape \(B, T, K\)": (
        lambda: optim.ctc_loss(SPEECH[0], SILENCE * 1.0, SPELLED, UNSPELLED),
        ValueError,
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_arguments_are_refused(message):
    call, error = WRONG[message]
    with pytest.raises(error, match=message):
        call()
