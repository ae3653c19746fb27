"""What is registered to be called at the end, and what is still buffered."""

import atexit
import sys

atexit.register(print, "first registered")
atexit.register(print, "second registered")
print("program", end="")
sys.exit(3)
