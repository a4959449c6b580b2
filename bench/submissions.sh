#!/usr/bin/env bash
# Submissions on `pcam-khd`, whose test labels are known: what 'eosin submit plan' expects of each run
# before its score comes back, and what comes back (KHD score, as in the 2020 datathon).
# Usage: bench/submissions.sh PCAM WEIGHTS_FOLDER WORK   (PCAM: pcam-khd unpacked)
set -euo pipefail
pcam=$1 weights=$2 work=$3
mkdir -p "$work"
eosin=${EOSIN:-$(pwd)/target/release/eosin}
cd "$work"
member() {
  local name=$1
  shift
  [ -f "$name/run.json" ] || "$eosin" run --data "$pcam" --cache cache --out "$name" "$@" >"$name.txt" 2>&1
}
lite=(--backbone tf_efficientnet_lite0 --weights "$weights/tf_efficientnet_lite0.timm.safetensors")
member lite "${lite[@]}"
member lite144 "${lite[@]}" --size 144
member lda "${lite[@]}" --head lda
member lda144 "${lite[@]}" --head lda --size 144
member ridge "${lite[@]}" --head ridge
member knn144 "${lite[@]}" --head knn --size 144
made() {
  local name=$1
  shift
  [ -f "$name/run.json" ] || "$eosin" ensemble "$@" --out "$name" >"$name.txt" 2>&1
}
made two lite lite144 --method geometric
made four lite lite144 lda lda144 --method soft
runs="lite lite144 lda lda144 ridge knn144 two four"
rm -rf contest
for round in 1 2 3 4 5 6 7 8; do
  start=$(date +%s.%N)
  # shellcheck disable=SC2086
  "$eosin" submit plan $runs --ledger contest --json >plan.json
  secs=$(echo "$(date +%s.%N) - $start" | bc)
  next=$(python3 - <<'PY'
import json
plan = json.load(open("plan.json"))
print(plan["all"][plan["next"]]["run"] if plan["next"] is not None else "")
PY
)
  [ -n "$next" ] || break
  "$eosin" submit make "$next" --ledger contest --quota 100 >/dev/null 2>&1
  python3 - "$round" "$next" "$secs" <<'PY'
import json, sys
number, name, secs = sys.argv[1:]
plan = json.load(open("plan.json"))
one = next(one for one in plan["all"] if one["run"] == name and one["number"] is None)
p, over = one["prospect"], plan["over_fit"]
test = json.load(open(name + "/metrics.json"))["test_average"]["khd"]
gain = "-" if p["gain"] is None else f"{p['gain']:.5f}"
print(f"{number} {name}: out of fold {one['out_of_fold']:.4f}, expected {p['expected']:.4f} "
      f"[{p['ci_low']:.4f}, {p['ci_high']:.4f}], gain {gain}; came back {test:.4f}; plan {float(secs):.1f} s", end="")
print("" if over is None else f"; before: best {over['returned']:.4f} is {over['excess']:.4f} "
      f"[{over['ci_low']:.4f}, {over['ci_high']:.4f}] too good", flush=True)
open("score", "w").write(repr(test))
PY
  "$eosin" submit record "$round" "$(cat score)" --ledger contest >/dev/null
done
"$eosin" submit plan --ledger contest
