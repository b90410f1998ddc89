#!/usr/bin/env bash
# Times the update against PyTorch in one run, one after the other, several times: medians, and the ratios of the medians.
# Needs Debian's python3-torch and libopenblas0-pthread beside what ./naf needs.   usage: perf/compare_update.sh [repetitions]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
python=${PYTHON:-/usr/bin/python3}
field() { sed -n 's/.*"rounds": *\[\([^]]*\)\].*/\1/p' | tr -d ' ' | tr ',' '\n'; }
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/naf" devices > /dev/null
for _ in $(seq "${1:-4}"); do
    "$root/naf" bench update --device cpu --threads 1 --seconds 3 --json | field >> "$work/naf-1x1"
    "$python" "$root/perf/peers/naf_torch.py" --variant batched --seconds 3 | field >> "$work/torch-by-hand"
    "$python" "$root/perf/peers/naf_torch.py" --variant autograd --seconds 3 | field >> "$work/torch-autograd"
    "$python" "$root/perf/peers/naf_torch.py" --variant modules --seconds 3 | field >> "$work/torch-modules"
    "$root/naf" bench update --device cpu --threads 2 --learners 2 --seconds 3 --json | field >> "$work/naf-2-learners-2-threads"
    "$root/naf" bench update --device cpu --threads 2 --learners 1 --seconds 3 --json | field >> "$work/naf-1-learner-2-threads"
done
naf=$(median "$work/naf-1x1")
{
    printf '{\n  "what": "updates per second at the reference size, medians of rounds",\n'
    printf '  "hardware": "%s, %s cores",\n' "$(sed -n 's/model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
    printf '  "commit": "%s",\n  "command": "perf/compare_update.sh %s"' "$(git -C "$root" rev-parse --short HEAD)" "${1:-4}"
    for f in naf-1x1 naf-2-learners-2-threads naf-1-learner-2-threads torch-by-hand torch-autograd torch-modules; do
        printf ',\n  "%s": {"median": %s, "lowest": %s, "highest": %s, "naf_1x1_over_it": %s}' "$f" "$(median "$work/$f")" \
            "$(sort -n "$work/$f" | head -n 1)" "$(sort -n "$work/$f" | tail -n 1)" "$(echo "$naf $(median "$work/$f")" | awk '{ printf "%.2f", $1 / $2 }')"
    done
    printf '\n}\n'
}
