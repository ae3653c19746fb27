"""Compares Holm's strict reading of skills with the reference validator, word for word.

    skills-parity.py PROGRAM [--mutate COUNT] [--seed SEED] [DIR...]

First the table of cases in host/skills is asked of the reference; then every skill below the DIRs is
read by both; then COUNT heads of these, changed at random. Exits with 1 if anything differs. Where the
reference fails with an exception there is nothing to compare; such files are counted.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from skills_ref.errors import ParseError, SkillError
from skills_ref.parser import parse_frontmatter, read_properties
from skills_ref.prompt import to_prompt
from skills_ref.validator import validate, validate_metadata

CASES = Path(__file__).parent.parent / "host/skills/tests/strict.toml"
SHOWN = 10
PIECES = list("-?:,[]{}#&*!|>'\"%@`\n \t=<~\\") + [
    ": ", "- ", "\n\n", "\n  ", "\n\t", " # x", "|\n", "|-\n  a\n", "|+\n\n", ">\n  b\n\n  c\n", "? ", "*a", "&a ", "!t ", "!<x> ",
    "\n%YAML 1.2\n", "\n...\n", "\n- ", "\nname: x\n", "\ndescription: y\n", "<<: ", "\n<<:\n  a: b\n", "é", "\u2028", "\x85",
    "\ufeff", "\x07", "\\n", "\\x41", "\\u00e9", "\\q", "{a: b}", "[a, b]", "[a", "\n\n\t", "\n    k: v\n",
    "\nm:\n  a: 1\n  b:\n    c: d\n", "|2\n    x\n", ">-", ": |", "a" * 1030, "\\\n", "''", "\n? a\n: b\n", "-\n", "- - ",
]


def reference(folder, text):
    """What the reference finds in a text; none where it fails."""
    try:
        fields, _ = parse_frontmatter(text.replace("\r\n", "\n").replace("\r", "\n"))
        return validate_metadata(fields, Path(folder))
    except ParseError as error:
        return [str(error)]
    except Exception:
        return None


def reference_folder(folder):
    try:
        findings = validate(folder)
    except Exception:
        return None, None, None
    try:
        properties = {"ok": json.dumps(read_properties(folder).to_dict(), indent=2)}
        return findings, properties, to_prompt([folder])
    except SkillError as error:
        return findings, {"error": str(error)}, None
    except Exception:
        return findings, None, None


def ask(program, lines):
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([program], input=text, capture_output=True, encoding="utf-8", check=True)
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    assert len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} questions"
    return answers


class Comparison:
    def __init__(self, what):
        self.what, self.counts, self.shown = what, Counter(), 0

    def difference(self, where, theirs, ours):
        self.counts["different"] += 1
        if self.shown < SHOWN:
            self.shown += 1
            print(f"--- {where}\nreference: {theirs!r}\nholm:      {ours!r}")

    def findings(self, where, theirs, answer):
        self.counts["read"] += 1
        ours = answer.get("findings", [answer.get("unread")])
        if theirs is None:
            self.counts["reference failed"] += 1
            if not ours:
                self.counts["of these valid here"] += 1
            return
        self.counts["valid"] += not theirs
        if theirs != ours:
            self.difference(where, theirs, ours)

    def end(self):
        print(f"{self.what}: " + ", ".join(f"{value} {key}" for key, value in self.counts.items()))
        return self.counts["different"]


def skills(roots):
    for root in roots:
        for place, folders, files in os.walk(root):
            folders.sort()
            named = [Path(place, name) for name in ("SKILL.md", "skill.md") if name in files]
            # Links are followed by the reference, and by Holm never.
            if named and not named[0].is_symlink() and "\n" not in place:
                yield Path(place), named[0]


def mutate(rng, head):
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        at, kind = rng.randrange(len(head) + 1), rng.random()
        if kind < 0.5:
            head = head[:at] + rng.choice(PIECES) + head[at:]
        elif kind < 0.7:
            head = head[:at] + head[at + rng.choice([1, 1, 2, 5, 20]):]
        elif kind < 0.85:
            to = rng.randrange(len(head) + 1)
            head = head[:to] + head[at:at + rng.choice([1, 2, 10, 40])] + head[to:]
        else:
            lines = head.split("\n")
            line = rng.randrange(len(lines))
            change = rng.choice(["in", "out", "again", "end", "blank"])
            if change == "in":
                lines[line] = " " * rng.randrange(1, 5) + lines[line]
            elif change == "out":
                lines[line] = lines[line].lstrip()
            elif change == "again":
                lines.insert(line, rng.choice(lines))
            elif change == "end":
                lines[line] += rng.choice([" #c", "\t", " ", ":"])
            else:
                lines.insert(line, rng.choice(["", " ", "# c", "   # c", "\t"]))
            head = "\n".join(lines)
    return head


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mutate", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("roots", nargs="*")
    options = parser.parse_intermixed_args()
    different = 0

    table = Comparison("table of cases")
    for case in tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]:
        table.findings(case["name"], reference(case["folder"], case["text"]), {"findings": case["expected"]})
    different += table.end()

    found = list(skills(options.roots))
    strict, lenient, heads = Comparison("skills, strictly"), Counter(), []
    for (folder, file), answer in zip(found, ask(options.program, [str(folder) for folder, _ in found])):
        findings, properties, prompt = reference_folder(folder)
        strict.findings(folder, findings, answer)
        if properties is not None and (properties, prompt) != (answer.get("properties"), answer.get("prompt")):
            strict.difference(folder, (properties, prompt), (answer.get("properties"), answer.get("prompt")))
        loaded = answer.get("lenient", {"error": answer.get("unread", "")})
        lenient["loaded"] += "error" not in loaded
        if "error" in loaded:
            lenient["not loaded: " + loaded["error"].split(":")[0]] += 1
        parts = file.read_text(encoding="utf-8", errors="replace").split("---", 2)
        if len(parts) == 3 and not parts[0] and len(parts[1]) < 1500:
            heads.append((folder.name, parts[1]))
    different += strict.end()
    print("skills, leniently: " + ", ".join(f"{value} {key}" for key, value in lenient.most_common()))

    rng = random.Random(options.seed)
    simple = ("x", "\n# c\nname: 'x'\n\ndescription: >\n  a\n  b\n\nmetadata:\n  a: b\n  c:\n    - d\n    - e: f # g\n")
    chosen = [rng.choice(heads) if heads and rng.random() < 0.5 else simple for _ in range(options.mutate)]
    texts = [(name, f"---{mutate(rng, head)}---\nbody\n") for name, head in chosen]
    mutated = Comparison("changed heads")
    for (name, text), answer in zip(texts, ask(options.program, [json.dumps(pair) for pair in texts])):
        mutated.findings(text, reference(name, text), answer)
    different += mutated.end()
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
