#!/usr/bin/env python3
"""Forward time per image of every backbone, eosin against timm, alternating on the same machine.

Needs: torch, timm, torchvision; `cargo build --release -p eosin-models --example forward`.
Usage: forward.py [SECONDS [NAME ...]]

For each backbone, at its own size with a batch of 8 (2 for sides above 320 px), eosin and PyTorch
(channels_last, no_grad, 2 threads) are timed three times in turn, SECONDS each (default 2). Printed
are the medians of the three medians in ms an image, and their ratio (PyTorch / eosin).
"""
import json, os, statistics, subprocess, sys, time
import timm, torch, torchvision

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
EOSIN, FORWARD = f"{TARGET}/release/eosin", f"{TARGET}/release/examples/forward"
THREADS = 2

def network(name, size):
    if name == "squeezenet1_1": return torchvision.models.squeezenet1_1()
    return timm.create_model(name, **({"img_size": size} if name.startswith("vit_") else {}))

def theirs(net, x, seconds):
    with torch.no_grad():
        net(x)
        times, begun = [], time.perf_counter()
        while len(times) < 3 or time.perf_counter() - begun < seconds:
            at = time.perf_counter(); net(x); times.append((time.perf_counter() - at) * 1e3 / len(x))
    return statistics.median(times)

def ours(name, size, batch, seconds):
    out = subprocess.run([FORWARD, name, str(size), str(batch), str(seconds), str(THREADS)], check=True, capture_output=True, text=True)
    return float(out.stdout)

def main():
    torch.set_num_threads(THREADS)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    models = json.loads(subprocess.run([EOSIN, "models", "--json"], check=True, capture_output=True, text=True).stdout)
    print("| backbone | px | batch | eosin ms | timm ms | ratio |\n|---|---|---|---|---|---|", flush=True)
    ratios = []
    for model in models:
        name, size = model["name"], model["size_px"]
        if name in ("eosin_mini", "baseline_cnn") or (sys.argv[2:] and name not in sys.argv[2:]): continue
        batch = 8 if size <= 320 else 2
        net = network(name, size).eval().to(memory_format=torch.channels_last)
        x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
        pairs = [(ours(name, size, batch, seconds), theirs(net, x, seconds)) for _ in range(3)]
        a, b = (statistics.median(side) for side in zip(*pairs))
        ratios.append(b / a)
        print(f"| {name} | {size} | {batch} | {a:.1f} | {b:.1f} | {b / a:.2f} |", flush=True)
    print(f"\ngeometric mean of the ratios: {statistics.geometric_mean(ratios):.2f}")

main()
