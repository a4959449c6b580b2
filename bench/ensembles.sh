#!/usr/bin/env bash
# Ensembles of runs on `pcam-khd`: those that scikit-learn was asked for, the search over six members
# (three with real weights, the embedded one, two with random weights), and what it says of itself.
# Usage: bench/ensembles.sh PCAM WEIGHTS_FOLDER WORK   (PCAM: pcam-khd unpacked)
set -euo pipefail
pcam=$1 weights=$2 work=$3
mkdir -p "$work"
eosin=$(pwd)/target/release/eosin
cd "$work"
member() {
  local name=$1
  shift
  [ -f "$name/run.json" ] || "$eosin" run --data "$pcam" --cache cache --out "$name" "$@" >"$name.txt" 2>&1
}
member mobile --backbone mobilenetv2_100 --weights "$weights/mobilenet_v2.torchvision.features.safetensors"
member lite --backbone tf_efficientnet_lite0 --weights "$weights/tf_efficientnet_lite0.timm.safetensors"
member squeeze --backbone squeezenet1_1 --weights "$weights/squeezenet1_1.torchvision.safetensors"
member mini
member random18 --backbone resnet18 --weights random
member random3 --backbone mobilenetv3_large_100 --weights random
shown() {
  python3 - "$1" "$2" <<'PY'
import json, sys
name, secs = sys.argv[1:]
m = json.load(open(name + "/metrics.json"))
auroc = lambda s: f"{s['auroc']:.4f}"
print(f"{name}: out-of-fold {auroc(m['out_of_fold'][0])}, test {auroc(m['test_average'])}; {secs} s")
PY
}
made() {
  local name=$1
  shift
  /usr/bin/time -f "%e" -o "$name.secs" "$eosin" ensemble "$@" --out "$name" --overwrite >"$name.txt" 2>&1
  shown "$name" "$(cat "$name.secs")"
}
for name in mobile lite squeeze mini random18 random3; do shown "$name" -; done
for method in geometric soft hard rank weighted greedy logistic ridge; do
  made "two-$method" mobile lite --method $method
  made "three-$method" mobile lite squeeze --method $method
done
made two-concat mobile lite --method concat
made three-concat mobile lite squeeze --method concat
# The embedded weights were made with these training patches: beside them every choice is theirs.
made best-of-three mobile lite squeeze
made best-of-five mobile lite squeeze random18 random3
made best-of-six mobile lite squeeze mini random18 random3
grep -h -A4 "combinations of" best-of-*.txt
