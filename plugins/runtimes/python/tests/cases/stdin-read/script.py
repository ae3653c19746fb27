"""Reads what it is given."""

import sys

first = input()
print(repr(first), [line.rstrip() for line in sys.stdin])
try:
    input()
except EOFError as error:
    print(error)
