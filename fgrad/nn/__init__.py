"""What neural networks are made of: activations, softmax, normalisation, one-hot vectors."""

from fgrad.nn import initializers
from fgrad.nn._activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    identity,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
)
from fgrad.nn._attention import dot_product_attention
from fgrad.nn._normalization import one_hot, standardize
from fgrad.nn._softmax import log1mexp, log_softmax, logmeanexp, logsumexp, softmax
from fgrad.numpy import tanh
