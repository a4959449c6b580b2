"""Makes scikit_learn.json: stacking by LogisticRegression and Ridge on the standardised log odds of the
members (two classes), by scipy's minimiser on the objective itself (three classes), and the convex
weights of the least log loss by scipy's SLSQP.

    python -m venv venv && venv/bin/pip install scikit-learn && venv/bin/python make.py

Compared with a tolerance of 1e-4 of the logits' largest, and of 1e-4 of the weights.
"""

import json
import os

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression, Ridge

HERE = os.path.dirname(__file__)


def data(rng, classes, members=4, patches=160):
    y = rng.integers(0, classes, patches)
    y[rng.random(patches) < 0.2] = 0
    gains = np.linspace(0.3, 1.2, members)
    scales = np.array([1.0, 3.0, 0.5, 2.0])[:members]
    own = rng.normal(size=(members, patches, classes))
    logits = scales[:, None, None] * (gains[:, None, None] * np.eye(classes)[y] + own)
    return np.round(logits, 4).astype(np.float32), y


def standardised(logits):
    """Log odds of the second class, about their mean and over their deviation, [patches, members]."""
    odds = (logits[:, :, 1] - logits[:, :, 0]).T.astype(float)
    return (odds - odds.mean(0)) / odds.std(0)


def logistic(logits, y, penalty):
    x, n = standardised(logits), len(y)
    model = LogisticRegression(C=1 / (penalty * n), tol=1e-12, max_iter=100_000).fit(x, y)
    return model.decision_function(x)


def ridge(logits, y, penalty):
    x, n = standardised(logits), len(y)
    return Ridge(alpha=penalty * n).fit(x, y).predict(x) - y.mean()


def several(logits, y, penalty):
    members, n, classes = logits.shape
    about = log_softmax(logits.astype(float), axis=2)
    about -= about.mean(2, keepdims=True)
    spread = about - about.mean(1, keepdims=True)
    variance = classes / (classes - 1) * (spread**2).sum(2).mean(1)

    def scores(theta):
        bias = np.concatenate([[0], theta[members:]])
        return np.tensordot(theta[:members], about, 1) + bias

    def objective(theta):
        z = scores(theta)
        loss = (logsumexp(z, axis=1) - z[np.arange(n), y]).mean()
        return loss + penalty / 2 * (variance * theta[:members] ** 2).sum()

    found = minimize(objective, np.zeros(members + classes - 1), method="BFGS", options={"gtol": 1e-9})
    z = scores(found.x)
    return z - z.mean(1, keepdims=True)


def weights(logits, y):
    probs = np.exp(log_softmax(logits.astype(float), axis=2))[:, np.arange(len(y)), y]
    found = minimize(
        lambda w: -np.log(w @ probs).mean(), np.full(len(probs), 1 / len(probs)), method="SLSQP",
        bounds=[(0, 1)] * len(probs), constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return found.x


def main():
    rng = np.random.default_rng(7)
    cases = []
    for classes in (2, 3):
        logits, y = data(rng, classes)
        case = {
            "classes": classes, "targets": y.tolist(),
            "members": [member.ravel().tolist() for member in logits],
            "weights": weights(logits, y).tolist(),
        }
        # One fold cannot choose a strength, so that it is 1e-2 a row.
        if classes == 2:
            case["logistic"] = logistic(logits, y, 1e-2).tolist()
            case["ridge"] = ridge(logits, y, 1e-2).tolist()
        else:
            case["logistic"] = several(logits, y, 1e-2).ravel().tolist()
        cases.append(case)
    versions = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__}
    with open(os.path.join(HERE, "scikit_learn.json"), "w") as file:
        json.dump({"versions": versions, "cases": cases}, file)
        file.write("\n")


main()
