#!/bin/bash
# Builds a package's tests for aarch64 (NEON) and runs them under user-mode QEMU.
#
#   neon.sh [options] PACKAGE [cargo test options]     in a checkout
#     -C CPU         QEMU's CPU model (default cortex-a76: NEON with dot products and half
#                    precision, no SVE, no bf16; cortex-a53: plain ARMv8.0; neoverse-v1, max: with
#                    SVE, bf16 and i8mm). SVE is not used by code compiled for the base target.
#     -e NAME=VALUE  environment of the tests, repeatable (fewer PROPTEST_CASES miss mistakes)
#     -a 'ARGUMENTS' arguments of every executable (default '--test-threads=1 --show-output')
#     -b             only build, and print the paths of the executables
#
# Exit: 0 all executables ended with 0; 1 one did not; others: cargo's.
#
# Needs: root (chroot, private mounts), jq, and debootstrap with the configured Debian mirror on the
# first run, which makes $EMU_NEON (default /var/tmp/eosin-sid; 4 minutes, 1.5 GB): Debian sid, whose
# rustc (1.97.1 when this was written; the code needs 1.95) has an aarch64 standard library that
# cross-compiles. Dependencies: the crates of $CARGO_HOME (fetched by `cargo fetch --locked` here,
# so that the build in the chroot is offline). Build output: $CARGO_TARGET_DIR or target/aarch64.
set -euo pipefail

sid=${EMU_NEON:-/var/tmp/eosin-sid}
target=aarch64-unknown-linux-gnu
output=${CARGO_TARGET_DIR:-$PWD/target/aarch64}
cpu=cortex-a76 arguments='--test-threads=1 --show-output' only_build=
environment=()

setup() {
    local mirror
    if [ ! -e "$sid/etc/debian_version" ]; then
        command -v debootstrap >/dev/null || apt-get install -y -q debootstrap >&2
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
        nice -n 15 debootstrap --variant=minbase --include=ca-certificates sid "$sid" "$mirror" >&2
    fi
    if [ ! -x "$sid/usr/bin/cargo" ] || [ ! -x "$sid/usr/bin/qemu-aarch64" ]; then
        # The mirror may be a snapshot, older than its Release file is valid for.
        echo 'Acquire::Check-Valid-Until "false";' >"$sid/etc/apt/apt.conf.d/99snapshot"
        chroot "$sid" dpkg --add-architecture arm64
        chroot "$sid" apt-get update -q >&2
        chroot "$sid" env DEBIAN_FRONTEND=noninteractive nice -n 15 apt-get install -y -q \
            --no-install-recommends rustc cargo libstd-rust-dev:arm64 gcc-aarch64-linux-gnu \
            libc6-dev-arm64-cross qemu-user >&2
    fi
}

# In the chroot, with the checkout, the crates and the output mounted where they are outside: the
# mounts are of a namespace of their own and end with it.
inside() {
    local registry=${CARGO_HOME:-$HOME/.cargo}/registry checkout=$PWD
    mkdir -p "$output" "$sid$output" "$sid$checkout" "$sid/root/.cargo/registry"
    nice -n 15 unshare -m bash -euc '
        sid=$1 checkout=$2 output=$3 registry=$4
        shift 4
        mount --bind "$checkout" "$sid$checkout"
        mount --bind "$output" "$sid$output"
        mount --bind "$registry" "$sid/root/.cargo/registry"
        mountpoint -q "$sid/proc" || mount -t proc proc "$sid/proc"
        mount --rbind /dev "$sid/dev"
        exec chroot "$sid" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 "$@"
    ' bash "$sid" "$checkout" "$output" "$registry" "$@"
}

while getopts C:e:a:b option; do
    case $option in
    C) cpu=$OPTARG ;;
    e) environment+=("$OPTARG") ;;
    a) arguments=$OPTARG ;;
    b) only_build=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
package=$1
shift
setup
cargo fetch --locked -q
executables=$(inside "CARGO_TARGET_DIR=$output" CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    'RUSTFLAGS=-C target-feature=+crt-static' sh -ec 'cd "$1"; shift; exec cargo test "$@"' sh "$PWD" \
    --offline --locked -j1 --target $target --no-run --message-format=json -p "$package" --lib --tests "$@" |
    jq -r 'select(.executable? and .profile.test).executable')
if [ -n "$only_build" ]; then
    echo "$executables"
    exit
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bad=0
began=$(date +%s)
for executable in $executables; do
    echo "EMU-START $(basename "$executable")"
    rc=0
    inside "${environment[@]}" RUST_BACKTRACE=1 TMPDIR=/tmp sh -ec 'cd "$1"; shift; exec "$@"' sh "$PWD" \
        qemu-aarch64 -cpu "$cpu" "$executable" $arguments 2>&1 | tee -a "$log" || rc=$?
    echo "EMU-EXIT $(basename "$executable") $rc"
    [ $rc = 0 ] || bad=$((bad + 1))
done
passed=$(sed -n 's/^test result: .* \([0-9]*\) passed.*/\1/p' "$log" | paste -sd+ | bc)
failed=$(sed -n 's/^test result: .* \([0-9]*\) failed.*/\1/p' "$log" | paste -sd+ | bc)
echo "aarch64 $cpu: $bad executables failed; tests: ${passed:-0} passed, ${failed:-0} failed; $(($(date +%s) - began)) s"
[ $bad = 0 ]
