#!/usr/bin/env bash
# How cost grows: with images (1,000, 10,000 and 100,000 synthetic patches of 96 px, eosin_mini,
# 10 folds x 20 epochs of a head, D4) and with heads trained on one cache (10 folds x repeats).
# Prints wall and processor seconds, peak memory and the size of the cache.
# Usage: bench/growth.sh WORK [PATIENTS...]   (50 patches a patient; 20 200 2000 by default)
set -euo pipefail
eosin=${CARGO_TARGET_DIR:-target}/release/eosin work=$1
shift
patients=("${@:-20 200 2000}")
run() { # name, arguments
  local name=$1
  shift
  /usr/bin/time -f "%e s wall, %U s processor, %M KiB" -o "$work/time" \
    "$eosin" run --mode head --set predict.views=none --set train.label_smoothing=0.1 --backbone eosin_mini --overwrite --out "$work/run" "$@" >"$work/out.txt"
  echo "$name: $(cat "$work/time")"
}
mkdir -p "$work"
for count in ${patients[@]}; do
  "$eosin" phantom --out "$work/$count" --patients "$count" --test-patients 1 >/dev/null
  for state in cold warm; do
    run "$((count * 50)) patches, cache $state" --data "$work/$count" --cache "$work/cache-$count"
  done
  du -sh "$work/cache-$count" | cut -f1
done
first=${patients[0]%% *}
for repeats in 1 10 100; do
  run "$((repeats * 10)) heads" --data "$work/$first" --cache "$work/cache-$first" --set "split.repeats=$repeats"
done
