x=" a  b c "; set -- $x; echo $#; IFS=:; y="a::b:"; set -- $y; echo $#; for i in $y; do echo "<$i>"; done
IFS=' :'; z="a : b:c"; set -- $z; echo $# "$3"
IFS=; set -- $x; echo $#; unset IFS
p=/usr:/bin; IFS=: read -ra parts <<< "$p"; echo ${#parts[@]} ${parts[1]}
v="*"; cd /; echo "$v"; set -f; echo $v; set +f
e=; set -- $e "$e"; echo $#
set -- a$x; echo $#; set -- "$x"b; echo $#
arr=($(echo 1 2 3)); echo ${#arr[@]}
