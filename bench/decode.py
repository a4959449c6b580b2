#!/usr/bin/env python3
"""Time to decode, resize and normalise patches on one core, eosin against Pillow and torchvision.

Needs: torch, torchvision, Pillow; `cargo build --release --workspace --examples --bins`.
Usage: decode.py SIZE FILE... (bilinear to SIZE, into batches of 64; three turns of 3 s each)
"""
import os, statistics, subprocess, sys, time
import torch
from PIL import Image
from torchvision import io, transforms
from torchvision.transforms import v2

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DECODE = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")) + "/release/examples/decode"
SCALE = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

def main():
    size, files = int(sys.argv[1]), sys.argv[2:]
    torch.set_num_threads(1)
    pillow = transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor(), transforms.Normalize(*SCALE)])
    tensor = v2.Compose([v2.Resize((size, size), antialias=True), v2.ToDtype(torch.float32, scale=True), v2.Normalize(*SCALE)])
    sides = {
        "Pillow + torchvision": lambda f: pillow(Image.open(f).convert("RGB")),
        "torchvision.io + v2": lambda f: tensor(io.decode_image(f, io.ImageReadMode.RGB)),
    }
    def timed(read, seconds=3.0):
        times, begun = [], time.perf_counter()
        while len(times) < 3 or time.perf_counter() - begun < seconds:
            at = time.perf_counter()
            for first in range(0, len(files), 64): torch.stack([read(f) for f in files[first:first + 64]])
            times.append((time.perf_counter() - at) * 1e6 / len(files))
        return statistics.median(times)
    def ours():
        return float(subprocess.run([DECODE, str(size), "3", *files], check=True, capture_output=True, text=True).stdout)
    turns = [[ours(), *(timed(read) for read in sides.values())] for _ in range(3)]
    own, *others = (statistics.median(side) for side in zip(*turns))
    print(f"eosin {own:.0f} us an image")
    for name, other in zip(sides, others): print(f"{name} {other:.0f} us, ratio {other / own:.2f}")

main()
