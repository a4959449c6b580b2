#!/usr/bin/env bash
# Every head that is solved on the same cache, on three sets.
# Usage: bench/heads.sh PCAM UCSB512 LYMPHOMA420 WEIGHTS WORK
set -euo pipefail
pcam=$1 ucsb=$2 lymphoma=$3 weights=$4 work=$5
mkdir -p "$work"
job=(--backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache" --overwrite)
run() {
  local name=$1
  shift
  /usr/bin/time -f "%e" target/release/eosin run "${job[@]}" --out "$work/$name" "$@" \
    >"$work/$name.txt" 2>"$work/$name.log"
  python3 - "$work/$name" "$name" "$(tail -1 "$work/$name.log")" <<'PY'
import json, sys
run, name, secs = sys.argv[1:]
m = json.load(open(run + "/metrics.json"))
folds = [json.load(open(f"{run}/folds/0.{f}/outcome.json")) for f in range(len(m["folds"]))]
show = lambda s: "AUROC %.4f accuracy %.4f log loss %.4f" % (s["auroc"], s["accuracy"], s["log_loss"])
parts = ["out-of-fold " + show(m["out_of_fold"][0])]
if m.get("test_average"):
    parts.append("test " + show(m["test_average"]))
strengths = sorted({f["probe"]["strength"] for f in folds if f.get("probe")})
print(name, "; ".join(parts), f"; strengths {strengths}; {secs} s")
PY
}
for head in logistic ridge lda prototypes knn; do
  run "pcam-$head" --data "$pcam" --head $head
  run "ucsb512-$head" --data "$ucsb" --group slide --head $head
  run "lymphoma420-$head" --data "$lymphoma" --group patient --head $head
done
run pcam-mlp --data "$pcam" --mode head --head mlp
run ucsb512-mlp --data "$ucsb" --group slide --mode head --head mlp
run lymphoma420-mlp --data "$lymphoma" --group patient --mode head --head mlp
