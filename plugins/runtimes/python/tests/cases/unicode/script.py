"""Text beyond ASCII, out and in file names."""

import io
import sys

open("näme-✓.txt", "w", encoding="utf-8").write("ünïcödé ✓ 漢字 🎉")
print(open("näme-✓.txt", encoding="utf-8").read(), len("🎉"), flush=True)
print("ü", file=sys.stderr)
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace")
print("wrapped ✓")
