#!/bin/bash
# Adds up the numbers in the files of a folder.
set -e
for file in "$1"/*.txt; do
    sum=0
    while read -r number; do sum=$((sum + number)); done < "$file"
    echo "$sum $(basename "$file")"
done | sort -n > "$2"
cat "$2"
