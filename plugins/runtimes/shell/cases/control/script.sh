if false; then echo a; elif true; then echo b; else echo c; fi
i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i -eq 2 ] && continue; [ $i -eq 4 ] && break; echo $i; done
for x in a b; do for y in 1 2; do [ $y = 2 ] && continue 2; echo $x$y; done; done
for x in a b; do for y in 1 2; do break 2; done; done; echo $x$y
until [ $i -ge 6 ]; do i=$((i+1)); done; echo $i
case foo in f*) echo one;;& *oo) echo two;& nope) echo three;; *) echo four;; esac
case "a b" in "a b") echo quoted;; esac; case x in (y|x) echo alt;; esac; case z in a) ;; esac; echo $?
for x; do echo never; done; set -- p q; for x; do echo $x; done
{ echo grp; false; }; echo $?; ! true; echo $?; ! false; echo $?
true && echo and || echo or; false && echo and || echo or; false || false; echo $?
if ! grep -q x /dev/null; then echo notfound; fi
while read -r a b; do echo "$b $a"; done <<'X'
1 2
3 4 5
X
for f in $(seq 3); do echo -n "$f,"; done; echo
[ 1 -eq 1 ] && [ a != b ] && echo ok; test -z "" -a -n "x" && echo both; [ ! -e /nope ] && echo no; [ \( a = a \) -o b = c ] && echo paren
