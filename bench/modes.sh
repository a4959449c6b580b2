#!/usr/bin/env bash
# The modes head, last-block and full (batch norms frozen) on the same split, with wall and processor time.
# Usage: bench/modes.sh PCAM_KHD UCSB512 LITE0_WEIGHTS WORK
set -euo pipefail
pcam=$1 ucsb=$2 weights=$3 work=$4
eosin=${EOSIN:-target/release/eosin}
TIMEFORMAT='wall %R s, processor %U s'
mkdir -p "$work"
one() {
  local name=$1
  shift
  echo "== $name: $*"
  time "$eosin" run --backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache" \
    --out "$work/$name" --overwrite "$@" 2>"$work/$name.log" | grep -E "AUROC|balanced|KHD"
  grep -E "^ *(embed|train) " "$work/$name.log"
}
p=(--data "$pcam" --set split.holdout=0.2 --epochs 5)
one pcam-head "${p[@]}" --mode head
one pcam-last-block "${p[@]}" --mode last-block --learning-rate 0.0003
one pcam-full "${p[@]}" --mode full --learning-rate 0.0003 --set train.batch_norm=eval
u=(--data "$ucsb" --size 224 --folds 5 --epochs 10 --batch-size 16)
one ucsb-head "${u[@]}" --mode head
one ucsb-last-block "${u[@]}" --mode last-block --learning-rate 0.0003
one ucsb-full "${u[@]}" --mode full --learning-rate 0.0003 --set train.batch_norm=eval
