"""What `eosin audit` finds: the figures of RESULTS.md.

    python bench/audit.py pairs  SET AUDIT.json PLANTED.csv     recall and precision on planted copies
    python bench/audit.py ucsb   SHARED AUDIT.json              the crop pairs of ucsb512 and their offsets
    python bench/audit.py labels RUN AUDIT.json FLIPPED.csv   the ranked list against cleanlab's, same probabilities
    python bench/audit.py flip   SET OUT [--share .05]          a set with labels flipped; OUT/../flipped.csv
    python bench/audit.py hide   SET OUT                        class folders without any name of slide or patient
    python bench/audit.py rand   SET AUDIT_OUT HIDDEN           adjusted Rand index of pseudo_groups.csv
    python bench/audit.py others SET PLANTED.csv                imagehash's pHash (as imagededup and cleanvision use it)

SET is a folder of class folders, or has a manifest.csv. Needs numpy, pillow, scikit-learn; `labels` cleanlab; `others`
imagehash. What eosin does is not computed here: its own files are read.
"""

import argparse
import csv
import json
import shutil
import time
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = {"identity": 0, "rot90": 1, "rot180": 2, "rot270": 3, "hflip": 4, "hflip+rot90": 5, "hflip+rot180": 6, "hflip+rot270": 7}


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def turned(pixels, symmetry):
    number = NAMES[symmetry]
    pixels = pixels[:, ::-1] if number & 4 else pixels
    return np.rot90(pixels, number & 3)


def rgb_correlation(root, pair):
    """Correlation of all colours over the overlap that a pair claims, best of 3 x 3 shifts by a pixel: what eosin
    decides on is neither colour nor whole pixels. Only for pairs of one scale."""
    a = np.asarray(Image.open(root / pair["a"]).convert("RGB")).astype(float)
    b = turned(np.asarray(Image.open(root / pair["b"]).convert("RGB")).astype(float), pair["symmetry"])
    best = -1.0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            x, y = round(pair["offset_px"][0]) + dx, round(pair["offset_px"][1]) + dy
            height = min(a.shape[0], y + b.shape[0]) - max(0, y)
            width = min(a.shape[1], x + b.shape[1]) - max(0, x)
            if height * width < 150:
                continue
            one = a[max(0, y):max(0, y) + height, max(0, x):max(0, x) + width]
            other = b[max(0, -y):max(0, -y) + height, max(0, -x):max(0, -x) + width]
            best = max(best, np.corrcoef(one.ravel(), other.ravel())[0, 1])
    return best


def pairs(args):
    root, audit = Path(args.set), json.load(open(args.audit))
    planted = rows_of(args.planted)
    original = {row["copy"]: row["original"] for row in planted}
    truth = {frozenset((row["copy"], row["original"])) for row in planted}
    found = {frozenset((pair["a"], pair["b"])): pair for pair in audit["pairs"]}
    among = {key: pair for key, pair in found.items() if not key & original.keys()}
    # A pair of originals is real when colours agree, too, or one holds the bytes of the other.
    real = {key for key, pair in among.items() if pair["confidence"] == 1.0 or rgb_correlation(root, pair) > 0.9}
    wrong, unsure = [], []
    for key, pair in found.items():
        if key in truth or key in among:
            continue
        source = frozenset(original.get(name, name) for name in key)
        if source in real or len(source) == 1:
            continue
        # A copy with a patch that its original may overlap: decided by the original at one scale.
        (wrong if pair["correlation"] < 0.9 else unsure).append((sorted(key), pair["correlation"], pair["confidence"]))
    false = len(wrong) + len(among) - len(real)
    hits = len(truth & found.keys())
    symmetry = sum(NAMES[found[frozenset((row["copy"], row["original"]))]["symmetry"]] in (int(row["symmetry"]), inverse(int(row["symmetry"])))
                   for row in planted if frozenset((row["copy"], row["original"])) in found)
    print(f"planted {len(truth)}, found {hits}: recall {hits / len(truth):.3f}; symmetry right in {symmetry} of them")
    print(f"pairs in all {len(found)}: among originals {len(among)}, of these real by colour {len(real)}; other false {len(wrong)}, "
          f"copies that overlap a third patch {len(unsure)}")
    print(f"precision {1 - false / len(found):.4f}")
    for name in wrong + unsure:
        print("  ", name)
    for label, keep in (("crop <= 10 %", lambda r: int(r["side"]) >= 86), ("crop > 10 %", lambda r: int(r["side"]) < 86),
                        ("quality < 65", lambda r: int(r["quality"]) < 65)):
        some = [row for row in planted if keep(row)]
        got = sum(frozenset((row["copy"], row["original"])) in found for row in some)
        print(f"   {label}: {got} of {len(some)}")


def inverse(number):
    return number if number & 4 else (4 - number) & 3


def ucsb(args):
    audit = json.load(open(args.audit))
    image = lambda key: key.rsplit("/", 1)[-1].rsplit("_c", 1)[0]
    own = [pair for pair in audit["pairs"] if image(pair["a"]) == image(pair["b"])]
    right = [pair for pair in own if sorted(np.abs(np.round(pair["offset_px"], 0))) == [256, 384] and pair["symmetry"] == "identity"]
    print(f"crop pairs found {len(own)} of 58, offset (384, 256) px in {len(right)}")
    for pair in audit["pairs"]:
        if pair not in right:
            print("  ", pair["a"], pair["b"], pair["symmetry"], pair["offset_px"], "correlation", pair["correlation"],
                  "colours", round(rgb_correlation(Path(args.shared) / "data/ucsb512", pair), 3))


def flip(args):
    root, out = Path(args.set), Path(args.out)
    rng = np.random.default_rng(args.seed)
    files = sorted(path.relative_to(root) for path in root.rglob("*.jpg"))
    classes = sorted({path.parent.name for path in files})
    flipped = set(rng.choice(len(files), round(args.share * len(files)), replace=False).tolist())
    rows = []
    for at, path in enumerate(files):
        label = path.parent.name
        if at in flipped:
            others = [name for name in classes if name != label]
            label = others[rng.integers(len(others))]
        to = path.parent.parent / label / f"{path.stem}_{at}.jpg"
        (out / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, out / to)
        rows.append(dict(key=str(to), flipped=int(at in flipped)))
    with open(out.parent / "flipped.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["key", "flipped"])
        writer.writeheader()
        writer.writerows(rows)
    print(len(files), "patches,", len(flipped), "labels flipped")


def labels(args):
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    flipped = {row["key"]: row["flipped"] == "1" for row in rows_of(args.flipped)}
    rows = [row for row in rows_of(Path(args.run) / "predictions.csv") if row["part"] == "out-of-fold"]
    columns = [name for name in rows[0] if name.startswith("prob_")]
    classes = [name[5:] for name in columns]
    probs = np.array([[float(row[name]) for name in columns] for row in rows])
    given = np.array([classes.index(row["target"]) for row in rows])
    truth = np.array([flipped[row["key"]] for row in rows])
    keys = [row["key"] for row in rows]
    first = round(0.05 * len(rows))
    ranked = [issue["key"] for issue in json.load(open(args.audit))["labels"]["ranked"]]
    own = np.mean([flipped[key] for key in ranked[:first]])
    print(f"{len(rows)} patches, {truth.sum()} flipped, first {first}")
    print(f"eosin: precision {own:.4f} (list of {len(ranked)}, estimated wrong {json.load(open(args.audit))['labels']['estimated']})")
    for method in ("normalized_margin", "self_confidence", "confidence_weighted_entropy"):
        order = np.argsort(get_label_quality_scores(given, probs, method=method), kind="stable")
        print(f"cleanlab {method}: precision {truth[order[:first]].mean():.4f}")
    for by in ("prune_by_noise_rate", "both", "confident_learning"):
        issues = find_label_issues(given, probs, filter_by=by, return_indices_ranked_by="normalized_margin")
        chosen = issues[:first]
        print(f"cleanlab {by}: {len(issues)} issues, precision of its first {len(chosen)}: {truth[chosen].mean():.4f}, "
              f"eosin's of as many: {np.mean([flipped[key] for key in ranked[:len(chosen)]]):.4f}")


def hide(args):
    root, out = Path(args.set), Path(args.out)
    rows = rows_of(root / "manifest.csv")
    rng = np.random.default_rng(0)
    key = []
    for number, at in enumerate(rng.permutation(len(rows))):
        row = rows[at]
        to = Path(row["label"]) / f"{number:05}{Path(row['path']).suffix}"
        (out / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / row["path"], out / to)
        key.append(dict(key=str(to), **row))
    with open(out.parent / f"{out.name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, key[0].keys())
        writer.writeheader()
        writer.writerows(key)


def rand(args):
    from sklearn.metrics import adjusted_rand_score

    truth = {row["key"]: row for row in rows_of(args.hidden)}
    column = "patient" if "patient" in next(iter(truth.values())) else "slide"
    guessed = rows_of(Path(args.audit) / "pseudo_groups.csv")
    one = [truth[row["key"]][column] for row in guessed]
    other = [row["group"] for row in guessed]
    print(f"{column}s {len(set(one))}, guessed {len(set(other))}, adjusted Rand index {adjusted_rand_score(one, other):.3f}")


def others(args):
    import imagehash

    root, planted = Path(args.set), rows_of(args.planted)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*.jpg"))
    start = time.time()
    hashes = np.array([imagehash.phash(Image.open(root / file)).hash.ravel() for file in files])
    took = time.time() - start
    bits = hashes.astype(np.float32) * 2 - 1
    index = {file: at for at, file in enumerate(files)}
    truth = {frozenset((index[row["copy"]], index[row["original"]])) for row in planted}
    distance = (64 - bits @ bits.T) / 2
    np.fill_diagonal(distance, 99)
    for most, name in ((0, "cleanvision's rule (equal pHash)"), (4, "4 bits"), (10, "imagededup's default, 10 bits"), (16, "16 bits")):
        pairs = {frozenset(pair) for pair in np.argwhere(distance <= most).tolist()}
        hits = len(pairs & truth)
        print(f"pHash, {name}: recall {hits / len(truth):.3f}, pairs {len(pairs)}, precision at best {hits / max(1, len(pairs)):.3f}")
    print(f"hashing {len(files)} files: {took:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, does, places in (
        ("pairs", pairs, ["set", "audit", "planted"]), ("ucsb", ucsb, ["shared", "audit"]), ("flip", flip, ["set", "out"]),
        ("labels", labels, ["run", "audit", "flipped"]), ("hide", hide, ["set", "out"]), ("rand", rand, ["set", "audit", "hidden"]),
        ("others", others, ["set", "planted"]),
    ):
        command = commands.add_parser(name)
        command.set_defaults(does=does)
        for place in places:
            command.add_argument(place)
        if name == "flip":
            command.add_argument("--share", type=float, default=0.05)
            command.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    args.does(args)


if __name__ == "__main__":
    main()
