#!/bin/bash
# Runs static x86-64 Linux test executables on an emulated processor with AVX-512 (Bochs).
#
#   avx512.sh [options] EXECUTABLE...
#     -c MODEL       Bochs CPU model. Default sapphire_rapids (AVX-512 F VL BW DQ CD VBMI VNNI BF16
#                    FP16, AVX-VNNI); tigerlake (VNNI, no BF16), corei7_skylake_x (F VL BW DQ CD
#                    only), corei7_haswell_4770 (AVX2); all: chroot $EMU_BOCHS bochs --help cpu
#     -e NAME=VALUE  environment of the tests, repeatable (fewer PROPTEST_CASES miss mistakes)
#     -a 'ARGUMENTS' arguments of every executable (default '--test-threads=1 --show-output')
#     -t SECONDS     limit for the whole run (default 3600)
#     -m MEBIBYTES   memory of the emulated machine (default 1024)
#     -o FILE        where the serial port's text goes (default /tmp/avx512-serial.txt)
#     -v             show the kernel's messages (slower; for a machine that does not start)
#   avx512.sh --build PACKAGE [cargo test options]
#     in a checkout: builds PACKAGE's unit and integration tests statically (into
#     $CARGO_TARGET_DIR, default target/static) and prints the paths of the executables.
#
# Exit: 0 all executables ended with 0; 1 one did not, or the machine did not come to its end.
# stdout: the detected features, a line per test, EMU-START / EMU-EXIT name code per executable.
#
# Needs: root (chroot, mknod), python3, rustc, objcopy, and debootstrap with the configured Debian
# mirror on the first run, which makes $EMU_BOCHS (default /var/tmp/eosin-trixie; 2 minutes, 600 MB).
# Bochs's own fault in two mask shifts is mended there (see setup).
# Why Debian 13 there: Bochs 2.7 of Debian 12 has no sapphire_rapids, and Bochs 3.1 of sid divides
# wrongly (its long_idiv as compiled by GCC 15; Bochs issue 668): no kernel starts. Why these kernel
# options: Bochs 3.0 refuses AMX state in XSETBV, and panics on SMM with 5-level paging. Linux 6.1
# hangs on the models after Skylake-X; 6.12 of Debian 13 does not.
set -euo pipefail

bochs=${EMU_BOCHS:-/var/tmp/eosin-trixie}
home=$bochs/srv/avx512 # kernel, probe
model=sapphire_rapids memory=1024 limit=3600 serial=/tmp/avx512-serial.txt
arguments='--test-threads=1 --show-output'
messages=quiet
environment=()

build() {
    local package=$1
    shift
    # A folder of its own for these RUSTFLAGS, so that the usual builds are not thrown away.
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/static}
    RUSTFLAGS='-C target-feature=+crt-static' nice -n 15 cargo test -p "$package" --lib --tests \
        --no-run --locked -j1 --target x86_64-unknown-linux-gnu --message-format=json "$@" |
        python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["profile"]["test"]:
        print(message["executable"])'
}

# A chroot with Debian 13's Bochs and kernel, and what makes a bootable image.
setup() {
    local mirror
    if [ ! -e "$bochs/etc/debian_version" ]; then
        command -v debootstrap >/dev/null || apt-get install -y -q debootstrap >&2
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
        nice -n 15 debootstrap --variant=minbase --include=ca-certificates trixie "$bochs" "$mirror" >&2
    fi
    mkdir -p "$home"
    if [ ! -e "$home/vmlinuz" ]; then
        # The mirror may be a snapshot, older than its Release file is valid for.
        echo 'Acquire::Check-Valid-Until "false";' >"$bochs/etc/apt/apt.conf.d/99snapshot"
        chroot "$bochs" apt-get update -q >&2
        chroot "$bochs" env DEBIAN_FRONTEND=noninteractive nice -n 15 apt-get install -y -q \
            --no-install-recommends bochs bochs-term bochsbios vgabios isolinux syslinux-common \
            xorriso cpio busybox-static >&2
        # The kernel is unpacked, not installed: no initramfs is to be made.
        chroot "$bochs" sh -ec '
            cd /srv/avx512
            rm -rf unpacked linux-*.deb
            package=$(apt-cache depends linux-image-cloud-amd64 | sed -n "s/.*Depends: \(linux-image-[0-9].*\)/\1/p" | head -n1)
            apt-get download -q $package
            dpkg -x linux-*.deb unpacked
            mv unpacked/boot/vmlinuz-* vmlinuz
            rm -r unpacked linux-*.deb' >&2
    fi
    # Bochs 3.0 (and later sources) makes 0 of KSHIFTLW and KSHIFTRW by 15 (`if (count < 15)`),
    # which LLVM uses to look at the last lane of a 16-bit mask: mended in a copy of the program.
    [ -x "$home/bochs-bin" ] || python3 - "$bochs/usr/bin/bochs-bin" "$home/bochs-bin" <<'PYTHON'
import os, subprocess, sys
code = bytearray(open(sys.argv[1], "rb").read())
symbols = subprocess.run(["nm", "-D", sys.argv[1]], capture_output=True, text=True, check=True).stdout
for name in ("KSHIFTLW_KGwKEwIbR", "KSHIFTRW_KGwKEwIbR"):
    start = next(int(line.split()[0], 16) for line in symbols.splitlines() if name in line)
    at = code.find(b"\x83\xf9\x0e\x77", start, start + 48)  # cmp $14, %ecx; ja (file = address)
    assert at > 0, f"{name} of this Bochs is not the one known: look whether it still shifts wrongly"
    code[at + 2] = 15
open(sys.argv[2], "wb").write(code)
os.chmod(sys.argv[2], 0o755)
PYTHON
    cat >"$home/probe.rs.new" <<'RUST'
//! `probe`: prints which instructions std detects. `probe off`: ends Bochs (its port 0x8900).
use std::arch::asm;
unsafe extern "C" {
    fn iopl(level: i32) -> i32;
}
macro_rules! print_features {
    ($($name:tt)*) => { $(println!("FEATURE {} {}", $name, std::is_x86_feature_detected!($name));)* };
}
fn main() {
    if std::env::args().nth(1).as_deref() == Some("off") {
        assert_eq!(unsafe { iopl(3) }, 0, "iopl");
        for byte in *b"Shutdown" {
            unsafe { asm!("out dx, al", in("dx") 0x8900_u16, in("al") byte) };
        }
        return;
    }
    print_features!("avx2" "fma" "f16c" "avx512f" "avx512vl" "avx512bw" "avx512dq" "avx512cd"
        "avx512vbmi" "avx512vnni" "avx512bf16" "avx512fp16" "avxvnni");
}
RUST
    if cmp -s "$home/probe.rs.new" "$home/probe.rs" && [ -x "$home/probe" ]; then
        return
    fi
    mv "$home/probe.rs.new" "$home/probe.rs"
    rustc --edition 2024 -O -C target-feature=+crt-static --target x86_64-unknown-linux-gnu \
        -C strip=symbols -o "$home/probe" "$home/probe.rs"
}

# The bootable disc: kernel, and an initial file system whose init runs everything and powers off.
image() {
    local root=$1/root inside=${1#"$bochs"} number=0 executable name
    mkdir -p "$root"/{bin,dev,proc,sys,tmp,tests} "$1/iso"
    cp "$bochs/bin/busybox" "$home/probe" "$root/bin/"
    ln -s busybox "$root/bin/sh"
    mknod "$root/dev/console" c 5 1
    mknod "$root/dev/null" c 1 3
    for executable in "${executables[@]}"; do
        if readelf -l "$executable" | grep -q INTERP; then
            echo "avx512.sh: $executable is not static" >&2
            exit 1
        fi
        number=$((number + 1))
        name=$(printf %02d-%s $number "$(basename "$executable")")
        objcopy --strip-debug "$executable" "$root/tests/$name" # line tables: most of the size
    done
    for name in "${environment[@]}"; do printf 'export %q\n' "$name"; done >"$root/environment"
    cat >"$root/init" <<INIT
#!/bin/sh
PATH=/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs tmp /tmp
busybox dmesg -n 1
export RUST_BACKTRACE=1 TMPDIR=/tmp
. /environment
busybox grep -m1 '^model name' /proc/cpuinfo
probe
cd /tmp
for test in /tests/*; do
    [ -x "\$test" ] || continue
    name=\${test##*/}
    echo "EMU-START \$name"
    \$test $arguments
    echo "EMU-EXIT \$name \$?"
done
echo EMU-END
busybox sleep 1 # for the serial port to send it
probe off
busybox poweroff -f
INIT
    chmod +x "$root/init"
    (cd "$root" && find . | chroot "$bochs" sh -c "cd $inside/root && cpio -o -H newc --quiet" |
        gzip -1) >"$1/iso/initrd.gz"
    cp "$home/vmlinuz" "$bochs/usr/lib/ISOLINUX/isolinux.bin" \
        "$bochs/usr/lib/syslinux/modules/bios/ldlinux.c32" "$1/iso/"
    cat >"$1/iso/isolinux.cfg" <<CFG
default linux
prompt 0
timeout 1
label linux
  kernel vmlinuz
  append initrd=initrd.gz console=ttyS0,115200 panic=1 nokaslr mitigations=off no5lvl clearcpuid=amx_tile,amx_int8,amx_bf16 $messages
CFG
    chroot "$bochs" xorriso -as mkisofs -quiet -o "$inside/boot.iso" -b isolinux.bin -c boot.cat \
        -no-emul-boot -boot-load-size 4 -boot-info-table "$inside/iso" 2>/dev/null
    cat >"$1/bochsrc" <<RC
plugin_ctrl: unmapped=1
cpu: model=$model, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=$memory, host=$memory
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
display_library: rfb, options="timeout=0"
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
clock: sync=none, time0=1700000000
log: bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
RC
}

# Runs Bochs, its serial port on a socket of the loopback interface: its file is not flushed. (No
# display on a terminal either: each look for a key would take a millisecond.)
run() {
    nice -n 15 python3 - "$bochs" "${1#"$bochs"}" "$limit" <<'PYTHON'
import os, re, select, socket, subprocess, sys, time
chroot, folder, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
server = socket.create_server(("127.0.0.1", 0))
with open(f"{chroot}{folder}/bochsrc", "a") as rc:
    rc.write(f"com1: enabled=1, mode=socket-client, dev=127.0.0.1:{server.getsockname()[1]}\n")
screen = open(f"{chroot}{folder}/screen.txt", "wb")
command = ["chroot", chroot, "sh", "-c", f"cd {folder} && exec /srv/avx512/bochs-bin -q -q -f bochsrc"]
machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen)
end = time.monotonic() + limit
tail, serial = b"", None
with open(f"{chroot}{folder}/serial.txt", "wb", buffering=0) as out:
    while time.monotonic() < end and (serial or machine.poll() is None):
        if not select.select([serial or server], [], [], 1)[0]:
            continue
        if serial is None:
            serial, _ = server.accept()
            continue
        text = serial.recv(65536)
        if not text:
            break
        out.write(text)
        tail = (tail + text)[-4096:]
        if re.search(rb"Kernel panic[^\n]*\n", tail):
            end = min(end, time.monotonic() + 5)
machine.kill()
machine.wait()
PYTHON
}

if [ "${1-}" = --build ]; then
    shift
    build "$@"
    exit
fi
while getopts c:e:a:t:m:o:v option; do
    case $option in
    c) model=$OPTARG ;;
    e) environment+=("$OPTARG") ;;
    a) arguments=$OPTARG ;;
    t) limit=$OPTARG ;;
    m) memory=$OPTARG ;;
    o) serial=$OPTARG ;;
    v) messages=earlyprintk=serial,ttyS0,115200 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
executables=("$@")
setup
work=$(mktemp -d "$bochs/tmp/avx512.XXXXXX")
trap 'rm -rf "$work"' EXIT
image "$work"
: >"$work/serial.txt"
began=$(date +%s)
run "$work" || true
took=$(($(date +%s) - began))
tr -d '\r' <"$work/serial.txt" >"$serial"
cat "$work/bochs.log" "$work/screen.txt" >"$serial.bochs.log" 2>/dev/null || true
grep -E '^(model name|FEATURE|KERNEL|EMU-|test )|panicked|Kernel panic' "$serial" || true
ran=$(grep -c '^EMU-EXIT' "$serial" || true)
bad=$(grep '^EMU-EXIT' "$serial" | grep -cv ' 0$' || true)
passed=$(sed -n 's/^test result: .* \([0-9]*\) passed.*/\1/p' "$serial" | paste -sd+ | bc)
failed=$(sed -n 's/^test result: .* \([0-9]*\) failed.*/\1/p' "$serial" | paste -sd+ | bc)
echo "$model: $ran of ${#executables[@]} executables ran, $bad failed;" \
    "tests: ${passed:-0} passed, ${failed:-0} failed; $took s; all output in $serial"
[ "$bad" = 0 ] && [ "$ran" = "${#executables[@]}" ] && grep -q '^EMU-END' "$serial"
