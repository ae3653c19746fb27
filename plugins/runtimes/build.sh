#!/usr/bin/env bash
# Builds the runtimes and puts each component beside its plugin.toml.
set -euo pipefail
cd "$(dirname "$0")"

# JavaScript's interpreter is C: Debian's compiler and C library for WASI build it.
if [ -d javascript ] && ! { command -v clang && command -v wasm-ld && [ -e /usr/include/wasm32-wasi/stdio.h ]; } >/dev/null; then
    packages="clang lld wasi-libc libclang-rt-14-dev-wasm32"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "the JavaScript runtime is built from C; to get what it needs: sudo apt-get install $packages" >&2
        exit 1
    fi
    apt-get update -qq && apt-get install -qq -y --no-install-recommends $packages >/dev/null
fi

cargo build --release --target wasm32-wasip2
for manifest in */plugin.toml; do
    folder=$(dirname "$manifest")
    component=$(sed -n 's/^component = "\(.*\)"/\1/p' "$manifest")
    built=target/wasm32-wasip2/release/$component
    if [ -e "$built" ]; then cp -u "$built" "$folder/$component"; fi
done
python3 python/build.py
