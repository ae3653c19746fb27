#!/usr/bin/env bash
# Some of the runtimes are C: Debian's compiler and C library for WASI build it. Installs them, where it may.
set -euo pipefail

if ! { command -v clang && command -v wasm-ld && command -v llvm-ar && [ -e /usr/include/wasm32-wasi/stdio.h ]; } >/dev/null; then
    packages="clang lld llvm wasi-libc libclang-rt-14-dev-wasm32"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "some of the runtimes are built from C; to get what that needs: sudo apt-get install $packages" >&2
        exit 1
    fi
    apt-get update -qq && apt-get install -qq -y --no-install-recommends $packages >/dev/null
fi
