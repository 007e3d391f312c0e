#!/usr/bin/env bash
# Install what the integration and end-to-end tests talk to: Redis, PostgreSQL, SIP phones, and a folder that
# holds a Debian with Asterisk. What it may not install it names and leaves out; it fails only when
# HOTLINE_REQUIRE_SERVICES=1. Started services of the machine are left alone: the tests start their own.
set -euo pipefail

cache=${HOTLINE_CACHE:-$HOME/.cache/hotline}
asterisk_root=$cache/asterisk-root
asterisk_packages=asterisk,asterisk-modules,asterisk-core-sounds-en
asterisk_suite=forky
recipe="$asterisk_suite $asterisk_packages 1"

missing=()
say() { printf 'services: %s\n' "$*"; }
leave_out() { missing+=("$1"); say "left out: $1"; }

has_program() { command -v "$1" >/dev/null; }
has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has_program initdb; }

# Prints the Debian packages whose program is not there yet.
wanted_packages() {
    has_program redis-server || echo redis-server
    has_postgresql || echo postgresql
    has_program sipp || echo sip-tester
    has_program baresip || echo baresip-core
    has_program espeak-ng || echo espeak-ng
    has_program sox || echo sox
    has_program ffmpeg || echo ffmpeg
    has_program mmdebstrap || echo mmdebstrap
}

why_not_installable() {
    if ! has_program apt-get; then
        echo "this is not Debian"
    elif [ "$(id -u)" != 0 ]; then
        echo "only root may install"
    fi
}

# policy-rc.d keeps the packages from starting their daemons while they are being installed.
install_packages() {
    local policy=/usr/sbin/policy-rc.d made_policy='' status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=yes
    fi
    { apt-get update -q &&
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } || status=$?
    [ -z "$made_policy" ] || rm -f "$policy"
    return "$status"
}

install_missing_packages() {
    local packages reason
    mapfile -t packages < <(wanted_packages)
    [ "${#packages[@]}" -gt 0 ] || { say "packages: all there"; return; }
    reason=$(why_not_installable)
    if [ -n "$reason" ]; then
        leave_out "packages ${packages[*]}: $reason"
        return
    fi
    say "installing ${packages[*]}"
    install_packages "${packages[@]}" || leave_out "packages ${packages[*]}: apt-get failed, see above"
}

asterisk_works() {
    [ -x "$asterisk_root/usr/sbin/asterisk" ] && chroot "$asterisk_root" /usr/sbin/asterisk -V >/dev/null 2>&1
}

asterisk_is_current() {
    local stamp=$asterisk_root.recipe
    asterisk_works || return 1
    [ -e "$stamp" ] || echo "$recipe" >"$stamp"
    [ "$(cat "$stamp")" = "$recipe" ]
}

# Built beside its place and renamed into it, so that an interrupted build is never taken for a whole one.
build_asterisk_root() {
    local building
    building=$(mktemp -d "$cache/asterisk-root.building.XXXXXX")
    chmod 755 "$building"
    say "building a Debian $asterisk_suite with Asterisk in $asterisk_root (about half a minute)"
    if ! mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
        --include="$asterisk_packages" "$asterisk_suite" "$building"; then
        rm -rf --one-file-system "$building"
        return 1
    fi
    rm -rf --one-file-system "$asterisk_root"
    mv "$building" "$asterisk_root"
    echo "$recipe" >"$asterisk_root.recipe"
}

install_asterisk() {
    if [ "$(id -u)" != 0 ]; then
        leave_out "Asterisk: only root may make and enter its folder"
        return
    fi
    mkdir -p "$cache"
    exec 9>"$cache/asterisk-root.lock"
    flock 9
    if asterisk_is_current; then
        say "Asterisk: $(chroot "$asterisk_root" /usr/sbin/asterisk -V) in $asterisk_root"
    elif ! has_program mmdebstrap; then
        leave_out "Asterisk: mmdebstrap is missing"
    elif build_asterisk_root && asterisk_works; then
        say "Asterisk: $(chroot "$asterisk_root" /usr/sbin/asterisk -V) in $asterisk_root"
    else
        leave_out "Asterisk: mmdebstrap failed, see above"
    fi
    exec 9>&-
}

install_missing_packages
install_asterisk

if [ "${#missing[@]}" -gt 0 ] && [ "${HOTLINE_REQUIRE_SERVICES:-}" = 1 ]; then
    say "HOTLINE_REQUIRE_SERVICES=1 and not everything is there" >&2
    exit 1
fi
