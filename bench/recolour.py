#!/usr/bin/env python3
"""A copy of a set in folders part/class whose test part was stained otherwise, for bench/stain_scores.sh.

recolour.py DATA OUT STRENGTH

Every test patch is taken apart into Ruifrok's haematoxylin, eosin and a third stain; haematoxylin gets 1 + 0.5
STRENGTH times its strength, eosin 1 - 0.4 STRENGTH times, and both turn towards blue, as another laboratory's do
(their densities of red grow by 0.15 STRENGTH, of blue fall by 0.1 STRENGTH). One change for all, written as PNG;
the training part is linked as it is. Needs: numpy, pillow.
"""
import os, sys
from pathlib import Path
import numpy as np
from PIL import Image

data, out, strength = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), float(sys.argv[3])
hed = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
other = hed.copy()
other[:2, 0] += 0.15 * strength
other[:2, 2] -= 0.1 * strength
matrix = np.linalg.inv(hed) @ np.diag([1 + 0.5 * strength, 1 - 0.4 * strength, 1.0]) @ other
out.mkdir(parents=True)
os.symlink(data / "train", out / "train")
for path in sorted((data / "test").rglob("*.*")):
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(float)
    density = -np.log(np.maximum(pixels, 1) / 255)
    made = np.clip(np.rint(255 * np.exp(-(density @ matrix))), 0, 255).astype(np.uint8)
    to = out / path.relative_to(data).with_suffix(".png")
    to.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(made).save(to)
