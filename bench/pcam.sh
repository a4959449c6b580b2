#!/usr/bin/env bash
# The first run and the second (cache warm) of the reference experiment: 10 folds x 20 epochs, D4,
# label smoothing 0.1, EfficientNet-Lite0 at 96 px, whole process, with time and peak memory.
# Usage: bench/pcam.sh DATA WEIGHTS WORK   (DATA: pcam-khd unpacked; WORK: a folder to write in)
set -euo pipefail
data=$1 weights=$2 work=$3
mkdir -p "$work"
for run in first second; do
  /usr/bin/time -v -o "$work/$run.time" target/release/eosin run --mode head --set predict.views=none --set train.label_smoothing=0.1 --data "$data" \
    --backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache" \
    --out "$work/$run" --overwrite >"$work/$run.txt"
  grep -E "Elapsed|Maximum resident" "$work/$run.time"
done
cmp "$work/first/predictions.csv" "$work/second/predictions.csv" && echo "predictions: same bytes"
cmp "$work/first/folds/0.0/weights.safetensors" "$work/second/folds/0.0/weights.safetensors" && echo "model: same bytes"
cat "$work/second.txt"
