#!/usr/bin/env python3
"""Forward time per image of backbones, eosin against timm, alternating on the same machine.

Needs: torch, timm, torchvision; `cargo build --release --workspace --examples --bins`.
Usage: forward.py [--seconds S] [--compile] [NAME[:SIZE:BATCH] ...]

Without names every backbone is timed at its own size, with a batch of 8 (2 for sides above 320 px).
eosin and PyTorch (channels_last, no_grad, 2 threads) take turns, three times S seconds each
(default 2). Printed are the medians of the three medians in ms an image, and PyTorch's over
eosin's; with --compile also those of torch.compile.
"""
import argparse, json, os, statistics, subprocess, time
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

def cases(names):
    models = json.loads(subprocess.run([EOSIN, "models", "--json"], check=True, capture_output=True, text=True).stdout)["models"]
    sizes = {model["name"]: model["size_px"] for model in models if model["name"] not in ("eosin_mini", "baseline_cnn")}
    for name in names or sizes:
        name, *rest = name.split(":")
        size, batch = (int(rest[0]), int(rest[1])) if rest else (sizes[name], 8 if sizes[name] <= 320 else 2)
        yield name, size, batch

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    extra = " torch.compile ms | ratio |" if args.compile else ""
    print(f"| backbone | px | batch | eosin ms | timm ms | ratio |{extra}\n|---|---|---|---|---|---|{'---|---|' if args.compile else ''}", flush=True)
    ratios = []
    for name, size, batch in cases(args.names):
        net = network(name, size).eval().to(memory_format=torch.channels_last)
        x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
        sides = [lambda: ours(name, size, batch, args.seconds), lambda: theirs(net, x, args.seconds)]
        if args.compile:
            compiled = torch.compile(net)
            sides.append(lambda: theirs(compiled, x, args.seconds))
        turns = [[side() for side in sides] for _ in range(3)]
        own, *others = (statistics.median(side) for side in zip(*turns))
        ratios.append(min(others) / own)
        cells = " | ".join(f"{other:.1f} | {other / own:.2f}" for other in others)
        print(f"| {name} | {size} | {batch} | {own:.1f} | {cells} |", flush=True)
    print(f"\ngeometric mean of the ratios to the faster: {statistics.geometric_mean(ratios):.2f}")

main()
