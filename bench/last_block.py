"""ResNet18, last stage and head, K folds x E epochs, written the ordinary way in PyTorch.

    python bench/last_block.py DATA --threads 2 --folds 10 --run-folds 1 --epochs 20 --weights model.safetensors

The frozen stages run in evaluation mode under no_grad on every batch of every epoch; layer4 and fc
are trained (batch norms in evaluation mode) on random symmetries of the square, AdamW 3e-4, cosine,
label smoothing 0.1, batch 64. `--run-folds` runs the first so many folds of the K only. DATA holds
class folders. Prints seconds of each fold and its best validation AUROC.
"""
import argparse, glob, os, random, time

import numpy as np
import timm
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--folds", type=int, default=10)
parser.add_argument("--run-folds", type=int, default=1)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--size", type=int, default=224)
parser.add_argument("--weights", required=True)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)
random.seed(0)
files = sorted(glob.glob(os.path.join(args.data, "*", "*.*")))
names = sorted({os.path.basename(os.path.dirname(f)) for f in files})
y = np.array([names.index(os.path.basename(os.path.dirname(f))) for f in files])
mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def load(f):
    image = Image.open(f).convert("RGB").resize((args.size, args.size), Image.BILINEAR)
    return (torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255 - mean) / std


images = torch.stack([load(f) for f in files])  # decoded once, which flatters PyTorch
split = StratifiedKFold(args.folds, shuffle=True, random_state=0).split(files, y)
for fold, (train, val) in enumerate(split):
    if fold == args.run_folds:
        break
    begun = time.time()
    model = timm.create_model("resnet18", num_classes=len(names))
    from safetensors.torch import load_file
    state = {k: v for k, v in load_file(args.weights).items() if not k.startswith("fc.")}
    model.load_state_dict(state, strict=False)
    model = model.to(memory_format=torch.channels_last).eval()
    trained = list(model.layer4.parameters()) + list(model.fc.parameters())
    optimiser = torch.optim.AdamW(trained, lr=3e-4, weight_decay=0.01)
    steps = args.epochs * -(-len(train) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    best = 0.0

    def frozen(x):
        with torch.no_grad():
            x = model.maxpool(model.act1(model.bn1(model.conv1(x))))
            return model.layer3(model.layer2(model.layer1(x)))

    for epoch in range(args.epochs):
        order = np.random.RandomState(epoch).permutation(train)
        for at in range(0, len(order), 64):
            rows = order[at : at + 64]
            x = torch.stack([torch.rot90(images[r].flip(2) if random.random() < 0.5 else images[r], random.randrange(4), (1, 2)) for r in rows])
            x = x.to(memory_format=torch.channels_last)
            logits = model.fc(model.global_pool(model.layer4(frozen(x))))
            loss = criterion(logits, torch.from_numpy(y[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            prob = torch.cat([model(images[val[a : a + 64]].to(memory_format=torch.channels_last)) for a in range(0, len(val), 64)]).softmax(1)[:, 1]
        best = max(best, roc_auc_score(y[val], prob))
    print(f"fold {fold}: {time.time() - begun:.1f} s, AUROC {best:.4f}", flush=True)
