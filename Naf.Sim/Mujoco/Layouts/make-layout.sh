#!/bin/sh
# Prints the row of LayoutTable.cs for the MuJoCo headers in a folder (default: the installed ones).
#
#   make-layout.sh [INCLUDE_FOLDER]      the folder that holds mujoco/mujoco.h, such as ~/mujoco-3.3.7/include
#
# Add the printed row at the end of LayoutTable.cs and run the tests. A new field: add its name to the table's
# first line, and print every row again. Needs a C compiler (CC, default cc).
set -eu
include=${1:-/usr/include}
[ -f "$include/mujoco/mujoco.h" ] || { echo "no mujoco/mujoco.h in $include; give the folder that holds it (Debian: apt-get install libmujoco-dev)" >&2; exit 1; }
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the table's first line names the columns: each becomes one printf of a C program
{
    echo '#include <stddef.h>'
    echo '#include <stdio.h>'
    echo '#include <mujoco/mujoco.h>'
    echo 'int main(void) {'
    echo '    int v = mjVERSION_HEADER;   // 222 is 2.2.2, 3012000 is 3.12.0'
    echo '    if (v < 1000) printf("%d.%d.%d", v / 100, v / 10 % 10, v % 10);'
    echo '    else printf("%d.%d.%d", v / 1000000, v / 1000 % 1000, v % 1000);'
    grep -m 1 '^ *version,' "$here/LayoutTable.cs" | tr -d ' ' | tr ',' '\n' | sed 1d | sed -E \
        -e 's/^sizeof\.([A-Za-z]+)\.(.+)$/    printf(",%zu", sizeof(((\1*)0)->\2));/' \
        -e 's/^(mjModel|mjData)\.(.+)$/    printf(",%zu", offsetof(\1, \2));/' \
        -e 's/^enum\.(.+)$/    printf(",%d", (int)\1);/'
    echo '    puts("");'
    echo '    return 0;'
    echo '}'
} > "$work/layout.c"
"${CC:-cc}" -I"$include" -o "$work/layout" "$work/layout.c"
"$work/layout"
