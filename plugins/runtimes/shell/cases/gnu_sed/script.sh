# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
sed -n '2,3p' f1
sed 's/red/RED/g; s/^\([a-z]*\) \([0-9]*\)/\2 \1/' f1
sed -E 's/([a-z]+) ([0-9]+)/\2:\1/' f1
sed '/^$/d;$d' f1
sed -n '/banana/,/date/p' f1
sed -e '1i\top' -e '$a\bottom' f1
sed 's|a|b|2' f1
sed = f1 | head -4
sed 'y/abc/xyz/' f1
sed -n '$=' f1
sed -i 's/apple/pear/' t1
sed -i.bak 's/pear/plum/' t1
sed '1~2d' f1
sed '/red/!d' f1
sed -n 's/^version: *//p' conf
sed 's/#.*//;s/[[:space:]]*$//' conf
sed ':a;N;$!ba;s/\n/,/g' f1
sed 's/.*/"&"/' f1
sed 2q f1
sed --expression='s/a/\n/' f1
sed -s -n '1p' f1 f2
sed '/a/{s/a/b/;p}' f2
sed 'c\changed' f2
sed -n '/cherry/{n;p}' f1
sed '0,/red/s//first/' f1
