#!/usr/bin/env python3
"""Slices of a finished run, computed again with pandas, scikit-learn and scipy, against its slices.json.

Usage: bench/slices.py RUN     (Python with numpy, pandas, scipy, scikit-learn)

Figures of every slice by patient, slide, group and class must agree to 1e-6 (predictions.csv has single precision; Wilson's intervals, where
patches count as independent, too); p of the worst slice is found by dealing rows out again, written
independently, and must agree within Monte Carlo error where rows are dealt by themselves.
"""
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, recall_score, roc_auc_score

run = Path(sys.argv[1])
record = json.loads((run / "slices.json").read_text())
config = (run / "config.toml").read_text()
positive = record["positive"]
rows = pd.read_csv(run / "predictions.csv", dtype={"key": str})
manifest = pd.read_csv(run / "manifest.csv", dtype=str)
manifest["key"] = manifest["key"] if "key" in manifest else manifest["path"]
differences, checked = [], 0


def close(name, ours, other):
    """Takes note of how far two numbers are apart; both undefined is no difference."""
    global checked
    checked += 1
    if ours is None or other is None or np.isnan(other):
        assert ours is None and (other is None or np.isnan(other)), (name, ours, other)
        return
    differences.append((abs(ours - other), name))


def figures(of):
    """What scikit-learn says of some rows."""
    true, said = of.target, of.pred
    is_positive = true == positive
    recall = recall_score(true, said, labels=[positive], average=None, zero_division=np.nan)[0]
    negative = [name for name in classes if name != positive][0]
    specificity = recall_score(true, said, labels=[negative], average=None, zero_division=np.nan)[0]
    both = is_positive.any() and not is_positive.all()
    return {
        "accuracy": accuracy_score(true, said),
        "recall": recall if is_positive.any() else np.nan,
        "specificity": specificity if (~is_positive).any() else np.nan,
        "auroc": roc_auc_score(is_positive, of[f"prob_{positive}"]) if both else np.nan,
        "observed": is_positive.mean(),
    }


def worst_p(part, kind, column):
    """How often the worst of slices dealt at random is as bad: rows keep the class of their place."""
    names = sorted(part[column].unique())
    number = part[column].map({name: at for at, name in enumerate(names)}).to_numpy()
    right = (part.target == part.pred).to_numpy(float)
    stratum = part.target.to_numpy() if kind["kind"] != "class" else np.zeros(len(part))
    expected = pd.Series(right).groupby(stratum).transform("mean").to_numpy()
    large = np.array([not slice_["too_small"] for slice_ in sorted(kind["slices"], key=lambda s: s["name"])])
    count = np.bincount(number, minlength=len(names))
    of_slices = np.bincount(number, expected, len(names)) / count

    def worst(right):
        share = np.bincount(number, right, len(names)) / count
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.where(share > 0, share * np.log(share / of_slices), 0)
            other = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - of_slices)), 0)
        deviance = np.where((share < of_slices) & large, count * (first + other), 0)
        return deviance.max(), int(deviance.argmax())

    seen, at = worst(right)
    rng, draws, as_far = np.random.default_rng(1), 4000, 0
    strata = [np.flatnonzero(stratum == value) for value in np.unique(stratum)]
    for _ in range(draws):
        dealt = right.copy()
        for places in strata:
            dealt[places] = rng.permutation(right[places])
        as_far += worst(dealt)[0] >= seen - 1e-9
    return names[at], (as_far + 1) / (draws + 1)


for part in record["parts"]:
    of_part = rows[(rows.part == part["part"]) & rows.target.notna()]
    of_part = of_part[of_part.repeat.fillna(0) == 0].drop_duplicates("key")
    of_part = of_part.merge(manifest.drop(columns=["path", "label"]), on="key").reset_index(drop=True)
    of_part["class"] = of_part.target
    classes = sorted(set(of_part.target) | set(of_part.pred))
    for kind in part["kinds"]:
        column = kind["kind"]
        if column not in of_part or kind["unknown"]:
            continue
        groups = dict(list(of_part.groupby(column)))
        assert set(groups) == {slice_["name"] for slice_ in kind["slices"]}, column
        for slice_ in kind["slices"]:
            of = groups[slice_["name"]]
            label = f"{part['part']} {column} {slice_['name']}"
            assert slice_["patches"] == len(of), label
            close(f"{label} mean_prob", slice_["mean_prob"], of[f"prob_{positive}"].mean())
            for name, value in figures(of).items():
                close(f"{label} {name}", slice_[name]["value"], value)
            if kind["by"] == "patch":
                hits = int((of.target == of.pred).sum())
                low, high = binomtest(hits, len(of)).proportion_ci(method="wilson")
                interval = slice_["accuracy"]["interval"]
                close(f"{label} ci_low", interval["ci_low"], low)
                close(f"{label} ci_high", interval["ci_high"], high)
        if kind["worst"] and kind["dealt"] == "patch":
            name, p = worst_p(of_part, kind, column)
            ours = kind["worst"]
            error = 4 * np.sqrt(p * (1 - p) * (1 / 2000 + 1 / 4000)) + 1 / 1000
            print(f"{part['part']}, {column}: worst {ours['name']}, p {ours['p']:.4f}; here {name}, {p:.4f}")
            assert ours["name"] == name and abs(ours["p"] - p) < error, (ours, name, p)

largest = max(differences)
print(f"{checked} figures; largest difference {largest[0]:.1e} ({largest[1]})")
sys.exit(int(largest[0] > 1e-6))
