"""`sys.stdin`, `stdout` and `stderr`, buffered as CPython's are: those of the build write without a buffer, and not whole."""

import io
import sys


class _Whole(io.FileIO):
    """A stream without a buffer that yet writes all it is given."""

    def write(self, content) -> int:
        rest = memoryview(content).cast("B")
        total = len(rest)
        while rest:
            rest = rest[super().write(rest) :]
        return total


def lay() -> None:
    """Makes them, while the component is built."""
    sys.stdin = sys.__stdin__ = _text(io.BufferedReader(io.FileIO(0, "r", closefd=False)), "<stdin>", "r")
    sys.stdout = sys.__stdout__ = _text(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "<stdout>", "w")
    stderr = _text(io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "<stderr>", "w", "backslashreplace")
    stderr.reconfigure(line_buffering=True)
    sys.stderr = sys.__stderr__ = stderr


def settle(unbuffered: bool, encoding: str) -> None:
    """What depends on the run: a terminal is written line by line, and `-u` has no buffer."""
    if unbuffered:
        sys.stdout = sys.__stdout__ = _text(_Whole(1, "w", closefd=False), "<stdout>", "w", write_through=True)
    elif sys.stdout.isatty():
        sys.stdout.reconfigure(line_buffering=True)
    if encoding:
        name, _, errors = encoding.partition(":")
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            keep = stream is sys.stderr or not errors
            stream.reconfigure(encoding=name or None, errors=None if keep else errors)


def _text(buffer, name: str, mode: str, errors: str = "strict", **options) -> io.TextIOWrapper:
    raw = getattr(buffer, "raw", buffer)
    raw.name = name
    stream = io.TextIOWrapper(buffer, encoding="utf-8", errors=errors, newline=None if mode == "r" else "\n", **options)
    stream.mode = mode
    return stream
