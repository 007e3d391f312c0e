#!/usr/bin/env bash
# Re-make requirements/*.txt from requirements/*.in: every version pinned by hash, no download locations.
set -euo pipefail
cd "$(dirname "$0")/../requirements"

uv=${UV:-../.venv/bin/uv}
compile() {
    echo "lock: $1.in -> $1.txt"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        "${@:2}" "$1.in" --output-file "$1.txt"
}

compile runtime
compile build
compile dev --constraint runtime.txt --constraint build.txt

if grep -nE '://|file:|^-|/' ./*.txt; then
    echo "lock: a lock file names a place (above); it must hold names, versions and hashes only" >&2
    exit 1
fi
