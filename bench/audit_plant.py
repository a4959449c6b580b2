"""Plants changed copies in a set of patches: what `bench/audit.py` measures `eosin audit` on.

    python bench/audit_plant.py SET OUT [--copies 500] [--seed 1]

SET is a folder such as pcam-khd (`{train,test}/CLASS/*.jpg`). OUT gets all of it (hard links or copies) and, in a
part and class drawn at random half of the time, else beside its original, each planted copy; OUT's parent gets
`planted.csv`: copy, original and what was done. Every copy is turned (one of eight symmetries), cropped by 5-20 %
of its sides, resized to 72-128 px, restained (haematoxylin and eosin each times 0.75-1.3, hue turned by up to 8
degrees), made brighter or darker by up to 20 % and written as JPEG of quality 50-95: all of these at once.
"""

import argparse
import csv
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

HED = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])


def restain(rgb, factors):
    density = -np.log(np.maximum(rgb, 1.0) / 255.0)
    amounts = density @ np.linalg.inv(HED) * factors
    return np.clip(255.0 * np.exp(-(amounts @ HED)), 0, 255)


def turn_hue(rgb, degrees):
    hsv = np.asarray(Image.fromarray(rgb.round().astype(np.uint8)).convert("HSV")).copy()
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees * 255 / 360)) % 256
    return np.asarray(Image.fromarray(hsv, "HSV").convert("RGB")).astype(float)


def changed(image, rng):
    symmetry = int(rng.integers(8))
    cropped = float(rng.uniform(0.05, 0.20))
    side = round(image.width * (1 - cropped))
    left, top = (int(rng.integers(image.width - side + 1)) for _ in range(2))
    size = int(rng.integers(72, 129))
    stains = [float(rng.uniform(0.75, 1.3)), float(rng.uniform(0.75, 1.3)), 1.0]
    hue = float(rng.uniform(-8, 8))
    brightness = float(rng.uniform(0.8, 1.2))
    quality = int(rng.integers(50, 96))
    pixels = np.asarray(image.crop((left, top, left + side, top + side)).resize((size, size), Image.BICUBIC))
    pixels = np.rot90(pixels[:, ::-1] if symmetry & 4 else pixels, symmetry & 3)
    pixels = turn_hue(restain(pixels.astype(float), stains), hue) * brightness
    out = Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8))
    facts = dict(symmetry=symmetry, left=left, top=top, side=side, size=size, brightness=round(brightness, 3), quality=quality)
    return out, quality, facts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    originals = sorted(path.relative_to(args.set) for path in args.set.rglob("*.jpg"))
    for path in originals:
        to = args.out / path
        to.parent.mkdir(parents=True, exist_ok=True)
        if not to.exists():
            try:
                os.link(args.set / path, to)
            except OSError:
                shutil.copyfile(args.set / path, to)
    folders = sorted({path.parent for path in originals})
    rows = []
    for number, at in enumerate(rng.choice(len(originals), args.copies, replace=False)):
        original = originals[at]
        folder = folders[rng.integers(len(folders))] if rng.random() < 0.5 else original.parent
        copy = folder / f"planted_{number:04}.jpg"
        image, quality, facts = changed(Image.open(args.set / original).convert("RGB"), rng)
        image.save(args.out / copy, quality=quality)
        rows.append(dict(copy=str(copy), original=str(original), **facts))
    with open(args.out.parent / "planted.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
