#!/usr/bin/env python3
"""eosin's stain methods against the tools whose conventions they follow: pixels, and time.

stain.py pixels EXAMPLE FOLDER [NAME]  per variant: share of pixels with every channel within 1 grey level, over all
                                   PNG files below FOLDER (ucsb512), three of them as target in turn
stain.py time EXAMPLE IMAGE        milliseconds a patch on one core, side by side (run it under `taskset -c 0`)
stain.py vahadane EXAMPLE FOLDER   what Vahadane's stains are held to, on every 8th PNG file: the objective beside that of
                                   SPAMS' trainDL (three starts), the error of reconstruction, the share of codes that
                                   are 0
stain.py goldens EXAMPLE           the numbers in crates/eosin-data/src/stain/tests.rs

EXAMPLE is target/release/examples/stain (cargo build --release -p eosin-data --example stain).
Needs: numpy, pillow, torch, torchstain 1.4.1, opencv-python-headless, scikit-image, and the *files* of
tiatoolbox 2.1.3 and staintools 2.1.2 (pip install --no-deps) with spams-bin. Of TIAToolbox and StainTools the modules
that normalise are run as they are; what their packages import beside (viewers, models) is stubbed, and of
tiatoolbox.utils the functions that are called are taken from the files by name.
"""
import ast, importlib.util, subprocess, sys, tempfile, time, types, warnings
from pathlib import Path
import numpy as np
from PIL import Image

warnings.filterwarnings("ignore")


def functions_of(path, names, scope):
    tree = ast.parse(Path(path).read_text())
    body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    exec(compile(ast.Module([ast.parse("from __future__ import annotations").body[0]] + body, []), str(path), "exec"), scope)


def tiatoolbox():
    import cv2
    from skimage import exposure
    root = Path(importlib.util.find_spec("tiatoolbox").submodule_search_locations[0])
    for name, path in [("tiatoolbox", root), ("tiatoolbox.tools", root / "tools"), ("tiatoolbox.utils", root / "utils")]:
        module = sys.modules[name] = types.ModuleType(name)
        module.__path__ = [str(path)]
    import logging
    sys.modules["tiatoolbox"].logger = logging.getLogger("tiatoolbox")
    for name, wanted in [("misc", {"get_luminosity_tissue_mask", "contrast_enhancer", "load_stain_matrix"}),
                         ("transforms", {"rgb2od", "od2rgb"})]:
        module = sys.modules[f"tiatoolbox.utils.{name}"] = types.ModuleType(name)
        module.__dict__.update(np=np, cv2=cv2, exposure=exposure)
        functions_of(root / "utils" / f"{name}.py", wanted, module.__dict__)
    from tiatoolbox.tools import stainnorm
    return stainnorm


def staintools():
    root = Path(importlib.util.find_spec("staintools").submodule_search_locations[0])
    module = sys.modules["staintools"] = types.ModuleType("staintools")
    module.__path__ = [str(root)]
    from staintools.stain_normalizer import StainNormalizer
    return StainNormalizer


def tools(threads=None):
    import torch
    if threads:
        torch.set_num_threads(threads)
    from torchstain.numpy.normalizers.macenko import NumpyMacenkoNormalizer
    from torchstain.numpy.normalizers.reinhard import NumpyReinhardNormalizer
    from torchstain.torch.normalizers.macenko import TorchMacenkoNormalizer
    tia, st = tiatoolbox(), staintools()

    class Torchstain:
        def __init__(self, inner): self.inner = inner
        def fit(self, x): self.inner.fit(x)
        def transform(self, x):
            out = self.inner.normalize(x, stains=False) if "Macenko" in type(self.inner).__name__ else self.inner.normalize(x)
            return out[0] if isinstance(out, tuple) else out

    class Torch:
        def __init__(self): self.inner = TorchMacenkoNormalizer()
        def fit(self, x): self.inner.fit(torch.from_numpy(x.copy()).permute(2, 0, 1))
        def transform(self, x): return self.inner.normalize(torch.from_numpy(x).permute(2, 0, 1), stains=False)[0].numpy()

    return {
        "macenko:torchstain": lambda: Torchstain(NumpyMacenkoNormalizer()),
        "macenko:torchstain-torch": Torch,
        "macenko:tiatoolbox": tia.MacenkoNormalizer,
        "macenko:staintools": lambda: st("macenko"),
        "ruifrok:tiatoolbox": tia.RuifrokNormalizer,
        "reinhard:torchstain": lambda: Torchstain(NumpyReinhardNormalizer()),
        "reinhard:torchstain-modified": lambda: Torchstain(NumpyReinhardNormalizer("modified")),
        "reinhard:tiatoolbox": tia.ReinhardNormalizer,
    }


def read(path):
    return np.asarray(Image.open(path).convert("RGB"))


def pixels(example, folder, only=""):
    files = sorted(Path(folder).rglob("*.png"))
    for name, make in tools(1).items():
        if only not in name:
            continue
        near = total = worst_file = 0
        worst, unchanged, largest = 1.0, 0, 0
        for target in (files[0], files[len(files) // 2], files[-1]):
            normaliser = make()
            normaliser.fit(read(target).copy())
            with tempfile.TemporaryDirectory() as out:
                pairs = [x for at, f in enumerate(files) for x in (str(f), f"{out}/{at}.raw")]
                said = subprocess.run([example, name, str(target), *pairs], check=True, capture_output=True, text=True).stdout
                said = said.splitlines()[1:]
                for at, file in enumerate(files):
                    if not said[at].endswith("normalised"):
                        unchanged += 1
                        continue
                    ours = np.fromfile(f"{out}/{at}.raw", np.uint8).astype(int).reshape(-1, 3)
                    theirs = np.asarray(normaliser.transform(read(file).copy())).astype(int).reshape(-1, 3)
                    apart = np.abs(ours - theirs).max(1)
                    share = (apart <= 1).mean()
                    near, total, largest = near + (apart <= 1).sum(), total + len(apart), max(largest, apart.max())
                    if share < worst:
                        worst, worst_file = share, file.name
        print(f"{name:30} within 1: {near / total:.6f}  worst patch {worst:.6f} ({worst_file})  largest {largest}  left by the guard {unchanged} of {3 * len(files)}", flush=True)


def side_by_side(example, image):
    x = read(image)
    print(image, x.shape)
    for name, make in {"macenko": None, **tools(1)}.items():
        ours = subprocess.run([example, "time", name, "reference" if "reinhard" not in name else image, image, "60"], check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        said = f"{name:30} eosin {ours}"
        if make:
            normaliser = make()
            normaliser.fit(x.copy())
            took = []
            for _ in range(9):
                copy = x.copy()
                begun = time.perf_counter()
                normaliser.transform(copy)
                took.append((time.perf_counter() - begun) * 1e3)
            said += f"   tool best {min(took):.1f} ms, median {sorted(took)[4]:.1f} ms"
        print(said, flush=True)


def vahadane(example, folder, penalty=0.1):
    import spams
    print("relative to eosin's objective, 1 = the same; above 1 = worse than eosin's")
    rows = []
    for file in sorted(Path(folder).rglob("*.png"))[::8]:
        od = -np.log(np.maximum(read(file).reshape(-1, 3), 1) / 240)
        tissue = (od.sum(1) >= 0.45) & (od[:, 0] <= 1.35 * od[:, 1]) & (od[:, 2] <= 1.35 * od[:, 1])
        x = np.asfortranarray(od[tissue].T[:, ::8])

        def judged(vectors):
            d = np.asfortranarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T)
            codes = spams.lasso(x, D=d, mode=2, lambda1=penalty, pos=True).toarray()
            error = ((x - d @ codes) ** 2).sum(0)
            return error.mean() / 2 + penalty * codes.sum(0).mean(), error.sum() / (x ** 2).sum(), (codes == 0).mean()

        def ours(method):
            said = subprocess.run([example, method, str(file)], check=True, capture_output=True, text=True).stdout
            numbers = [float(n.strip("[] ")) for n in said.split("vectors:")[1].split("strengths")[0].replace("]", " ").replace("[", " ").split(",") if n.strip()]
            return np.array(numbers).reshape(2, 3)

        learned, start = judged(ours("vahadane")), judged(ours("macenko"))
        def spams_from(seed):
            begin = x[:, np.random.default_rng(seed).integers(0, x.shape[1], 2)]
            begin = np.asfortranarray(begin / np.linalg.norm(begin, axis=0))
            return judged(spams.trainDL(x, D=begin, lambda1=penalty, mode=2, modeD=0, posAlpha=True, posD=True, iter=200, verbose=False).T)

        others = [spams_from(seed) for seed in range(3)]
        rows.append([start[0] / learned[0], *(o[0] / learned[0] for o in others), learned[1], learned[2]])
        print(file.name, " macenko %.4f  spams %.4f %.4f %.4f  error of reconstruction %.4f  zero codes %.3f" % tuple(rows[-1]), flush=True)
    print("mean", np.round(np.mean(rows, 0), 4), "least of SPAMS", np.round(np.min(np.array(rows)[:, 1:4]), 5))


def goldens(example):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([example, "phantoms", folder], check=True)
        patches = [np.fromfile(f"{folder}/{at}.raw", np.uint8).reshape(128, 128, 3) for at in range(4)]
    for name, make in tools().items():
        normaliser = make()
        normaliser.fit(patches[0].copy())
        rows = []
        for patch in patches[1:]:
            made = np.asarray(normaliser.transform(patch.copy())).reshape(-1, 3)
            rows.append([made[at].tolist() for at in range(517, 128 * 128, 1999)])
        print(f'    (\n        "{name}",\n        {rows},\n    ),')


if __name__ == "__main__":
    {"pixels": pixels, "time": side_by_side, "vahadane": vahadane, "goldens": goldens}[sys.argv[1]](*sys.argv[2:])
