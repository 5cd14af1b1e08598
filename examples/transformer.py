"""Train a small transformer to write like Shakespeare, one character after the other.

The text is that of the 154 sonnets. Every so often the whole state of the run is saved: kill it at
any moment, start it again, and it goes on bit for bit as if nothing had happened.

    python examples/transformer.py [--steps 800] [--save-every 50] [--run examples/output/sonnets]

A. Vaswani et al., Attention is all you need (2017).
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import fgrad
import fgrad.numpy as fnp
from fgrad import lax, nn, optim, random

HERE = Path(__file__).parent
TEXT = (HERE / "data" / "sonnets.txt").read_text()
ALPHABET = sorted(set(TEXT))
CODES = np.searchsorted(ALPHABET, list(TEXT)).astype(np.int32)
CONTEXT, WIDTH, HEADS, LAYERS = 64, 96, 4, 3
BATCH, RATE = 32, 3e-3
initial = nn.initializers.normal(0.02)


def init(key):
    keys = iter(random.split(key, 2 + 6 * LAYERS))
    matrix = lambda *shape: initial(next(keys), shape, np.float32)
    ones = np.ones(WIDTH, np.float32)
    block = lambda: {
        **{name: matrix(WIDTH, WIDTH) for name in ("q", "k", "v", "out")},
        "up": matrix(WIDTH, 4 * WIDTH),
        "down": matrix(4 * WIDTH, WIDTH),
        "norm1": ones,
        "norm2": ones,
    }
    return {
        "characters": matrix(len(ALPHABET), WIDTH),
        "places": matrix(CONTEXT, WIDTH),
        "blocks": [block() for _ in range(LAYERS)],
        "norm": ones,
    }


def norm(x, scale):
    x = x - x.mean(-1, keepdims=True)
    return scale * x * lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5)


def attention(block, x):
    q, k, v = (
        (x @ block[name]).reshape(*x.shape[:-1], HEADS, WIDTH // HEADS) for name in ("q", "k", "v")
    )
    return nn.dot_product_attention(q, k, v, is_causal=True).reshape(x.shape) @ block["out"]


def logits(params, codes):
    x = params["characters"][codes] + params["places"][: codes.shape[-1]]
    for block in params["blocks"]:
        x = x + attention(block, norm(x, block["norm1"]))
        x = x + nn.gelu(norm(x, block["norm2"]) @ block["up"]) @ block["down"]
    return norm(x, params["norm"]) @ params["characters"].T


def loss(params, codes):
    scores = logits(params, codes[:, :-1])
    return optim.softmax_cross_entropy_with_integer_labels(scores, codes[:, 1:]).mean()


@fgrad.jit
def write(params, key, start):
    """The codes of a text that goes on from a start of `CONTEXT` characters."""

    def body(codes, key):
        code = random.categorical(key, logits(params, codes)[-1] / 0.8).astype(np.int32)
        return fnp.append(codes[1:], code), code

    return lax.scan(body, start, random.split(key, 400))[1]


def plot(losses, file):
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses)
    axes.set(title="training loss", xlabel="step", ylabel="nats a character")
    figure.savefig(file, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--save-every", type=int, default=50)
    parser.add_argument("--run", type=Path, default=HERE / "output" / "sonnets")
    options = parser.parse_args()

    warmup = min(50, options.steps // 2)
    schedule = optim.warmup_cosine_decay_schedule(0.0, RATE, warmup, options.steps, RATE / 20)
    optimizer = optim.chain(
        optim.clip_by_global_norm(1.0), optim.adamw(schedule, weight_decay=0.01)
    )

    @fgrad.jit(donate_argnums=0)
    def step(state, codes):
        value, gradients = fgrad.value_and_grad(loss)(state["params"], codes)
        updates, moments = optimizer.update(gradients, state["moments"], state["params"])
        return {"params": optim.apply_updates(state["params"], updates), "moments": moments}, value

    params = init(random.key(0))
    run = {
        "state": {"params": params, "moments": optimizer.init(params)},
        "losses": np.zeros(options.steps, np.float32),
        "step": 0,
    }
    if fgrad.checkpoint.latest(options.run) is not None:
        run = fgrad.checkpoint.load(options.run, run)
    state, losses, first = run["state"], np.array(run["losses"]), run["step"]
    for i in (progress := tqdm(range(first, options.steps), initial=first, total=options.steps)):
        rng = np.random.default_rng(i)  # each step draws its own batch: nothing else to save
        starts = rng.integers(0, len(CODES) - CONTEXT - 1, BATCH)
        state, losses[i] = step(state, CODES[starts[:, None] + np.arange(CONTEXT + 1)])
        progress.set_postfix(loss=f"{losses[i]:.3f}", refresh=False)
        if (i + 1) % options.save_every == 0 or i + 1 == options.steps:
            run = {"state": state, "losses": losses, "step": i + 1}
            fgrad.checkpoint.save(options.run, run, step=i + 1, keep=2)

    plot(losses, options.run / "loss.png")
    codes = write(state["params"], random.key(1), CODES[:CONTEXT])
    print("".join(ALPHABET[c] for c in codes))
    print(f"curve: {options.run / 'loss.png'}")
    print(f"loss: {losses[-20:].mean():.4f} nats a character")


if __name__ == "__main__":
    main()
