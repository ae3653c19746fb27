"""Adds up the numbers in the files of a folder, and has another command order the sums."""
import pathlib
import subprocess
import sys

folder, report = map(pathlib.Path, sys.argv[1:])
lines = []
for file in sorted(folder.glob("**/*.txt")):
    lines.append(f"{sum(map(int, file.read_text().split()))} {file.name}\n")
ordered = subprocess.run(["sort", "-n"], input="".join(lines), capture_output=True, text=True, check=True).stdout
report.write_text(ordered)
print(subprocess.run(["cat", str(report)], capture_output=True, text=True, check=True).stdout, end="")
