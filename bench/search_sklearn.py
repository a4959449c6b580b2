#!/usr/bin/env python3
"""What scikit-learn's GridSearchCV takes for head configurations on the embeddings that eosin searches on.

A few fits are timed (processor seconds, one thread), and 10,000 of them are that many times as much:
1,000 configurations x 10 folds. `sgd` makes 20 passes as eosin's heads do, with a fixed rate and without
averaging views; `lbfgs` is LogisticRegression to its optimum; `8 views` has each patch under its eight
symmetries as rows of their own, which is what a pass over randomly turned patches stands for.

Usage: search_sklearn.py EMBEDDINGS.npy    (written by: eosin embed --data DIR --out EMBEDDINGS.npy)
Needs: numpy, pandas, scikit-learn.
"""
import sys, time, warnings
import numpy as np, pandas as pd, sklearn
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
values = np.load(sys.argv[1])
table = pd.read_csv(sys.argv[1].replace(".npy", ".csv"))
train = (table["split"] != "test").to_numpy() if "split" in table else np.ones(len(table), bool)
y = (table["label"] == "malignant").to_numpy()[train]
x = values[train]
print("scikit-learn", sklearn.__version__, x.shape)
folds = StratifiedKFold(10, shuffle=True, random_state=0)
heads = {
    "sgd": (SGDClassifier(loss="log_loss", max_iter=20, tol=None), {"sgdclassifier__alpha": [1e-4, 1e-2]}),
    "lbfgs": (LogisticRegression(max_iter=1000), {"logisticregression__C": [1e-3, 1e-1]}),
}
for name, (head, grid) in heads.items():
    for views in (1, 8):
        rows = x[:, :views].reshape(-1, x.shape[2])
        labels = np.repeat(y, views)
        parts = [(np.concatenate([a * views + v for v in range(views)]), np.concatenate([b * views + v for v in range(views)]))
                 for a, b in folds.split(x[:, 0], y)]
        few = parts[:3] if views == 8 else parts
        begun = time.process_time()
        search = GridSearchCV(make_pipeline(StandardScaler(), head), grid, cv=few, scoring="roc_auc", refit=False)
        search.fit(rows, labels)
        spent = time.process_time() - begun
        fits = 2 * len(few)
        print(f"{name}, {views} view(s): {fits} fits {spent:.1f} s; 10,000 fits {spent / fits * 1e4:.0f} processor seconds; "
              f"best AUROC {search.best_score_:.4f}", flush=True)
