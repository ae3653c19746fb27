"""Bytes through and through."""

import sys

content = sys.stdin.buffer.read()
sys.stdout.buffer.write(content[::-1])
sys.stderr.buffer.write(content)
