#!/usr/bin/env bash
set -euo pipefail
readonly SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
usage() { cat <<EOF
Usage: $(basename "$0") [-h] [-v] NAME...
EOF
}
log() { local level=$1; shift; printf '[%s] %s\n' "$level" "$*" >&2; }
die() { log ERROR "$@"; exit 1; }
VERBOSE=false; OUT=""
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h|--help) usage; exit 0 ;;
    -v|--verbose) VERBOSE=true; shift ;;
    -o|--output) OUT="$2"; shift 2 ;;
    -*) die "Unknown option: $1" ;;
    *) break ;;
  esac
done
names=("$@"); [[ ${#names[@]} -gt 0 ]] || die "no names"
declare -A count=()
for n in "${names[@]}"; do count["$n"]=$(( ${count["$n"]:-0} + 1 )); done
for n in $(printf '%s\n' "${!count[@]}" | sort); do echo "$n: ${count[$n]}"; done
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/data.json" <<EOF
{"names": [$(printf '"%s",' "${names[@]}" | sed 's/,$//')]}
EOF
cat "$tmp/data.json"; [[ -n "${OUT:-}" ]] && cp "$tmp/data.json" "$OUT"
if $VERBOSE; then echo "verbose"; fi
total=0; while IFS= read -r line; do total=$((total + ${#line})); done < "$tmp/data.json"; echo "total $total"
find "$tmp" -name '*.json' -exec basename {} \; | sort
awk -F: '{print $1}' <<< "a:b" ; grep -c names "$tmp/data.json" || true
result=$(echo "x y z" | awk '{print $2}'); echo "Result: ${result:?}"; ls -1 "$SCRIPT_DIR" | head -3
