#!/usr/bin/env bash
# Checks and then measures everything on a machine with a GPU, from the folder of perf/publish_gpu.sh: needs no .NET and
# no network.
# Writes FOLDER/gpu-NAME.json after every step. A failed step is recorded with its message and the others continue;
# exits with 1 if a check failed.
#   usage: measure_gpu.sh FOLDER [--name NAME] [--device cuda:0] [--seconds 1] [--learners "1 8 32 128 512"]
#          [--limit MINUTES] [--only PATTERN] [--python python3] [--peers yes|no] [--commit HASH]
# --only: the steps whose name matches, such as "update" or "cuda:0$"; --limit: no step starts or continues after this
# many minutes [9]
set -uo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
stop() { printf 'measure_gpu: %s\n' "$*" >&2; exit 2; }
invocation="measure_gpu.sh $*" folder="" name="" device=cuda:0 seconds=1 learners="1 8 32 128 512" limit=9 python=python3 peers=yes only=.
commit=$(cat "$here/commit" 2> /dev/null || echo unknown)
while [ $# -gt 0 ]; do
    case $1 in
        --name | --device | --seconds | --learners | --limit | --only | --python | --peers | --commit)
            [ $# -gt 1 ] || stop "$1 needs a value"
            printf -v "${1#--}" '%s' "$2"
            shift 2 ;;
        -*) stop "option '$1' is unknown; the first lines of this script list them" ;;
        *) folder=$1; shift ;;
    esac
done
[[ $limit =~ ^[1-9][0-9]*$ ]] || stop "--limit $limit is not a number of whole minutes"
[ -n "$folder" ] || stop "name the folder that takes the results"
[ -x "$here/naf" ] && [ -x "$here/program/naf" ] || stop "$here has no program; make the folder with perf/publish_gpu.sh"
mkdir -p "$folder" || stop "$folder cannot be made"
naf=$here/naf work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

# the driver's OpenCL, if the image does not list it
if ! ls /etc/OpenCL/vendors/*.icd > /dev/null 2>&1 && [ -z "${OCL_ICD_VENDORS:-}" ]; then
    driver=$(find /usr/local/nvidia /usr/lib /usr/lib64 -name 'libnvidia-opencl.so.1' 2> /dev/null | head -n 1)
    [ -z "$driver" ] || { mkdir "$work/vendors" && echo "$driver" > "$work/vendors/nvidia.icd" && export OCL_ICD_VENDORS="$work/vendors"; }
fi

text() { tr -d '\000-\010\013-\037' | tr '\t\n' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g; s/ *$//'; }
cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv,noheader 2> /dev/null | head -n 1)
[ -n "$gpu" ] || { gpu="none that nvidia-smi knows" && : "${name:=none}"; }
[ -n "$name" ] || name=$(printf '%s' "${gpu%%,*}" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-')
file="$folder/gpu-$name.json" started=$(date +%s) failed=0
printf 'GPU: %s\nCPU: %s, %s cores\ncommit: %s\n' "$gpu" "$cpu" "$(nproc)" "$commit"

# writes the whole file, with the steps so far
write() {
    {
        printf '{\n  "what": "every kernel on a GPU, and its peers",\n  "gpu": "%s",\n  "hardware": "%s, %s cores",\n  "linux": "%s",\n' \
            "$(printf %s "$gpu" | text)" "$(printf %s "$cpu" | text)" "$(nproc)" "$(uname -r | text)"
        printf '  "commit": "%s",\n  "date": "%s",\n  "command": "%s",\n  "checks_failed": %s,\n  "seconds": %s,\n  "steps": [\n' \
            "$(printf %s "$commit" | text)" "$(date -u -d "@$started" +%Y-%m-%dT%H:%M:%SZ)" "$(printf %s "$invocation" | text)" \
            "$failed" "$(($(date +%s) - started))"
        sed '$!s/$/,/; s/^/    /' "$work/steps"
        printf '  ]\n}\n'
    } > "$file.new" && mv "$file.new" "$file"
}

# step check|measure NAME COMMAND...: its last line of output, if an object, is its result
step() {
    local kind=$1 what=$2 begin left ok=true body sentence shown
    shift 2
    [[ $what =~ $only ]] || return 1
    shown=$(printf '%s ' "$@" | sed "s#$here/##g; s#$work#WORK#g" | text)
    begin=$(date +%s) left=$((60 * limit + started - $(date +%s)))
    if [ "$left" -lt 5 ]; then
        echo "not run: the $limit minutes of --limit are over" > "$work/err"
        ok=false
    elif [ "$(type -t "$1")" = function ]; then
        "$@" > "$work/out" 2> "$work/err" || ok=false
    else
        timeout -k 5 "$((left < 120 ? left : 120))" "$@" > "$work/out" 2> "$work/err" < /dev/null || {
            [ $? != 124 ] || echo "not done within $((left < 120 ? left : 120)) s" >> "$work/err"
            ok=false; }
    fi
    body=$(tail -n 1 "$work/out" 2> /dev/null)
    if $ok && [ "${body:0:1}" = "{" ]; then
        body="\"result\": ${body//$work/WORK}"
    else
        ok=false
        sentence=$(grep -v '^ *$' "$work/err" | tail -n 1)
        body="\"error\": \"$(printf '%s' "${sentence:-it printed no result}" | sed "s#$work#WORK#g" | text)\""
        [ "$kind" = measure ] || failed=$((failed + 1))
    fi
    printf '{"step": "%s", "kind": "%s", "ok": %s, "seconds": %s, "command": "%s", %s}\n' \
        "$what" "$kind" "$ok" "$(($(date +%s) - begin))" "$shown" "$body" >> "$work/steps"
    printf '%-6s %-34s %s\n' "$($ok && echo ok || echo FAILED)" "$what" "$(printf '%s' "$body" |
        grep -o -E '"error": ".*|"([a-z_]*_per_second|milliseconds_per_fit)": ?[0-9.eE+-]+' | head -n 1)"
    : > "$work/out"
    write
    $ok
}

# two training runs: identical on both devices up to the first update, and nearly so after hundreds of updates
agree() {
    awk -F , '
        function number(text) { return text ~ /^-?[0-9.]+([eE][-+]?[0-9]+)?$/ }
        function far(row, name, within, a, b) {
            a = value[1, row, name]; b = value[2, row, name]
            return !number(a) || !number(b) || (a - b) ^ 2 > (within * b) ^ 2
        }
        function pair(what, row, name) { return sprintf("\"%s\": [%s, %s]", what, value[1, row, name], value[2, row, name]) }
        function fail(why) { print why > "/dev/stderr"; exit 1 }
        FNR == 1 { run++; split($0, names) }
        FNR > 1 { rows[run]++; for (i = 1; i <= NF; i++) value[run, FNR - 1, names[i]] = $i }
        END {
            differ = rows[1] != rows[2]
            count = split("episode,learner,seed,step,updates,replay,planned", exact)
            for (row = 1; row <= rows[1]; row++)
                for (i = 1; i <= count; i++) differ = differ || value[1, row, exact[i]] != value[2, row, exact[i]]
            if (differ) fail("episodes, steps, updates or stops differ between the two devices")
            line = "{" pair("untrained_test_score", 1, "test_score") ", " pair("train_score", 2, "train_score") ", " \
                pair("mean_q", 2, "mean_q") ", " pair("loss", 2, "loss") ", " pair("gradient_norm", 2, "gradient_norm") "}"
            if (far(1, "test_score", 1e-3) || far(2, "train_score", 1e-3) || far(2, "mean_q", 1e-2) || far(2, "loss", 0.05) \
                || far(2, "gradient_norm", 0.05)) fail("the first episode differs by more than rounding explains: " line)
            print line
        }' "$1/metrics.csv" "$2/metrics.csv"
}
same() { cmp "$1/metrics.csv" "$2/metrics.csv" >&2 && echo '{"bitwise": true}'; }
bench() { local what=$1 d=$2; shift 2; step measure "$what/$d" "$naf" bench "${what%%/*}" --device "$d" "$@" --json; }

: > "$work/steps"
step check devices "$naf" devices --json
devices=$device
case $device in
    opencl:0 | cpu) ;;
    *) [[ ! $("$naf" devices --json) =~ '"name":"opencl:0"'[^}]*'"usable":true'[^}]*'"is_gpu":true' ]] || devices="$device opencl:0" ;;
esac

# checks: every kernel against double precision, then a short training run against the CPU's and against itself
for d in $devices; do step check "check/$d" "$naf" check --device "$d" --json; done
train() { step check "train/$1$2" "$naf" train cartpole --episodes 3 --device "$1" --out "$work/run-${1/:/-}$2" --json; }
train cpu ""
for d in ${devices#cpu}; do
    ! train "$d" "" || step check "train/$d-as-on-cpu" agree "$work/run-${d/:/-}" "$work/run-cpu"
    ! train "$d" -again || step check "train/$d-bitwise" same "$work/run-${d/:/-}" "$work/run-${d/:/-}-again"
done

# measurements
measure() {
    for p in $learners; do bench "update/$p" "$1" --learners "$p" --seconds "$seconds"; done
    for r in 4096 65536; do bench "rollout/$r" "$1" --rollouts "$r" --seconds "$seconds"; done
    bench rollout/4096x16 "$1" --rollouts 4096 --learners 16 --seconds "$seconds"
    for t in 150 1000; do bench "fit/$t" "$1" --horizon "$t" --seconds "$seconds"; done
    bench fit/150x32 "$1" --learners 32 --seconds "$seconds"
    bench advantage/65536 "$1" --seconds "$seconds"
}
measure "$device"

# peers
peer() { local what=$1; shift; step measure "peer/$what" "$python" "$here/peers/$1.py" "${@:2}" --seconds "$seconds"; }
where=cpu
case $device in cuda:*) where=cuda ;; esac
# runs whatever --only says
there() { local only=.; [ "$peers" = yes ] && step measure "peer/$1" "$python" -c "import json, $1; print(json.dumps(dict(version=$1.__version__)))"; }
if [ $where = cuda ] && there torch; then
    for p in $learners; do peer "update-torch-graph/$p" naf_torch --device cuda --graph --learners "$p"; done
    for p in 1 128; do peer update-torch-fused-adam/$p naf_torch --device cuda --graph --adam fused --learners $p; done
    for r in 4096 65536; do peer "rollout-torch-graph/$r" rollout_torch --device cuda --graph --rollouts $r; done
fi
if there jax; then
    for p in $learners; do peer "update-jax/$p" naf_jax --device $where --learners "$p"; done
    for r in 4096 65536; do peer "rollout-jax/$r" rollout_jax --device $where --rollouts $r; done
fi

# the other devices
for d in ${devices#"$device"} cpu; do [ "$d" = "$device" ] || measure "$d"; done
[ -f "$file" ] || stop "no step's name matches --only $only"
printf '%s: %s checks failed\n' "$file" "$failed"
[ "$failed" = 0 ]
