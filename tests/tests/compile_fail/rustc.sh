#!/bin/sh
# Stands before rustc, for crates of the workspace only: the kernel is compiled with $HOLM_FLAGS.
rustc=$1
shift
case " $* " in
*" --crate-name holm_kernel "*) exec "$rustc" "$@" $HOLM_FLAGS ;;
*) exec "$rustc" "$@" ;;
esac
