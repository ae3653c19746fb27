mkdir lib; cat > lib/util.sh <<'X'
#!/bin/bash
[[ -n "${_UTIL_LOADED:-}" ]] && return 0
_UTIL_LOADED=1
UTIL_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
util_say() { echo "util: $*"; }
util_fail() { echo "failing" >&2; return 9; }
X
source lib/util.sh; source lib/util.sh; echo $?; util_say hi; util_fail 2>/dev/null; echo $?; basename "$UTIL_DIR"; . ./lib/util.sh; echo "${BASH_SOURCE[0]}" "$0"
cat > child.sh <<'X'
echo "child: $0 args=$# $*"; echo "exported: ${EXP:-no} plain: ${PLAIN:-no}"; [ -t 0 ] || echo notty; exit 3
X
export EXP=1; PLAIN=2; bash child.sh a "b c"; echo $?; bash -c 'echo "c: $0 $1 $EXP"' zero one; echo 'echo from stdin $1' | bash -s arg; bash <<< 'echo herestring'; sh -c 'echo sh $((1+1))'; bash -e -c 'false; echo no'; echo $?; bash -euo pipefail -c 'echo ${X:-def}; false | true; echo no' ; echo $?; bash -n child.sh; echo $?; bash -c 'if'; echo $?; bash nofile.sh 2>/dev/null; echo $?; bash -c 'exit 42'; echo $?; (bash -c 'echo $PPID' > /dev/null); bash -c 'kill -0 $$ && echo self'
printf 'echo one\nfi\necho two\n' > broken.sh; bash broken.sh 2>/dev/null; echo $?; printf 'echo "unterminated\n' > b2.sh; bash b2.sh 2>/dev/null; echo $?; set -- x; source child.sh y z
