"""The default run on few patches against scikit-learn's LogisticRegressionCV on the same embeddings.

    bench/small_sets.py EOSIN PCAM WEIGHTS WORK

Draws 20, 50, 100, 200 and 500 training patches of PCAM (30 draws each, both classes in each), embeds all
patches once ('eosin embed --out'), and runs 'eosin run' (its defaults, 5 folds) with the drawn patches and
the whole test part. scikit-learn gets the same eight views of the same patches as rows, standardised, and
is tried twice: with folds of its own making (its default, which puts views of one patch on both sides) and
with folds that keep the views of a patch together. Both predict by the mean logit over the eight views.
Prints mean test AUROC and log loss, and how often each is ahead.
"""

import csv
import json
import os
import subprocess
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

SIZES, DRAWS = [20, 50, 100, 200, 500], 30


def main():
    eosin, pcam, weights, work = sys.argv[1:5]
    os.makedirs(work, exist_ok=True)
    job = ["--backbone", "tf_efficientnet_lite0", "--weights", weights, "--cache", f"{work}/cache"]
    table = f"{work}/all.npy"
    if not os.path.exists(table):
        subprocess.run([eosin, "embed", "--data", pcam, "--out", table, *job], check=True, stderr=subprocess.DEVNULL)
    x = np.load(table)
    rows = list(csv.DictReader(open(f"{work}/all.csv")))
    train = [at for at, row in enumerate(rows) if row["split"] == "train"]
    test = [at for at, row in enumerate(rows) if row["split"] == "test"]
    label = np.array([row["label"] for row in rows])
    positive = "malignant" if "malignant" in label else sorted(set(label))[-1]
    y = (label == positive).astype(int)
    for size in SIZES:
        scores = {"eosin": [], "sklearn": [], "sklearn, patches together": []}
        for draw in range(DRAWS):
            rng = np.random.default_rng(1000 * size + draw)
            taken = rng.permutation(train)[:size]
            while len(set(y[taken])) < 2 or min(np.bincount(y[taken])) < 5:
                taken = rng.permutation(train)[:size]
            scores["eosin"].append(of_eosin(eosin, pcam, rows, taken, test, positive, y, job, work))
            for name, together in [("sklearn", False), ("sklearn, patches together", True)]:
                scores[name].append(of_sklearn(x, y, taken, test, together))
        for name, values in scores.items():
            auroc, loss = np.array(values).T
            behind = (np.array(scores["eosin"])[:, 0] >= auroc).sum()
            print(f"{size:4d} {name:28s} AUROC {auroc.mean():.4f} (sd {auroc.std():.4f}) log loss {loss.mean():.4f}"
                  + ("" if name == "eosin" else f"; eosin not below in {behind} of {DRAWS} draws"), flush=True)


def of_eosin(eosin, pcam, rows, taken, test, positive, y, job, work):
    path = f"{work}/draw.csv"
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["path", "label", "split"])
        for part, places in [("train", taken), ("test", test)]:
            for at in places:
                writer.writerow([os.path.abspath(os.path.join(pcam, rows[at]["key"])), rows[at]["label"], part])
    run = f"{work}/run"
    subprocess.run([eosin, "run", "--data", path, "--out", run, "--overwrite", "--folds", "5", *job],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    metrics = json.load(open(f"{run}/metrics.json"))["test_average"]
    return metrics["auroc"], metrics["log_loss"]


def of_sklearn(x, y, taken, test, together):
    views = x.shape[1]
    scaler = StandardScaler().fit(x[taken].reshape(-1, x.shape[2]))
    rows = scaler.transform(x[taken].reshape(-1, x.shape[2]))
    targets, groups = np.repeat(y[taken], views), np.repeat(np.arange(len(taken)), views)
    folds = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(rows, targets, groups)) if together else 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegressionCV(Cs=10, cv=folds, scoring="neg_log_loss" if together else None, max_iter=300).fit(rows, targets)
    logits = model.decision_function(scaler.transform(x[test].mean(axis=1)))
    return roc_auc_score(y[test], logits), log_loss(y[test], 1 / (1 + np.exp(-logits)))


main()
