#!/usr/bin/env bash
# Creates the folder for perf/measure_gpu.sh, to run on a machine with a GPU but without .NET and network: the program
# with its runtime in one compressed file (not trimmed, since settings, tasks and JSON use reflection), MuJoCo, and the
# peers.
#   usage: perf/publish_gpu.sh [FOLDER]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$root/scripts/setup.sh"
out=$(readlink -m "${1:-$root/artifacts/gpu}")
need_dotnet
need_mujoco
if [ -e "$out" ] && [ -n "$(ls -A "$out")" ] && [ ! -f "$out/measure_gpu.sh" ]; then
    stop "$out holds something else; name a folder that is not there yet"
fi
rm -rf "$out"
mkdir -p "$out/program" "$out/lib" "$out/peers"

say "publishing to $out"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet publish "$root/Naf.Cli" -c Release -r linux-x64 --self-contained -p:PublishSingleFile=true -p:EnableCompressionInSingleFile=true \
    -p:DebugType=none --artifacts-path "$root/artifacts/build" -o "$out/program" -maxcpucount:1 --nologo -v quiet > "$log" 2>&1 ||
    { cat "$log" >&2; stop "the publish failed (above)"; }

# MuJoCo and its dependencies, except the C and C++ runtime, which the program needs as well; and the OpenCL loader,
# which some images lack
mujoco=$({ ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | sed -n 's/.*libmujoco\.so.* => //p' | head -n 1)
[ -z "${MUJOCO_PATH:-}" ] || mujoco=$(find -L "$MUJOCO_PATH" -maxdepth 2 -name 'libmujoco.so*' | sort | head -n 1)
[ -n "$mujoco" ] || stop "no libmujoco.so in ${MUJOCO_PATH:-the loader\'s places}; set MUJOCO_PATH to an unpacked release"
cp -L "$mujoco" "$out/lib/"
ldd "$mujoco" | awk '/=> \// { print $3 }' | grep -v -E '/lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so' | xargs -r cp -L -t "$out/lib"
opencl=$({ ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | sed -n 's/.*libOpenCL\.so\.1 .*=> //p' | head -n 1)
[ -z "$opencl" ] || cp -L "$opencl" "$out/lib/"

cp "$root"/perf/peers/*.py "$out/peers/"
cp "$root/perf/measure_gpu.sh" "$root/LICENSE" "$out/"
cat > "$out/naf" <<'LAUNCHER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export MUJOCO_PATH="${MUJOCO_PATH:-$here/lib}" LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
exec "$here/program/naf" "$@"
LAUNCHER
chmod +x "$out/naf" "$out/program/naf" "$out/measure_gpu.sh"
commit=$(git -C "$root" rev-parse HEAD)
[ -z "$(git -C "$root" status --porcelain -- Naf.Gpu Naf.Kernels Naf.Checks Naf.Sim Naf.Host Naf.Cli perf)" ] || commit="$commit-changed"
printf '%s\n' "$commit" > "$out/commit"

size=$(du -s --block-size=1K "$out" | cut -f 1)
printf '%s: %s MiB, commit %s\n' "$out" "$(awk "BEGIN { printf \"%.1f\", $size / 1024 }")" "$commit"
[ "$size" -lt 65536 ] || stop "more than 64 MiB, too large to be carried; look with 'du -a $out'"
