"""The public names of optax, with its parameters, defaults and fields of states."""

import inspect

import numpy as np
import optax
import pytest

from fgrad import optim

SPACES = [
    "",
    "assignment",
    "contrib",
    "losses",
    "microbatching",
    "perturbations",
    "projections",
    "schedules",
    "second_order",
    "transforms",
    "tree",
    "tree_utils",
]

# Spellings that optax has deprecated.
DEPRECATED = {
    "DifferentiallyPrivateAggregateState",
    "InjectHyperparamsState",
    "convex_kl_divergence",
    "differentially_private_aggregate",
    "dpsgd",
    "inject_stateful_hyperparams",
    "losses.convex_kl_divergence",
    "optimistic_adam",
    "schedules.InjectHyperparamsState",
    "schedules.inject_stateful_hyperparams",
}

# Parameters that differ: of XLA, deprecated, or float32 by default where fgrad has the dtype of
# the parameters.
OTHER_PARAMETERS = {
    "MultiSteps": {"accumulator_dtype"},
    "adafactor": {"dtype_momentum"},
    "add_noise": {"key", "seed"},
    "differentially_private_aggregate": {"key", "seed"},
    "global_norm": {"updates", "tree", "ord", "squared"},
    "matrix_inverse_pth_root": {"precision"},
    "noisy_sgd": {"key", "seed"},
    "power_iteration": {"precision"},
    "scale_by_distance_over_gradients": {"param_dtype"},
}


def public():
    """The name of each public function and class of optax, and what both libraries have there."""
    for space in SPACES:
        ours, theirs = (getattr(lib, space) if space else lib for lib in (optim, optax))
        for name in sorted(getattr(theirs, "__all__", dir(theirs))):
            path = f"{space}.{name}".lstrip(".")
            if (
                not name.startswith("_")
                and path not in DEPRECATED
                and callable(getattr(theirs, name))
            ):
                yield path, getattr(ours, name, None), getattr(theirs, name)


def plain(default):
    """A default, or the class of one that is no plain data."""
    data = isinstance(default, bool | int | float | str | tuple | None)
    return default if data and not hasattr(default, "_fields") else type(default).__name__


def parameters(f, name):
    skipped = OTHER_PARAMETERS.get(name.split(".")[-1], set())
    listed = inspect.signature(f).parameters.values()
    return [(p.name, p.kind, plain(p.default)) for p in listed if p.name not in skipped]


def test_names_parameters_and_fields_are_those_of_optax():
    wrong = []
    for name, ours, theirs in public():
        if ours is None:
            wrong.append(f"{name} is missing")
        elif hasattr(theirs, "_fields"):
            if getattr(ours, "_fields", None) != theirs._fields:
                wrong.append(f"{name} has other fields than {theirs._fields}")
        elif inspect.isfunction(theirs) and parameters(ours, name) != parameters(theirs, name):
            wrong.append(f"{name}{inspect.signature(ours)} is not {inspect.signature(theirs)}")
    assert not wrong, "\n".join(wrong)


# Wrong calls, and what the message names.
REFUSED = {
    "`sync_period` must be at least 1": lambda: optim.lookahead(optim.sgd(0.1), 0, 0.5),
    "sam: `sync_period`": lambda: optim.contrib.sam(optim.sgd(0.1), optim.sgd(0.1), 0),
    "`memory_size` must be at least 1": lambda: optim.lbfgs(memory_size=0),
    "`variant` must be": lambda: optim.polyak_sgd(variant="best"),
    "`mode` must be": lambda: optim.scale_by_lion(mode="soft"),
    "`initial_guess_strategy` must be": lambda: optim.scale_by_zoom_linesearch(
        3, initial_guess_strategy="two"
    ),
    "names must differ": lambda: optim.named_chain(("a", optim.sgd(1)), ("a", optim.sgd(1))),
    "for which `transforms` has nothing": lambda: optim.partition({}, {"w": "a"}).init({"w": 1.0}),
    "does not take": lambda: optim.inject_hyperparams(optim.sgd, static_args="b1"),
    "scales in `boundaries_and_scales`": lambda: optim.piecewise_constant_schedule(1.0, {1: -1.0}),
    "`interpolate_type` must be": lambda: optim.piecewise_interpolate_schedule("cubic", 1.0),
    "`transition_steps` must be positive": lambda: optim.linear_onecycle_schedule(0, 1.0),
    "cosine_onecycle_schedule": lambda: optim.cosine_onecycle_schedule(-1, 1.0),
    "`factor` must be between": lambda: optim.contrib.reduce_on_plateau(factor=1.0),
    "`rtol` must be between": lambda: optim.contrib.reduce_on_plateau(rtol=0.0),
    "`init_step` must be": lambda: optim.contrib.dog(init_step=("guess", 1.0)),
    "`rank` must be positive": lambda: optim.contrib.galore(0.1, rank=0),
    "`preconditioning` must be": lambda: optim.contrib.muon(0.1, preconditioning="none"),
    "`ns_coeffs` must be three": lambda: optim.contrib.muon(0.1, ns_coeffs=(1.0, 2.0)),
    "`ns_coeffs` must be one of": lambda: optim.contrib.muon(0.1, ns_coeffs="best"),
    "must have at least two axes": lambda: optim.contrib.scale_by_muon().update(
        np.ones(3), optim.contrib.scale_by_muon().init(np.ones(3))
    ),
    "`params` must be real": lambda: optim.sm3(0.1).init(1j),
    "must have the shapes of `params`": lambda: optim.apply_updates(np.ones(2), np.ones((3, 2))),
    "two axes": lambda: optim.assignment.hungarian_algorithm(np.ones(3)),
    "`v0` must be given": lambda: optim.power_iteration(lambda v: v),
    "nnls: `A` must have": lambda: optim.nnls(np.ones((2, 2)), np.ones(3), iters=1),
    "`ord` must be": lambda: optim.tree.norm(1.0, ord=3),
    "`mixed_dtype_handler` must be": lambda: optim.tree.dtype(1.0, "any"),
    "must have one dtype": lambda: optim.tree.dtype([np.float32(1), np.float64(1)]),
    "neither of": lambda: optim.tree.dtype([np.int64(1), np.uint64(1), np.float16(1)], "lowest"),
    "first axis of every array": lambda: optim.per_example_global_norm_clip(1.0, 1.0),
    "more than five axes": lambda: optim.transforms.unitwise_norm(np.ones((2,) * 6)),
    "must hold the value": lambda: optim.value_and_grad_from_state(abs)(1.0, state=()),
    "must be a ScheduleFreeState": lambda: optim.contrib.schedule_free_eval_params(
        optim.scale_by_adam().init(1.0), 1.0
    ),
    "must be an integer or floating": lambda: optim.safe_increment(np.bool_(True)),
    "as LookaheadParams": lambda: optim.lookahead(optim.sgd(1.0), 2, 0.5).update(
        1.0, optim.lookahead(optim.sgd(1.0), 2, 0.5).init(1.0), 1.0
    ),
    "`microbatch_size` must divide": lambda: optim.microbatch(sum, 0, 2)(np.ones(3)),
    "batch axes must be as long": lambda: optim.microbatch(max, (0, 1), 1)(np.ones(3), np.ones(2)),
    "`out_axes` must be 0": lambda: optim.microbatching.micro_vmap(abs, out_axes=1),
    "must be made of Accumulators": lambda: optim.microbatch(np.sum, 0, 1, "sum")(np.ones(3)),
    "a mean needs results of floating": lambda: optim.microbatch(
        np.sum, 0, 1, optim.microbatching.AccumulationType.MEAN
    )(np.ones(3, int)),
}


@pytest.mark.parametrize("message", REFUSED)
def test_wrong_arguments_are_refused(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()


NEED_PARAMETERS = {
    "adafactor": lambda: optim.adafactor(0.1),
    "adaptive_grad_clip": lambda: optim.adaptive_grad_clip(0.1),
    "adamw": lambda: optim.adamw(0.1),
    "keep_params_nonnegative": lambda: optim.keep_params_nonnegative(),
    "lamb": lambda: optim.lamb(0.1),
    "novograd": lambda: optim.novograd(0.1),
    "scale_by_param_block_norm": lambda: optim.scale_by_param_block_norm(),
    "scale_by_param_block_rms": lambda: optim.scale_by_param_block_rms(),
    "distance": lambda: optim.scale_by_distance_over_gradients(),
    "lbfgs": lambda: optim.scale_by_lbfgs(),
    "cocob": lambda: optim.contrib.cocob(),
    "dadapt": lambda: optim.contrib.dadapt_adamw(),
    "dog": lambda: optim.contrib.dog(),
    "dowg": lambda: optim.contrib.dowg(),
    "madgrad": lambda: optim.contrib.madgrad(0.1),
    "mechanic": lambda: optim.contrib.mechanize(optim.sgd(0.1)),
    "prodigy": lambda: optim.contrib.prodigy(),
    "sam": lambda: optim.contrib.sam(optim.sgd(0.1), optim.sgd(0.1)),
    "schedule_free": lambda: optim.contrib.schedule_free(optim.sgd(0.1), 0.1),
    "sophia": lambda: optim.contrib.sophia(0.1),
}


@pytest.mark.parametrize("name", NEED_PARAMETERS)
def test_what_needs_parameters_says_so(name):
    optimizer = NEED_PARAMETERS[name]()
    with pytest.raises(ValueError, match="needs the current parameters"):
        optimizer.update(1.0, optimizer.init(1.0))
