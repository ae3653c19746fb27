echo out > f; echo more >> f; cat < f; echo err >&2 2>/dev/null; { echo o; echo e >&2; } > both 2>&1; cat both
{ echo o2; echo e2 >&2; } &> both2; cat both2; ls /nope 2>&1 | sed 's/^.*: //' ; echo x 3>g >&3; cat g
exec 4>h; echo to4 >&4; exec 4>&-; cat h; exec 5<f; read -r l <&5; echo "$l"; read -r l <&5; echo $l; exec 5<&-
cat <<-X
	tabs removed
		two
	X
cat <<'X'
no $expansion `here`
X
cat <<X
yes $((1+1)) $(echo sub) \$escaped "quotes" 'single'
X
cat <<A; cat <<B
first
A
second
B
cat <<< "here string $HOME"; wc -l < f; : > empty; [ -s empty ] || echo empty
set -C; echo x > f 2>/dev/null || echo noclobber; echo y >| f; cat f; set +C
echo a > /dev/null; read -r none < /dev/null || echo nothing; cat nofile 2>/dev/null || echo $?; (echo sub; exit 3) > s; echo $? $(cat s)
while read l; do echo "r:$l"; done < f; if true; then echo i; fi > j; cat j; for i in 1 2; do echo $i; done | cat > k; cat k
echo "a b" | while read x y; do echo "$y-$x"; done; echo hi | tee t1 > t2; cat t1 t2
f() { cat; }; echo piped | f; f <<< str; diff <(echo a) <(echo a) && echo same; cat <(echo ps); echo z > >(cat > w); sleep 0.1; cat w
exec > final; echo last; exec 1>&2; cat final >/dev/null
