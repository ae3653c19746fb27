a=(one "two three" four); echo ${a[0]} "${a[1]}" ${#a[@]} ${#a[1]}
a[5]=six; echo "${!a[@]}" "${a[@]}"; a+=(seven); echo "${!a[@]}"; unset 'a[1]'; echo "${a[@]}" ${#a[@]}
for i in "${!a[@]}"; do echo "$i=${a[$i]}"; done
echo "${a[@]:1:2}" "${a[@]/o/0}" "${a[@]#s}" "${a[*]^^}"
b=("${a[@]}"); echo ${#b[@]}; c=(); echo "${#c[@]}" "${c[@]}" end; 
declare -A m; m[k]=v; m["a b"]=c; m+=([x]=y [z]=w); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k"; done; echo ${#m[@]} "${m[a b]}"
[[ -v m[k] ]] && echo has; [[ -v m[nope] ]] || echo hasnt; unset 'm[k]'; echo ${#m[@]}
declare -A big; for w in alpha beta gamma delta epsilon zeta eta theta iota kappa; do big[$w]=${#w}; done; echo "${!big[@]}"; echo "${big[@]}"
declare -p a; declare -p big | tr ' ' '\n' | sort
IFS=,; echo "${a[*]}"; unset IFS
readarray -t lines < <(printf 'l1\nl2\n'); echo ${#lines[@]} ${lines[1]}; mapfile -t -n 1 one <<< $'x\ny'; echo "${one[@]}"
f() { local -a loc=(1 2); loc+=(3); echo "${loc[@]}"; local -n ref=$1; ref+=(added); }; f a; echo "${a[-1]}"
a=([2]=x [0]=y); echo "${a[@]}"; s=abc; echo ${s[0]}; s+=(d); echo ${s[@]}
set -- "${a[@]}"; echo $#; x=(a b); x[1]+=c; echo "${x[@]}"
