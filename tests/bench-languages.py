#!/usr/bin/env python3
"""One skill in each language, as `holm new` makes it: size, time of a build after a change, start of its tool.

Prints a table of Markdown. The tool is called through the warm resident kernel, in turns, `holm tool call` as a whole.
"""

import os
import pathlib
import resource
import statistics
import subprocess
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
    subprocess.run([HOLM, *arguments], check=True, capture_output=True)


def timed(*arguments: str) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    holm(*arguments)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["HOLM_HOME"] = f"{folder}/home"
        # What was fetched before is fetched once.
        if toolchains := os.environ.get("HOLM_BENCH_TOOLCHAINS"):
            os.makedirs(f"{folder}/home")
            os.symlink(os.path.abspath(toolchains), f"{folder}/home/toolchains")
        built, calls = {}, {}
        for language, (name, source, comment, tool) in LANGUAGES.items():
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
            for language, (name, _, _, tool) in LANGUAGES.items():
                wall, _ = timed("tool", "call", f"word-{name}/{tool}", "--arg", "text=a b c")
                # The first ones warm up.
                if turn >= 5:
                    calls[language].append(wall * 1000)
        holm("shutdown")
    print("| language | component | `holm build` after a change | of a processor | `holm tool call`, p50 | p90 |")
    print("|---|---:|---:|---:|---:|---:|")
    for language, (size, wall, processor) in built.items():
        tenths = statistics.quantiles(calls[language], n=10)
        size = f"{size / 1024:.0f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
        told = f"| {language} | {size} | {wall:.1f} s | {processor:.1f} s"
        print(f"{told} | {statistics.median(calls[language]):.1f} ms | {tenths[8]:.1f} ms |")


if __name__ == "__main__":
    main()
