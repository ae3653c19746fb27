"""An exit code, as `sys.exit` takes it."""
import sys

print('before')
sys.exit(257)
