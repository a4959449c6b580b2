#!/usr/bin/env bash
# Ten folds grouped by slide against ten random folds on ucsb512.
# Usage: bench/ucsb512.sh DATA WEIGHTS WORK
set -euo pipefail
data=$1 weights=$2 work=$3
mkdir -p "$work"
for group in slide none; do
  target/release/eosin run --mode head --set predict.views=none --set train.label_smoothing=0.1 --data "$data" --backbone tf_efficientnet_lite0 --weights "$weights" \
    --group "$group" --cache "$work/cache" --out "$work/$group" --overwrite | tee "$work/$group.txt"
done
