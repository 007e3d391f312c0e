#!/bin/sh
# Start Asterisk in its container: config/asterisk/ (mounted on /config) with what the environment adds in site/.
#
#   HOTLINE_ASTERISK__SECRET  the manager secret (required)
#   RTP_START, RTP_END        the audio ports that the container publishes
#   PUBLIC_ADDRESS            the address that phones reach, when it is not the container's own
set -eu
umask 077

config=${CONFIG_SOURCE:-/config}
etc=${ASTERISK_ETC:-/etc/asterisk}

# A value becomes part of a configuration line: only characters without a meaning there pass.
plain() {
    case $2 in
        '' | *[!A-Za-z0-9._~+/=:-]*)
            echo "asterisk-entrypoint: $1 must be set, and of letters, digits and . _ ~ + / = : - only" >&2
            exit 78
            ;;
    esac
}

plain HOTLINE_ASTERISK__SECRET "${HOTLINE_ASTERISK__SECRET:-}"
plain RTP_START "${RTP_START:=10000}"
plain RTP_END "${RTP_END:=10199}"

[ -f "$config/asterisk.conf" ] || {
    echo "asterisk-entrypoint: no asterisk.conf in $config: mount config/asterisk there" >&2
    exit 78
}

# A copy, made anew at every start: the mounted folder stays as its owner wrote it.
find "$etc" -mindepth 1 -delete
cp -R "$config/." "$etc/"
mkdir -p "$etc/site"

printf '\n[hotline](+)\nsecret = %s\n' "$HOTLINE_ASTERISK__SECRET" >>"$etc/site/manager.conf"
printf '\n[general](+)\nrtpstart = %s\nrtpend = %s\n' "$RTP_START" "$RTP_END" >>"$etc/site/rtp.conf"
if [ -n "${PUBLIC_ADDRESS:-}" ]; then
    plain PUBLIC_ADDRESS "$PUBLIC_ADDRESS"
    printf '\n[transport-udp](+)\nexternal_signaling_address = %s\nexternal_media_address = %s\n' \
        "$PUBLIC_ADDRESS" "$PUBLIC_ADDRESS" >>"$etc/site/pjsip.conf"
    printf 'local_net = %s\n' 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 >>"$etc/site/pjsip.conf"
fi
unset HOTLINE_ASTERISK__SECRET

umask 027
exec "${ASTERISK:-asterisk}" -f -C "$etc/asterisk.conf" "$@"
