parse() { local OPTIND=1 o; while getopts ":ab:c" o "$@"; do case $o in a) echo A;; b) echo "B=$OPTARG";; c) echo C;; :) echo "missing $OPTARG";; \?) echo "bad $OPTARG";; esac; done; shift $((OPTIND-1)); echo "rest: $*"; }
parse -a -b val -c x y; parse -ab val rest; parse -bval; parse -z; parse -b; parse -- -a; parse plain
while getopts "x:y" o; do echo "$o ${OPTARG:-}"; done
while [[ $# -gt 0 ]]; do case "$1" in --name) n="$2"; shift 2;; --flag) f=1; shift;; --eq=*) e="${1#*=}"; shift;; *) break;; esac; done; echo "$n $f $e $*"
