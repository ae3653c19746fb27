"""A script that is reached by a link finds the modules beside it, where it really lies."""

import os
import subprocess
import sys

os.mkdir("elsewhere")
os.symlink("../real/tool.py", "elsewhere/tool.py")
print(subprocess.check_output([sys.executable, "elsewhere/tool.py"], text=True), end="")
