#!/usr/bin/env bash
# Draws docs/pictures/TASK.png. Each argument is a run (or task) with options of naf render; the task names the picture:
#   docs/pictures/make.sh "runs/cartpole-naf-1 --step 60" "runs/walker2d-naf-1 --learner 2"
# The pictures kept here were drawn from the runs of docs/results, with
#   cartpole --step 45, reacher --episode 1, gripper --learner 1, gripper-single --learner 1 --step 90, gripper-moving --episode 3,
#   canada2d --episode 3, cheetah --learner 1 --step 80, swimmer6 --learner 1, ant --step 130, walker2d --learner 2 --episode 2
# and of 100 episodes of cartpole, reacher-single and peg with seed 0.
# NAF names another program than ./naf.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
naf=${NAF:-$here/../../naf}
[ $# -gt 0 ] || { echo "usage: docs/pictures/make.sh \"RUN [OPTION]...\"..." >&2; exit 2; }
drawing=$(mktemp --suffix .png)
trap 'rm -f "$drawing"' EXIT

for wanted in "$@"; do
    # shellcheck disable=SC2086   # the words of an argument are options
    said=$("$naf" render $wanted --out "$drawing" --width 480 --height 360 --json)
    task=$(sed 's/.*"task":"\([^"]*\)".*/\1/' <<< "$said")
    install -m 644 "$drawing" "$here/$task.png"
    echo "docs/pictures/$task.png: $wanted"
done
