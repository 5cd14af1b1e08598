"""Train a convolutional network on handwritten digits.

The data are scikit-learn's 1,797 images of 8 x 8 pixels, moved about by up to a pixel in training.

    python examples/convnet.py
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import trange

import fgrad
import fgrad.numpy as fnp
from fgrad import lax, nn, optim, random

EPOCHS = 20
BATCH = 64
LETTERS = ("NHWC", "HWIO", "NHWC")
initial = nn.initializers.he_normal()


def load():
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16.0).astype(np.float32).reshape(-1, 8, 8, 1)
    return train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=0)


def init(key):
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense": (4 * 4 * 64, 10)}
    keys = random.split(key, len(shapes))
    return {
        name: {"w": initial(k, shape, np.float32), "b": np.zeros(shape[-1], np.float32)}
        for k, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def logits(params, images):
    x = images
    for name in ("conv1", "conv2"):
        w, b = params[name]["w"], params[name]["b"]
        x = lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=LETTERS)
        x = nn.relu(x + b)
    x = lax.reduce_window(x, -fnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return x.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]


def moved(images, rng):
    """Each image moved by up to a pixel along both axes."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    start = rng.integers(0, 3, (len(images), 2))
    rows = start[:, :1] + np.arange(8)
    columns = start[:, 1:] + np.arange(8)
    return padded[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def main():
    train_images, test_images, train_labels, test_labels = load()
    steps_per_epoch = len(train_images) // BATCH
    schedule = optim.warmup_cosine_decay_schedule(0.0, 2e-3, 50, EPOCHS * steps_per_epoch)
    optimizer = optim.adamw(schedule, weight_decay=1e-3)

    def loss(params, images, labels):
        smooth = optim.smooth_labels(nn.one_hot(labels, 10, dtype=np.float32), 0.05)
        return optim.softmax_cross_entropy(logits(params, images), smooth).mean()

    @fgrad.jit
    def step(params, state, images, labels):
        value, gradients = fgrad.value_and_grad(loss)(params, images, labels)
        updates, state = optimizer.update(gradients, state, params)
        return optim.apply_updates(params, updates), state, value

    @fgrad.jit
    def accuracy(params, images, labels):
        return fnp.mean(fnp.argmax(logits(params, images), axis=1) == labels)

    rng = np.random.default_rng(0)
    params = init(random.key(0))
    state = optimizer.init(params)
    for _ in (progress := trange(EPOCHS, unit="epoch")):
        order = rng.permutation(len(train_images))[: steps_per_epoch * BATCH]
        for batch in order.reshape(steps_per_epoch, BATCH):
            images = moved(train_images[batch], rng)
            params, state, value = step(params, state, images, train_labels[batch])
        progress.set_postfix(loss=f"{value:.4f}")
    print(f"test accuracy: {100 * accuracy(params, test_images, test_labels):.2f} %")


if __name__ == "__main__":
    main()
