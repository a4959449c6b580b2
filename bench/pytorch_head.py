#!/usr/bin/env python3
"""The reference experiment written the ordinary way, to be timed beside eosin.

PyTorch + timm: a frozen backbone in evaluation mode, a linear head, random D4 augmentation, one
forward pass per image per epoch, K folds x E epochs, two threads, channels-last, `torch.no_grad`
around the backbone. `--fraction` runs that share of the folds' epochs and states the time of the
whole as measured time / fraction done; scores come from the folds that were finished.

Needs: torch, timm, numpy, pillow, scikit-learn, safetensors.
Usage: pytorch_head.py DATA WEIGHTS [--backbone NAME] [--folds-done 1] [--epochs 20]
DATA holds train/ and test/ with a folder a class; WEIGHTS is timm's file of the backbone
(tf_efficientnet_lite0 unless another is named), or `random`.
"""
import argparse, json, pathlib, time
import numpy as np, timm, torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold


def scan(root):
    files = [(p, c) for c, name in enumerate(sorted(d.name for d in root.iterdir())) for p in sorted((root / name).iterdir())]
    return [p for p, _ in files], np.array([c for _, c in files])


class Patches(torch.utils.data.Dataset):
    """Reads, augments (hflip, vflip, rot90) and normalises, as a notebook does."""
    def __init__(self, paths, targets, train):
        self.paths, self.targets, self.train = paths, targets, train

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        x = torch.from_numpy(np.asarray(Image.open(self.paths[i]).convert("RGB"))).permute(2, 0, 1)
        if self.train:
            x = torch.rot90(x, int(torch.randint(4, ())), (1, 2))
            if torch.rand(()) < 0.5:
                x = x.flip(2)
        return (x.float() / 255 - 0.5) / 0.5, self.targets[i]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("data", type=pathlib.Path); a.add_argument("weights"); a.add_argument("--backbone", default="tf_efficientnet_lite0")
    a.add_argument("--folds", type=int, default=10); a.add_argument("--folds-done", type=int, default=1)
    a.add_argument("--epochs", type=int, default=20); a.add_argument("--epochs-done", type=int, default=None)
    a.add_argument("--batch-size", type=int, default=64); a.add_argument("--seed", type=int, default=0)
    a = a.parse_args()
    torch.manual_seed(a.seed); torch.set_num_threads(2)
    paths, targets = scan(a.data / "train"); test_paths, test_targets = scan(a.data / "test")
    net = timm.create_model(a.backbone)
    if a.weights != "random": net.load_state_dict(load_file(a.weights))
    net.reset_classifier(0); net.eval().to(memory_format=torch.channels_last)
    epochs = a.epochs_done or a.epochs
    loader = lambda p, t, train: torch.utils.data.DataLoader(Patches(p, t, train), a.batch_size, shuffle=train)
    begun, spent, aurocs, forwards = time.perf_counter(), 0.0, [], 0
    splits = list(StratifiedKFold(a.folds, shuffle=True, random_state=a.seed).split(paths, targets))
    best_head = None
    for train, val in splits[: a.folds_done]:
        head = torch.nn.Linear(net.head_hidden_size, 2)
        opt = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, a.epochs * -(-len(train) // a.batch_size))
        best = 0.0
        for epoch in range(epochs):
            for x, y in loader([paths[i] for i in train], targets[train], True):
                with torch.no_grad():
                    f = net(x.contiguous(memory_format=torch.channels_last))
                loss = torch.nn.functional.cross_entropy(head(f), y, label_smoothing=0.1)
                opt.zero_grad(); loss.backward(); opt.step(); schedule.step()
                forwards += len(x)
            probs = []
            with torch.no_grad():
                for x, _ in loader([paths[i] for i in val], targets[val], False):
                    probs.append(head(net(x.contiguous(memory_format=torch.channels_last))).softmax(1)[:, 1])
                    forwards += len(x)
            auroc = roc_auc_score(targets[val], torch.cat(probs).numpy()); best = max(best, auroc)
            print(f"epoch {epoch} val auroc {auroc:.4f}  {time.perf_counter() - begun:.0f} s", flush=True)
        aurocs.append(best); best_head = head
    spent = time.perf_counter() - begun
    share = a.folds_done * epochs / (a.folds * a.epochs)
    test = []
    with torch.no_grad():
        for x, _ in loader(test_paths, test_targets, False):
            test.append(best_head(net(x.contiguous(memory_format=torch.channels_last))).softmax(1)[:, 1])
    import resource
    print(json.dumps({
        "torch": torch.__version__, "timm": timm.__version__, "threads": torch.get_num_threads(),
        "share_done": share, "secs_done": spent, "secs_whole": spent / share, "forward_passes": forwards,
        "ms_per_pass": spent / forwards * 1e3, "val_auroc": aurocs,
        "test_auroc": roc_auc_score(test_targets, torch.cat(test).numpy()),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
