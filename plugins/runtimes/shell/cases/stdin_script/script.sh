while read -r line; do echo "in: $line"; done
echo after; read -r x || echo eof
