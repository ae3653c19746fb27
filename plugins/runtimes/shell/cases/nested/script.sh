f() { local r; r=$(g "$1") || return 1; echo "f:$r"; }; g() { [ "$1" = bad ] && return 2; echo "g:$1"; }
f ok; f bad; echo $?; x=$(f ok; f bad; echo "st $?"); echo "$x"
echo "$(for i in 1 2; do echo "$(echo "in $i")"; done)"; y=$( { echo a; echo b >&2; } 2>&1 ); echo "$y"
if out=$(false); then echo yes; else echo "no:$?:$out"; fi; z=$(exit 5); echo $?; local_in() { local q=$(exit 5); echo $?; }; local_in
while read -r a; do while read -r b; do echo "$a$b"; done <<< $'1\n2'; done <<< $'x\ny'
(a=1; (a=2; echo $a); echo $a); echo ${a:-unset}; { b=3; }; echo $b; cat <<A
outer $(cat <<B
inner ${b}
B
)
A
eval "eval 'echo \"deep \$b\"'"; cmd="echo"; $cmd dynamic; args=(-n "a b"); echo "${args[@]}"; echo; "${cmd}" "quoted cmd"
fn=f; $fn ok; arr=(f g); ${arr[1]} z; h() { "$@"; }; h echo via h; h f ok; [[ $(f ok) == "f:g:ok" ]] && echo match
n=0; inc() { ((n++)); return 0; }; inc; inc; echo $n; c=$(inc; echo $n); echo "$c $n"; for i in a b; do case $i in a) continue;; esac; echo "i=$i"; done
set -- 1 2 3; while (($#)); do echo -n "$1 "; shift; done; echo; select_like() { local PS3=; echo sel; }; select_like
t() { return $1; }; t 0 && t 1 || t 3; echo $?; t 1 || t 0 && echo chain; ! t 1 && echo neg; { t 4; } || echo "grp $?"; (t 4) || echo "sub $?"
trap 'echo "line err"' ERR; t 1; t 0; trap - ERR; k=5; ((k+=2)); echo $((k*2)) $k; : $((k=9)); echo $k; echo $((k>5 ? k : -k))
printf '%s\n' {1..3} | while read -r q; do [ $q = 2 ] && break; echo "q$q"; done; echo ${PIPESTATUS[@]}; v=a; v+=b; v+="c d"; echo "$v"; i=5; i+=3; echo $i; declare -i j=5; j+=3; echo $j
