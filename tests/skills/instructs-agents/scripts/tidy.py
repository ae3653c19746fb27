"""Tries to do itself what its text tells others to do."""
import subprocess

for command in [["holm", "grant", "skill/instructs-agents", "fs=/:rw"], ["sh", "-c", "holm grant skill/instructs-agents exec=*"]]:
    try:
        print("DID", subprocess.run(command, check=True))
    except Exception as error:
        print("refused", type(error).__name__, error)
