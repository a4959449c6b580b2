#!/usr/bin/env python3
"""Checks exported networks: in timm (strict loading) and in ONNX Runtime, against eosin's logits.

Needs: torch, timm, safetensors, onnx, onnxruntime, numpy.   Usage: check_exports.py FOLDER

FOLDER is what `tests/exports.rs` writes: for each network NAME.json (size, logits), NAME.bin (two
images, [2, 3, size, size], f32), NAME.safetensors, and one or more NAME[.KIND].onnx.
"""
import glob, json, os, sys
import numpy as np, onnx, onnxruntime as ort, timm, torch
from safetensors.torch import load_file

def worst(got, expected):
    return float(np.abs(np.asarray(got, dtype=np.float64) - expected).max() / np.abs(expected).max())

def in_timm(name, size, folder, images):
    if name not in timm.list_models(): return None  # eosin's own, and torchvision's SqueezeNet
    extra = {"img_size": size} if name.startswith("vit_") else {}
    net = timm.create_model(name, num_classes=3, **extra).eval()
    missing = net.load_state_dict(load_file(f"{folder}/{name}.safetensors"), strict=False)
    # PyTorch's own counter of batches is no weight.
    left = [k for k in missing.missing_keys if not k.endswith("num_batches_tracked")]
    assert not left and not missing.unexpected_keys, (left, missing.unexpected_keys)
    with torch.no_grad(): return net(torch.from_numpy(images)).numpy()

def in_onnx(path, images, mean, std):
    model = onnx.load(path); onnx.checker.check_model(model, full_check=True)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    if name == "pixels": images = (images * np.reshape(std, (1, 3, 1, 1)) + np.reshape(mean, (1, 3, 1, 1))) * 255
    images = images.astype(np.float32)
    logits, probs = session.run(["logits", "probs"], {name: images})
    one = session.run(["logits"], {name: images[:1]})[0]  # another batch size
    assert worst(one, logits[:1]) < 1e-4, "a batch of one differs"
    assert np.allclose(probs.sum(1), 1, atol=1e-5)
    return logits

failed = False
for path in sorted(glob.glob(f"{sys.argv[1]}/*.json")):
    folder, name = os.path.dirname(path), os.path.basename(path)[:-5]
    facts = json.load(open(path)); size = facts["size"]
    images = np.fromfile(f"{folder}/{name}.bin", dtype=np.float32).reshape(2, 3, size, size)
    expected = np.array(facts["logits"]).reshape(2, -1)
    errors = {}
    theirs = in_timm(name, size, folder, images)
    if theirs is not None: errors["timm"] = worst(theirs, expected)
    for file in sorted(glob.glob(f"{folder}/{name}.onnx") + glob.glob(f"{folder}/{name}.*.onnx")):
        kind = os.path.basename(file)[len(name) + 1:]
        errors[kind] = worst(in_onnx(file, images, facts["mean"], facts["std"]), expected)
    bad = [k for k, e in errors.items() if not e < (5e-2 if k.startswith("f16") else 1e-4)]
    print(name, {k: f"{e:.1e}" for k, e in errors.items()}, "FAILED" if bad else "", flush=True)
    failed |= bool(bad)
sys.exit(failed)
