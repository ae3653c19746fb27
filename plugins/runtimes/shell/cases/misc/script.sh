echo $0 $# $?; echo "${BASH_SOURCE[0]}" "$(basename "$0")"; cd /; pwd; cd - > /dev/null; cd "$(dirname "$0")" && ls; eval 'x=5; echo $x'; eval echo '$x'; y='echo evald'; $y
set -- a b c; shift; echo $1 $#; shift 5 || echo cannot; export E1=exp; bash -c 'echo $E1'; env | grep ^E1; E2=tmp bash -c 'echo $E2'; echo ${E2:-unset}; readonly R=1; (R=2) 2>/dev/null || echo ro; unset x; echo ${x-gone}
command -v cd; command -v ls >/dev/null && echo has ls; command -v nosuch || echo none; type -t echo ls if f; command echo direct; builtin echo b; hash ls; true; : ignored; times > /dev/null; umask > /dev/null; ulimit -n > /dev/null
echo 'echo sourced $1; sv=1; return 3' > inc.sh; source ./inc.sh arg; echo $? $sv; . ./inc.sh; f() { echo ${1:-none}; }; f; alias ll='ls -l'; declare -r C=9; declare -x D=8; declare -l lw=ABC; declare -u up=abc; echo $C $D $lw $up; declare -p D lw
echo {1..5} {a..e} {1..10..3} {5..1} x{a,b{c,d}}y {a,b}{1,2} {single} {,x}z "{a,b}" a{b}c {01..03}
nosuch 2>/dev/null; echo $?; /nope/x 2>/dev/null; echo $?; mkdir dd; ./dd 2>/dev/null; echo $?; printf '#!/bin/bash\necho "script $0 $1"; exit 9' > run.sh; chmod +x run.sh; ./run.sh arg; echo $?
(exit 300); echo $?; bash -c 'exit 5' ; echo $?; sleep 0.01 & wait $!; echo $?; (sleep 0.01; exit 4) & wait $!; echo $?; false & wait; echo $?; [ -n "$!" ] && echo pid; kill -0 $$ && echo alive
RANDOM=1; a=$RANDOM; [ $a -ge 0 ] && echo rnd; [ $SECONDS -ge 0 ] && echo sec; echo ${#LINENO} $((LINENO>5)); let "q = 3 * 4"; echo $q; pushd / >/dev/null; pwd; popd >/dev/null; echo ~ ~/x "~" a=~/y; HOME=/h; echo ~
echo "$(cat <<X
doc in sub $q
X
)"; echo "done"; ( echo a; ( echo b ) ); x=$(echo "multi
line"); echo "$x"; echo $x; echo "${x}" | wc -l; printf '%s\n' "$-" | tr -d 'chB\n' ; echo; echo $BASH_VERSION | cut -d. -f1; time true 2>/dev/null; set -x 2>/dev/null; set +x 2>/dev/null; exit 42
