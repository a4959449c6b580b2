"""Makes scikit_learn.json: LogisticRegression (lbfgs) on standardised rows, the views of a patch being rows.

    python -m venv venv && venv/bin/pip install scikit-learn && venv/bin/python make.py

Compared with a tolerance of 1e-3 of the norm of the coefficients, and 1e-6 of the objective.
"""

import json
import os

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from scipy.special import logsumexp

HERE = os.path.dirname(__file__)


def objective(model, x, y, weights, c):
    logits = model.decision_function(x)
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    losses = logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]
    return c * (weights * losses).sum() + 0.5 * (model.coef_**2).sum()


def case(rng, classes, c, class_weight):
    patches, views, width = 60, 4, 10
    y = np.arange(patches) % classes
    y[rng.random(patches) < 0.2] = 0
    centre = rng.normal(size=(classes, width))
    x = centre[y][:, None] * 0.6 + rng.normal(size=(patches, 1, width)) + 0.3 * rng.normal(size=(patches, views, width))
    x = np.round(x * np.logspace(-1, 1, width) + np.linspace(-5, 5, width), 4)
    train = np.arange(patches) % 5 != 0
    rows = x[train].reshape(-1, width)
    targets = np.repeat(y[train], views)
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=c, class_weight=class_weight, tol=1e-12, max_iter=100_000)
    model.fit(scaler.transform(rows), targets)
    counts = np.bincount(y[train], minlength=classes)
    weights = train.sum() / (classes * counts) if class_weight else np.ones(classes)
    return {
        "classes": classes, "c": c, "views": views, "width": width,
        "train": np.flatnonzero(train).tolist(), "targets": y.tolist(), "x": x.ravel().tolist(),
        "class_weights": weights.tolist(),
        "coef": (model.coef_ / scaler.scale_).ravel().tolist(),
        "intercept": (model.intercept_ - model.coef_ @ (scaler.mean_ / scaler.scale_)).tolist(),
        "objective": objective(model, scaler.transform(rows), targets, weights[targets], c),
    }


def main():
    rng = np.random.default_rng(0)
    cases = [
        case(rng, 2, 1e-3, None), case(rng, 2, 1.0, None), case(rng, 2, 0.1, "balanced"),
        case(rng, 3, 1e-2, None), case(rng, 3, 10.0, None), case(rng, 4, 0.3, "balanced"),
    ]
    made = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "cases": cases}
    with open(os.path.join(HERE, "scikit_learn.json"), "w") as out:
        json.dump(made, out)


main()
