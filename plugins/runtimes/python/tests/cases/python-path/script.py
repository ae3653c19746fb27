"""PYTHONPATH is searched after the script's own folder."""

import os
import subprocess
import sys

environment = {**os.environ, "PYTHONPATH": "vendored"}
subprocess.run([sys.executable, "-c", "import vendored_module; print(vendored_module.NAME)"], env=environment, check=True)
print(subprocess.run([sys.executable, "-I", "-c", "import vendored_module"], env=environment, stderr=subprocess.DEVNULL).returncode)
