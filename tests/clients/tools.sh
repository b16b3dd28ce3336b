# Sourced by the scripts beside it. Other people's tools live in target/clients/, so that `cargo clean` removes them;
# only the manifests with their versions are kept here.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work="${CARGO_TARGET_DIR:-$root/target}/clients"
mkdir -p "$work"

# Ids of the processes that end with the script, newest last.
started=()

# Says that a tool must be installed first, unless it is.
need() {
    command -v "$1" > /dev/null || { echo "$1 is needed: $2" >&2; exit 2; }
}

# python_tools FOLDER: a Python environment with what FOLDER/requirements.txt pins. Its programs are in $python.
python_tools() {
    local manifest="$here/$1/requirements.txt" home="$work/$1/python"
    need python3 "install Python 3.10 or newer with its venv module"
    python="$home/bin"
    if ! cmp -s "$manifest" "$home/installed.txt"; then
        echo "installing $(grep -vc '^#' "$manifest") Python packages for $1" >&2
        rm -rf -- "$home"
        python3 -m venv "$home"
        "$python/pip" install --quiet --disable-pip-version-check --requirement "$manifest"
        cp "$manifest" "$home/installed.txt"
    fi
}

# node_tools FOLDER: what FOLDER/package.json pins. Its programs are in $node_modules/.bin.
node_tools() {
    local manifest="$here/$1/package.json" home="$work/$1/node"
    need npm "install Node.js 20 or newer"
    node_modules="$home/node_modules"
    if ! cmp -s "$manifest" "$home/installed.json"; then
        echo "installing npm packages for $1" >&2
        rm -rf -- "$home"
        mkdir -p "$home"
        cp "$manifest" "$home/package.json"
        npm install --prefix "$home" --silent --no-audit --no-fund --no-package-lock
        cp "$manifest" "$home/installed.json"
    fi
}

# Builds the program unless POSTERN_BIN names one, and says where it is in $postern.
build_postern() {
    postern="${POSTERN_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/postern}"
    if [ -z "${POSTERN_BIN:-}" ]; then
        cargo build --quiet --manifest-path "$root/Cargo.toml" --bin postern
    fi
}

# start LOG COMMAND...: runs a command beside the script; it is stopped when the script ends. Its id is in $started_pid.
start() {
    local log=$1
    shift
    # Empty before anybody reads it: what an earlier run wrote there is not this one's word.
    : > "$log"
    "$@" > "$log" 2>&1 &
    started_pid=$!
    started+=("$started_pid")
}

# address_in LOG PID WORDS: waits until the program has written WORDS and an address of this machine to its log, and
# prints the address.
address_in() {
    local log=$1 pid=$2 words=$3 address
    for _ in $(seq 1800); do
        address=$(grep -oEm1 "$words http://127\.0\.0\.1:[0-9]+" "$log" | grep -oE 'http:.*' || true)
        if [ -n "$address" ]; then
            echo "$address"
            return
        fi
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.1
    done
    echo "it did not start; its log:" >&2
    cat "$log" >&2
    return 1
}

# start_sandbox LOG: starts the stand-ins for the platforms; their address is in $sandbox.
start_sandbox() {
    start "$1" "$postern" sandbox --listen 127.0.0.1:0
    sandbox=$(address_in "$1" "$started_pid" "the sandbox listens on")
}

# A port of this machine that is free now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Stops what was started, newest first: asks, waits up to 15 s, then kills.
stop_started() {
    local index pid
    for ((index = ${#started[@]} - 1; index >= 0; index--)); do
        pid=${started[index]}
        kill -TERM "$pid" 2> /dev/null || continue
        for _ in $(seq 150); do
            kill -0 "$pid" 2> /dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    started=()
}
trap stop_started EXIT
trap 'exit 130' INT TERM
