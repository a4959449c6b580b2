"""Makes scikit_learn.json: LogisticRegression (lbfgs) on standardised rows, the views of a patch being rows;
and closed_forms.json: Ridge, LinearDiscriminantAnalysis, NearestCentroid's distances, KNeighborsClassifier.

    python -m venv venv && venv/bin/pip install scikit-learn && venv/bin/python make.py

Compared with a tolerance of 1e-3 of the norm of the coefficients, and 1e-6 of the objective; the logits
of closed forms with one of 1e-3 of their norm.
"""

import json
import os

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from scipy.special import logsumexp

HERE = os.path.dirname(__file__)


def objective(model, x, y, weights, c):
    logits = model.decision_function(x)
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    losses = logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]
    return c * (weights * losses).sum() + 0.5 * (model.coef_**2).sum()


def data(rng, classes, width=10):
    patches, views = 60, 4
    y = np.arange(patches) % classes
    y[rng.random(patches) < 0.2] = 0
    centre = rng.normal(size=(classes, width))
    x = centre[y][:, None] * 0.6 + rng.normal(size=(patches, 1, width)) + 0.3 * rng.normal(size=(patches, views, width))
    return np.round(x * np.logspace(-1, 1, width) + np.linspace(-5, 5, width), 4), y


def case(rng, classes, c, class_weight, width=10):
    x, y = data(rng, classes, width)
    patches, views, width = x.shape
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


def closed_case(rng, classes, form, strength, class_weight):
    """Logits of the mean embedding of every patch, less their mean over classes."""
    x, y = data(rng, classes)
    patches, views, width = x.shape
    train = np.arange(patches) % 5 != 0
    scaler = StandardScaler().fit(x[train].reshape(-1, width))
    rows = scaler.transform(x[train].reshape(-1, width))
    means = scaler.transform(x.mean(axis=1))
    targets = np.repeat(y[train], views)
    counts = np.bincount(y[train], minlength=classes)
    weights = train.sum() / (classes * counts) if class_weight else np.ones(classes)
    shares = weights * counts / (weights * counts).sum()
    if form == "ridge":
        model = Ridge(alpha=strength).fit(rows, np.eye(classes)[targets], sample_weight=weights[targets])
        logits = np.log(shares) + model.predict(means) - shares
    elif form == "lda":
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=strength, priors=shares)
        model.fit(rows, targets)
        logits = model.decision_function(means)
        if classes == 2:
            logits = np.stack([-logits / 2, logits / 2], axis=1)
    elif form == "prototypes":
        centres = np.stack([rows[targets == c].mean(axis=0) for c in range(classes)])
        distances = ((means[:, None] - centres) ** 2).sum(axis=2)
        logits = np.log(shares) - distances / (2 * width)
    else:
        references = scaler.transform(x[train].mean(axis=1))
        model = KNeighborsClassifier(n_neighbors=int(strength), metric="cosine").fit(references, y[train])
        near = model.kneighbors(means, return_distance=False)
        votes = np.stack([(weights[c] * (y[train][near] == c)).sum(axis=1) for c in range(classes)], axis=1)
        logits = np.log((votes + shares) / (votes.sum(axis=1, keepdims=True) + 1))
    return {
        "form": form, "classes": classes, "strength": strength, "views": views, "width": width,
        "train": np.flatnonzero(train).tolist(), "targets": y.tolist(), "x": x.ravel().tolist(),
        "class_weights": weights.tolist(), "logits": (logits - logits.mean(axis=1, keepdims=True)).ravel().tolist(),
    }


def main():
    rng = np.random.default_rng(0)
    cases = [
        case(rng, 2, 1e-3, None), case(rng, 2, 1.0, None), case(rng, 2, 0.1, "balanced"),
        case(rng, 3, 1e-2, None), case(rng, 3, 10.0, None), case(rng, 4, 0.3, "balanced"),
    ]
    # More values than patches: the classes can be separated, and the loss is nearly nothing.
    separable = np.random.default_rng(1)
    cases += [case(separable, 2, 100.0, None, 60), case(separable, 2, 1e4, None, 60), case(separable, 3, 1e3, None, 60)]
    made = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "cases": cases}
    with open(os.path.join(HERE, "scikit_learn.json"), "w") as out:
        json.dump(made, out)
    cases = [
        closed_case(rng, 2, "ridge", 10.0, None), closed_case(rng, 3, "ridge", 0.1, "balanced"),
        closed_case(rng, 2, "lda", 0.2, None), closed_case(rng, 4, "lda", 0.01, None),
        closed_case(rng, 2, "prototypes", 1.0, None), closed_case(rng, 3, "prototypes", 1.0, None),
        closed_case(rng, 2, "knn", 5, None), closed_case(rng, 3, "knn", 10, "balanced"),
    ]
    made = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "cases": cases}
    with open(os.path.join(HERE, "closed_forms.json"), "w") as out:
        json.dump(made, out)


main()
