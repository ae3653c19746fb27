#!/usr/bin/env python3
"""How fast Python starts in Holm, and how many idle ones live in one kernel at what memory each.

    just bench-density [--most NUMBER] [--holm PROGRAM] [--native PYTHON]

Start-up is of `print("hi")`, to its end, in turns with a native Python, and stated apart: cold (a kernel is started
for it, the image is cached), warm (`holm run`, its client included) and in the kernel (a Python starts and awaits
others, as `subprocess` does natively). Memory is the kernel's private pages, by `smaps_rollup`, before and after.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HI = "print('hi')"
IDLE = "import time; time.sleep(1e6)"
# One of them starts others and says how long each took to its end, in milliseconds.
STARTS = """
import subprocess, sys, time
took = []
for _ in range({rounds}):
    begin = time.perf_counter()
    done = subprocess.run([{python}, "-c", "print('hi')"], capture_output=True)
    took.append((time.perf_counter() - begin) * 1e3)
    assert done.stdout == b"hi\\n", done
print(*took)
"""


def timed(command):
    """Milliseconds that a command takes to say `hi`."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True)
    took = (time.perf_counter() - begin) * 1e3
    if done.stdout != b"hi\n":
        sys.exit("%s said %r, %r" % (command, done.stdout, done.stderr[-400:]))
    return took


def private(pid):
    """Bytes of a process that no other shares."""
    lines = pathlib.Path("/proc/%d/smaps_rollup" % pid).read_text().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_"))


def available():
    """Bytes that the machine could still give."""
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))


def kernel_of(home):
    """The process of the kernel that serves a home."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if home.encode() in command and b"kernel" in command:
                return int(entry.name)
    sys.exit("no kernel serves " + home)


def middle(name, times):
    """One row of start-up times."""
    times = sorted(times)
    print("| %s | %d | %.1f | %.1f |" % (name, len(times), statistics.median(times), times[min(len(times) - 1, len(times) * 9 // 10)]))


def start_up(holm, given):
    """Start-up in turns with native."""
    hi = ["run", "--no-ask", "python", "--", "-c", HI]
    alone = holm + ["--in-process"] + hi
    subprocess.run(holm + ["shutdown"], capture_output=True)
    timed(alone)
    cold, warm, native = [], [], []
    for _ in range(given.rounds):
        cold.append(timed(alone))
    timed(holm + hi)
    for _ in range(given.rounds):
        warm.append(timed(holm + hi))
        native.append(timed([given.native, "-c", HI]))
    within = STARTS.format(rounds=given.rounds, python="'python'")
    run = holm + ["run", "--no-ask", "--grant", "exec=python", "python", "--", "-c", within]
    inner = [float(word) for word in subprocess.run(run, capture_output=True, check=True).stdout.split()]
    run = [given.native, "-c", STARTS.format(rounds=given.rounds, python="sys.executable")]
    outer = [float(word) for word in subprocess.run(run, capture_output=True, check=True).stdout.split()]
    print("| `print(\"hi\")` to its end | times | p50, ms | p90, ms |\n|---|---:|---:|---:|")
    middle("cold: `holm --in-process run`, a kernel for it, image cached", cold)
    middle("warm: `holm run`, its client included", warm)
    middle("native: `%s -c`" % given.native, native)
    middle("in the kernel: `subprocess.run` of a running Python", inner)
    middle("native: `subprocess.run` of a running Python", outer)


def density(holm, home, given):
    """Idle ones, until enough or refused."""
    timed(holm + ["run", "--no-ask", "python", "--", "-c", HI])
    pid = kernel_of(home)
    before, room = private(pid), available()
    print("\n| idle Pythons | private memory of the kernel, MiB | each, MiB | of the machine, each, MiB |\n|---:|---:|---:|---:|")
    print("| 0 | %.1f | | |" % (before / 2**20))
    started, marks, refused = 0, [mark for mark in (1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000) if mark < given.most] + [given.most], None
    begin = time.perf_counter()
    while started < given.most and refused is None:
        done = subprocess.run(holm + ["run", "--no-ask", "--detach", "python", "--", "-c", IDLE], capture_output=True, text=True)
        if done.returncode:
            refused = done.stderr.strip()
        else:
            started += 1
        if started in marks or refused:
            live = settled(holm, started)
            grown, used = private(pid) - before, room - available()
            print("| %d | %.1f | %.2f | %.2f |" % (live, (before + grown) / 2**20, grown / live / 2**20, used / live / 2**20), flush=True)
    print("\n%d started in %.0f s" % (started, time.perf_counter() - begin) + (", then refused: %s" % refused if refused else ""))


def settled(holm, started):
    """Waits until all that were started sleep; how many live."""
    for _ in range(600):
        processes = json.loads(subprocess.run(holm + ["ps", "--json"], capture_output=True, check=True).stdout)
        waiting = [process for process in processes if process["state"] == "blocked"]
        if len(waiting) == started:
            return started
        time.sleep(0.1)
    sys.exit("%d were started, %d are live, %d of them wait" % (started, len(processes), len(waiting)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000, help="idle Pythons to start, at most")
    parser.add_argument("--rounds", type=int, default=25, help="of each start-up")
    parser.add_argument("--holm", default="target/debug/holm", help="the program")
    parser.add_argument("--native", default="python3", help="a native Python")
    parser.add_argument("--runtime", default="plugins/runtimes/python", help="the Python runtime's folder")
    given = parser.parse_args()
    home = tempfile.mkdtemp(prefix="holm-density-", dir="/var/tmp")
    holm = [os.path.abspath(given.holm), "--home", home]
    try:
        subprocess.run(holm + ["runtime", "install", "--yes", given.runtime], check=True, capture_output=True)
        start_up(holm, given)
        density(holm, home, given)
    finally:
        subprocess.run(holm + ["shutdown"], capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
