echo a | cat | cat | tr a b; seq 10 | head -3 | tail -1; printf 'c\na\nb\n' | sort | uniq | wc -l
false | true; echo $? "${PIPESTATUS[@]}"; true | false | (exit 3); echo "${PIPESTATUS[*]}"; set -o pipefail; false | true; echo $?; set +o pipefail
x=1; echo 5 | read x; echo $x; echo 5 | { read y; echo $y; }; yes | head -2 | wc -l; seq 1 100000 | tail -1
echo abc | { cat; echo more; } | tr a-z A-Z; (echo s1; echo s2) | sed 's/s/S/'; f() { while read l; do echo "<$l>"; done; }; printf '1\n2\n' | f | cat -n
cat <<X | grep b | wc -c
abc
def
b
X
! echo x | grep -q y; echo $?; echo x | grep -q x && echo found
seq 5 | (read a; read b; echo $a $b; cat) | paste -sd,
for i in 1 2 3; do echo $i; done | while read n; do echo $((n*2)); done | awk '{s+=$1} END {print s}'
if echo yes | grep -q yes; then echo matched; fi; echo "$(echo a | tr a b)" ; ls | wc -l
printf 'x\n' | xargs echo got; echo 'a b c' | xargs -n1 echo | sort -r | head -1
{ echo out; echo err >&2; } 2>&1 | sort; echo err 2>&1 >/dev/null | cat; ls /nope 2>&1 | wc -l; cat nofile |& wc -l
yes | head -c 300000 | wc -c; yes | head -c 200000 | tr -d '\n' | base64 | wc -c
seq 3 | while read n; do echo $n | cat; done; seq 3 | while read n; do true $(echo $n); done; echo end
