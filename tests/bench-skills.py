#!/usr/bin/env python3
"""Runs the scripts of public skills as they are, in the sandbox, and says how each did.

    just bench-skills [--native] [--json FILE] DIR...

Each DIR is a checkout. Its skills are installed into a Holm home of their own, with nothing granted but the
commands that they seem to need; each entry script is run with `--help`, and with the arguments of a file
`NAME.args` beside it, if there is one. With --native the same is done by the interpreters of this machine, as
the user `nobody`, in a copy, without network: only for skills that you trust that far.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LANGUAGES = {
    ".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".sh": "shell", ".bash": "shell",
}
NATIVE = {"python": ["python3"], "javascript": ["node"], "typescript": ["npx", "tsx"], "shell": ["bash"]}
SECONDS = 60

# What a script that does not do as natively says of it, most telling first.
CLASSES = [
    ("needs a compiled module", r"compiled|C extension|native (module|extension)|No module named '_(ssl|ctypes|bz2|lzma)'"),
    ("needs a package that is not there", r"ModuleNotFoundError|No module named|Cannot find (module|package)|ERR_MODULE_NOT_FOUND"),
    ("wants the network", r"net=|network|ENOTFOUND|ECONNREFUSED"),
    ("wants a command that is not granted or not there", r"exec=|command not found|no runtime offers"),
    ("wants a file that is not granted", r"fs=|EACCES|Permission denied|PermissionError"),
    ("out of fuel or time", r"out of fuel|deadline|wall time"),
    ("syntax that is not understood", r"SyntaxError|syntax error|parse error"),
]


def entry_scripts(skill):
    """The scripts of a skill that are meant to be started, by their own look."""
    for path in sorted(skill.rglob("*")):
        inner = path.relative_to(skill)
        language = LANGUAGES.get(path.suffix)
        if not language or not path.is_file() or path.is_symlink() or ".git" in inner.parts or "node_modules" in inner.parts:
            continue
        if re.search(r"(^|/)(tests?|__tests__)(/|$)|(^|/)test_|_test\.|\.test\.|\.d\.ts$", str(inner)):
            continue
        text = path.read_text(errors="replace")[:200_000]
        entry = text.startswith("#!") or {
            "python": '__name__ == "__main__"' in text or "__name__ == '__main__'" in text or "argparse" in text,
            "javascript": "process.argv" in text,
            "typescript": "process.argv" in text,
            "shell": True,
        }[language]
        if entry:
            yield inner, language


def run(command, **options):
    """Exit code, standard output and error of a command; 124 where it took too long."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, **options)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return 124, "", "it took longer than %d s" % SECONDS


def reason(stderr, stdout):
    """The class of why a script did not do as natively."""
    text = stderr + stdout
    return next((name for name, pattern in CLASSES if re.search(pattern, text)), "its own: by its own word")


def plain(text):
    """Output without what differs from run to run and from place to place."""
    text = re.sub(r"/(skill|work)\b|/tmp/[\w./-]+", "PATH", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*", "TIME", text)
    # Help is laid out by the width of a terminal and by the version of argparse.
    return re.sub(r"\s+", " ", text).replace("optional arguments:", "options:").strip()


def native(skill, script, language, arguments):
    """The same natively: as nobody, in a copy, without network."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        copy = pathlib.Path(folder) / "skill"
        shutil.copytree(skill, copy, symlinks=True)
        work = pathlib.Path(folder) / "work"
        work.mkdir()
        subprocess.run(["chmod", "-R", "a+rwX", folder], check=True)
        limits = ["timeout", str(SECONDS), "unshare", "-n", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        command = limits + NATIVE[language] + [str(copy / script)] + arguments
        environment = {"PATH": os.environ["PATH"], "HOME": str(work), "LANG": "C.UTF-8", "COLUMNS": "80"}
        code, stdout, stderr = run(command, cwd=work, env=environment)
        place = lambda text: text.replace(str(copy), "/skill").replace(str(work), "/work")
        return code, place(stdout), place(stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=pathlib.Path)
    parser.add_argument("--native", action="store_true", help="compare with this machine's interpreters")
    parser.add_argument("--holm", default="target/debug/holm", help="the program")
    parser.add_argument("--runtimes", default="plugins/runtimes", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, help="write each result there")
    given = parser.parse_args()
    home = tempfile.mkdtemp(prefix="holm-bench-", dir="/var/tmp")
    holm = [os.path.abspath(given.holm), "--home", home]
    try:
        results = measure(holm, given)
    finally:
        run(holm + ["shutdown"])
        shutil.rmtree(home, ignore_errors=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    table(results, given.native)


def measure(holm, given):
    """All scripts of all skills, one after the other on each processor."""
    runtimes = [str(path.parent) for path in sorted(given.runtimes.glob("*/plugin.toml"))]
    runtimes += ["plugins/jq"] if os.path.exists("plugins/jq/jq.wasm") else []
    code, _, stderr = run(holm + ["runtime", "install", "--yes"] + runtimes)
    if code:
        sys.exit("the runtimes are not installed (`just runtimes` builds them):\n" + stderr)
    jobs = []
    for directory in given.directories:
        # Two skills of one name are two skills: each checkout's are named by where they lie.
        code, stdout, _ = run(holm + ["skill", "install", "--yes", "--json", str(directory)])
        for outcome in json.loads(stdout or "[]"):
            skill = pathlib.Path(outcome["folder"])
            if not outcome.get("name"):
                print("not installed: %s: %s" % (skill, outcome.get("problem")), file=sys.stderr)
                continue
            _, shown, _ = run(holm + ["skill", "show", "--json", outcome["name"]])
            wanted = [line["grant"] for line in json.loads(shown or "{}").get("proposed", [])]
            commands = [grant for grant in wanted if grant.startswith("exec=")]
            if commands:
                run(holm + ["grant", outcome["name"]] + commands)
            for script, language in entry_scripts(skill):
                jobs.append((directory.name, outcome["name"], skill, script, language))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: one(holm, given.native, *job), jobs))


def sandboxed(holm, name, script, arguments):
    """Exit code, standard output and error of a script, as an agent would run it."""
    call = json.dumps({"script": str(script), "arguments": arguments})
    code, stdout, stderr = run(holm + ["tool", "call", "--no-ask", name + "/run", call])
    if code:
        return 126, "", stderr
    ran = json.loads(stdout)
    ended = int(ran["exit"]) if ran["exit"].isdigit() else 125
    return ended, ran["stdout"], ran["stderr"] + stderr + ("" if ended != 125 else ran["exit"])


def one(holm, compare, repository, name, skill, script, language):
    """One script: in the sandbox, natively, and what came of it."""
    file = (skill / script).with_suffix(".args")
    arguments = file.read_text().split() if file.exists() else ["--help"]
    code, stdout, stderr = sandboxed(holm, name, script, arguments)
    result = {"repository": repository, "skill": name, "script": str(script), "language": language, "exit": code}
    if not compare:
        result["class"] = "ended well" if code == 0 else reason(stderr, stdout)
    else:
        there, out, err = native(skill, script, language, arguments)
        result["native"] = there
        if code == there and plain(stdout) == plain(out):
            result["class"] = "the same"
        elif code == there:
            result["class"] = "the same exit code, other output"
        elif code == 0 and re.search(r"ModuleNotFoundError|Cannot find module", err):
            result["class"] = "works here; natively a package is missing"
        else:
            result["class"] = reason(stderr, stdout)
    if not result["class"].startswith(("the same", "ended", "works")):
        result["stderr"] = stderr[-600:]
    return result


def table(results, compared):
    """The table for people, as Markdown."""
    good = ("the same", "the same exit code, other output", "works here; natively a package is missing") if compared else ("ended well",)
    heading = "behave as natively" if compared else "ended well"
    print("| repository | language | scripts | %s | why the others do not |\n|---|---|---:|---:|---|" % heading)
    groups = collections.defaultdict(list)
    for result in results:
        groups[result["repository"], result["language"]].append(result)
    for (repository, language), group in sorted(groups.items()):
        well = sum(result["class"] in good for result in group)
        others = collections.Counter(result["class"] for result in group if result["class"] not in good)
        why = ", ".join("%s: %d" % pair for pair in others.most_common())
        print("| %s | %s | %d | %d (%d %%) | %s |" % (repository, language, len(group), well, 100 * well / len(group), why))


if __name__ == "__main__":
    main()
