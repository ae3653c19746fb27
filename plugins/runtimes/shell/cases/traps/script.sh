trap 'echo exit $?' EXIT; trap 'echo int' INT; trap -p | sort; (trap 'echo sub' EXIT; echo in); trap - INT; trap -p INT
f() { trap 'echo ret' RETURN 2>/dev/null; echo f; }; cleanup() { echo cleaning; }; trap cleanup EXIT; tmp=$(mktemp); trap 'rm -f "$tmp"; cleanup; echo code $?' EXIT
( exit 7 ); exit 5
