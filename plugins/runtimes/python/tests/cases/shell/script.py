"""Commands of the shell."""

import os
import subprocess

print(subprocess.run("echo a; exit 3", shell=True, capture_output=True, text=True))
print(sorted(subprocess.check_output("echo $((1 + 2)) && echo err >&2", shell=True, stderr=subprocess.STDOUT, text=True).split()))
print(os.system("exit 2"), os.popen("echo popen").read(), subprocess.getstatusoutput("echo x; exit 4"))
closed = os.popen("exit 5")
print(closed.close())
