#!/usr/bin/env bash
# The default run (mode probe: heads solved to the optimum, mean logits over eight views) on three sets,
# from a cold and a warm cache, and the head in epochs beside it.
# Usage: bench/probe.sh PCAM UCSB512 LYMPHOMA420 WEIGHTS WORK
set -euo pipefail
pcam=$1 ucsb=$2 lymphoma=$3 weights=$4 work=$5
mkdir -p "$work"
job=(--backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache" --overwrite)
run() {
  local name=$1
  shift
  /usr/bin/time -f "%e s wall, %U s processor, %M KiB" target/release/eosin run "${job[@]}" \
    --out "$work/$name" "$@" >"$work/$name.txt" 2>"$work/$name.log"
  echo "$name: $(tail -1 "$work/$name.log")"
  grep -E "AUROC|Accuracy|Log loss" "$work/$name.txt"
  grep -E "^penalties" "$work/$name.log" || true
}
for turn in cold warm; do
  run "pcam-$turn" --data "$pcam"
  run "ucsb512-$turn" --data "$ucsb" --group slide
  run "lymphoma420-$turn" --data "$lymphoma" --group patient
done
# Several sizes of each patch as further views.
for sizes in "[144]" "[144,192]"; do
  run "pcam-sizes-$sizes" --data "$pcam" --set "augment.sizes_px=$sizes"
done
for views in none d4; do
  for smoothing in 0.1 0; do
    run "pcam-head-$views-$smoothing" --data "$pcam" --mode head --set predict.views=$views \
      --set train.label_smoothing=$smoothing
  done
done
