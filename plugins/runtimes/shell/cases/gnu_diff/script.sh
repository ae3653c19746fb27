# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
diff f1 f2; echo $?
diff -u --label a --label b f1 f2
diff -q f1 f2
diff f1 f1; echo $?
diff -r d d && echo same
diff -rq d e
diff -c f1 f2 | tail -n +3
diff -w <(echo 'a  b') <(echo 'a b') && echo eqw
diff -i <(echo A) <(echo a) && echo eqi
diff -u0 f1 f2 | tail -n +3
diff --brief f1 conf
cmp f1 f2; echo $?
cmp f1 f1 && echo same
cmp -s f1 f2; echo $?
diff -s f1 f1
diff -U1 f1 f2 | tail -n +3
