x="path/to/file.tar.gz"; unset u; e=""
echo "${x##*/}" "${x#*/}" "${x%.*}" "${x%%.*}" "${x/to/TO}" "${x//t/T}" "${x/#path/P}" "${x/%gz/GZ}"
echo "${u:-default}" "${u-default}" "${e:-empty}" "${e-set}" "${x:+alt}" "${u:+alt}" "${e+alt}"
echo "${u:=assigned}" "$u"
echo "${x:5}" "${x:5:2}" "${x: -2}" "${x: -6:3}" "${x:0:-3}"
echo "${#x}" "${x^}" "${x^^}" "${x^^[aeiou]}"; y=ABC; echo "${y,}" "${y,,}"
name=x; echo "${!name}"; echo ${!na*}
echo "${x@Q}" "${y@L}" ; z=$'a\nb'; echo "${z@Q}"
set -- one "two three" four
echo $# "$@" "$*"; for a in "$@"; do echo "<$a>"; done; for a in $@; do echo "[$a]"; done
echo "${@:2}" "${@:2:1}" "${*:1:2}" "${@: -1}"
IFS=,; echo "$*"; unset IFS
echo "${u:-$(echo nested "${x##*/}")}" "${nope:-a b}" "${nope:-"q w"}"
echo "a${nope:-}b" "pre${nope+x}post"
echo ${nope:-one two} | wc -w
echo "${x//[.\/]/_}"; p='*.gz'; echo "${x%$p}" "${x%"$p"}"
s="a&b"; echo "${s/&/and}" "${s/a/[&]}" "${s/a/\&}"
(echo "${nope:?is missing}") 2>&1; echo $?
