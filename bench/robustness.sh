#!/usr/bin/env bash
# Robustness of EfficientNet-Lite0 on pcam-khd and how long it takes; slices of ucsb512 by slide, held against scikit-learn.
# Usage: bench/robustness.sh PCAM UCSB WEIGHTS WORK [PYTHON]
#   (PCAM: pcam-khd unpacked; UCSB: ucsb512; WORK: a folder to write in; PYTHON: with pandas, scipy and scikit-learn)
set -euo pipefail
pcam=$1 ucsb=$2 weights=$3 work=$4 python=${5:-python3}
mkdir -p "$work"
network=(--backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache")
target/release/eosin run --data "$pcam" "${network[@]}" --out "$work/pcam" --overwrite >"$work/pcam.txt"
target/release/eosin run --data "$ucsb" "${network[@]}" --out "$work/ucsb" --overwrite >"$work/ucsb.txt"
time target/release/eosin robustness "$work/pcam" --patches 200 | tee "$work/robustness.txt"
for run in pcam ucsb; do
  target/release/eosin evaluate "$work/$run" --slices | tee "$work/$run.slices.txt"
  "$python" bench/slices.py "$work/$run"
done
