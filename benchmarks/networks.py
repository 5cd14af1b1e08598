"""Convolutional and attention networks, values and gradients, in float32."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import fgrad
import fgrad.numpy as fnp

from .harness import Race

LETTERS = ("NHWC", "HWIO", "NHWC")
SEQUENCE, WIDTH, HEADS = 128, 256, 4


def normal(*shape):
    rng = np.random.default_rng(sum(shape))
    return (rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def cnn(lib, xp, params, x, labels):
    """Two convolutions, each with a pool, and a dense layer."""

    def pool(x):
        return lib.lax.reduce_window(x, -xp.inf, lib.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    for w, b in params["convolutions"]:
        x = lib.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=LETTERS) + b
        x = pool(lib.nn.relu(x))
    logits = x.reshape(x.shape[0], -1) @ params["dense"]
    return -(lib.nn.log_softmax(logits) * labels).sum(-1).mean()


def cnn_data():
    params = {
        "convolutions": [
            (normal(3, 3, 1, 32), np.zeros(32, np.float32)),
            (normal(3, 3, 32, 64), np.zeros(64, np.float32)),
        ],
        "dense": normal(7 * 7 * 64, 10),
    }
    labels = np.eye(10, dtype=np.float32)[np.arange(64) % 10]
    return params, 28 * normal(64, 28, 28, 1), labels


def attention(lib, xp, params, x):
    """A block: layer norm, attention, layer norm, two dense layers, each added to its input."""

    def norm(x, scale):
        x = x - x.mean(-1, keepdims=True)
        return x * lib.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * scale

    q, k, v = (
        (norm(x, params["scale1"]) @ params[name]).reshape(SEQUENCE, HEADS, -1) for name in "qkv"
    )
    scores = xp.einsum("ihd,jhd->hij", q, k) / (WIDTH // HEADS) ** 0.5
    scores = xp.where(xp.tri(SEQUENCE, dtype=bool), scores, -1e9)
    mixed = xp.einsum("hij,jhd->ihd", lib.nn.softmax(scores), v).reshape(SEQUENCE, WIDTH)
    x = x + mixed @ params["o"]
    x = x + lib.nn.gelu(norm(x, params["scale2"]) @ params["up"]) @ params["down"]
    return (x * x).mean()


def attention_data():
    params = {name: normal(WIDTH, WIDTH) for name in "qkvo"}
    params |= {"up": normal(WIDTH, 4 * WIDTH), "down": normal(4 * WIDTH, WIDTH)}
    params |= {name: np.ones(WIDTH, np.float32) for name in ("scale1", "scale2")}
    return params, SEQUENCE**0.5 * normal(SEQUENCE, WIDTH)


def contestants(network, data):
    args = data()
    placed = jax.tree.map(jnp.asarray, args)
    ours = fgrad.jit(fgrad.value_and_grad(partial(network, fgrad, fnp)))
    theirs = jax.jit(jax.value_and_grad(partial(network, jax, jnp)))
    return lambda: ours(*args), lambda: jax.block_until_ready(theirs(*placed))


ROWS = [
    Race(
        "CNN, 28 x 28, batch 64, 3x3x32 and 3x3x64, pooled, `value_and_grad`, jit",
        "jax.jit",
        1.0,
        partial(contestants, cnn, cnn_data),
    ),
    Race(
        "attention block, sequence 128, width 256, 4 heads, `value_and_grad`, jit",
        "jax.jit",
        1.0,
        partial(contestants, attention, attention_data),
    ),
]
