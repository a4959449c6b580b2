"""Makes decision_goldens.json for tests/all/decision.rs: calibration, thresholds, decision curves, sizes.

Run `python make_decision_goldens.py` in this folder, with numpy, scipy, scikit-learn, statsmodels and
dcurves, and R with `rms` (Debian `r-cran-rms`); versions are recorded in the file. What comes from whom:

- slope, intercept, calibration in the large, their standard errors (model and by cluster): statsmodels;
  slope and intercept again, and the Brier score: R's `rms::val.prob`.
- Platt: scikit-learn's `_sigmoid_calibration`, then polished by scipy to the last digits.
- isotonic: scikit-learn's `IsotonicRegression`. Temperature: scipy's `brentq` on the slope of the loss.
- intervals of bins: statsmodels' `proportion_confint(method="wilson")` on the rows that a bin is worth (Korn and Graubard),
  at Student's t for the normal.
- decision curves: dcurves. Thresholds: every cut tried, scored by scikit-learn.
- sizes: Riley's formulas, solved by scipy's `brentq`; one from R's documented example (see `published`).
"""

import json
import pathlib
import platform
import subprocess
import tempfile

import dcurves
import numpy as np
import pandas as pd
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import optimize, stats
from scipy.special import expit, logsumexp
from sklearn import metrics as m
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.proportion import proportion_confint

EPSILON = 0.001


def cases():
    rng = np.random.default_rng(18)
    out = []

    def add(name, z, slope, shift, groups=None, between=0.0):
        lift = np.zeros(len(z)) if groups is None else rng.normal(0, between, groups.max() + 1)[groups]
        y = (rng.random(len(z)) < expit(slope * z + shift + lift)).astype(int)
        assert 0 < y.sum() < len(y)
        out.append({"name": name, "y": y, "z": z, "groups": groups})

    add("well calibrated", rng.normal(0, 2, 300), 1.0, 0.0)
    add("too sure", rng.normal(0, 4, 250), 0.4, 0.3)
    add("not sure enough, rare", rng.normal(-1.5, 0.7, 400), 1.8, 0.0)
    add("few values, full of ties", rng.integers(-3, 4, 200).astype(float), 0.7, -0.2)
    sizes = rng.integers(1, 25, 30)
    groups = np.repeat(np.arange(30), sizes)
    add("groups of unequal size", rng.normal(0, 2, len(groups)), 0.8, 0.1, groups, 1.0)
    groups = rng.permutation(np.repeat(np.arange(12), 20))
    add("twelve groups, shuffled", rng.normal(0.5, 1.5, len(groups)), 1.0, -0.5, groups, 0.5)
    return out


def recalibration(y, z, groups):
    X = sm.add_constant(z)
    free = sm.GLM(y, X, family=sm.families.Binomial())
    held = sm.GLM(y, np.ones_like(z), family=sm.families.Binomial(), offset=z)
    kind = {} if groups is None else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    fits = [model.fit(tol=1e-14, maxiter=200, **kind) for model in (free, held)]
    return {
        "intercept": fits[0].params[0], "slope": fits[0].params[1], "in_the_large": fits[1].params[0],
        "intercept_se": fits[0].bse[0], "slope_se": fits[0].bse[1], "in_the_large_se": fits[1].bse[0],
        "observed_to_expected": y.sum() / expit(z).sum(),
    }


def val_prob(y, z):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.csv"
        path.write_text("y,z\n" + "".join(f"{a},{b!r}\n" for a, b in zip(y, map(float, z))))
        code = f"""suppressMessages(library(rms)); d <- read.csv("{path}")
        v <- val.prob(logit = d$z, y = d$y, pl = FALSE)
        cat(sprintf("%.15g %.15g %.15g", v["Intercept"], v["Slope"], v["Brier"]))"""
        text = subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True).stdout
    intercept, slope, brier = map(float, text.split()[-3:])
    return {"intercept": intercept, "slope": slope, "brier": brier}


def platt(y, z):
    a, b = _sigmoid_calibration(z, y)
    p, n = y.sum(), len(y) - y.sum()
    t = np.where(y == 1, (p + 1) / (p + 2), 1 / (n + 2))

    def slope(ab):
        off = expit(ab[0] * z + ab[1]) - t
        return [np.sum(off * z), np.sum(off)]

    def curvature(ab):
        w = expit(ab[0] * z + ab[1])
        w = w * (1 - w)
        return [[np.sum(w * z * z), np.sum(w * z)], [np.sum(w * z), np.sum(w)]]

    found = optimize.root(slope, [-a, -b], jac=curvature, tol=1e-15)
    assert np.abs(found.fun).max() < 1e-9
    return {"slope": found.x[0], "intercept": found.x[1], "sklearn_slope": -a, "sklearn_intercept": -b}


def temperature(logits, targets):
    def slope(inverse):
        weights = np.exp(inverse * logits - logsumexp(inverse * logits, axis=1, keepdims=True))
        return np.mean((weights * logits).sum(1) - logits[np.arange(len(targets)), targets])

    return 1 / optimize.brentq(slope, 1e-6, 1e3, xtol=1e-15, rtol=1e-14)


def brier_parts(y, p):
    bins = np.clip(np.ceil(p * 10).astype(int) - 1, 0, 9)
    mean, rel, res, within = y.mean(), 0.0, 0.0, 0.0
    for b in np.unique(bins):
        k = bins == b
        pb, ob = p[k].mean(), y[k].mean()
        rel += k.sum() * (pb - ob) ** 2
        res += k.sum() * (ob - mean) ** 2
        within += np.sum((p[k] - pb) ** 2) - 2 * np.sum((p[k] - pb) * (y[k] - ob))
    n = len(y)
    return {"brier": m.brier_score_loss(y, p), "reliability": rel / n, "resolution": res / n,
            "uncertainty": mean * (1 - mean), "within_bins": within / n}


def bins(y, p, groups):
    at = np.clip(np.ceil(p * 10).astype(int) - 1, 0, 9)
    out = []
    for b in range(10):
        k = at == b
        n = int(k.sum())
        if n == 0:
            out.append(None)
            continue
        share, worth, alpha = y[k].mean(), float(n), 0.05
        if groups is not None:
            g = groups[k]
            names = np.unique(g)
            if len(names) < 2:
                out.append(None)
                continue
            r = np.array([np.sum(y[k][g == name] - share) for name in names])
            alpha = 2 * stats.norm.sf(stats.t.ppf(0.975, freedom(r)))
            if share in (0, 1):
                worth = float(len(names))
            else:
                variance = len(names) / (len(names) - 1) * np.sum(r ** 2) / n ** 2
                worth = n / max(1.0, variance / (share * (1 - share) / n))
        out.append(list(proportion_confint(share * worth, worth, alpha=alpha, method="wilson")))
    return out


def freedom(sums):
    """Degrees of freedom of a variance made of these sums, by their kurtosis (Box 1953)."""
    n, squares = len(sums), np.sum(sums ** 2)
    kurtosis = max(n * np.sum(sums ** 4) / squares ** 2 - 3, 0) if squares > 0 else 0
    return 2 / (2 / (n - 1) + kurtosis / n)


def curve(y, p):
    frame = pd.DataFrame({"y": y, "p": p})
    grid = np.arange(1, 100) / 100
    found = dcurves.dca(data=frame, outcome="y", modelnames=["p"], thresholds=grid)
    model = found[found.model == "p"].sort_values("threshold")
    everyone = found[found.model == "all"].sort_values("threshold")
    assert np.allclose(model.threshold, grid)
    return {"model": model.net_benefit.tolist(), "all": everyone.net_benefit.tolist()}


def khd(y, pred):
    tn, fp, fn, tp = m.confusion_matrix(y, pred, labels=[0, 1]).ravel()
    p, r = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
    return np.mean([(tp + tn) / (len(y) + EPSILON), p, r, tn / (tn + fp + EPSILON),
                    tn / (tn + fn + EPSILON), 2 * p * r / (p + r + EPSILON)])


def thresholds(y, z):
    values = np.unique(z)
    cuts = (values[1:] + values[:-1]) / 2
    preds = [(z >= cut).astype(int) for cut in cuts]
    sens = np.array([m.recall_score(y, d) for d in preds])
    spec = np.array([m.recall_score(y, d, pos_label=0) for d in preds])
    prec = np.array([m.precision_score(y, d) for d in preds])
    npv = np.array([m.precision_score(y, d, pos_label=0) for d in preds])
    scores = {
        "khd": np.array([khd(y, d) for d in preds]),
        "f1": np.array([m.f1_score(y, d) for d in preds]),
        "youden": sens + spec - 1,
        "accuracy": np.array([m.accuracy_score(y, d) for d in preds]),
        "mcc": np.array([m.matthews_corrcoef(y, d) for d in preds]),
        "cost:10": -np.array([10 * np.sum((d == 0) & (y == 1)) + np.sum((d == 1) & (y == 0)) for d in preds]),
    }
    for rule, rate, other in (("sensitivity>=0.95", sens, spec), ("specificity>=0.95", spec, sens),
                              ("precision>=0.8", prec, sens), ("precision>=0.99", prec, sens),
                              ("npv>=0.9", npv, spec)):
        scores[rule] = np.where(rate >= float(rule.split(">=")[1]), other, -np.inf)
    out = {}
    for rule, score in scores.items():
        if not np.isfinite(score.max()):
            out[rule] = None
            continue
        best = np.flatnonzero(score >= score.max() - 1e-12)
        cut = cuts[best[np.argmin(np.abs(cuts[best]))]]
        tn, fp, fn, tp = m.confusion_matrix(y, z >= cut, labels=[0, 1]).ravel()
        out[rule] = {"cut": cut, "counts": [int(tp), int(fp), int(fn), int(tn)]}
    return out


def design(y, p, groups):
    if groups is None:
        return {"icc": None, "effect": 1.0}
    off = y - p
    parts = [off[groups == g] for g in np.unique(groups)]
    sizes = np.array([len(part) for part in parts])
    f = stats.f_oneway(*parts).statistic
    usual = (sizes.sum() - np.sum(sizes ** 2) / sizes.sum()) / (len(sizes) - 1)
    icc = (f - 1) / (f + usual - 1)
    return {"icc": icc, "effect": 1 + (np.sum(sizes ** 2) / sizes.sum() - 1) * max(0, icc)}


def sizes(prevalence, c, z, sens, spec, t):
    f, z95 = prevalence, stats.norm.ppf(0.975)
    p = expit(z)
    v = p * (1 - p)
    a, b, cross = v.mean(), (z * z * v).mean(), (z * v).mean()
    w = (1 - f) / f * t / (1 - t)
    benefit = sens * (1 - sens) / f + w * w * spec * (1 - spec) / (1 - f) + w * w * (1 - spec) ** 2 / (f * (1 - f))

    def width_c(n):
        se2 = c * (1 - c) * (1 + (n / 2 - 1) * ((1 - c) / (2 - c)) + (n / 2 - 1) * c / (1 + c)) / (n * n * f * (1 - f))
        return 2 * z95 * np.sqrt(se2)

    widths = {
        "observed_to_expected": (0.2, lambda n: 2 * np.sinh(z95 * np.sqrt((1 - f) / (n * f)))),
        "slope": (0.2, lambda n: 2 * z95 * np.sqrt(a / (n * (a * b - cross ** 2)))),
        "c_statistic": (0.1, width_c),
        "net_benefit": (0.2, lambda n: 2 * z95 * np.sqrt(benefit / n)),
    }
    return {name: optimize.brentq(lambda n, of=of, width=width: of(n) - width, 1, 1e9, rtol=1e-14)
            for name, (width, of) in widths.items()}


def published():
    """The worked example of pmvalsampsize: prevalence .018, C .8, log odds normal(-5, 2.5), O/E width 1.

    Its help page prints 905 rows for O/E and 4,252 for C; and 4,544 for the slope from simulated log odds, for
    which the quantiles of the normal distribution give 4,554 here.
    """
    z95 = stats.norm.ppf(0.975)
    z = stats.norm.ppf((np.arange(20000) + 0.5) / 20000, -5, 2.5)
    found = sizes(0.018, 0.8, z, 0.5, 0.5, 0.1)
    # With the package's steps of .0001 of the standard error.
    se = 0.0
    while 2 * np.sinh(z95 * se) < 1:
        se += 0.0001
    found["observed_to_expected_stepped"] = (1 - 0.018) / (0.018 * se ** 2)
    return found


def main():
    out = []
    for case in cases():
        y, z, groups = case["y"], case["z"], case["groups"]
        p = expit(z)
        logits = np.stack([np.zeros_like(z), z], axis=1)
        iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(z, y)
        grid = np.linspace(z.min() - 1, z.max() + 1, 41)
        cut = {"sensitivity": m.recall_score(y, p >= 0.3), "specificity": m.recall_score(y, p >= 0.3, pos_label=0)}
        out.append({
            "name": case["name"], "positive": y.astype(bool).tolist(), "log_odds": z.tolist(),
            "groups": None if groups is None else groups.tolist(),
            "recalibration": recalibration(y, z, groups), "val_prob": val_prob(y, z),
            "platt": platt(y, z), "temperature": temperature(logits, y),
            "isotonic": {"at": grid.tolist(), "prob": iso.predict(grid).tolist()},
            "brier_parts": brier_parts(y, p), "bins": bins(y, p, groups), "curve": curve(y, p),
            "thresholds": thresholds(y, z), "design": design(y, p, groups),
            "sizes": sizes(y.mean(), m.roc_auc_score(y, z), z, cut["sensitivity"], cut["specificity"], 0.3),
        })
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 3, (150, 4))
    targets = np.array([rng.choice(4, p=row) for row in np.exp(0.5 * logits - logsumexp(0.5 * logits, axis=1, keepdims=True))])
    four = {"targets": targets.tolist(), "logits": logits.ravel().tolist(), "temperature": temperature(logits, targets)}
    r = subprocess.run(["Rscript", "-e", 'cat(R.version.string, as.character(packageVersion("rms")))'],
                       check=True, capture_output=True, text=True).stdout
    versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
                "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__,
                "dcurves": __import__("importlib.metadata").metadata.version("dcurves"), "r, rms": r}
    path = pathlib.Path(__file__).with_name("decision_goldens.json")
    path.write_text(json.dumps({"versions": versions, "cases": out, "four_classes": four, "published": published()}))


if __name__ == "__main__":
    main()
