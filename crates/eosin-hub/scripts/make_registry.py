"""Writes `weights.toml` from timm: `python make_registry.py` (made with timm 1.0.31).

Names, files, licences, means, deviations and sizes are timm's own. What timm does not know
(`revision`, `sha256`, `bytes`) is kept from the file as it is, or comes from `PROVEN`. Nothing is
fetched, and no hash is ever made up: an entry without one is fetched on first use only.
"""

import pathlib
import tomllib

import timm

OUT = pathlib.Path(__file__).parents[1] / "weights.toml"

ARCHITECTURES = """
resnet18 resnet34 resnet50 resnet101
efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4
tf_efficientnet_lite0 tf_efficientnet_lite1 tf_efficientnet_lite2
rexnet_100 rexnet_130 rexnet_150 rexnet_200 rexnet_300
vgg16 vgg16_bn vgg19
mobilenetv2_100 mobilenetv2_140 mobilenetv3_large_100
resnest14d resnest26d resnest50d
densenet121 convnext_tiny vit_small_patch16_224 vit_small_patch14_dinov2
""".split()

# SHA-256 of `model.safetensors`. Taken only where at least two unrelated public repositories on
# GitHub state the same one for the same hub repository, as a pin that their programs check or as
# the name of the blob in a hub cache (which is the LFS SHA-256). `revision` and `bytes` likewise
# need two such sources. A wrong hash could only refuse a good file, never let a bad one through
# that those sources had not seen too. Looked up in 2026-11; the first source of most is
# ferrotorch (`ferrotorch-hub/src/registry.rs`), the others disagree in language and purpose.
PROVEN = {
    # ferrotorch; a numeric data set's recipe; a benchmark's weights.json; a driving model's code.
    "resnet18.a1_in1k": {
        "revision": "491b427b45c94c7fb0e78b5474cc919aff584bbf",
        "sha256": "80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
        "bytes": 46807446,
    },
    # ferrotorch; a weights catalogue in Go; a protocol's frozen configuration; two more.
    "resnet50.a1_in1k": {
        "revision": "767268603ca0cb0bfe326fa87277f19c419566ef",
        "sha256": "773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
        "bytes": 102469840,
    },
    # A catalogue in Scheme; a training service's presets.
    "resnet50.tv_in1k": {
        "sha256": "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
    },
    # ferrotorch; a staged-weights manifest; a table of hub revisions; a pilot's protocol.
    "efficientnet_b0.ra_in1k": {
        "revision": "1b5383e5f79cc0f7fc067e372f8f26a5fa73f26a",
        "sha256": "d569899762ea9b1384ee07f4af64805cf8caa1c55f9253ebb1080dc40e87a2cd",
        "bytes": 21355344,
    },
    # A model manifest's test; a fetch script; a table of hub revisions.
    "mobilenetv3_large_100.ra_in1k": {
        "sha256": "f425af34cc1cead2b5d6211f789a1f30b94835dc32f9c0fcc5a916e4fd2dde85",
    },
    # ferrotorch; an implementation of LPIPS.
    "vgg16.tv_in1k": {
        "sha256": "57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
    },
    # ferrotorch; the blob's name in a hub cache that a clinic's program ships.
    "densenet121.tv_in1k": {
        "sha256": "c894c6d9caa317a8ca1942986dee7a16a86c77734a4d691d2abe05389cfef358",
    },
    # ferrotorch; a laboratory diary; a table of cached snapshots; a training service's presets.
    "convnext_tiny.fb_in1k": {
        "revision": "b43a6303c9fcf176d2d707478a128c2c91e93528",
        "sha256": "08b9dc9c3a3a29421de7996761e176501896d1ae7fc3085cf56a643772329276",
    },
    # A table of cached snapshots; a staged-weights manifest; a page of pinned revisions; a survey.
    "convnext_tiny.in12k_ft_in1k": {
        "revision": "aa096f03029c7f0ec052013f64c819b34f8ad790",
        "sha256": "a1aefa409b513cf209b085424eb3efffe4e4a9f511491bc2c12ea35209e6bb95",
        "bytes": 114374272,
    },
    # A snapshot resolver; a catalogue in Go; a managed-weights table; a model's release notes.
    "vit_small_patch16_224.augreg_in21k_ft_in1k": {
        "revision": "7e2c55630205e1266030f18370f4c6ed1a514b52",
        "sha256": "79c03c635cdfd798a364a9d8c4e5c0b7255b975ea2c9616046d4f77ab01435aa",
        "bytes": 88216496,
    },
    # A candidate list with revisions; a staged-weights manifest; six more.
    "vit_small_patch14_dinov2.lvd142m": {
        "revision": "4610ca143709d58a633b6397a74412c2c3842454",
        "sha256": "04d27f3400d059fc0cfd7d17dd1909a75bf3ea8fb3eeb48b97cb99e57ee20081",
        "bytes": 88240510,
    },
}

HEAD = """\
# Weights by name. Written by scripts/make_registry.py from timm {version}, which see for where
# hashes come from. Of each architecture the first entry is timm's default.
#
# An entry without a sha256 is fetched only on first use, and its hash is then pinned beside it;
# the record of that can be pasted here.
"""


def names_of(architecture):
    """timm's default first."""
    default = f"{architecture}.{timm.get_pretrained_cfg(architecture).tag}"
    names = timm.list_pretrained(f"{architecture}.*")
    assert default in names, default
    return [default] + [name for name in names if name != default]


def note_of(config):
    notes = []
    if config.num_classes == 0:
        notes.append("no classifier")
    elif config.num_classes != 1000:
        notes.append(f"{config.num_classes} classes")
    if config.origin_url:
        notes.append(f"from {config.origin_url}")
    return "; ".join(notes)


def entry_of(architecture, name, kept):
    config = timm.get_pretrained_cfg(name)
    channels, height, width = config.input_size
    assert channels == 3 and height == width, name
    proven = PROVEN.get(name, {})
    known = {key: kept[key] for key in ("revision", "sha256", "bytes") if key in kept}
    if known.get("revision") == "main":
        del known["revision"]
    for key in known.keys() & proven.keys():
        assert known[key] == proven[key], f"{name}: {key} differs from PROVEN"
    known = proven | known
    entry = {
        "name": name,
        "architecture": architecture,
        "repository": config.hf_hub_id,
        "revision": known.get("revision", "main"),
        "file": config.hf_hub_filename or "model.safetensors",
        "sha256": known.get("sha256"),
        "bytes": known.get("bytes"),
        "licence": config.license,
        "mean": list(map(float, config.mean)),
        "std": list(map(float, config.std)),
        "size_px": height,
        "note": note_of(config),
    }
    return {key: value for key, value in entry.items() if value not in (None, "")}


def text_of(value):
    if isinstance(value, str):
        assert '"' not in value and "\\" not in value, value
        return f'"{value}"'
    return str(value)


def main():
    old = tomllib.loads(OUT.read_text())["weights"] if OUT.exists() else []
    old = {entry["name"]: entry for entry in old}
    lines = [HEAD.format(version=timm.__version__)]
    for architecture in ARCHITECTURES:
        for name in names_of(architecture):
            # Weights without a stated licence are nobody's to use.
            if not timm.get_pretrained_cfg(name).license:
                print(f"left out, no licence: {name}")
                continue
            entry = entry_of(architecture, name, old.get(name, {}))
            lines.append("[[weights]]")
            lines += [f"{key} = {text_of(value)}" for key, value in entry.items()]
            lines.append("")
    OUT.write_text("\n".join(lines))
    print(f"{len(lines)} lines into {OUT}")


main()
