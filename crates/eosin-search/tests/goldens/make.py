"""Writes optuna.json: what Optuna 5 and scipy make of recorded histories.

    pip install 'optuna==5.0.0' 'scipy==1.17.1' numpy
    python make.py > optuna.json

The trials are drawn here, at random; Optuna's own estimators are then laid over them as its
TPESampler does. Where several trials have the same number, the order of their kernels is left to
numpy's argsort, which is not stable; it is made so here.
"""

import json
import math
import sys

import numpy as np
import optuna
import scipy
import scipy.stats
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe import _truncnorm, parzen_estimator
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.ERROR)


class StableNumpy:
    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def argsort(values):
        return np.argsort(values, kind="stable")


parzen_estimator.np = StableNumpy()

SPACE = """
[train]
head = { choice = ['logistic', 'ridge', 'lda'] }
strength = { float = [1e-4, 1e2], log = true }
dropout = { float = [0.0, 0.9] }
epochs = { integer = [1, 200], log = true }
hidden = { integer = [8, 64], step = 8 }
focal_gamma = { float = [0.5, 5.0], when = { train.head = 'ridge' } }
"""
DISTRIBUTIONS = {
    "train.dropout": FloatDistribution(0.0, 0.9),
    "train.epochs": IntDistribution(1, 200, log=True),
    "train.head": CategoricalDistribution(["logistic", "ridge", "lda"]),
    "train.hidden": IntDistribution(8, 64, step=8),
    "train.strength": FloatDistribution(1e-4, 1e2, log=True),
}
CONDITIONAL = {"train.focal_gamma": FloatDistribution(0.5, 5.0)}


def draw(rng):
    params = {
        "train.dropout": rng.uniform(0, 0.9),
        "train.epochs": int(np.clip(round(math.exp(rng.uniform(0, math.log(200)))), 1, 200)),
        "train.head": ["logistic", "ridge", "lda"][rng.integers(3)],
        "train.hidden": int(8 * rng.integers(1, 9)),
        "train.strength": math.exp(rng.uniform(math.log(1e-4), math.log(1e2))),
    }
    if params["train.head"] == "ridge":
        params["train.focal_gamma"] = rng.uniform(0.5, 5.0)
    return params


def score(params, rng):
    value = -abs(math.log10(params["train.strength"])) - params["train.dropout"]
    value += {"logistic": 0.0, "ridge": 0.3, "lda": -0.5}[params["train.head"]]
    return round(value + rng.normal(0, 0.2), 3)


def history(count, running, direction, seed):
    rng = np.random.default_rng(seed)
    study = optuna.create_study(direction=direction)
    for number in range(count):
        params = draw(rng)
        runs = number >= count - running
        study.add_trial(
            create_trial(
                params=params,
                distributions={
                    key: {**DISTRIBUTIONS, **CONDITIONAL}[key] for key in params
                },
                state=TrialState.RUNNING if runs else TrialState.COMPLETE,
                value=None if runs else score(params, rng) * (1 if direction == "maximize" else -1),
            )
        )
    return study


def estimators(study, space):
    sampler = optuna.samplers.TPESampler(seed=0)
    trials = study.get_trials(deepcopy=False)
    ended = sum(trial.state != TrialState.RUNNING for trial in trials)
    good, rest = _split_trials(study, trials, default_gamma(ended))
    made = [
        sampler._build_parzen_estimator(study, space, part, handle_below=below)
        for part, below in ((good, True), (rest, False))
    ]
    return [trial.number for trial in good], made, sampler


def kernels(distribution):
    if hasattr(distribution, "mu"):
        return {"means": distribution.mu.tolist(), "sigmas": distribution.sigma.tolist()}
    return {"rows": distribution.weights.tolist()}


def over(study, space):
    good, (below, above), sampler = estimators(study, space)
    candidates = below.sample(np.random.RandomState(3), 12)
    # Some that the good ones would not have drawn.
    other = above.sample(np.random.RandomState(4), 12)
    candidates = {key: np.concatenate([candidates[key], other[key]]) for key in space}
    gains = sampler._compute_acquisition_func(candidates, below, above)
    return {
        "keys": list(space),
        "good": good,
        "weights": [part._mixture_distribution.weights.tolist() for part in (below, above)],
        "kernels": [
            [kernels(one) for one in part._mixture_distribution.distributions]
            for part in (below, above)
        ],
        "candidates": np.array([candidates[key] for key in space]).T.tolist(),
        "log_densities": [part.log_pdf(candidates).tolist() for part in (below, above)],
        "best": int(np.argmax(gains)),
    }


def trials(study):
    return [
        {"number": trial.number, "assignment": trial.params, "value": trial.value}
        for trial in study.get_trials(deepcopy=False)
    ]


def case(count, running, direction, seed):
    study = history(count, running, direction, seed)
    importances = None
    if running == 0:
        importances = optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
        )
    return {
        "goal": {"maximize": "maximise", "minimize": "minimise"}[direction],
        "trials": trials(study),
        "estimators": [over(study, DISTRIBUTIONS), over(study, CONDITIONAL)],
        "importances": importances,
    }


def quantiles():
    rng = np.random.default_rng(9)
    found = []
    for low, high in ((-1.0, 2.0), (3.0, 3.5), (-40.0, -35.0), (-0.1, 30.0), (12.0, 90.0)):
        for share in rng.uniform(0.001, 0.999, 4):
            at = _truncnorm.ppf(np.array([share]), np.array([low]), np.array([high]))[0]
            found.append({"low": low, "high": high, "share": share, "at": float(at)})
    return found


def wilcoxon():
    rng = np.random.default_rng(11)
    found = []
    for count in (1, 2, 5, 10, 13, 14, 30, 50, 51, 80):
        for digits in (1, 6):
            differences = np.round(rng.normal(0.1, 0.3, count), digits)
            test = scipy.stats.wilcoxon(differences, alternative="greater", zero_method="zsplit")
            if math.isfinite(test.pvalue):
                found.append({"differences": differences.tolist(), "chance": float(test.pvalue)})
    return found


json.dump(
    {
        "versions": {"optuna": optuna.__version__, "scipy": scipy.__version__},
        "space": SPACE,
        "cases": [
            case(12, 0, "maximize", 1),
            case(30, 3, "maximize", 2),
            case(70, 0, "minimize", 3),
        ],
        "quantiles": quantiles(),
        "wilcoxon": wilcoxon(),
    },
    sys.stdout,
)
