"""What a program sees of how it was called."""

import os
import sys

print(sys.argv, __name__, os.path.basename(__file__), os.path.isabs(__file__))
print(sys.path[0] == os.path.dirname(os.path.realpath(__file__)) == os.getcwd())
print(__doc__, __spec__, sys.stdin.isatty())
