#!/usr/bin/env bash
# What picking an epoch on the validation part adds to out-of-fold scores: the same training of a head
# (and of a last block) with the last epoch kept, the best on a fifth of the training part, and the best
# on the validation part itself.
# Usage: bench/keep.sh PCAM UCSB512 LYMPHOMA420 WEIGHTS WORK
set -euo pipefail
pcam=$1 ucsb=$2 lymphoma=$3 weights=$4 work=$5
mkdir -p "$work"
job=(--backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache" --overwrite)
run() {
  local name=$1
  shift
  target/release/eosin run "${job[@]}" --out "$work/$name" "$@" >"$work/$name.txt" 2>"$work/$name.log"
  python3 - "$work/$name/metrics.json" "$name" <<'PY'
import json, sys
m = json.load(open(sys.argv[1]))
show = lambda s: "AUROC %.4f log loss %.4f" % (s["auroc"], s["log_loss"])
parts = ["out-of-fold " + show(m["out_of_fold"][0])]
if m.get("test_average"):
    parts.append("test " + show(m["test_average"]))
print(sys.argv[2], "; ".join(parts))
PY
}
for mode in head last-block; do
  for keep in last inner best; do
    for seed in 0 1 2; do
      set -- --mode $mode --set train.keep=$keep --seed $seed
      [ $mode = last-block ] && set -- "$@" --epochs 6 --learning-rate 0.0003
      [ $mode = last-block ] && [ $seed != 0 ] && continue
      [ $mode = head ] && run "pcam-$mode-$keep-$seed" --data "$pcam" "$@"
      run "ucsb512-$mode-$keep-$seed" --data "$ucsb" --group slide "$@"
      run "lymphoma420-$mode-$keep-$seed" --data "$lymphoma" --group patient "$@"
    done
  done
done
