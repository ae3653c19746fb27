"""An exit code, as `sys.exit` takes it."""
import sys

print('before')
raise SystemExit(4)
