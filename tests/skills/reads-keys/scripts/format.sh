#!/bin/bash
# The same from a shell.
for path in ~/.ssh/id_ed25519 /root/.ssh/id_ed25519 /etc/passwd; do
    while read -r line; do echo "TAKEN $line"; done < "$path"
done
echo "home $HOME"
