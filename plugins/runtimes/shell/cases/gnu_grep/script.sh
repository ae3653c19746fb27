# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
grep red f1
grep -c red f1
grep -n -i RED f1 f2
grep -v red f1
grep -o '[0-9]*' f1
grep -E 'a|b' f2
grep -F '.' conf
grep -w key conf
grep -x '' f1 | wc -l
grep -q red f1; echo $?
grep nope f1; echo $?
grep -l red f1 f2 conf
grep -L red f1 f2 conf
grep -A1 banana f1
grep -B1 cherry f1
grep -C1 cherry f1
grep -r red d | sort
grep -rn --include='*.md' red d
grep -rl red d --exclude='*.md' | sort
grep -h red f1 f2
grep -H red f1
grep -e red -e blue f2
grep -m1 red f1
grep -oE '[0-9]+\.[0-9]+' conf
grep -P '\d{2}' f1
grep -oP '(?<=version: )\S+' conf
grep --color=never red f2
grep -E '^(apple|date)\b' f1
grep '\(a\)\1' f1
grep -b red f1
grep -iw RED f1
grep -c '' f1 f2
grep -vE '^(#|$)' conf
grep -ho 'e.' f2
grep -Z -l red f1 | od -c | head -2
grep -n '' f2
grep -z apple f2 | wc -c
grep '[[:upper:]]' f1; echo $?
egrep 'x|y' conf
fgrep '"' conf
grep -E 'a{2,}' f1
grep -E '(' f1 2>/dev/null; echo $?
egrep a f2
