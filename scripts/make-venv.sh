#!/usr/bin/env bash
# Make .venv with the pinned requirements and the program itself, or bring it up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
say() { printf 'venv: %s\n' "$*"; }
die() { printf 'venv: %s\n' "$*" >&2; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3}; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "needs Python 3.11 or newer (tried ${PYTHON:-python3.11 … python3.14, python3}); on Debian 12:" \
        "apt-get install python3 python3-venv. Another one can be named: make venv PYTHON=/path/to/python3"
}

# Debian ships Python without ensurepip; python3-venv brings it.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        local version
        version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "this Python has no venv module; installing python$version-venv"
        apt-get update -q
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "python$version-venv"
    fi
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$1 has no venv module; as root: apt-get install python3-venv"
}

if ! { [ -x "$venv/bin/python" ] && is_new_enough "$venv/bin/python"; }; then
    python=$(find_python)
    ensure_venv_module "$python"
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

# The build tools come first, so that building a source package fetches nothing that is not pinned.
say "1/3 build tools"
pip install --quiet --require-hashes -r requirements/build.txt
say "2/3 libraries (the first time about 250 MB, a speech model among them)"
pip install --no-build-isolation --require-hashes -r requirements/dev.txt
say "3/3 hotline itself"
pip install --quiet --no-deps --no-build-isolation --editable .
say "ready: $venv/bin/hotline --help"
