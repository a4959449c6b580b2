"""Plants patches that are shifted against each other, and counts what `eosin audit` finds of them.

    python bench/audit_shift.py EOSIN SET OUT [--patches 1320] [--pairs 20] [--seed 1]

SET is a folder such as pcam-khd (`{train,test}/CLASS/*.jpg`). OUT gets so many of its patches, and for each shift (a sixth,
a quarter and a third of the side, right and down) so many pairs: two squares cut from opposite corners of a patch that is
not there otherwise, the second turned at random, both written as PNG. Whole sets are drawn by the seed.
"""

import argparse
import json
import random
import shutil
import subprocess
import time
from pathlib import Path

from PIL import Image

SHIFTS = {"1/6": 1 / 6, "1/4": 1 / 4, "1/3": 1 / 3}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("eosin"), words.add_argument("set", type=Path), words.add_argument("out", type=Path)
    words.add_argument("--patches", type=int, default=1320), words.add_argument("--pairs", type=int, default=20)
    words.add_argument("--seed", type=int, default=1)
    args = words.parse_args()
    rng = random.Random(args.seed)
    files = sorted(args.set.rglob("*.jpg"))
    rng.shuffle(files)
    planted, data = {}, args.out / "data"
    for shift, share in SHIFTS.items():
        for _ in range(args.pairs):
            source = files.pop()
            image = Image.open(source).convert("RGB")
            side = round(image.width / (1 + share))
            far = image.width - side
            first, second = image.crop((0, 0, side, side)), image.crop((far, far, far + side, far + side))
            turn = rng.randrange(8)
            second = second.rotate(90 * (turn % 4))
            if turn >= 4:
                second = second.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            names = [f"{source.stem}-{which}.png" for which in "ab"]
            (data / source.parent.name).mkdir(parents=True, exist_ok=True)
            for name, cut in zip(names, (first, second)):
                cut.save(data / source.parent.name / name)
            planted[frozenset(names)] = shift
    for source in files[: args.patches - 2 * len(planted)]:
        (data / source.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, data / source.parent.name / source.name)
    begun = time.monotonic()
    subprocess.run([args.eosin, "audit", "--data", data, "--size", "96", "--out", args.out / "audit"],
                   check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - begun
    pairs = json.loads((args.out / "audit" / "audit.json").read_text())["pairs"]
    told = {frozenset(Path(pair[key]).name for key in ("a", "b")) for pair in pairs}
    for shift in SHIFTS:
        own = [pair for pair, of in planted.items() if of == shift]
        print(f"shift {shift}: {sum(pair in told for pair in own)} of {len(own)} found")
    print(f"{len(told - set(planted))} other pairs told; {took:.1f} s with embedding, {args.patches} patches, seed {args.seed}")


main()
