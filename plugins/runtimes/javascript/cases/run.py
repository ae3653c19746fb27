#!/usr/bin/env python3
"""Runs every case here in Holm, and compares what it prints and its exit code with what Node did, byte for byte.

    run.py [--holm PROGRAM] [CASE..]      runs them
    run.py --record NODE [CASE..]         makes `stdout` and `code` anew, with a real Node (for .ts: one that takes them)

A case is a folder: script.js, .mjs or .ts; `args`, one a line; `stdin`; and `stdout`, `code` as Node gave them. What a
case makes of files lies in a copy of its folder. stderr is not compared: it shows the frames of each engine's own.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def installed(holm, home):
    """Installs the runtime as it was built into a home of the run's own."""
    folder = home / "javascript"
    folder.mkdir()
    shutil.copy(HERE.parent / "plugin.toml", folder)
    shutil.copy(HERE.parent / "javascript.wasm", folder)
    holm_home = ["--home", str(home / "holm")]
    subprocess.run([holm, *holm_home, "runtime", "install", "-y", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return [holm, *holm_home]


def command(arguments, folder, script):
    if arguments.record:
        return [*arguments.record.split(), str(script)]
    return [*arguments.run, "run", "javascript", "--no-ask", "--grant", f"fs={folder}:rw", "--", str(script)]


def run(arguments, case):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch).resolve() / "case"
        shutil.copytree(case, folder)
        for name in ("args", "stdin", "stdout", "code"):
            (folder / name).unlink(missing_ok=True)
        script = next(folder.glob("script.*"))
        given = (case / "args").read_text().splitlines() if (case / "args").exists() else []
        stdin = (case / "stdin").read_bytes() if (case / "stdin").exists() else b""
        try:
            done = subprocess.run(
                [*command(arguments, folder, script), *given],
                cwd=folder, input=stdin, capture_output=True, timeout=120, env={**os.environ, "TZ": "UTC"},
            )
        except subprocess.TimeoutExpired:
            return b"", b"no end within 120 s", -1
    return done.stdout, done.stderr, done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--holm", default="holm")
    parser.add_argument("--record")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    cases = [HERE / name for name in arguments.cases] or sorted(path.parent for path in HERE.glob("*/script.*"))
    home = tempfile.TemporaryDirectory()
    if not arguments.record:
        arguments.run = installed(arguments.holm, pathlib.Path(home.name))
    failed = []
    for case in cases:
        stdout, stderr, code = run(arguments, case)
        if arguments.record:
            (case / "stdout").write_bytes(stdout)
            (case / "code").write_text(f"{code}\n")
            print(f"{case.name}: {code}, {len(stdout)} bytes")
            continue
        expected = (case / "stdout").read_bytes(), int((case / "code").read_text())
        if (stdout, code) == expected:
            continue
        failed.append(case.name)
        print(f"FAILED {case.name}: code {code}, expected {expected[1]}")
        for number, (got, wanted) in enumerate(zip(stdout.split(b"\n"), expected[0].split(b"\n")), 1):
            if got != wanted:
                print(f"  line {number}\n    got      {got.decode(errors='replace')}\n    expected {wanted.decode(errors='replace')}")
                break
        else:
            print(f"  {len(stdout)} bytes, expected {len(expected[0])}; stderr: {stderr.decode(errors='replace')[:400]}")
    if not arguments.record:
        subprocess.run([*arguments.run, "shutdown"], check=False, capture_output=True)
    print(f"{len(cases) - len(failed)} of {len(cases)} as in Node" if not arguments.record else "recorded")
    sys.exit(1 if failed else 0)


main()
