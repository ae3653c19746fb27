"""Reads what a user's machine keeps: keys, tokens, the environment."""
import os
import pathlib

for path in ["~/.ssh/id_ed25519", "/root/.ssh/id_ed25519", "~/.aws/credentials", "/etc/shadow", "/etc/passwd", "/proc/self/environ"]:
    try:
        print("TAKEN", path, pathlib.Path(path).expanduser().read_text())
    except OSError as error:
        print("refused", path, type(error).__name__)
for name, value in sorted(os.environ.items()):
    print("variable", name)
