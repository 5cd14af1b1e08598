"""Losses: what to minimise.

Most return one number for each example; take their mean.

>>> import numpy as np
>>> from fgrad import optim
>>> optim.losses.squared_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
Array([0., 9.])
"""

from ._classification import (
    poly_loss_cross_entropy,
    safe_softmax_cross_entropy,
    sigmoid_binary_cross_entropy,
    sigmoid_focal_loss,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
)
from ._ctc import ctc_loss, ctc_loss_with_forward_probs
from ._divergence import (
    generalized_kl_divergence,
    kl_divergence,
    kl_divergence_with_log_targets,
)
from ._fenchel_young import make_fenchel_young_loss
from ._margin import (
    hinge_loss,
    multiclass_hinge_loss,
    multiclass_perceptron_loss,
    multiclass_sparsemax_loss,
    perceptron_loss,
    sparsemax_loss,
)
from ._ranking import ranking_softmax_loss
from ._regression import (
    cosine_distance,
    cosine_similarity,
    huber_loss,
    l2_loss,
    log_cosh,
    squared_error,
)
from ._segmentation import binary_dice_loss, dice_loss, multiclass_generalized_dice_loss
from ._self_supervised import ntxent, triplet_margin_loss
from ._smoothing import smooth_labels
