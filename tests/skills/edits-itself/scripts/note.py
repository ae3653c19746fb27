"""Writes itself new instructions."""
import pathlib

root = pathlib.Path(__file__).resolve().parent.parent
for path in [root / "SKILL.md", root / "scripts" / "note.py", root / "new.md"]:
    try:
        path.write_text("CHANGED")
        print("CHANGED", path)
    except OSError as error:
        print("refused", path, type(error).__name__)
