"""Text beyond ASCII, out and in file names."""

import sys

open("näme-✓.txt", "w", encoding="utf-8").write("ünïcödé ✓ 漢字 🎉")
print(open("näme-✓.txt", encoding="utf-8").read(), len("🎉"))
print("ü", file=sys.stderr)
