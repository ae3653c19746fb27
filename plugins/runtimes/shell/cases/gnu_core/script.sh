# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
cp f1 t1
cat t1
cat t1 t1.bak
cat out_red
echo "a b c" | awk '{for(i=NF;i>0;i--) printf "%s ", $i; print ""}'
printf 'red\n' | grep -f - f2
ls d | grep -v txt
touch del1 del2
ls del* 2>/dev/null | wc -l
cp -r d e
echo extra >> e/x.txt
rm e/sub/y.md
sort f1
sort -k2,2n f1
sort -rk3 f1
sort -u f1 f2
sort -t: -k2 conf
sort -n -k2 f1 | head -2
printf '10\n9\n2K\n1M\n' | sort -h
uniq -c <(sort f1 f2)
uniq -d <(sort f1 f2)
cut -d' ' -f1,3 f1
cut -c1-3 f1
cut -d' ' -f2- f1
cut -b2 f2
tr a-z A-Z < f2
tr -d aeiou < f2
tr -s 'r' < f1
tr '\n' ',' < f2; echo
wc f1
wc -l < f1
wc -w f1 f2
head -2 f1
head -n -1 f1
head -c 5 f1; echo
tail -1 f1
tail -n +4 f1
tail -c 6 f1
paste f2 f2
paste -sd, f2
paste -d: f1 f2
join <(sort f1) <(sort f2)
comm <(sort f1) <(sort f2)
nl f1
fold -w 5 f2
expand f1 | head -1
seq 3
seq 2 2 8
seq -w 8 10
seq -s, 3
basename /a/b.txt .txt
dirname /a/b.txt
dirname a
readlink d/l
sha1sum < f1
base64 f2
base64 -d <<< aGk=; echo
od -c f2 | head -2
od -An -tx1 f2 | head -1
printf '%s\n' a b | shuf | sort
expr 3 + 4
expr length abc
factor 12
split -l 2 f1 p_ && ls p_*
csplit -s f1 2 && ls xx*
tee t2 < f2 | wc -l
truncate -s 3 t2
cat t2; echo
cat -n f2
od -x f2 | head -1
tsort <<< 'a b'
yes x | head -2
true
false; echo $?
test -f f1 && echo t
[ -d d ] && echo d
pr -t f2
fmt -w 20 f1
unexpand -a <<< '        x'
ls
ls -1 d
ls -d */ 
ls -a d
ls -R d
ls -p
mkdir -p m/n
rmdir m/n
cp f1 m/
mv m/f1 m/g1
rm -r m
ln -s f1 sl
cat sl | head -1
touch new
ls new
mkdir d; echo $?
cp -r d d2 && ls d2
sleep 0
link f1 hl
unlink hl
pathchk ok
printenv NOPE; echo $?
env -i A=1 env
env X=2 sh -c 'echo $X'
nice echo n
