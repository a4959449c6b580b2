"""Makes goldens.json: classification metrics by scikit-learn and SciPy for tests/all/sklearn.rs.

Run `python make_goldens.py` in this folder; the versions used are recorded in the file. Inputs are
random (seeded), tied, imbalanced, degenerate and multi-class. Where eosin says that a metric is
undefined (0/0) scikit-learn returns 0, 0.5 or NaN with a warning, or averages over what is left;
those are null here. ECE, DeLong's variance and the datathon's score have no implementation there
and come from the plain formulas below (DeLong's by all pairs, O(n^2)).
"""

import json
import pathlib
import platform
import warnings

import numpy as np
import scipy
import scipy.stats
import sklearn
from sklearn import metrics as m

warnings.filterwarnings("ignore")
NAN = float("nan")


def null(value):
    """NaN, scikit-learn's mark of an undefined value, as null."""
    return None if value is None or np.isnan(value) else float(value)


def one_vs_rest(targets, preds, probs, count):
    """Per-class values; undefined ones are NaN."""
    cm = m.confusion_matrix(targets, preds, labels=range(count))
    columns = {k: [] for k in ("precision", "recall", "specificity", "npv", "f1", "auroc", "auprc")}
    for k in range(count):
        truth, pred, score = (targets == k).astype(int), (preds == k).astype(int), probs[:, k]
        columns["precision"].append(m.precision_score(truth, pred, zero_division=NAN))
        columns["recall"].append(m.recall_score(truth, pred, zero_division=NAN))
        columns["specificity"].append(m.recall_score(truth, pred, pos_label=0, zero_division=NAN))
        columns["npv"].append(m.precision_score(truth, pred, pos_label=0, zero_division=NAN))
        columns["f1"].append(m.f1_score(truth, pred, zero_division=NAN))
        both = 0 < truth.sum() < len(truth)
        columns["auroc"].append(m.roc_auc_score(truth, score) if both else NAN)
        columns["auprc"].append(m.average_precision_score(truth, score) if truth.any() and not truth.all() else NAN)
    return cm, columns


def averages(targets, preds, probs, count, columns):
    """scikit-learn's own macro, micro and weighted forms, null where a class's value is undefined."""
    out = {}
    labels = list(range(count))
    support = np.bincount(targets, minlength=count)
    for kind in ("macro", "micro", "weighted"):
        values = {}
        for name, score in (("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score)):
            used = np.array(columns[name])[support > 0] if kind == "weighted" else columns[name]
            undefined = kind != "micro" and np.isnan(used).any()
            value = score(targets, preds, labels=labels, average=kind, zero_division=0)
            values[name] = None if undefined else null(value)
        if kind != "micro":
            complete = (support > 0).all()
            values["auroc"] = (
                null(m.roc_auc_score(targets, probs, multi_class="ovr", average=kind, labels=labels))
                if complete else None
            )
            onehot = (targets[:, None] == np.arange(count)).astype(int)
            values["auprc"] = (
                null(m.average_precision_score(onehot, probs, average=kind)) if complete else None
            )
        out[kind] = values
    return out


def khd(tp, fp, fn, tn):
    """The datathon's score."""
    e = 0.001
    p, r = tp / (tp + fp + e), tp / (tp + fn + e)
    terms = [(tp + tn) / (tp + fp + fn + tn + e), p, r, tn / (tn + fp + e), tn / (tn + fn + e),
             2 * p * r / (p + r + e)]
    return float(np.mean(terms))


def ece(targets, preds, probs, bins=15):
    """Expected calibration error of the predicted class, bins (low, high]."""
    confidence = probs[np.arange(len(preds)), preds]
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    total = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            total += inside.sum() * abs((preds == targets)[inside].mean() - confidence[inside].mean())
    return total / len(targets)


def delong(truth, score):
    """AUROC variance from all pairs (DeLong et al. 1988), NaN with under two rows of a class."""
    pos, neg = score[truth == 1], score[truth == 0]
    if len(pos) < 2 or len(neg) < 2:
        return NAN
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)


def wilson(successes, trials):
    """Wilson's interval by SciPy."""
    if trials == 0:
        return None
    ci = scipy.stats.binomtest(int(successes), int(trials)).proportion_ci(method="wilson")
    return [float(ci.low), float(ci.high)]


def case(name, targets, probs, positive=1, curves=False):
    """One input with everything expected of it."""
    targets, probs = np.asarray(targets), np.asarray(probs, dtype=np.float64)
    count = probs.shape[1]
    preds = probs.argmax(1)
    cm, columns = one_vs_rest(targets, preds, probs, count)
    missing = (np.bincount(targets, minlength=count) == 0).any()
    constant = len(set(targets)) == 1 or len(set(preds)) == 1
    expected = {
        "accuracy": m.accuracy_score(targets, preds),
        "balanced_accuracy": None if missing else m.balanced_accuracy_score(targets, preds),
        "mcc": None if constant else m.matthews_corrcoef(targets, preds),
        "log_loss": m.log_loss(targets, probs, labels=range(count)),
        "brier": m.brier_score_loss(targets, probs, labels=range(count)),
        "ece": ece(targets, preds, probs),
    }
    out = {"name": name, "class_count": count, "positive": positive, "targets": targets.tolist(),
           "probs": probs.ravel().tolist(), "confusion": cm.tolist(), "expected": expected,
           "per_class": {k: [null(v) for v in values] for k, values in columns.items()}}
    if count == 2:
        expected.update({k: null(values[positive]) for k, values in columns.items()})
        n = 1 - positive
        tp, fp, fn, tn = (int(x) for x in (cm[positive, positive], cm[n, positive], cm[positive, n], cm[n, n]))
        expected["khd"] = khd(tp, fp, fn, tn)
        truth, score = (targets == positive).astype(int), probs[:, positive]
        out["auroc_variance"] = null(delong(truth, score))
        out["wilson"] = {"accuracy": wilson(tp + tn, len(targets)), "recall": wilson(tp, tp + fn),
                         "specificity": wilson(tn, tn + fp), "precision": wilson(tp, tp + fp),
                         "npv": wilson(tn, tn + fn)}
        if curves:
            fpr, tpr, _ = m.roc_curve(truth, score, drop_intermediate=False)
            precision, recall, _ = m.precision_recall_curve(truth, score)
            out["roc"] = np.stack([fpr, tpr], 1).tolist()
            # Highest threshold first, without the added end point and repeats of full recall kept.
            out["pr"] = np.stack([recall, precision], 1)[:-1][::-1].tolist()
    else:
        out["averages"] = averages(targets, preds, probs, count, columns)
        expected.update(out["averages"]["macro"])
    return out


def softmax(logits, decimals=4):
    """Rounded probabilities whose rows still sum to 1."""
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = np.round(p / p.sum(1, keepdims=True), decimals)
    p[:, 0] = np.round(1 - p[:, 1:].sum(1), decimals)
    return np.clip(p, 0, 1)


def binary(p):
    """Two columns from the probability of class 1."""
    p = np.asarray(p, dtype=np.float64)
    return np.stack([np.round(1 - p, 6), p], 1)


def random_cases(rng):
    """Signals of several strengths, shares and roundings."""
    for n, share, signal, decimals in [(150, 0.5, 1.0, 4), (150, 0.3, 2.5, 4), (200, 0.03, 1.0, 3),
                                       (200, 0.97, 0.5, 4), (120, 0.4, 0.0, 4), (150, 0.3, 1.0, 1),
                                       (80, 0.5, 4.0, 2), (30, 0.5, 1.0, 1)]:
        targets = (rng.random(n) < share).astype(int)
        targets[:2] = [0, 1]
        logits = np.stack([np.zeros(n), rng.normal(size=n) + signal * (targets - 0.5)], 1)
        name = f"random n={n} share={share} signal={signal} decimals={decimals}"
        for positive in (0, 1):
            yield case(f"{name} positive={positive}", targets, softmax(logits, decimals), positive, n <= 80)
    for n, count, signal, decimals in [(120, 3, 1.0, 4), (120, 5, 2.0, 3), (90, 4, 0.0, 1), (60, 9, 3.0, 3)]:
        targets = np.concatenate([np.arange(count), rng.integers(0, count, n - count)])
        logits = rng.normal(size=(n, count))
        logits[np.arange(n), targets] += signal
        yield case(f"random {count} classes n={n} signal={signal}", targets, softmax(logits, decimals))


def degenerate_cases():
    """What a fold can come to in practice."""
    yield case("one row negative", [0], binary([0.3]), curves=False)
    yield case("one row positive", [1], binary([0.7]))
    yield case("one of each, right", [0, 1], binary([0.2, 0.8]), curves=True)
    yield case("one of each, wrong", [0, 1], binary([0.8, 0.2]), curves=True)
    yield case("all targets negative", [0, 0, 0, 0], binary([0.1, 0.6, 0.3, 0.9]))
    yield case("all targets positive", [1, 1, 1], binary([0.1, 0.6, 0.3]))
    yield case("all preds negative", [0, 1, 0, 1], binary([0.1, 0.4, 0.2, 0.3]), curves=True)
    yield case("all preds positive", [0, 1, 0, 1], binary([0.9, 0.6, 0.7, 0.8]), curves=True)
    yield case("every score tied at half", [0, 1, 0, 1, 1], binary([0.5] * 5), curves=True)
    yield case("certain and wrong", [0, 1, 0, 1], binary([1.0, 0.0, 0.0, 1.0]), curves=True)
    yield case("certain and right", [0, 1, 0, 1], binary([0.0, 1.0, 0.0, 1.0]), curves=True)
    three = [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5], [0.3, 0.4, 0.3]]
    yield case("three classes, one without targets", [0, 1, 0, 1, 0], three)
    yield case("three classes, one without preds", [0, 1, 2, 2, 1], [r[:2] + [r[2]] for r in
               [[0.6, 0.3, 0.1], [0.2, 0.6, 0.2], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.3, 0.4, 0.3]]])
    yield case("three classes, tied probabilities", [0, 1, 2, 0], [[0.25, 0.5, 0.25]] * 4)


def main():
    rng = np.random.default_rng(20201119)
    made_with = {"python": platform.python_version(), "numpy": np.__version__,
                 "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
    cases = [*random_cases(rng), *degenerate_cases()]
    text = json.dumps({"made_with": made_with, "cases": cases}, allow_nan=False, separators=(",", ":"))
    path = pathlib.Path(__file__).with_name("goldens.json")
    path.write_text(text.replace('{"name"', '\n{"name"') + "\n")
    print(len(cases), "cases,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
