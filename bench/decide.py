"""Tables of decision.json: what each calibrator and each threshold comes to, out of fold and on test.

Usage: python3 bench/decide.py RUN/decision.json ...
"""

import json
import pathlib
import sys


def shown(value, digits=4):
    return "-" if value is None else f"{value:.{digits}f}"


def calibration(found):
    print("| calibrator | part | log loss | Brier | ECE | slope | in the large | reliability, resolution |")
    print("|---|---|---|---|---|---|---|---|")
    for one in found["calibration"]:
        parts = [("out of fold", part) for part in one["out_of_fold"][:1]]
        parts += [("test", one["test"])] if one["test"] else []
        for name, part in parts:
            slope, large = (part["recalibration"][key] for key in ("slope", "in_the_large"))
            interval = slope["interval"]
            text = slope.get("undefined") or shown(slope["value"], 2)
            if interval:
                text += f" [{interval['ci_low']:.2f}, {interval['ci_high']:.2f}]"
            brier = part["brier_parts"]
            print(f"| {one['kind']} | {name} | {shown(part['log_loss'])} | {shown(part['brier'])} | "
                  f"{shown(part['ece'])} | {text} | {shown(large['value'], 2)} | "
                  f"{shown(brier['reliability'])}, {shown(brier['resolution'])} |")
        for key in ("undefined", "out_of_fold_undefined"):
            if one.get(key):
                print(f"  {one['kind']}, {key}: {one[key]}")


def thresholds(found):
    names = ("sensitivity", "specificity", "precision", "khd")
    print("| rule | probability (of the folds) | part | " + " | ".join(names) + " |")
    print("|---|---|---|" + "---|" * len(names))
    for one in found["thresholds"]:
        at = "-" if one["threshold"] is None else shown(one["threshold"]["prob"])
        if one["across_folds"]:
            at += f" ({one['across_folds']['low']:.4f} to {one['across_folds']['high']:.4f} as it is)"
        for name in ("chosen_on", "out_of_fold", "test"):
            if one[name]:
                print(f"| {one['rule']} | {at} | {name} | " + " | ".join(shown(one[name][n]) for n in names) + " |")
        for key in ("undefined", "out_of_fold_undefined"):
            if one.get(key):
                print(f"  {one['rule']}, {key}: {one[key]}")


def sizes(found):
    for part in ("out_of_fold", "test"):
        if not found[part]:
            continue
        size = found[part]["sample_size"]
        print(f"{part}: {size['rows']} patches, {size['positives']} positive, design effect "
              f"{shown(size['design']['effect'], 2)} ({size['design']['groups']} groups, ICC {shown(size['design']['icc'], 3)})")
        for need in size["needs"]:
            print(f"  {need['criterion']} within {need['width']}: needs {need['rows']} ({need['rows_independent']} "
                  f"independent), here {shown(need['width_here'], 3)}")


for path in map(pathlib.Path, sys.argv[1:]):
    found = json.loads(path.read_text())
    print(f"\n### {path.parent.name}, by {found['group']}")
    calibration(found)
    thresholds(found)
    sizes(found)
