"""Holds the figures of reports to the files of their runs, bit by bit.

    python bench/report_figures.py RUN [...]

Every metric of metrics.json, every calibration, threshold and net benefit of decision.json that the report shows must
stand in its section with all its digits (on hover), and page one must have the figures at the locked threshold.
"""
import json
import pathlib
import re
import sys

TABLE = "khd auroc auprc accuracy balanced_accuracy precision recall specificity npv f1 mcc log_loss brier ece".split()


def section(html, name):
    found = re.search(rf'<section id="{name}">(.*?)</section>', html, re.S)
    return found.group(1) if found else ""


def numbers(html):
    return {float(text) for text in re.findall(r'title="(-?[0-9.]+)"', html)}


def check(run):
    html = (run / "report.html").read_text()
    metrics = json.loads((run / "metrics.json").read_text())
    wanted, missing = 0, []

    def hold(where, values):
        nonlocal wanted
        there = numbers(section(html, where))
        for name, value in values:
            if value is None:
                continue
            wanted += 1
            if value not in there:
                missing.append(f"{where}: {name} {value}")

    sets = metrics["out_of_fold"] + [metrics[part] for part in ("test_average", "test_best") if metrics[part]]
    for judged in sets:
        hold("metrics", [(name, judged[name]) for name in TABLE])
        if judged["class_count"] > 2:
            for of in judged["per_class"]:
                hold("classes", [(name, of[name]) for name in "auroc auprc precision recall specificity npv f1".split()])
    for fold in metrics["folds"]:
        hold("folds", [(name, fold["metrics"][name]) for name in TABLE])
    first = metrics["test_average"] or metrics["out_of_fold"][0]
    path = run / "decision.json"
    decision = json.loads(path.read_text()) if path.exists() else None
    locked = decision and decision["applied"].get("threshold")
    if first["class_count"] > 2:
        for of in first["per_class"]:
            hold("page-one", [(name, of[name]) for name in "recall specificity precision npv".split()])
    elif not locked:
        hold("page-one", [(name, first[name]) for name in "recall specificity precision npv".split()])
    if decision:
        for of in decision["calibration"]:
            for figures in of["out_of_fold"][:1] + ([of["test"]] if of["test"] else []):
                hold("calibration", [(name, figures[name]) for name in ("log_loss", "brier", "ece")])
                if "recalibration" in figures:
                    two = figures["recalibration"]
                    hold("calibration", [(name, two[name]["value"]) for name in ("slope", "intercept", "in_the_large")])
                    parts = figures["brier_parts"]
                    hold("calibration", [(name, parts[name]) for name in parts if name != "brier"])
        for of in decision["thresholds"]:
            for part in ("out_of_fold", "test"):
                if of[part]:
                    hold("usefulness", [(f"{of['rule']} {name}", of[part][name]) for name in "sensitivity specificity precision npv f1".split()])
            if locked and of["rule"] == locked["rule"]:
                judged = of["test"] or of["out_of_fold"] or of["chosen_on"]
                hold("page-one", [(name, judged[name]) for name in "sensitivity specificity precision npv".split()])
        for part in ("out_of_fold", "test"):
            if decision[part]:
                curve = {point["threshold"]: point for point in decision[part]["decision_curve"]}
                shown = [at for at in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9) if at in curve]
                hold("usefulness", [(f"net benefit at {at}", curve[at][of]) for at in shown for of in ("model", "treat_all")])
                hold("sample-size", [(need["criterion"], need["width_here"]) for need in decision[part]["sample_size"]["needs"]])
    print(f"{run}: {wanted} figures, {len(missing)} not in the report")
    for one in missing[:20]:
        print("  " + one)
    assert wanted > 100, "nothing was compared"
    return len(missing)


if __name__ == "__main__":
    sys.exit(1 if sum(check(pathlib.Path(run)) for run in sys.argv[1:]) else 0)
