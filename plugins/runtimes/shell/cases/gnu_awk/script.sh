# What these write is what GNU's write.
printf 'apple 3 red\nbanana 12 yellow\ncherry 7 red\n\ndate 1 brown\n' > f1; printf 'apple 3 red\nblueberry 9 blue\ncherry 8 red\n' > f2
mkdir -p d/sub; cp f1 d/x.txt; cp f2 d/sub/y.md; printf 'name: demo\nversion: 1.2.3\n# comment\nkey = "value"\n' > conf; printf '{"a":1}\n' > d/z.json
touch -d 2024-01-01 f1 f2 conf d/x.txt d/sub/y.md d/z.json; ln -sf x.txt d/l; rm script.sh
awk '{print $1, NR, NF}' f1
awk -F: '{print $2}' conf
awk '$2>5{s+=$2; c[$3]++} END{print s; for(k in c) print k, c[k]}' f1 | sort
awk 'BEGIN{FS=" ";OFS="-"} NF{$1=$1; print; printf "%-10s|%5.2f\n", $1, $2/3}' f1
awk '/red/{print toupper($1), length($0), substr($1,2,3), index($0,"e")}' f1
awk -v x=5 -v s="a b" 'BEGIN{print x*2, s; n=split("a,b,c",a,","); print n, a[3]; print match("foobar",/o+/), RSTART, RLENGTH}'
awk '{gsub(/e/,"E"); sub(/r/,"R")} 1' f1
awk 'NR==FNR{a[$1]=$2;next} $1 in a{print $1,a[$1],$2}' f1 f2
awk 'END{print NR}' f1
awk '!seen[$3]++' f1
awk 'NR>1 && NR<4' f1
awk '{print > "out_" $3}' f2
awk 'BEGIN{while((getline l < "f2")>0) print "got " l}'
awk 'function f(x){return x*x} BEGIN{print f(4), 2^10, 7%3, int(3.9), substr("hello",2)}'
awk 'BEGIN{printf "%s %d %x %c %e\n","s",42,255,65,12345.678}'
awk -F'[ :]+' '{print $NF}' f1
awk 'BEGIN{exit 3}'; echo $?
awk '{ if ($2>5) print "big"; else print "small" }' f1
awk 'BEGIN{print length("abc"), tolower("ABC"), sprintf("%05.1f",3.14159)}'
awk 'BEGIN{RS=""}{print NR": "$1}' f1
awk '$1 ~ /^b/ || $3 == "brown" {print}' f1
awk -f /dev/stdin f1 <<< '{print $3}'
awk '{a[NR]=$1} END{for(i=NR;i>=1;i--) print a[i]}' f1
