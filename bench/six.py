#!/usr/bin/env python3
"""The seed experiment with its six backbones, eosin beside the ordinary way, on a share of the data.

10 folds x 20 epochs of a head on a frozen backbone, 96 px, D4, random weights (they cost the same).
Every cost but the start of the program grows with the number of patches, so a share of them gives
the whole's ratio, or less than it. eosin runs all of it from an empty cache; `pytorch_head.py` runs
1 of the 200 epochs and is extrapolated. Times are of whole processes; peak memory too.

Needs: torch, timm, Pillow, scikit-learn; `cargo build --release --workspace --examples --bins`.
Usage: six.py DATA WORK [TRAIN TEST]   (DATA: pcam-khd unpacked; 400 and 100 patches by default)
"""
import json, os, pathlib, shutil, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
EOSIN = os.environ.get("CARGO_TARGET_DIR", str(HERE / "../target")) + "/release/eosin"
SIX = ["resnet18", "efficientnet_b3", "rexnet_200", "vgg16", "mobilenetv2_100", "resnest50d"]

def share(data, to, counts):
    """The first so many files of each class of each part, classes in their proportion."""
    for part, count in counts.items():
        classes = {d.name: sorted(d.iterdir()) for d in (data / part).iterdir()}
        total = sum(map(len, classes.values()))
        for name, files in classes.items():
            (to / part / name).mkdir(parents=True, exist_ok=True)
            for file in files[: round(count * len(files) / total)]: shutil.copy(file, to / part / name)

def measured(command):
    """Output, seconds, peak MiB."""
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status: sys.exit(f"{command[0]} failed")
    return out, time.perf_counter() - begun, usage.ru_maxrss / 1024

def main():
    data, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    train, test = map(int, sys.argv[3:5] or (400, 100))
    shutil.rmtree(work, ignore_errors=True)
    share(data, work / "data", {"train": train, "test": test})
    print("| backbone | PyTorch, 1/200 | PyTorch, whole | its peak MiB | eosin, whole | its peak MiB | ratio | memory |\n|---|---|---|---|---|---|---|---|", flush=True)
    sums = [0.0, 0.0]
    for name in SIX:
        out, _, their_peak = measured([sys.executable, str(HERE / "pytorch_head.py"), str(work / "data"), "random", "--backbone", name, "--epochs-done", "1"])
        theirs = json.loads(out.splitlines()[-1])
        _, own, own_peak = measured([EOSIN, "run", "--mode", "head", "--set", "predict.views=none", "--set", "train.label_smoothing=0.1", "--data", str(work / "data"), "--backbone", name, "--weights", "random", "--size", "96", "--cache", str(work / f"cache-{name}"), "--out", str(work / f"run-{name}")])
        sums[0] += theirs["secs_whole"]; sums[1] += own
        print(f"| {name} | {theirs['secs_done']:.1f} s | {theirs['secs_whole']:.0f} s | {their_peak:.0f} | {own:.1f} s | {own_peak:.0f} | {theirs['secs_whole'] / own:.0f} | {own_peak / their_peak:.2f} |", flush=True)
    print(f"\nall six: {sums[0]:.0f} s beside {sums[1]:.1f} s, ratio {sums[0] / sums[1]:.0f}")

main()
