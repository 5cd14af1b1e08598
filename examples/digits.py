"""Train a network on handwritten digits.

The data are scikit-learn's 1,797 images of 8 x 8 pixels. The model is a multilayer perceptron,
trained with adam on minibatches; curves of loss and accuracy go to a PNG.

    python examples/digits.py
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import trange

import fgrad
import fgrad.numpy as fnp
from fgrad import nn, optim

SIZES = (64, 128, 128, 10)
EPOCHS = 40
BATCH = 64
NOISE = 0.15  # added to the pixels of each batch, so that the network does not learn them by heart
PNG = Path(__file__).parent / "output" / "digits.png"


def load():
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16.0).astype(np.float32)
    return train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=0)


def init(rng):
    return [
        {
            "w": rng.normal(scale=np.sqrt(2 / inputs), size=(inputs, outputs)).astype(np.float32),
            "b": np.zeros(outputs, np.float32),
        }
        for inputs, outputs in zip(SIZES[:-1], SIZES[1:], strict=True)
    ]


def logits(params, images):
    *hidden, last = params
    x = images
    for layer in hidden:
        x = nn.relu(x @ layer["w"] + layer["b"])
    return x @ last["w"] + last["b"]


def loss(params, images, labels):
    log_probabilities = nn.log_softmax(logits(params, images))
    return -fnp.mean(fnp.sum(nn.one_hot(labels, 10, dtype=np.float32) * log_probabilities, axis=1))


@fgrad.jit
def accuracy(params, images, labels):
    return fnp.mean(fnp.argmax(logits(params, images), axis=1) == labels)


def plot(losses, accuracies):
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.semilogy(losses)
    left.set(title="training loss", xlabel="epoch", ylabel="cross-entropy")
    for name, values in accuracies.items():
        right.plot(values, label=name)
    right.set(title="accuracy", xlabel="epoch", ylim=(0.9, 1.005))
    right.legend()
    PNG.parent.mkdir(exist_ok=True)
    figure.savefig(PNG, dpi=120)


def main():
    train_images, test_images, train_labels, test_labels = load()
    steps_per_epoch = len(train_images) // BATCH
    schedule = optim.warmup_cosine_decay_schedule(0.0, 3e-3, 50, EPOCHS * steps_per_epoch)
    optimizer = optim.adam(schedule)

    @fgrad.jit
    def step(params, state, images, labels):
        value, gradients = fgrad.value_and_grad(loss)(params, images, labels)
        updates, state = optimizer.update(gradients, state, params)
        return optim.apply_updates(params, updates), state, value

    rng = np.random.default_rng(0)
    params = init(rng)
    state = optimizer.init(params)
    losses, accuracies = [], {"training": [], "test": []}
    for _ in (progress := trange(EPOCHS, unit="epoch")):
        order = rng.permutation(len(train_images))[: steps_per_epoch * BATCH]
        batch_losses = []
        for batch in order.reshape(steps_per_epoch, BATCH):
            images = train_images[batch]
            images = images + rng.normal(scale=NOISE, size=images.shape).astype(np.float32)
            params, state, value = step(params, state, images, train_labels[batch])
            batch_losses.append(value)
        losses.append(np.mean(batch_losses))
        accuracies["training"].append(accuracy(params, train_images, train_labels))
        accuracies["test"].append(accuracy(params, test_images, test_labels))
        progress.set_postfix(loss=f"{losses[-1]:.4f}", test=f"{accuracies['test'][-1]:.2%}")

    plot(losses, accuracies)
    print(f"curves: {PNG}")
    print(f"test accuracy: {100 * accuracies['test'][-1]:.2f} %")


if __name__ == "__main__":
    main()
