"""`eosin compare` of two runs against R's pROC and a cluster bootstrap and exchange test written apart.

Usage: bench/compare.py EOSIN RUN_A RUN_B     (needs numpy, scikit-learn, pandas; Rscript with pROC)

Reads the runs' `predictions.csv` and `manifest.csv`. DeLong's paired test is to agree to 1e-6; limits and
chances of resamples within Monte Carlo error: eosin's 2,000 against 5,000 here, three standard errors.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import log_loss, roc_auc_score

PROC = pathlib.Path(__file__).parent.parent / "crates/eosin-metrics/tests/all/goldens/proc.R"
DRAWS = 5_000


def rows_of(run, positive):
    rows = pd.read_csv(run / "predictions.csv")
    rows = rows[rows.part == "out-of-fold"].set_index("key").sort_index()
    return rows.target.eq(positive).astype(int), rows[f"prob_{positive}"]


def proc(target, one, other):
    table = pd.DataFrame({"case": "x", "target": target, "one": one, "other": other})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.csv"
        table.to_csv(path, index=False, float_format="%.17g")
        out = subprocess.run(["Rscript", PROC, path], check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])


def scores(target, prob):
    """AUROC, accuracy, log loss; NaN where a class is missing."""
    both = 0 < target.sum() < len(target)
    auroc = roc_auc_score(target, prob) if both else np.nan
    clipped = np.clip(prob, np.finfo(float).eps, 1 - np.finfo(float).eps)
    return np.array([auroc, ((prob > 0.5) == target).mean(), log_loss(target, clipped, labels=[0, 1])])


def main():
    eosin, a, b = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    said = json.loads(subprocess.run([eosin, "compare", a, b, "--json"], check=True, capture_output=True).stdout)
    part, positive = said["parts"][0], said["positive"]
    difference = part["differences"][0]
    target, one = rows_of(a, positive)
    other_target, other = rows_of(b, positive)
    assert (target == other_target).all()
    manifest = pd.read_csv(a / "manifest.csv")
    column = "patient" if part["by"] == "patient" else part["by"]
    key = "key" if "key" in manifest else "path"
    group = manifest.set_index(key)[column].loc[target.index].to_numpy()
    target, one, other = target.to_numpy(), one.to_numpy(), other.to_numpy()

    by_proc, ours = proc(target, one, other), difference["delong_by_patch"]
    for name, theirs, mine in (
        ("AUROC of the base", by_proc["auroc"], part["runs"][0]["metrics"]["auroc"]["value"]),
        ("AUROC of the other", by_proc["auroc_other"], part["runs"][1]["metrics"]["auroc"]["value"]),
        ("DeLong's z, paired", by_proc["statistic"], ours["statistic"]),
        ("its p", by_proc["p"], ours["p"]),
    ):
        print(f"| {name} | pROC {theirs:.10f} | eosin {mine:.10f} | {abs(theirs - mine):.1e} |")
        assert abs(theirs - mine) < 1e-6, name

    rng = np.random.default_rng(1)
    names = np.unique(group)
    rows = {name: np.flatnonzero(group == name) for name in names}
    drawn = np.array([
        scores(target[at], other[at]) - scores(target[at], one[at])
        for at in (np.concatenate([rows[name] for name in rng.choice(names, len(names))]) for _ in range(DRAWS))
    ])
    left_out = np.array([
        scores(target[at], other[at]) - scores(target[at], one[at])
        for at in (np.flatnonzero(group != name) for name in names)
    ])
    rank = [pd.Series(p).rank().to_numpy() for p in (one, other)]
    seen = scores(target, other) - scores(target, one)
    swaps = [[bool(way >> at & 1) for at in range(len(names))] for way in range(2 ** len(names))] \
        if len(names) <= 11 else rng.random((DRAWS, len(names))) < 0.5
    exchanged = []
    for way in swaps:
        swap = np.isin(group, names[np.array(way)])
        pairs = [(np.where(swap, y, x), np.where(swap, x, y)) for x, y in ((one, other), rank)]
        gap = scores(target, pairs[0][1]) - scores(target, pairs[0][0])
        gap[0] = roc_auc_score(target, pairs[1][1]) - roc_auc_score(target, pairs[1][0])
        exchanged.append(gap)
    exchanged = np.array(exchanged)
    holding = min(len(np.unique(group[target == c])) for c in (0, 1))
    for at, (metric, groups) in enumerate((("auroc", holding), ("accuracy", len(names)), ("log_loss", len(names)))):
        values = drawn[:, at][~np.isnan(drawn[:, at])]
        z0 = stats.norm.ppf((values < seen[at]).mean() + (values == seen[at]).mean() / 2)
        gap = np.nanmean(left_out[:, at]) - left_out[:, at]
        a_ = (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
        z = np.sqrt(groups / (groups - 1)) * stats.t.ppf(0.975, groups - 1)
        found = difference["metrics"][metric]
        if metric != "auroc":
            for side, end in ((-z, "ci_low"), (z, "ci_high")):
                share = stats.norm.cdf(z0 + (z0 + side) / (1 - a_ * (z0 + side)))
                limit = np.quantile(values, share)
                # Where a limit of 2,000 resamples may lie, three standard errors of both ranks.
                error = 3 * np.sqrt(share * (1 - share) * (1 / 2000 + 1 / DRAWS)) + 3 / 2000
                low, high = np.quantile(values, [max(share - error, 0), min(share + error, 1)])
                print(f"| {metric} {end} | {limit:+.4f}, within {low:+.4f} to {high:+.4f} | eosin {found[end]:+.4f} | |")
                assert low - 1e-9 <= found[end] <= high + 1e-9, (metric, end)
        p = (np.abs(exchanged[:, at]) >= abs(seen[at]) - 1e-12).mean()
        if metric != "auroc":
            error = 0 if len(names) <= 11 else 3 * np.sqrt(p * (1 - p) * (1 / 2000 + 1 / DRAWS)) + 1 / 2000
            print(f"| {metric} p of exchange | {p:.4f} | eosin {found['p']:.4f} | {abs(p - found['p']):.1e} |")
            assert abs(p - found["p"]) <= error + 1e-9, metric
    low, high = np.nanquantile(drawn[:, 0], [0.025, 0.975])
    found = difference["metrics"]["auroc"]
    print(f"| AUROC difference | percentiles {low:+.4f} to {high:+.4f}, exchange p "
          f"{(np.abs(exchanged[:, 0]) >= abs(seen[0]) - 1e-12).mean():.4f} | eosin, DeLong by {part['by']}: "
          f"{found['ci_low']:+.4f} to {found['ci_high']:+.4f}, p {found['p']:.4f} | |")


if __name__ == "__main__":
    main()
