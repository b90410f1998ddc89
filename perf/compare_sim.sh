#!/usr/bin/env bash
# Times mj_step from C# against the same loop in C, in turns, after both ended in the same state bitwise: medians and their ratio.
# Needs gcc and Debian's libmujoco-dev beside what ./naf needs.   usage: perf/compare_sim.sh [MODEL.xml] [SUBSTEPS] [repetitions]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
model=${1:-$root/tests/Sim/Mujoco/cheetah.xml} substeps=${2:-5} repetitions=${3:-8}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -o "$work/peer" "$root/perf/peers/sim_mujoco.c" -lmujoco
number() { sed -n "s/.*\"$1\": *\"\{0,1\}\([0-9a-f.]*\).*/\1/p"; }
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
for _ in $(seq "$repetitions"); do
    "$work/peer" "$model" 2 "$substeps" > "$work/c.json"
    "$root/naf" bench sim --model "$model" --substeps "$substeps" --threads 1 --seconds 2 --json > "$work/csharp.json"
    [ "$(number checksum < "$work/c.json")" = "$(number checksum < "$work/csharp.json")" ] || { echo "the final states differ" >&2; exit 1; }
    number steps_per_second < "$work/c.json" >> "$work/c"
    number steps_per_second < "$work/csharp.json" >> "$work/csharp"
done
printf '{"what": "mj_step per second, one thread", "model": "%s", "c": %s, "csharp": %s, "csharp_over_c": %s}\n' "$(basename "$model")" \
    "$(median "$work/c")" "$(median "$work/csharp")" "$(echo "$(median "$work/csharp") $(median "$work/c")" | awk '{ printf "%.3f", $1 / $2 }')"
