#!/usr/bin/env python3
"""Runs `script.py` by a command against `server.py` and compares what it prints with `stdout`.

    run.py COMMAND …             `{address}` in the command is the server's, for a grant
    run.py --record COMMAND …    writes it down: by a native `python3` that has `requests` and `httpx`
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def main() -> int:
    """The exit code."""
    record = sys.argv[1:2] == ["--record"]
    command = sys.argv[2 if record else 1 :]
    if not command:
        sys.exit(__doc__)
    server = subprocess.Popen([sys.executable, HERE / "server.py"], stdout=subprocess.PIPE, text=True)
    try:
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        with tempfile.TemporaryDirectory(prefix="holm-web-") as folder:
            shutil.copy(HERE / "script.py", folder)
            command = [part.replace("{address}", address) for part in command]
            done = subprocess.run([*command, "script.py", address], cwd=folder, capture_output=True, timeout=120)
    finally:
        server.kill()
        server.wait()
    if record:
        (HERE / "stdout").write_bytes(done.stdout)
    elif done.stdout != (HERE / "stdout").read_bytes() or done.returncode:
        print(f"ended with {done.returncode}\n{done.stdout.decode(errors='replace')}\n{done.stderr.decode(errors='replace')}")
        print("0 passed, 1 failed")
        return 1
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
