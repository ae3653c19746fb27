#!/usr/bin/env bash
# The main job, on a real file: an untrusted skill is installed, denied, granted, and works.
set -euo pipefail
cd "$(dirname "$0")/.."

demo=${HOLM_DEMO:-target/demo}
mkdir -p "$demo"
export HOLM_HOME=$demo/home
holm=target/debug/holm
trap '"$holm" shutdown >/dev/null 2>&1 || true' EXIT

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
show() {
    printf '\033[2m$ holm'
    local word
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:=,-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\033[0m\n'
    "$holm" "$@"
}

cargo metadata --format-version 1 --offline >"$demo/metadata.json" 2>/dev/null || cargo metadata --format-version 1 >"$demo/metadata.json"
"$holm" shutdown >/dev/null 2>&1 || true
"$holm" uninstall jq >/dev/null 2>&1 || true

say "A real file: what cargo knows of this workspace and all it stands on ($(du -h "$demo/metadata.json" | cut -f1))"
say "An untrusted skill, built to a component, is installed: pinned by digest, granted nothing"
"$holm" build plugins/jq
show install plugins/jq --yes
say "It may not read a file that nobody granted"
if show run jq --no-ask -- '.packages | length' "$demo/metadata.json"; then
    echo "it read the file without a grant" >&2
    exit 1
fi
say "Granted exactly this file, it works"
show grant jq "fs=$demo/metadata.json:ro"
show run jq --no-ask -- '[.packages[].license] | group_by(.) | map({license: .[0], packages: length}) | sort_by(-.packages) | .[:5]' "$demo/metadata.json"
say "Every system call was recorded: what was denied, by which rule, and what was allowed"
show audit --plugin jq --denied
say "Revoked, it is blind again"
show revoke jq fs
if show run jq --no-ask -- '.packages | length' "$demo/metadata.json"; then
    echo "it read the file after its grant was revoked" >&2
    exit 1
fi
say "Done. \`$holm --help\` shows the rest; this demo lives in $demo"
