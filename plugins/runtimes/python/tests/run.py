#!/usr/bin/env python3
"""Runs the cases of the Python runtime and compares what they print, how they end, and what they say of errors.

    run.py COMMAND …      each case by this command, the case's arguments added, in a copy of the case's folder
    run.py --native …     the same by a native `python3` of 3.13 or newer
    run.py --record …     writes down what a native one gives

A case is a folder: `script.py`; `args`, one a line, in place of `script.py`; `stdin`; expected `stdout`, `stderr`
(compared where it is there) and `code`. `holm` says why a native Python answers otherwise: such cases are left
out by `--native`, and recorded from Holm's own by `--record --holm`.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).resolve().parent / "cases"
# A case that hangs is a failure too.
LONGEST = 60


def main() -> int:
    """Runs them all, or those that `--only=NAME` names; the exit code."""
    options = [argument for argument in sys.argv[1:] if argument in ("--record", "--native", "--holm") or argument.startswith("--only=")]
    command = [argument for argument in sys.argv[1:] if argument not in options]
    if not command:
        sys.exit(__doc__)
    only = [option.removeprefix("--only=") for option in options if option.startswith("--only=")]
    native = "--native" in options or ("--record" in options and "--holm" not in options)
    ran, failed = 0, 0
    for case in sorted(path for path in CASES.iterdir() if path.is_dir()):
        if (only and case.name not in only) or (native and (case / "holm").exists()) or ("--holm" in options and not (case / "holm").exists()):
            continue
        ran += 1
        found = run(case, command)
        if "--record" in options:
            record(case, found)
        elif differences := compare(case, found):
            failed += 1
            print(f"{case.name}:\n" + "\n".join(differences))
    print(f"{ran - failed} passed, {failed} failed")
    return 1 if failed or not ran else 0


def run(case: pathlib.Path, command: list[str]) -> dict[str, bytes]:
    """What one case gives."""
    with tempfile.TemporaryDirectory(prefix="holm-case-") as folder:
        for path in case.iterdir():
            if path.name not in ("args", "stdin", "stdout", "stderr", "code", "holm"):
                (shutil.copytree if path.is_dir() else shutil.copy)(path, f"{folder}/{path.name}")
        arguments = lines(case / "args") if (case / "args").exists() else ["script.py"]
        stdin = (case / "stdin").read_bytes() if (case / "stdin").exists() else b""
        done = subprocess.run([*command, *arguments], cwd=folder, input=stdin, capture_output=True, timeout=LONGEST)
        place = folder.encode()
        return {
            "stdout": done.stdout.replace(place, b"/FOLDER"),
            "stderr": done.stderr.replace(place, b"/FOLDER"),
            "code": b"%d\n" % done.returncode,
        }


def lines(path: pathlib.Path) -> list[str]:
    return path.read_text().splitlines()


def record(case: pathlib.Path, found: dict[str, bytes]) -> None:
    for name, content in found.items():
        if name != "stderr" or (case / "stderr").exists():
            (case / name).write_bytes(content)


def compare(case: pathlib.Path, found: dict[str, bytes]) -> list[str]:
    differences = []
    for name in ("stdout", "stderr", "code"):
        if (case / name).exists() and found[name] != (expected := (case / name).read_bytes()):
            differences.append(f"  {name} should be {expected!r}")
            differences.append(f"  {' ' * len(name)}        is {found[name]!r}")
    if differences:
        differences.append(f"  on stderr: {found['stderr']!r}")
    return differences


if __name__ == "__main__":
    sys.exit(main())
