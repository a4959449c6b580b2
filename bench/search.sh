#!/usr/bin/env bash
# 1,000 configurations of a head in epochs, 10 folds x 20 epochs each, on cached embeddings; beside them
# scikit-learn's GridSearchCV on the same embeddings (bench/search_sklearn.py, in $PYTHON).
# Usage: PYTHON=... bench/search.sh PCAM WORK [TRIALS]
set -euo pipefail
data=$1 work=$2 trials=${3:-1000}
mkdir -p "$work"
export EOSIN_CACHE="$work/cache"
cat >"$work/heads.toml" <<'TOML'
[train]
learning_rate = { float = [1e-4, 1e-1], log = true }
weight_decay = { float = [1e-5, 1.0], log = true }
label_smoothing = { float = [0.0, 0.2] }
class_weights = { choice = ["none", "balanced"] }
TOML
target/release/eosin embed --data "$data" --out "$work/embeddings.npy" --overwrite >/dev/null 2>&1
rm -rf "$work/study"
/usr/bin/time -f "%e s wall, %U s processor, %M KiB" target/release/eosin search --data "$data" \
  --study "$work/study" --mode head --method random --space "$work/heads.toml" --trials "$trials"
cat /proc/loadavg
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "${PYTHON:-python3}" bench/search_sklearn.py "$work/embeddings.npy"
