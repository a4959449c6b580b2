#!/usr/bin/env python3
"""What a PyTorch loop takes for head configurations on the embeddings that eosin searches on.

As one writes it once embeddings are in memory: a linear layer, AdamW, batches of 64, each patch in one of its eight
views at random, 20 epochs, all eight views' mean judged after each. `TRAININGS` are timed (processor and wall seconds,
all threads that PyTorch takes), and 10,000 of them (1,000 configurations x 10 folds) are that many times as much.

Usage: search_torch.py EMBEDDINGS.npy [TRAININGS]   (written by: eosin embed --data DIR --out EMBEDDINGS.npy)
Needs: numpy, pandas, scikit-learn, torch.
"""
import sys, time
import numpy as np, pandas as pd, torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

values, trainings = np.load(sys.argv[1]), int((sys.argv[2:] or [3])[0])
table = pd.read_csv(sys.argv[1].replace(".npy", ".csv"))
train = (table["split"] != "test").to_numpy() if "split" in table else np.ones(len(table), bool)
y = (table["label"] == "malignant").to_numpy()[train]
x = torch.from_numpy(values[train].astype(np.float32))
target = torch.from_numpy(y.astype(np.int64))
print("torch", torch.__version__, "threads", torch.get_num_threads(), tuple(x.shape))
folds = list(StratifiedKFold(10, shuffle=True, random_state=0).split(np.zeros(len(y)), y))
torch.manual_seed(0)
wall, processor, scores = time.perf_counter(), time.process_time(), []
for rows, val in folds[:trainings]:
    rows, val = torch.from_numpy(rows), torch.from_numpy(val)
    head = torch.nn.Linear(x.shape[2], 2)
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-2, weight_decay=1e-2)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    best = 0.0
    for _ in range(20):
        for batch in rows[torch.randperm(len(rows))].split(64):
            view = torch.randint(x.shape[1], (len(batch),))
            optimiser.zero_grad()
            loss(head(x[batch, view]), target[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            probs = head(x[val]).mean(1).softmax(1)[:, 1]
        best = max(best, roc_auc_score(y[val], probs))
    scores.append(best)
wall, processor = (time.perf_counter() - wall) / trainings, (time.process_time() - processor) / trainings
print(f"a training {wall:.2f} s wall, {processor:.2f} s processor, AUROC {np.mean(scores):.4f}; "
      f"10,000 trainings {10_000 * wall:.0f} s wall, {10_000 * processor:.0f} s processor")
