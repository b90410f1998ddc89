# Installs what `naf` and `test` need; sourced by both. Each step reports on standard error what it does.
# Expects $root, the folder of the repository.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_HOME="${DOTNET_CLI_HOME:-${HOME:-/tmp}}"
# without libicu, as on a minimal system, the SDK would not start
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"

say() { printf 'naf: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# the .NET 10 SDK
need_dotnet() {
    command -v dotnet > /dev/null && dotnet --list-sdks 2> /dev/null | grep '^1[0-9]\.' > /dev/null && return
    stop "the .NET 10 SDK is missing; install it (https://dotnet.microsoft.com/download/dotnet/10.0, or 'curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0' and put ~/.dotnet on the PATH)"
}

# install_debian WHAT PACKAGE...: installs as root with apt; otherwise fails silently
install_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return 1
    local what=$1 log; log=$(mktemp)
    shift
    say "$what: installing Debian's $*"
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } > "$log" 2>&1; then
        rm -f "$log"
        return
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    say "apt-get could not install $* (above)"
    return 1
}

# loader_knows PATTERN: whether a library of that name is installed
loader_knows() { { ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | grep "$1" > /dev/null; }

# MuJoCo: MUJOCO_PATH, or a library that the loader knows, or Debian's package
need_mujoco() {
    [ -n "${MUJOCO_PATH:-}" ] && return
    loader_knows 'libmujoco\.so' && return
    [ "$(uname -s)" = Linux ] || return 0   # elsewhere the program searches itself and reports what is missing
    install_debian "MuJoCo is missing" libmujoco2.2.2 ||
        stop "MuJoCo is missing; install it (Debian 12: 'sudo apt-get install libmujoco2.2.2') or unpack a release of https://github.com/google-deepmind/mujoco and set MUJOCO_PATH to its folder"
}

# EGL and Mesa, to draw pictures without a display. If they are not available, the program reports it when it has to
# draw
want_pictures() {
    [ "$(uname -s)" = Linux ] || return 0
    loader_knows 'libEGL\.so\.1' &&
        { ! command -v dpkg-query > /dev/null || dpkg-query -W -f '${Status}' libgl1-mesa-dri 2> /dev/null | grep '^install ok' > /dev/null; } && return
    install_debian "pictures need EGL" libegl1 libgl1-mesa-dri || true
}

# ffmpeg, to encode videos; likewise
want_video() {
    command -v ffmpeg > /dev/null || install_debian "videos need ffmpeg" ffmpeg || true
}

# a C compiler and MuJoCo's headers, for two tests; without them these are skipped, with this reason
want_compiler() {
    [ -f /usr/include/mujoco/mujoco.h ] && [ -x /usr/bin/cc ] && return
    [ -n "${MUJOCO_PATH:-}" ] || install_debian "the tests compare with C" gcc libc6-dev libmujoco-dev || true
}

# OpenCL on the CPU, to test GPU kernels without a GPU
want_gpu_tests() {
    [ "$(uname -s)" = Linux ] || return 0
    loader_knows 'libOpenCL\.so\.1' && ls /etc/OpenCL/vendors/pocl*.icd > /dev/null 2>&1 && return
    install_debian "kernels are tested without a GPU" ocl-icd-libopencl1 pocl-opencl-icd || true
}

# Slurm, to test arrays of jobs; without it that test is skipped, with this reason
want_slurm() {
    [ "$(uname -s)" = Linux ] || return 0
    local program missing=
    for program in sbatch slurmctld slurmd munged; do
        PATH="$PATH:/usr/sbin" command -v "$program" > /dev/null || missing=1
    done
    [ -z "$missing" ] || install_debian "the tests submit jobs" slurm-wlm munge || true
}

# Python, for an environment in it; without it those tests are skipped, with this reason
want_python() {
    command -v python3 > /dev/null || install_debian "the tests train on an environment in Python" python3 || true
}

# build TARGET FOLDER...: a Release build of a project or solution, only if a source file in the folders is newer than
# the last build, or one was added or removed
build() {
    local target=$1 stamp names log
    shift
    stamp="$root/Naf.Cli/obj/built-$target"
    if [ ! -w "$root/Naf.Cli" ]; then
        # another user's checkout: run what its owner built
        [ -f "$root/Naf.Cli/bin/Release/net10.0/naf.dll" ] && [ "$target" = Naf.Cli ] && return
        stop "$root can't be written, and $target is not built there; build it as its owner, or make a clone of your own"
    fi
    mkdir -p "$root/Naf.Cli/obj"
    if command -v flock > /dev/null; then exec 9> "$root/Naf.Cli/obj/lock" && flock 9; fi
    local folders=("${@/#/$root/}")
    sources() { find "${folders[@]}" "$root"/Directory.* "$root/.editorconfig" \( -name bin -o -name obj \) -prune -o -type f "$@" -print; }
    names=$(sources | LC_ALL=C sort | cksum)
    if [ ! -f "$root/Naf.Cli/bin/Release/net10.0/naf.dll" ] || [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$names" ] || [ -n "$(sources -newer "$stamp" | head -n 1)" ]; then
        say "building $target"
        log=$(mktemp)
        printf '%s\n' "$names" > "$stamp.new"
        if ! dotnet build "$root/$target" -c Release --nologo -v quiet > "$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log" "$stamp.new"
            stop "the build failed (above)"
        fi
        rm -f "$log"
        mv "$stamp.new" "$stamp"   # dated at the build's start, so that a file edited meanwhile is newer
    fi
    exec 9>&-
}
