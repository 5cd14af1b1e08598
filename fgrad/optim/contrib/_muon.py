"""Muon: momentum whose matrices are made orthogonal."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import fgrad.numpy as fnp
import fgrad.tree as tree

from .. import tree as trees
from .._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Scalar,
    ScalarOrSchedule,
    Updates,
    stateless,
)
from .._numerics import safe_increment, zero_count
from .._optimizers.adam import adamw, unbiased_mean
from .._scaling import scale_by_learning_rate
from ..transforms import add_decayed_weights, chain, partition
from ..tree._arithmetic import scaled
from ..tree._map import map_present
from ._matrices import axes_of, dimension_numbers, map_with, matrix_views

__all__ = ["MuonDimensionNumbers", "MuonState", "muon", "scale_by_muon", "scale_by_shape"]


class MuonDimensionNumbers(NamedTuple):
    """Which axes of a parameter make it a matrix; along the others there is one for each index.

    Attributes
    ----------
    reduction_axis : int or sequence of int
        The axes that are multiplied over.
    output_axis : int or sequence of int
        The axes of the result.
    """

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


class MuonState(NamedTuple):
    """The number of steps, the momentum, and the coefficients of the iteration."""

    count: Scalar  # int32
    mu: Updates
    ns_coeffs: Scalar


_STANDARD = (3.4445, -4.775, 2.0315)
_PRESETS = {
    "standard": _STANDARD,
    "dion": (
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ),
}


def _dims(spec, like):
    whole = MuonDimensionNumbers()
    return dimension_numbers(
        spec, like, MuonDimensionNumbers, lambda x: whole if fnp.ndim(x) == 2 else None
    )


def _adjoint(x):
    return fnp.conj(fnp.swapaxes(x, -1, -2))


def _iterate(x, gram, coeffs):
    """A step of Newton and Schulz's iteration of fifth order, from ``x`` and ``x @ x^H``."""
    a, b, c = (fnp.astype(coeffs[i], x.dtype) for i in range(3))
    return a * x + (b * gram + c * (gram @ gram)) @ x


def _by_row_sums(x, gram, eps):
    """Almost orthogonal layers' scaling: of each row by the sum of its row of the Gram matrix."""
    s = 1 / fnp.sqrt(fnp.maximum(fnp.sum(fnp.abs(gram), axis=-1, keepdims=True), eps))
    return x * s, gram * s * fnp.swapaxes(s, -1, -2)


def _by_gram_norm(x, gram, eps):
    norm = fnp.linalg.norm(gram, axis=(-2, -1), keepdims=True)
    square = 1 / fnp.maximum(norm, eps)
    return x * fnp.sqrt(square), gram * square


# How to make the largest singular value at most one: before the iteration, or in its first step.
_NORMS = {
    "frobenius": lambda x: fnp.linalg.norm(x, axis=(-2, -1), keepdims=True),
    "spectral": lambda x: fnp.linalg.norm(x, ord=2, axis=(-2, -1), keepdims=True),
}
_SCALINGS = {"aol": _by_row_sums, "schatten": _by_gram_norm}


def _orthogonalized(x, coeffs, steps, preconditioning, eps):
    """The nearest orthogonal matrices, about, to those of a batch."""
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = fnp.swapaxes(x, -1, -2)
    if preconditioning in _NORMS:
        x = x / (_NORMS[preconditioning](x) + eps)
    each = [coeffs] * steps if fnp.ndim(coeffs) == 1 else list(coeffs)
    for i, c in enumerate(each):
        gram = x @ _adjoint(x)
        if i == 0 and preconditioning in _SCALINGS:
            x, gram = _SCALINGS[preconditioning](x, gram, eps)
        x = _iterate(x, gram, c)
    return fnp.swapaxes(x, -1, -2) if tall else x


def scale_by_muon(
    ns_coeffs: Any = _STANDARD,
    ns_steps: int = 5,
    beta: Scalar = 0.95,
    eps: Scalar = 1e-8,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    r"""Replace updates by the orthogonal matrices that are nearest to their mean.

    They are found, about, by a few steps of

    .. math:: X \leftarrow a X + b\, (X X^\top) X + c\, (X X^\top)^2 X

    Parameters
    ----------
    ns_coeffs : tuple of float, or tuple of these
        :math:`a, b, c`, or these for each step.
    ns_steps : int
        How many steps.
    beta : scalar
        How fast the mean forgets.
    eps : scalar
        Against division by zero.
    mu_dtype : dtype, optional
        Of the mean; by default that of the parameters.
    nesterov : bool
        Whether to use Nesterov's momentum; see `scale_by_adam`.
    adaptive : bool
        Whether to multiply by the inner product with the mean.
    preconditioning : {"frobenius", "spectral", "aol", "schatten"}
        How matrices are scaled before the iteration.
    weight_dimension_numbers : MuonDimensionNumbers, pytree of them, or callable, optional
        How parameters are matrices; by default all have two axes.

    Returns
    -------
    GradientTransformation

    Raises
    ------
    ValueError
        If an argument, or a parameter's shape, is none of these.

    References
    ----------
    Jordan, "Muon: An optimizer for hidden layers in neural networks",
    https://kellerjordan.github.io/posts/muon, 2024.

    Bernstein, Newhouse, "Old Optimizer, New Norm: An Anthology", https://arxiv.org/abs/2409.20325,
    2024.
    """
    if preconditioning not in {*_NORMS, *_SCALINGS}:
        raise ValueError(
            f"scale_by_muon: `preconditioning` must be one of {sorted({*_NORMS, *_SCALINGS})}, "
            f"got {preconditioning!r}"
        )
    shape = fnp.shape(ns_coeffs)
    if len(shape) > 2 or shape[-1:] != (3,) or (len(shape) == 2 and shape[0] < ns_steps):
        raise ValueError(
            "scale_by_muon: `ns_coeffs` must be three numbers, or three for each of the "
            f"{ns_steps} steps, got shape {shape}"
        )

    def init(params):
        coeffs: Any = fnp.asarray(ns_coeffs, dtype=float)
        coeffs = coeffs[-ns_steps:] if coeffs.ndim == 2 else coeffs
        return MuonState(zero_count(), trees.zeros_like(params, mu_dtype), coeffs)

    def update(updates, state, params=None):
        del params
        count = safe_increment(state.count)
        mu = trees.update_moment(updates, state.mu, beta, 1)

        def orthogonal(dims, x):
            to_matrices, back = matrix_views(x, dims or MuonDimensionNumbers(), "scale_by_muon")
            return back(
                _orthogonalized(to_matrices(x), state.ns_coeffs, ns_steps, preconditioning, eps)
            )

        mean = unbiased_mean(updates, mu, beta, count, nesterov)
        new_updates = map_with(orthogonal, _dims(weight_dimension_numbers, updates), mean)
        if adaptive:
            new_updates = map_present(lambda o, m: fnp.vdot(m, o) * o, new_updates, mean)
        new_state = MuonState(count, mu, state.ns_coeffs)
        return new_updates, trees.cast_like(new_state, state)

    return GradientTransformation(init, update)


def scale_by_shape(
    weight_dimension_numbers: Any = None, consistent_rms: Scalar | None = None
) -> GradientTransformation:
    r"""Scale the updates of matrices by their shape.

    .. math:: u \leftarrow \sqrt{\max(1,\ n_{out} / n_{in})}\, u \quad\text{or}\quad
        u \leftarrow r \sqrt{\max(n_{in},\ n_{out})}\, u

    Parameters
    ----------
    weight_dimension_numbers : MuonDimensionNumbers, pytree of them, or callable, optional
        How parameters are matrices.
    consistent_rms : scalar, optional
        :math:`r`: the root mean square to give them, whatever the shape. By default updates are
        scaled so that learning rates carry over to other widths.

    Returns
    -------
    GradientTransformation
    """

    def factor(dims, u):
        shape = fnp.shape(u)
        reduction, output, _ = axes_of(dims or MuonDimensionNumbers(), len(shape), "scale_by_shape")
        inputs, outputs = 1, 1
        for a in reduction:
            inputs *= shape[a]
        for a in output:
            outputs *= shape[a]
        if consistent_rms is not None:
            return scaled(max(inputs, outputs) ** 0.5 * consistent_rms, u)
        return max(1.0, outputs / inputs) ** 0.5 * u

    return stateless(
        lambda updates, params: map_with(factor, _dims(weight_dimension_numbers, updates), updates)
    )


def muon(
    learning_rate: ScalarOrSchedule,
    ns_coeffs: Any = _STANDARD,
    ns_steps: int = 5,
    beta: Scalar = 0.95,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.0,
    weight_decay_mask: MaskOrFn = None,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.999,
    adam_eps_root: Scalar = 0.0,
    adam_weight_decay: Scalar = 0.0,
    adam_learning_rate: ScalarOrSchedule | None = None,
    muon_weight_dimension_numbers: Any = None,
    consistent_rms: Scalar | None = None,
) -> GradientTransformationExtraArgs:
    """Muon for matrices, and AdamW for all other parameters.

    For matrices: `scale_by_muon`, `scale_by_shape`, weight decay, then the learning rate.

    Parameters
    ----------
    learning_rate : scalar or callable
        The step size, or a function from the count of steps to it.
    ns_coeffs : {"standard", "dion"}, or as in `scale_by_muon`
    ns_steps, beta, eps, mu_dtype, nesterov, adaptive, preconditioning
        See `scale_by_muon`.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`.
    adam_b1, adam_b2, adam_eps_root, adam_weight_decay
        See `adamw`; `eps`, `mu_dtype` and `nesterov` are the same.
    adam_learning_rate : scalar or callable, optional
        By default `learning_rate`.
    muon_weight_dimension_numbers : pytree of MuonDimensionNumbers or None, or callable, optional
        How parameters are matrices, and None for those that are not. By default those with two
        axes are.
    consistent_rms : scalar, optional
        See `scale_by_shape`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    ValueError
        If the name of coefficients is another one; see also `scale_by_muon`.

    References
    ----------
    Jordan, "Muon: An optimizer for hidden layers in neural networks",
    https://kellerjordan.github.io/posts/muon, 2024.

    Liu et al., "Muon is Scalable for LLM Training", https://arxiv.org/abs/2502.16982, 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> params = {"w": np.ones((2, 3)), "b": np.zeros(3)}
    >>> state = optim.contrib.muon(0.1).init(params)
    >>> sorted(state.inner_states)
    ['adam', 'muon']
    """
    if isinstance(ns_coeffs, str):
        if ns_coeffs not in _PRESETS:
            raise ValueError(
                f"muon: `ns_coeffs` must be one of {sorted(_PRESETS)}, got {ns_coeffs!r}"
            )
        ns_coeffs = _PRESETS[ns_coeffs]
    spec = muon_weight_dimension_numbers

    def labels(params):
        names = ["adam" if dims is None else "muon" for dims in _dims(spec, params)]
        return tree.unflatten(tree.structure(params), names)

    matrices = chain(
        scale_by_muon(
            ns_coeffs,
            ns_steps,
            beta,
            eps,
            mu_dtype,
            nesterov=nesterov,
            adaptive=adaptive,
            preconditioning=preconditioning,
            weight_dimension_numbers=spec,
        ),
        scale_by_shape(spec, consistent_rms),
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
    others = adamw(
        learning_rate if adam_learning_rate is None else adam_learning_rate,
        adam_b1,
        adam_b2,
        eps,
        adam_eps_root,
        mu_dtype,
        adam_weight_decay,
        nesterov=nesterov,
    )
    return partition({"muon": matrices, "adam": others}, labels)
