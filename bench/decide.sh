#!/usr/bin/env bash
# What calibrators and thresholds come to on pcam-khd (its own test part) and ucsb512 (a part of the slides
# held out as test), under heads that are calibrated by their making and heads that are not.
# Usage: bench/decide.sh PCAM UCSB WEIGHTS WORK   (PCAM: pcam-khd unpacked; WEIGHTS: of EfficientNet-Lite0;
# WORK: a folder to write in, with a cache; EOSIN: the program, default target/release/eosin)
set -euo pipefail
pcam=$1 ucsb=$(realpath "$2") weights=$3 work=$4
eosin=${EOSIN:-target/release/eosin}
mkdir -p "$work"
# Every fourth slide is test, in the order of their names.
awk -F, -v root="$ucsb/" 'NR == 1 { print "path,label,slide,split"; next }
  !($3 in at) { at[$3] = n++ } { print root $1 "," $2 "," $3 "," (at[$3] % 4 == 3 ? "test" : "train") }' \
  "$ucsb/manifest.csv" >"$work/ucsb512.csv"
network=(--backbone tf_efficientnet_lite0 --weights "$weights" --cache "$work/cache")
decide=(--calibrate platt --threshold "sensitivity>=.95")
heads=("logistic" "lda" "epochs --mode head --set train.label_smoothing=0.1")
for head in "${heads[@]}"; do
  read -r name flags <<<"$head"
  [ -n "$flags" ] || flags="--head $name"
  # shellcheck disable=SC2086
  "$eosin" run --data "$pcam" "${network[@]}" "${decide[@]}" $flags --out "$work/pcam-$name" --overwrite >"$work/pcam-$name.txt"
  # shellcheck disable=SC2086
  "$eosin" run --data "$work/ucsb512.csv" --folds 5 "${network[@]}" "${decide[@]}" $flags --out "$work/ucsb-$name" --overwrite >"$work/ucsb-$name.txt"
done
python3 "$(dirname "$0")/decide.py" "$work"/pcam-*/decision.json "$work"/ucsb-*/decision.json
