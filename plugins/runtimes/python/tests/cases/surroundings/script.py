"""What is asked of the system before anything is done."""

import getpass
import os
import pathlib
import platform
import pwd
import shutil
import signal
import sys
import time

print(os.name, sys.platform, platform.system(), os.sep, sys.version_info >= (3, 13), platform.python_implementation())
print(os.getpid() > 0, os.cpu_count() >= 1, os.getuid() == pwd.getpwuid(os.getuid()).pw_uid, bool(getpass.getuser()))
print(pathlib.Path.home() == pathlib.Path(os.path.expanduser("~")), shutil.get_terminal_size((80, 24)), time.strftime("%Y", time.gmtime(0)))
print(sys.getfilesystemencoding(), sys.stdout.encoding, sys.getdefaultencoding(), sys.byteorder, sys.executable != "")
print(signal.signal(signal.SIGTERM, signal.SIG_DFL), callable(signal.alarm), os.path.isdir(os.getcwd()))
os.environ["NEW"] = "set"
print(os.environ["NEW"], os.getenv("NONE", "default"), "NEW" in os.environ, os.path.expandvars("$NEW"))
