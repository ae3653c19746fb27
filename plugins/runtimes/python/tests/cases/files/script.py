"""Files, as pathlib, json, csv, shutil and tempfile make them."""

import csv
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

here = Path.cwd()
(here / "a" / "b").mkdir(parents=True)
(here / "a" / "x.json").write_text(json.dumps({"é": [1, None, True]}, ensure_ascii=False))
print(json.loads((here / "a" / "x.json").read_text()), sorted(path.name for path in (here / "a").iterdir()))
with open("t.csv", "w", newline="") as file:
    csv.writer(file).writerows([["n", "m"], [1, "x,y"]])
print(open("t.csv").read().splitlines(), list(csv.DictReader(open("t.csv"))))
shutil.copy("t.csv", "a/b/t2.csv")
shutil.move("t.csv", "a/t3.csv")
print(sorted(str(path.relative_to(here)) for path in here.rglob("*.csv")), os.path.exists("t.csv"))
found = os.stat("a/t3.csv")
print(oct(found.st_mode), found.st_size, stat.S_ISDIR(os.stat("a").st_mode), found.st_mtime > 1e9)
print(os.access("a/t3.csv", os.R_OK), os.access("none", os.F_OK), Path("a").is_dir(), Path("none").exists())
for folder, folders, files in sorted(os.walk("a")):
    print(folder, sorted(folders), sorted(files))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "x")
    path.write_bytes(b"12345")
    print(path.stat().st_size, os.path.isdir(folder))
print(os.path.exists(folder))
with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    file.write("kept")
    file.seek(0)
    print(file.read(), os.path.exists(file.name))
os.rename("a/t3.csv", "t4.csv")
os.remove("t4.csv")
os.symlink("a", "link")
print(os.path.islink("link"), os.readlink("link"), os.listdir("link") == os.listdir("a"))
os.chmod("a/x.json", 0o600)
with open("a/x.json", "a") as file:
    file.write("\n")
    print(file.tell())
shutil.rmtree("a")
print(sorted(os.listdir(".")))
