#!/usr/bin/env bash
# Four processes on one study, one of which is killed (SIGKILL) again and again: every trial counts once,
# every suggestion follows from what it names, nobody hangs. Then the same of the folder's claims alone,
# 200 kills each, as it is and seen late (crates/eosin-store/tests/all/shared_folder.rs).
# Usage: bench/search_kills.sh DATA WORK [KILLS] [TRIALS]
set -euo pipefail
data=$1 work=$2 kills=${3:-200} trials=${4:-1200}
mkdir -p "$work"
cat >"$work/space.toml" <<'TOML'
train.learning_rate = { float = [1e-4, 0.1], log = true }
train.weight_decay = { float = [1e-5, 1.0], log = true }
TOML
rm -rf "$work/study"
export EOSIN_CACHE="$work/cache"
job=(search --data "$data" --study "$work/study" --space "$work/space.toml" --mode head --epochs 2
  --folds 5 --method tpe --trials "$trials" --threads 1)
target/release/eosin embed --data "$data" --mode head >/dev/null 2>&1
python3 - "$kills" target/release/eosin "${job[@]}" <<'PY'
import random, subprocess, sys, time
kills, command = int(sys.argv[1]), sys.argv[2:]
start = lambda: subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
random.seed(1)
crowd, begun, killed = [start() for _ in range(4)], time.time(), 0
while killed < kills:
    time.sleep(random.uniform(0.1, 0.9))
    at = random.randrange(4)
    if crowd[at].poll() is not None:
        sys.exit(f"the study was over after {killed} kills: give more trials")
    crowd[at].kill(); crowd[at].wait(); crowd[at] = start(); killed += 1
last = time.time()
codes = [one.wait() for one in crowd]
print(f"{killed} kills in {last - begun:.0f} s, the rest in {time.time() - last:.0f} s, exit codes {codes}")
PY
target/release/eosin search show "$work/study" --replay --json >"$work/shown.json"
python3 - "$work/shown.json" "$work/study" "$trials" <<'PY'
import json, os, sys
shown, study, trials = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3])
numbers = [row["number"] for row in shown["findings"]["trials"]]
claims = [name for name in os.listdir(study + "/claims") if not name.startswith(".")]
taken = sum(1 for name in claims if not name.endswith(".1"))
print(f"{len(numbers)} trials, each once: {sorted(set(numbers)) == numbers == list(range(trials))}; "
      f"{taken} taken over; {shown['replayed']['same']} suggestions replayed, "
      f"{len(shown['replayed']['other'])} other")
PY
cargo test --quiet -p eosin-store --test all -- --ignored two_hundred_kills
