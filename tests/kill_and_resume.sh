#!/usr/bin/env bash
# Trains once without a stop, and once killed (SIGKILL) ten times at random moments and resumed each time; the metrics
# must be identical byte for byte.
#   tests/kill_and_resume.sh [kills] [task] [episodes]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
kills=${1:-10} task=${2:-cartpole} episodes=${3:-60}
naf() { dotnet "$root/Naf.Cli/bin/Release/net10.0/naf.dll" "$@"; }
"$root/naf" tasks > /dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=(--episodes "$episodes" --seeds 0..1 --set checkpoint_every=2 --set test_every=3 --set test_episodes=3)

start=$(date +%s%N)
naf train "$task" "${options[@]}" --out "$work/straight" > /dev/null
straight=$((($(date +%s%N) - start) / 1000000))
echo "straight run: ${straight} ms, $(wc -l < "$work/straight/metrics.csv") rows"

done=0
for ((i = 1; i <= kills; i++)); do
    if [ -d "$work/killed" ]; then naf train --resume "$work/killed" > /dev/null 2>&1 &
    else naf train "$task" "${options[@]}" --out "$work/killed" > /dev/null 2>&1 & fi
    child=$!
    # during start-up, or up to a tenth of the straight run later (ten kills): it is still training at the last kill
    sleep "$(awk -v r="$RANDOM" -v t="$straight" -v n="$kills" 'BEGIN { printf "%.3f", 0.3 + r / 32768 * t / 1000 / n }')"
    pkill -KILL -P "$child" 2> /dev/null || true
    if kill -KILL "$child" 2> /dev/null; then done=$((done + 1)); fi
    wait "$child" 2> /dev/null || true
    echo "kill $i: $(wc -l < "$work/killed/metrics.csv" 2> /dev/null || echo 0) rows"
    [ -f "$work/killed/config.yaml" ] || rm -rf "$work/killed"
done
naf train --resume "$work/killed" > /dev/null
if cmp "$work/straight/metrics.csv" "$work/killed/metrics.csv"; then
    echo "the same metrics, byte for byte, after $done kills: $(sha256sum < "$work/killed/metrics.csv" | cut -c1-16)"
else
    exit 1
fi
