#!/usr/bin/env python3
"""Time of a training step, eosin against PyTorch with timm, alternating on the same machine.

Needs: torch, timm; `cargo build --release --workspace --examples --bins`.
Usage: step.py [--seconds S] [--compile] [NAME:SIZE:BATCH:CUT:STATISTICS ...]

A step is forward, cross-entropy, backward and plain gradient descent. CUT 0 trains the whole
network; a higher one only the stages from there on and the classifier, from cached maps. STATISTICS
is `batch` (batch norms in training mode) or `running` (in evaluation mode). PyTorch runs
channels_last on 2 threads. Printed are medians of three medians in ms, and PyTorch's over eosin's.
"""
import argparse, os, statistics, subprocess, time
import timm, torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
STEP = f"{TARGET}/release/examples/step"
THREADS = 2
DEFAULT = [f"{name}:{size}:{batch}:{cut}:{mode}"
           for name, cuts in [("resnet18", [0, 4]), ("mobilenetv2_100", [0]), ("efficientnet_b3", [0, 7])]
           for size, batch in [(224, 16), (96, 64)] for cut in cuts for mode in ("batch", "running")]
# Without Burn: split attention, depthwise 7x7 with layer norms, attention.
DEFAULT += ["resnest50d:224:16:0:batch", "convnext_tiny:224:16:0:running", "vit_small_patch16_224:224:16:0:running"]

def tail(name, size, batch, cut):
    """The modules behind the cut, and what enters them."""
    net = timm.create_model(name, num_classes=2)
    x = torch.randn(batch, 3, size, size)
    if cut == 0: return net, x
    if name.startswith("resnet"):
        layers = [net.layer1, net.layer2, net.layer3, net.layer4]
        before = torch.nn.Sequential(net.conv1, net.bn1, net.act1, net.maxpool, *layers[:cut - 1])
        behind = torch.nn.Sequential(*layers[cut - 1:], net.global_pool, net.fc)
    else:
        blocks = list(net.blocks)
        before = torch.nn.Sequential(net.conv_stem, net.bn1, *blocks[:cut - 1])
        behind = torch.nn.Sequential(*blocks[cut - 1:], net.conv_head, net.bn2, net.global_pool, net.classifier)
    with torch.no_grad(): return behind, before.eval()(x)

def stepper(net, x, mode, compiles):
    net = net.to(memory_format=torch.channels_last)
    x = x.to(memory_format=torch.channels_last)
    net.train(mode == "batch")
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout): module.p = 0.0
    y = torch.arange(len(x)) % 2
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3)
    forward = torch.compile(net) if compiles else net
    def step():
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(forward(x), y).backward()
        optimiser.step()
    return step

def timed(step, seconds):
    step()
    times, begun = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begun < seconds:
        at = time.perf_counter(); step(); times.append((time.perf_counter() - at) * 1e3)
    return statistics.median(times)

def ours(case, seconds):
    out = subprocess.run([STEP, *case, str(seconds), str(THREADS)], check=True, capture_output=True, text=True)
    return float(out.stdout)

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("cases", nargs="*", default=DEFAULT)
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    extra = " torch.compile ms | ratio |" if args.compile else ""
    print(f"| backbone | px | batch | from stage | statistics | eosin ms | timm ms | ratio |{extra}\n|---|---|---|---|---|---|---|---|{'---|---|' if args.compile else ''}", flush=True)
    for case in args.cases:
        name, size, batch, cut, mode = fields = case.split(":")
        net, x = tail(name, int(size), int(batch), int(cut))
        steps = [stepper(net, x, mode, compiles) for compiles in ([False, True] if args.compile else [False])]
        turns = [[ours(fields, args.seconds), *(timed(step, args.seconds) for step in steps)] for _ in range(3)]
        own, *others = (statistics.median(side) for side in zip(*turns))
        cells = " | ".join(f"{other:.0f} | {other / own:.2f}" for other in others)
        print(f"| {name} | {size} | {batch} | {cut} | {mode} | {own:.0f} | {cells} |", flush=True)

main()
