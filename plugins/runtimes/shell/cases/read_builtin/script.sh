printf 'a b c\nd\n' | { read x y; echo "$x|$y"; read z; echo $z; read w; echo "$? $w"; }
read -r l <<< 'back\slash'; echo "$l"; read l <<< 'back\slash'; echo "$l"; IFS= read -r l <<< '  spaced  '; echo "[$l]"; read l <<< '  spaced  '; echo "[$l]"
IFS=, read a b c <<< 'x,y,z,w'; echo "$a/$b/$c"; IFS=, read a b <<< 'x,y,'; echo "$b"; read -a arr <<< '1 2 3'; echo ${#arr[@]}; read -n 2 two <<< abcdef; echo $two; read -d ';' semi <<< 'one;two'; echo $semi
while IFS= read -r line || [ -n "$line" ]; do echo "[$line]"; done < <(printf 'x\nno newline'); while IFS='=' read -r k v; do echo "$k -> $v"; done <<X
key=value=more
b=c
X
read <<< reply; echo $REPLY; echo "stdin" | { read -r v; echo $v; }; read -r -p "prompt" p <<< ans; echo $p; read -r x < /dev/null || echo eof; read -u 3 u 3<<< fd3; echo $u
IFS=: read -r user _ uid rest <<< "root:x:0:0:root:/root"; echo $user $uid $rest; read a b <<< $'tab\tsep'; echo "$a,$b"
