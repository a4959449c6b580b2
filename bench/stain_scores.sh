#!/usr/bin/env bash
# What stain methods do to scores on the shared sets, and when the test part is recoloured.
# Usage: bench/stain_scores.sh SET DATA WEIGHTS WORK METHOD...     SET: ucsb512, lymphoma420 or pcam
# For pcam DATA is the unpacked pcam-khd; bench/recolour.py DATA WORK/shift-S S has made WORK/shift-0.5 and -1.
# pcam is looked at upright only (--augment none), the other sets under all symmetries.
# Prints a line a run: set, groups or test part, method, AUROC out of fold and of the fold average on the test part.
set -euo pipefail
set=$1 data=$2 weights=$3 work=$4
shift 4
eosin=${EOSIN:-target/release/eosin}
mkdir -p "$work"
one() { # NAME DATA METHOD FLAGS...
  local name=$1 from=$2 method=$3
  shift 3
  "$eosin" run --data "$from" --backbone mobilenetv2_100 --weights "$weights" --cache "$work/cache" \
    --set "data.stain=$method" --out "$work/$name-${method/:/-}" --overwrite "$@" > /dev/null 2> "$work/$name.log" \
    || { tail -5 "$work/$name.log"; exit 1; }
  python3 - "$work/$name-${method/:/-}" "$name" "$method" <<'P'
import json, sys
run, name, method = sys.argv[1:]
m = json.load(open(run + "/metrics.json"))
r = json.load(open(run + "/run.json"))
out = m["out_of_fold"][0]["auroc"]
test = (m.get("test_average") or {}).get("auroc")
kept = (r.get("stain") or {}).get("unchanged", 0)
print(f"{name:22} {method:12} out of fold {out:.4f}  test {test if test is None else round(test, 4)}  kept {kept}", flush=True)
P
}
for method in "$@"; do
  case $set in
  ucsb512)
    one ucsb512-slide "$data" "$method" --group slide --set data.ids=auto
    one ucsb512-random "$data" "$method" --group none --set train.doctor=warn
    ;;
  lymphoma420)
    one lymphoma420-patient "$data" "$method" --group patient --folds 5
    one lymphoma420-random "$data" "$method" --group none --folds 5
    ;;
  pcam)
    one pcam "$data" "$method" --augment none
    for strength in 0.5 1; do
      one "pcam-shift-$strength" "$work/shift-$strength" "$method" --augment none
    done
    ;;
  esac
done
