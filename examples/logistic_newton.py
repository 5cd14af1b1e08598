"""Logistic regression by Newton's method, compared with scikit-learn.

The data are scikit-learn's breast-cancer measurements: 569 tumours, 30 features each. The loss is
scikit-learn's, and so is its minimum: the coefficients agree to 1e-4.

    python examples/logistic_newton.py
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import fgrad
import fgrad.numpy as fnp
from fgrad import nn

INVERSE_PENALTY = 1.0  # C in scikit-learn


def load():
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return features, 2.0 * labels - 1.0


def loss(weights, features, signs):
    """Negative log-likelihood plus a penalty on all weights but the intercept, the last."""
    margins = signs * (features @ weights[:-1] + weights[-1])
    return 0.5 * weights[:-1] @ weights[:-1] + INVERSE_PENALTY * fnp.sum(nn.softplus(-margins))


def newton(features, signs):
    gradient = fgrad.jit(fgrad.grad(loss))
    hessian = fgrad.jit(fgrad.hessian(loss))
    weights = np.zeros(features.shape[1] + 1)
    print("iteration  |gradient|")
    for iteration in range(20):
        slope = gradient(weights, features, signs)
        size = np.linalg.norm(slope)
        print(f"{iteration:9}  {size:.2e}")
        if size < 1e-10:
            break
        weights = weights - np.linalg.solve(hessian(weights, features, signs), slope)
    return weights


def main():
    features, signs = load()
    ours = newton(features, signs)
    reference = LogisticRegression(C=INVERSE_PENALTY, tol=1e-10, max_iter=10_000)
    reference.fit(features, signs)
    theirs = np.append(reference.coef_, reference.intercept_)
    correct = np.mean(np.sign(features @ ours[:-1] + ours[-1]) == signs)
    print(f"correctly classified: {100 * correct:.1f} %")
    print(f"largest difference from scikit-learn: {np.max(np.abs(ours - theirs)):.1e}")


if __name__ == "__main__":
    main()
