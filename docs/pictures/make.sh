#!/usr/bin/env bash
# Draws docs/pictures/TASK.png for each built-in task: the end of an episode of random actions, or a step at which it shows more.
# Folders of runs may be given, each of which draws its task's picture with its policy instead:  docs/pictures/make.sh [RUN]...
# NAF names another program than ./naf.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
naf=${NAF:-$here/../../naf}

# draw RUN|TASK OPTION...
draw() {
    local said task
    said=$($naf render "$1" --out "$here/drawing.png" --width 480 --height 360 --json "${@:2}")
    task=$(sed 's/.*"task":"\([^"]*\)".*/\1/' <<< "$said")
    mv "$here/drawing.png" "$here/$task.png"
    echo "docs/pictures/$task.png: $1 ${*:2}"
}

if [ $# -gt 0 ]; then
    for run in "$@"; do draw "$run"; done
    exit
fi
draw cartpole
draw reacher --episode 2
draw reacher-single
draw peg
draw gripper
draw gripper-single
draw gripper-moving --step 60
draw canada2d --step 90
draw cheetah --step 20
draw swimmer6
draw ant
draw walker2d --step 20
