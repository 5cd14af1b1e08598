"""Bayesian logistic regression by Hamiltonian Monte Carlo, all chains at once by `vmap`.

The data are scikit-learn's 569 tumours with 30 measurements each; the prior of the coefficients is
normal. Each chain starts somewhere else; R-hat compares the variance between chains with that
within them, and is near 1 if they have found the same distribution.

    python examples/bayes.py

R. M. Neal, MCMC using Hamiltonian dynamics, in Handbook of Markov Chain Monte Carlo (2011);
A. Gelman et al., Bayesian Data Analysis, 3rd edition (2013), section 11.4.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

import fgrad
import fgrad.numpy as fnp
from fgrad import lax, nn, random

CHAINS = 4
WARMUP, SAMPLES = 300, 700
LEAPS = 16
STEP = 0.06


def load():
    measurements, benign = load_breast_cancer(return_X_y=True)
    x = np.column_stack([np.ones(len(measurements)), scale(measurements)])
    return x, benign.astype(float)


def log_posterior(w, x, y):
    margin = x @ w
    return (y * nn.log_sigmoid(margin) + (1 - y) * nn.log_sigmoid(-margin)).sum() - w @ w / 2


def transition(key, w, x, y):
    """One proposal of a chain, accepted or not."""
    potential = lambda w: -log_posterior(w, x, y)
    slope = fgrad.grad(potential)
    kick, flip = random.split(key)
    momentum = random.normal(kick, w.shape)

    def leap(state, _):
        w, p = state
        p = p - STEP / 2 * slope(w)
        w = w + STEP * p
        return (w, p - STEP / 2 * slope(w)), None

    (proposal, p), _ = lax.scan(leap, (w, momentum), None, length=LEAPS)
    energy = lambda w, p: potential(w) + p @ p / 2
    accept = fnp.log(random.uniform(flip)) < energy(w, momentum) - energy(proposal, p)
    return fnp.where(accept, proposal, w), accept


@fgrad.jit
def sample(key, start, x, y):
    """Positions of all chains, step by step, and how often proposals were accepted."""
    step = fgrad.vmap(transition, in_axes=(0, 0, None, None))

    def body(w, key):
        w, accepted = step(random.split(key, CHAINS), w, x, y)
        return w, (w, accepted)

    _, (positions, accepted) = lax.scan(body, start, random.split(key, WARMUP + SAMPLES))
    return positions[WARMUP:], accepted[WARMUP:].mean()


def r_hat(positions):
    """Of each coefficient; `positions` has the axes (step, chain, coefficient), chains halved."""
    half = len(positions) // 2
    chains = np.concatenate([positions[:half], positions[half : 2 * half]], axis=1)
    within = chains.var(axis=0, ddof=1).mean(axis=0)
    between = chains.mean(axis=0).var(axis=0, ddof=1)
    return np.sqrt((half - 1) / half + between / within)


def main():
    x, y = load()
    start_key, key = random.split(random.key(0))
    start = random.normal(start_key, (CHAINS, x.shape[1]))
    positions, accepted = sample(key, start, x, y)
    probability = nn.sigmoid(x @ positions.reshape(-1, x.shape[1]).T).mean(axis=1)
    print(f"accepted: {100 * accepted:.1f} %")
    print(f"correctly classified: {100 * np.mean((probability > 0.5) == y):.2f} %")
    print(f"largest R-hat of {x.shape[1]} coefficients: {r_hat(positions).max():.3f}")


if __name__ == "__main__":
    main()
