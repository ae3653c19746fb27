#!/usr/bin/env bash
# Builds the runtimes and puts each component beside its plugin.toml.
set -euo pipefail
cd "$(dirname "$0")"

cargo build --release --target wasm32-wasip2
for manifest in */plugin.toml; do
    folder=$(dirname "$manifest")
    component=$(sed -n 's/^component = "\(.*\)"/\1/p' "$manifest")
    built=target/wasm32-wasip2/release/$component
    if [ -e "$built" ]; then cp -u "$built" "$folder/$component"; fi
done
python3 python/build.py
