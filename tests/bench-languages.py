#!/usr/bin/env python3
"""One skill in each language, as `holm new` makes it: size, time of a build after a change, start of its tool.

Prints a table of Markdown; names of languages choose some. The tool is called through the warm resident kernel, in
turns, `holm tool call` as a whole: by the clock, and what it takes of a processor, in the kernel and its client. On a
busy machine only the latter means something.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

LANGUAGES = {
    "Rust": ("rust", "src/lib.rs", "//\n", "word_count"),
    "Python": ("python", "skill.py", "#\n", "word_count"),
    "JavaScript": ("js", "skill.js", "//\n", "word_count"),
    "C": ("c", "skill.c", "//\n", "word-count"),
}
CALLS = 50
HOLM = pathlib.Path(__file__).resolve().parents[1] / "target" / "debug" / "holm"


def holm(*arguments: str) -> None:
    done = subprocess.run([HOLM, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"holm {' '.join(arguments)}: {done.stderr}")


def kernel(home: str) -> list[pathlib.Path]:
    """What the threads of this home's kernel have used of processors, as files."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"--home\0{home}\0kernel" in (process / "cmdline").read_text():
                return list((process / "task").iterdir())
        except OSError:
            continue
    sys.exit("the kernel is not running")


def used(home: str) -> float:
    """Seconds that the kernel has used of processors."""
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in kernel(home)) / 1e9


def timed(*arguments: str) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    holm(*arguments)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    chosen = {name: each for name, each in LANGUAGES.items() if len(sys.argv) < 2 or each[0] in sys.argv[1:]}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        home = os.environ["HOLM_HOME"] = f"{folder}/home"
        # What was fetched before is fetched once.
        if toolchains := os.environ.get("HOLM_BENCH_TOOLCHAINS"):
            os.makedirs(home)
            os.symlink(os.path.abspath(toolchains), f"{home}/toolchains")
        built, calls = {}, {}
        for language, (name, source, comment, tool) in chosen.items():
            skill = f"word-{name}"
            holm("new", "--lang", name, skill)
            holm("build", skill)
            with open(f"{skill}/{source}", "a", encoding="utf-8") as file:
                file.write(comment)
            wall, processor = timed("build", skill)
            built[language] = (os.path.getsize(f"{skill}/{skill}.wasm"), wall, processor)
            holm("install", "--yes", skill)
            calls[language] = []
        for turn in range(CALLS + 5):
            for language, (name, _, _, tool) in chosen.items():
                before = used(home)
                wall, processor = timed("tool", "call", f"word-{name}/{tool}", "--arg", "text=a b c")
                # The first ones warm up.
                if turn >= 5:
                    calls[language].append((wall * 1000, (processor + used(home) - before) * 1000))
        holm("shutdown")
    print("| language | component | build after a change: processor | clock | a call: processor, p50 | clock, p50 |")
    print("|---|---:|---:|---:|---:|---:|")
    for language, (size, wall, processor) in built.items():
        clock, own = (statistics.median(times) for times in zip(*calls[language]))
        size = f"{size / 1024:.0f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
        print(f"| {language} | {size} | {processor:.1f} s | {wall:.1f} s | {own:.1f} ms | {clock:.1f} ms |")


if __name__ == "__main__":
    main()
