"""Optimizers to be run in both libraries.

Each is made from the library, so that the same line builds both. JAX compiles a group as one
program.
"""

import numpy as np

GRADIENT_DESCENT = {
    "sgd": lambda o: o.sgd(1e-3),
    "sgd momentum": lambda o: o.sgd(1e-3, momentum=0.9),
    "sgd nesterov": lambda o: o.sgd(1e-3, momentum=0.9, nesterov=True),
    "sgd schedule": lambda o: o.sgd(o.linear_schedule(1e-3, 1e-4, 30)),
    "sign_sgd": lambda o: o.sign_sgd(1e-2),
    "signum": lambda o: o.signum(1e-2, 0.8),
    "rprop": lambda o: o.rprop(0.01),
    "rprop bounded": lambda o: o.rprop(0.1, 0.3, 1.5, 0.05, 0.2),
    "optimistic": lambda o: o.optimistic_gradient_descent(5e-4, beta=0.5),
    "optimistic adam": lambda o: o.optimistic_adam_v2(0.01, beta=0.5),
    "lion": lambda o: o.lion(0.01),
    "lion smooth": lambda o: o.chain(
        o.scale_by_lion(mode="smooth", smooth_beta=2.0), o.scale(-0.1)
    ),
    "lion refined": lambda o: o.chain(o.scale_by_lion(mode="refined"), o.scale(-0.01)),
}

ADAM = {
    "adam": lambda o: o.adam(0.05),
    "adam betas": lambda o: o.adam(0.05, b1=0.5, b2=0.9, eps=1e-3, eps_root=1e-6),
    "nadam": lambda o: o.nadam(0.05),
    "adam schedule": lambda o: o.adam(o.warmup_cosine_decay_schedule(0.0, 0.1, 10, 40, 0.01)),
    "adamw": lambda o: o.adamw(0.05, weight_decay=0.1),
    "adamw schedule": lambda o: o.adamw(0.05, weight_decay=o.cosine_decay_schedule(0.1, 20)),
    "nadamw": lambda o: o.nadamw(0.05),
    "adamax": lambda o: o.adamax(0.05),
    "adamaxw": lambda o: o.adamaxw(0.05, b1=0.8, weight_decay=0.1),
    "amsgrad": lambda o: o.amsgrad(0.05, b2=0.9),
    "amsgrad biased": lambda o: o.amsgrad(
        0.01, bias_correction_mu=False, bias_correction_nu=False, eps=1e-3
    ),
}

AFTER_ADAM = {
    "adabelief": lambda o: o.adabelief(0.05),
    "adabelief nesterov": lambda o: o.adabelief(0.05, eps=1e-3, eps_root=1e-6, nesterov=True),
    "yogi": lambda o: o.yogi(0.05),
    "radam": lambda o: o.radam(1e-3),
    "radam nesterov": lambda o: o.radam(1e-3, b2=0.9, threshold=4.5, nesterov=True),
    "adan": lambda o: o.adan(0.05),
    "adan decay": lambda o: o.adan(0.05, weight_decay=0.1),
    "novograd": lambda o: o.novograd(0.01),
    "novograd decay": lambda o: o.novograd(0.01, b1=0.8, weight_decay=0.01, eps_root=1e-6),
}

MEAN_SQUARES = {
    "rmsprop": lambda o: o.rmsprop(0.01),
    "rmsprop momentum": lambda o: o.rmsprop(0.01, momentum=0.5, nesterov=True, initial_scale=1.0),
    "rmsprop corrected": lambda o: o.rmsprop(0.01, bias_correction=True, eps_in_sqrt=False),
    "rmsprop centered": lambda o: o.rmsprop(1e-3, centered=True, eps=1e-3),
    "rmsprop centered corrected": lambda o: o.rmsprop(
        1e-4, centered=True, bias_correction=True, initial_scale=100.0, momentum=0.5
    ),
    "adagrad": lambda o: o.adagrad(0.1),
    "adadelta": lambda o: o.adadelta(0.5),
    "adadelta decay": lambda o: o.adadelta(0.5, rho=0.8, weight_decay=0.1),
    "adafactor": lambda o: o.adafactor(
        0.05, min_dim_size_to_factor=2, momentum=0.9, dtype_momentum=np.float64
    ),
    "adafactor whole": lambda o: o.adafactor(
        0.05,
        factored=False,
        clipping_threshold=None,
        multiply_by_parameter_scale=False,
        weight_decay_rate=1e-3,
        decay_rate=0.7,
    ),
}

LAYERS = {
    "lars": lambda o: o.lars(0.1, weight_decay=0.01),
    "lars masked": lambda o: o.lars(
        1e-4,
        weight_decay=0.01,
        weight_decay_mask={"absent": None, "mlp": True, "quadratic": False, "rosenbrock": False},
        trust_ratio_mask={"absent": None, "mlp": True, "quadratic": True, "rosenbrock": False},
        trust_coefficient=0.1,
        eps=1e-3,
    ),
    "lamb": lambda o: o.lamb(0.01, weight_decay=0.1),
    "fromage": lambda o: o.fromage(0.01),
    "fromage schedule": lambda o: o.fromage(o.linear_schedule(0.02, 0.01, 20)),
    "block norm": lambda o: o.chain(o.scale_by_param_block_norm(), o.sgd(1e-3)),
    "block rms": lambda o: o.chain(o.scale_by_param_block_rms(0.5), o.sgd(1e-3)),
    "centralize": lambda o: o.chain(o.centralize(), o.sgd(1e-3)),
    "normalize": lambda o: o.chain(o.normalize_by_update_norm(2.0), o.sgd(1e-2)),
    "polyak plus": lambda o: o.polyak_sgd(1.0, f_min=1.0, eps=1.0, variant="sps+"),
}

TRANSFORMATIONS = {
    "clip": lambda o: o.chain(o.clip(0.1), o.sgd(0.1)),
    "clip norm": lambda o: o.chain(o.clip_by_global_norm(0.5), o.adam(0.05)),
    "clip rms": lambda o: o.chain(o.clip_by_block_rms(0.1), o.sgd(0.1)),
    "clip adaptive": lambda o: o.chain(o.adaptive_grad_clip(0.05), o.sgd(0.1)),
    "decay then trace": lambda o: o.chain(
        o.add_decayed_weights(0.01), o.trace(0.8), o.identity(), o.scale(-1e-3)
    ),
    "decay masked": lambda o: o.chain(
        o.add_decayed_weights(
            0.1, lambda p: {"absent": None, "mlp": True, "quadratic": False, "rosenbrock": True}
        ),
        o.sgd(1e-3),
    ),
    "flipped": lambda o: o.chain(
        o.scale_by_learning_rate(1e-3, flip_sign=False), o.scale_by_learning_rate(1.0)
    ),
    "scale by schedule": lambda o: o.scale_by_schedule(
        o.polynomial_schedule(-1e-3, -1e-4, 2, 30, 5)
    ),
    "ema": lambda o: o.chain(o.ema(0.8), o.sgd(1e-3)),
    "ema biased": lambda o: o.chain(o.ema(0.8, debias=False), o.sgd(1e-3)),
    "every": lambda o: o.chain(o.sgd(1e-3), o.apply_every(3)),
    "nonnegative": lambda o: o.chain(o.sgd(1e-3), o.keep_params_nonnegative()),
    "zero nans": lambda o: o.chain(o.zero_nans(), o.sgd(1e-3)),
}

WRAPPERS = {
    "finite": lambda o: o.apply_if_finite(o.adam(0.05), 3),
    "conditionally": lambda o: o.chain(
        o.conditionally_transform(o.clip(0.5), lambda step: step % 5 != 0), o.sgd(1e-3)
    ),
    "conditionally masked": lambda o: o.conditionally_mask(
        o.adam(0.05), lambda step, value, **_: value > 1.0, forward_extra_args=True
    ),
    "flatten": lambda o: o.flatten(o.adamw(0.05)),
    "multi steps": lambda o: o.MultiSteps(
        o.adam(0.05), 4, accumulator_dtype=np.float64
    ).gradient_transformation(),
    "multi steps schedule": lambda o: o.MultiSteps(
        o.sgd(1e-3, momentum=0.5),
        lambda step: 1 + step // 3,
        use_grad_mean=False,
        should_skip_update_fn=o.skip_not_finite,
        accumulator_dtype=np.float64,
    ).gradient_transformation(),
    "masked": lambda o: o.masked(
        o.adam(0.05), {"absent": None, "mlp": True, "quadratic": False, "rosenbrock": True}
    ),
    "freeze": lambda o: o.chain(
        o.adam(0.05),
        o.freeze({"absent": None, "mlp": False, "quadratic": True, "rosenbrock": False}),
    ),
    "selective": lambda o: o.selective_transform(
        o.adam(0.05),
        freeze_mask={"absent": None, "mlp": False, "quadratic": True, "rosenbrock": False},
    ),
    "partition": lambda o: o.partition(
        {"a": o.adam(0.05), "b": o.sgd(1e-3)},
        {"absent": None, "mlp": "a", "quadratic": "b", "rosenbrock": "b"},
    ),
    "named chain": lambda o: o.named_chain(("clip", o.clip(1.0)), ("adam", o.adam(0.05))),
    "snapshot": lambda o: o.chain(o.snapshot("norm", o.tree.norm), o.sgd(1e-3)),
    "injected": lambda o: o.inject_hyperparams(o.adamw)(
        learning_rate=0.05, weight_decay=lambda count: 0.1 * 0.9**count
    ),
}

LINE_SEARCHES = {
    "lbfgs keep": lambda o: o.lbfgs(
        0.5,
        memory_size=3,
        scale_init_precond=False,
        linesearch=o.scale_by_zoom_linesearch(10, max_learning_rate=0.9, approx_dec_rtol=None),
    ),
    "lbfgs backtracking": lambda o: o.lbfgs(
        memory_size=4, linesearch=o.scale_by_backtracking_linesearch(30, store_grad=True)
    ),
    "backtracking": lambda o: o.chain(
        o.sgd(0.1), o.scale_by_backtracking_linesearch(5, 0.1, 0.5, 2.0, 3.0, 0.1, 0.01)
    ),
    "zoom": lambda o: o.chain(o.sgd(1.0), o.scale_by_zoom_linesearch(15)),
    "zoom short": lambda o: o.chain(o.adam(1.0), o.scale_by_zoom_linesearch(3, tol=1e-3)),
}

# Chaotic on the sum of the problems: roundings would grow beyond any tolerance.
ONE_BY_ONE = {
    "lbfgs": lambda o: o.lbfgs(),
    "lbfgs alone": lambda o: o.lbfgs(o.linear_schedule(0.01, 0.1, 20), linesearch=None),
    "polyak": lambda o: o.polyak_sgd(1e-2),
}

# optax makes a vector of a number here, so its parameters have to be arrays.
OF_ARRAYS = {
    "distance": lambda o: o.chain(
        o.scale_by_distance_over_gradients(param_dtype=np.float64, global_scale=0.5), o.scale(-1.0)
    ),
    "sm3": lambda o: o.sm3(0.1),
    "sm3 decay": lambda o: o.chain(o.scale_by_sm3(0.8, 0.9), o.scale(-0.1)),
}

# Their learning rates are estimates, or they take steps of their own kind.
FREE = {
    "cocob": lambda o: o.contrib.cocob(weight_decay=1e-3),
    "dadapt": lambda o: o.contrib.dadapt_adamw(estim_lr0=1e-3, weight_decay=0.01),
    "prodigy": lambda o: o.contrib.prodigy(estim_lr0=1e-3, weight_decay=0.01),
    "prodigy safe": lambda o: o.contrib.prodigy(
        o.linear_schedule(0.1, 1.0, 10), beta3=0.9, safeguard_warmup=True
    ),
    "dog": lambda o: o.contrib.dog(),
    "dog rate": lambda o: o.contrib.dog(
        0.5, ("learning_rate", 1e-4), weight_decay=0.01, mask=lambda p: True
    ),
    "dog distance": lambda o: o.contrib.dog(init_step=("distance", 1e-3)),
    "dowg": lambda o: o.contrib.dowg(),
    "dowg distance": lambda o: o.contrib.dowg(0.5, init_estim_sq_dist=1e-3, weight_decay=0.01),
    "mechanic": lambda o: o.contrib.mechanize(o.adam(1.0), s_init=1e-3),
    "momo": lambda o: o.contrib.momo(1e-3, weight_decay=0.01),
    "momo bound": lambda o: o.contrib.momo(1e-3, lower_bound=-1.0, adapt_lower_bound=True),
    "momo adam": lambda o: o.contrib.momo_adam(weight_decay=0.01),
    "momo adam bound": lambda o: o.contrib.momo_adam(lower_bound=0.5, adapt_lower_bound=True),
    "plateau": lambda o: o.chain(
        o.sgd(1e-3), o.contrib.reduce_on_plateau(0.5, 2, 0.1, cooldown=1, accumulation_size=2)
    ),
    "plateau soon": lambda o: o.chain(
        o.sgd(1e-3), o.contrib.reduce_on_plateau(0.5, 0, 0.0, 0.5, min_scale=0.2)
    ),
}

CONTRIB = {
    "acprop": lambda o: o.contrib.acprop(1e-3, weight_decay=0.01),
    "ademamix": lambda o: o.contrib.ademamix(0.01, weight_decay=0.01),
    "ademamix schedules": lambda o: o.contrib.ademamix(
        0.01, b3=lambda count: 0.9 + 0.001 * count, alpha=lambda count: 0.1 * count
    ),
    "simplified ademamix": lambda o: o.contrib.simplified_ademamix(1e-3, alpha=2.0),
    "adopt": lambda o: o.contrib.adopt(1e-2),
    "adopt unclipped": lambda o: o.contrib.adopt(1e-2, nesterov=True, use_clipping=False, eps=1.0),
    "madgrad": lambda o: o.contrib.madgrad(1e-3, weight_decay=0.01),
    "muon": lambda o: o.contrib.muon(0.02, weight_decay=0.1),
    "muon dion": lambda o: o.contrib.muon(
        0.02, "dion", preconditioning="spectral", adaptive=True, nesterov=False, consistent_rms=0.2
    ),
    "muon rows": lambda o: o.contrib.muon(0.02, preconditioning="aol", ns_steps=3),
    "normalize": lambda o: o.chain(o.contrib.normalize(), o.sgd(1e-2)),
    "sam": lambda o: taking(
        o, o.contrib.sam(o.sgd(1e-3), o.chain(o.contrib.normalize(), o.sgd(0.01)))
    ),
    "sam longer": lambda o: taking(
        o, o.contrib.sam(o.adam(1e-2), o.adam(1e-3), sync_period=3, reset_state=False)
    ),
    "schedule free": lambda o: o.contrib.schedule_free_sgd(1e-3, weight_decay=0.01),
    "schedule free warm-up": lambda o: o.contrib.schedule_free_sgd(1e-3, warmup_steps=10),
    "schedule free adamw": lambda o: o.contrib.schedule_free_adamw(0.01, weight_decay=0.01),
}

RANDOM = {
    "noise": lambda o: o.chain(o.add_noise(0.1, 0.55, key=3), o.sgd(1e-3)),
    "noisy sgd": lambda o: o.noisy_sgd(1e-3, key=1),
    "sophia": lambda o: o.contrib.sophia(0.01, update_interval=3),
    "sophia unclipped": lambda o: o.contrib.sophia(1e-3, clip_threshold=None, eps=10.0),
    "sam opaque": lambda o: taking(
        o,
        o.contrib.sam(
            o.sgd(1e-3), o.chain(o.contrib.normalize(), o.sgd(0.01)), 3, opaque_mode=True
        ),
        "grad_fn",
    ),
}


def taking(o, tx, *names):
    """A transformation that is handed some of the extra arguments alone."""

    def update(updates, state, params=None, **extra_args):
        return tx.update(updates, state, params, **{name: extra_args[name] for name in names})

    return o.GradientTransformationExtraArgs(tx.init, update)


def searching(rows):
    """Line searches refuse what the loss does not take."""
    return {
        name: lambda o, make=make: taking(o, make(o), "value", "grad", "value_fn")
        for name, make in rows.items()
    }


# By name: the problems to run on, and the optimizers.
GROUPS = {
    "gradient descent": (("together",), GRADIENT_DESCENT),
    "adam": (("together",), ADAM),
    "after adam": (("together",), AFTER_ADAM),
    "mean squares": (("together",), MEAN_SQUARES),
    "layers": (("together",), LAYERS),
    "transformations": (("together",), TRANSFORMATIONS),
    "wrappers": (("together",), WRAPPERS),
    "line searches": (("together",), searching(LINE_SEARCHES)),
    "one by one": (("quadratic", "mlp"), searching(ONE_BY_ONE)),
    "rosenbrock": (("rosenbrock",), searching({"lbfgs": ONE_BY_ONE["lbfgs"]})),
    "free": (("together",), FREE),
    "contrib": (("together",), CONTRIB),
    "random": (("together",), RANDOM),
    "of arrays": (("mlp",), OF_ARRAYS),
}
