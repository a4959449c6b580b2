"""Makes comparison.json: two models on the same patches, by R's pROC, SciPy and statsmodels, for
tests/all/comparison.rs.

Run `python make_comparison_goldens.py` in this folder with Rscript and pROC (Debian: r-cran-proc) on the
path; the versions used are recorded in the file. What no package has is computed from its definition by
all pairs, O(n^2), in other words than eosin's: Obuchowski's variance, the score interval of clustered
rows, the bootstrap's BCa limits with Student's t.
"""

import json
import pathlib
import platform
import subprocess
import tempfile

import numpy as np
import pandas as pd
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

HERE = pathlib.Path(__file__).parent


def case(name, rng, patients, effect, ties, both=False):
    """Patients of 1 to 6 patches, of one class or of both, scored twice."""
    rows = []
    for patient in range(patients):
        label = int(rng.random() < 0.4)
        common = rng.normal(size=2)
        for _ in range(rng.integers(1, 7)):
            target = int(rng.random() < 0.5) if both else label
            own = rng.normal(size=2)
            scores = effect * target + 0.7 * common + 0.7 * own
            if ties:
                scores = np.round(scores)
            rows.append((name, patient, target, *scores))
    return pd.DataFrame(rows, columns=["case", "patient", "target", "one", "other"])


def wins(target, scores):
    """[positives, negatives]: 1 where the positive outranks the negative, ties by half."""
    gap = scores[target == 1][:, None] - scores[target == 0][None, :]
    return (gap > 0) + 0.5 * (gap == 0)


def obuchowski(rows, kernel):
    """Variance of the mean of a kernel [positives, negatives] over clusters, and t's degrees of freedom."""
    positive = rows[rows.target == 1].patient.to_numpy()
    negative = rows[rows.target == 0].patient.to_numpy()
    m, n = kernel.shape
    area = kernel.mean()
    v10, v01 = kernel.mean(axis=1) - area, kernel.mean(axis=0) - area
    patients = rows.patient.unique()
    a = np.array([v10[positive == p].sum() for p in patients])
    b = np.array([v01[negative == p].sum() for p in patients])
    has_a = np.array([(positive == p).any() for p in patients])
    has_b = np.array([(negative == p).any() for p in patients])
    i10, i01, i = has_a.sum(), has_b.sum(), len(patients)
    s10 = i10 / ((i10 - 1) * m) * (a**2).sum()
    s01 = i01 / ((i01 - 1) * n) * (b**2).sum()
    s11 = i / (i - 1) * (a * b).sum()
    variance = s10 / m + s01 / n + 2 * s11 / (m * n)
    df = min(freedom(a[has_a]), freedom(b[has_b]))
    return float(area), float(variance), float(df)


def freedom(sums):
    """Box's: of a variance of values with an excess kurtosis."""
    n = len(sums)
    excess = max((sums**4).mean() / (sums**2).mean() ** 2 - 3, 0)
    return 2 / (2 / (n - 1) + excess / n)


def score_interval(hits, trials):
    """Wilson's with the effective number of rows, by its defining equation (p - x)^2 = t^2 x (1 - x) / n."""
    p = hits.sum() / trials.sum()
    count = len(hits)
    residual = hits - p * trials
    variance = count / (count - 1) * (residual**2).sum() / trials.sum() ** 2
    worth = min(p * (1 - p) / variance, trials.sum())
    t = stats.t.ppf(0.975, freedom(residual))
    roots = np.roots([1 + t**2 / worth, -(2 * p + t**2 / worth), p**2])
    return sorted(float(root) for root in roots.real)


def bca(point, drawn, left_out, groups):
    """Efron's limits, with Student's t of few groups for the normal."""
    share = ((drawn < point).sum() + 0.5 * (drawn == point).sum()) / len(drawn)
    z0 = stats.norm.ppf(share)
    gap = left_out.mean() - left_out
    a = (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
    z = np.sqrt(groups / (groups - 1)) * stats.t.ppf(0.975, groups - 1)
    at = [stats.norm.cdf(z0 + (z0 + side) / (1 - a * (z0 + side))) for side in (-z, z)]
    return [float(x) for x in np.quantile(drawn, at)]


def main():
    rng = np.random.default_rng(20261201)
    tables = [
        case("few patients", rng, 9, 1.5, False),
        case("ties", rng, 25, 1.0, True),
        case("both classes", rng, 20, 1.2, False, both=True),
        case("many", rng, 90, 0.8, False),
        case("strong", rng, 40, 3.0, False),
    ]
    table = pd.concat(tables)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.csv"
        table.to_csv(path, index=False, float_format="%.17g")
        out = subprocess.run(["Rscript", HERE / "proc.R", path], check=True, capture_output=True, text=True)
    made, *lines = [json.loads(line) for line in out.stdout.splitlines()]
    by_proc = {line.pop("case"): line for line in lines}
    cases = []
    for rows in tables:
        name = rows.case.iloc[0]
        target = rows.target.to_numpy()
        one, other = (wins(target, rows[column].to_numpy()) for column in ("one", "other"))
        right = {c: (rows[c].to_numpy() > 0.5) == (target == 1) for c in ("one", "other")}
        split = [[(a & b).sum() for b in (right["other"], ~right["other"])] for a in (right["one"], ~right["one"])]
        by_patient = rows.assign(right=right["one"]).groupby("patient").right.agg(["sum", "size"])
        cases.append({
            "name": name,
            "patients": rows.patient.tolist(),
            "targets": target.tolist(),
            "one": rows.one.tolist(),
            "other": rows.other.tolist(),
            "proc": by_proc[name],
            "clustered": dict(zip(("value", "variance", "df"), obuchowski(rows, one))),
            "clustered_difference": dict(zip(("value", "variance", "df"), obuchowski(rows, other - one))),
            "mcnemar_p": float(mcnemar(split, exact=True).pvalue),
            "share_interval": score_interval(by_patient["sum"].to_numpy(float), by_patient["size"].to_numpy(float)),
        })
    drawn = np.sort(rng.gamma(4, size=401))
    left_out = rng.gamma(4, size=23)
    point = float(np.quantile(drawn, 0.45))
    folds = rng.normal(0.01, 0.02, size=10)
    statistic = folds.mean() / np.sqrt((1 / 10 + 1 / 9) * folds.var(ddof=1))
    ps = rng.random(7) ** 3
    dfs = [1.0, 1.7, 4.0, 9.0, 29.3, 1000.0]
    goldens = {
        "made_with": {
            "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__, **made,
        },
        "cases": cases,
        "bca": {
            "point": point, "drawn": drawn.tolist(), "left_out": left_out.tolist(), "groups": 23,
            "interval": bca(point, drawn, left_out, 23),
        },
        "corrected_t": {
            "differences": folds.tolist(), "test_over_train": 1 / 9, "statistic": float(statistic),
            "p": float(2 * stats.t.sf(abs(statistic), 9)),
        },
        "holm": {"p": ps.tolist(), "adjusted": multipletests(ps, method="holm")[1].tolist()},
        "t_quantiles": [[df, float(stats.t.ppf(0.975, df))] for df in dfs],
        "wilson": [[hits, trials, *map(float, proportion_confint(hits, trials, method="wilson"))]
                   for hits, trials in ((3, 17), (99, 120))],
    }
    (HERE / "comparison.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
