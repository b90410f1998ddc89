#!/usr/bin/env bash
# Times every built-in task's environment on one thread and on two: one JSON object, a line for each task and number of threads.
# Each figure is paired in its run with MuJoCo alone and, on two threads, with one.   usage: perf/measure_tasks.sh [SECONDS]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
seconds=${1:-7}
hardware=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2> /dev/null | head -n 1)
printf '{\n  "what": "environment steps of the built-in tasks",\n  "hardware": "%s, %s cores",\n  "commit": "%s",\n  "command": "perf/measure_tasks.sh %s",\n  "tasks": [\n' \
    "${hardware:-unknown}" "$(nproc)" "$(git -C "$root" rev-parse --short HEAD)" "$seconds"
comma=""
for task in "$root"/Naf.Sim/Tasks/BuiltIn/*.yaml; do
    for threads in 1 2; do
        line=$("$root/naf" bench sim --task "$(basename "$task" .yaml)" --threads "$threads" --seconds "$seconds" --json)
        printf '%b    %s' "$comma" "$line"
        comma=",\n"
    done
done
printf '\n  ]\n}\n'
