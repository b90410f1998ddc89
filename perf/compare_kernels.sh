#!/usr/bin/env bash
# Times rollouts, the fit and the advantage on one thread against their peers in one run, one after the other, several times: medians, and the
# ratios of the medians. Needs Debian's python3-torch, python3-numpy and libopenblas0-pthread beside what ./naf needs.
# usage: perf/compare_kernels.sh [repetitions]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
python=${PYTHON:-/usr/bin/python3} peers=$root/perf/peers
export PYTHONDONTWRITEBYTECODE=1
field() { sed -n 's/.*"rounds": *\[\([^]]*\)\].*/\1/p' | tr -d ' ' | tr ',' '\n'; }
median() { sort -g "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/naf" devices > /dev/null
bench() { "$root/naf" bench "$@" --device cpu --threads 1 --seconds 3 --json | field; }
for _ in $(seq "${1:-4}"); do
    bench rollout >> "$work/rollout-naf"
    "$python" "$peers/rollout_torch.py" --dynamics gathered --seconds 3 | field >> "$work/rollout-torch-gathered"
    "$python" "$peers/rollout_torch.py" --dynamics bucketed --seconds 3 | field >> "$work/rollout-torch-bucketed"
    bench fit >> "$work/fit-naf"
    "$python" "$peers/fit_numpy.py" --seconds 3 | field >> "$work/fit-numpy"
    "$python" "$peers/fit_torch.py" --seconds 3 | field >> "$work/fit-torch"
    bench advantage >> "$work/advantage-naf"
    "$python" "$peers/advantage_numpy.py" --seconds 3 | field >> "$work/advantage-numpy"
    "$python" "$peers/advantage_torch.py" --seconds 3 | field >> "$work/advantage-torch"
done
{
    printf '{\n  "what": "one thread, reference size, medians of rounds: imagined steps per second, milliseconds a fit, evaluations per second",\n'
    printf '  "hardware": "%s, %s cores",\n' "$(sed -n 's/model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
    printf '  "commit": "%s",\n  "command": "perf/compare_kernels.sh %s"' "$(git -C "$root" rev-parse --short HEAD)" "${1:-4}"
    for f in rollout-naf rollout-torch-gathered rollout-torch-bucketed fit-naf fit-numpy fit-torch advantage-naf advantage-numpy advantage-torch; do
        # of rates ours over theirs, of times theirs over ours
        printf ',\n  "%s": {"median": %s, "lowest": %s, "highest": %s, "naf_is_faster": %s}' "$f" "$(median "$work/$f")" \
            "$(sort -g "$work/$f" | head -n 1)" "$(sort -g "$work/$f" | tail -n 1)" \
            "$(echo "$(median "$work/${f%%-*}-naf") $(median "$work/$f")" | awk -v t="${f%%-*}" '{ printf "%.2f", t == "fit" ? $2 / $1 : $1 / $2 }')"
    done
    printf '\n}\n'
}
