#!/usr/bin/env bash
# Figure 2 of the paper: trains the six variants of Algorithm 2 on a task, each with a population of seeds, into
# DIR/TASK-VARIANT; perf/sample_efficiency.py then produces the table and the curves. Complete runs are kept.
#   usage: perf/sample_efficiency.sh TASK SEEDS EPISODES DIR [VARIANT...]   such as reacher-single 0..4 100 runs/figure2
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
task=$1 seeds=$2 episodes=$3 folder=$4
shift 4
declare -A variants=(
    [naf]=""
    [replay]="--imagination fitted --set imagined_from_replay=true"
    [fitted]="--imagination fitted"
    [fitted-ilqg]="--imagination fitted --plan ilqg --plan-fraction 0.5"
    [true]="--imagination true"
    [network]="--imagination network"
    # besides the six: one model for the batch, for tasks with one per episode; dynamics with the wrong phase, of the
    # observation, without a prior; iLQG without imagination
    [batch]="--imagination fitted --set dynamics_around=batch"
    [shifted]="--imagination fitted --set imagined_shifted=true"
    [observation]="--imagination fitted --set dynamics_coordinates=observation"
    [no-prior]="--imagination fitted --set dynamics_prior=none --set dynamics_around=batch"
    [ilqg]="--plan ilqg --plan-fraction 0.5"
)
mkdir -p "$folder"
for variant in "${@:-naf replay fitted fitted-ilqg true network}"; do
    for name in $variant; do
        run="$folder/$task-$name"
        [ -f "$run.json" ] && continue
        rm -rf "$run"
        # shellcheck disable=SC2086
        "$root/naf" train "$task" --seeds "$seeds" --episodes "$episodes" --device cpu --set test_every=5 --out "$run" --json \
            ${variants[$name]} > "$run.partial"
        mv "$run.partial" "$run.json"
    done
done
