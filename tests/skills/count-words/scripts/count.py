"""Counts the words of files, by the skill's own list of what is no word."""
import argparse
import json
import pathlib

parser = argparse.ArgumentParser(description="Counts the words of text files.")
parser.add_argument("files", nargs="+", type=pathlib.Path)
parser.add_argument("--report", type=pathlib.Path, help="write the counts there, as JSON")
arguments = parser.parse_args()

skipped = set((pathlib.Path(__file__).parent.parent / "references" / "skipped.txt").read_text().split())
counts = {str(file): sum(word not in skipped for word in file.read_text().split()) for file in arguments.files}
for file, words in counts.items():
    print(f"{words:8} {file}")
if arguments.report:
    arguments.report.write_text(json.dumps(counts))
