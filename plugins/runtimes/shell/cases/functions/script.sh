f() { echo "f: $1 $# $FUNCNAME"; return ${2:-0}; }
f a; f b 7; echo $?
function g { local x=inner; echo $x; h; }; h() { echo "h sees $x"; }; x=outer; g; echo $x
fact() { if (($1<=1)); then echo 1; else echo $(($1*$(fact $(($1-1))))); fi; }; fact 6
k() { for i in 1 2 3; do [ $i = 2 ] && return 5; done; }; k; echo $?
outer() { inner() { echo defined; }; }; outer; inner
v=1; ch() { v=2; }; ch; echo $v; (ch2() { v=3; }; ch2); echo $v
args() { shift; echo "$@"; set -- x y; echo $1; }; args 1 2 3; echo "$@"
r() { echo in; } > out.txt; r; cat out.txt
rec() { [ $1 -gt 0 ] && rec $(($1-1)) && echo -n "$1 "; return 0; }; rec 5; echo
type f | head -1; declare -F f; unset -f f; type f 2>/dev/null || echo gone
show() { echo "V=$V"; }; V=1 show; echo "after=$V"
local_test() { local a=1 b; echo "$a-$b-"; local c=$a; echo $c; }; local_test
stack() { echo "${FUNCNAME[0]} ${FUNCNAME[1]}"; }; caller_f() { stack; }; caller_f
