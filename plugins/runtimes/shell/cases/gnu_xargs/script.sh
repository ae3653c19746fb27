# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
realpath d/../f1 | xargs basename
printf 'a b\nc\n' | xargs echo
printf 'a\nb\n' | xargs -I{} echo x{}y
printf 'a b c d' | xargs -n2 echo
echo | xargs -r echo no
seq 3 | xargs -P2 -n1 echo | sort
printf "'q r' s" | xargs -n1 echo
echo a | xargs false; echo $?
echo a | xargs nosuchcmd; echo $?
seq 10 | xargs
echo 'x' | xargs -t echo 2>/dev/null
