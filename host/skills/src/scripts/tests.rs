//! What is seen in scripts.

use expect_test::{Expect, expect};

use super::*;

fn check(path: &str, text: &str, expected: Expect) {
    let own = Own::of(&["scripts/helpers.py".to_owned(), "scripts/lib/__init__.py".to_owned()]);
    let told = match look(path, text, &own) {
        None => "no script\n".to_owned(),
        Some(script) => tell(&script),
    };
    expected.assert_eq(&told);
}

fn tell(script: &Script) -> String {
    let mut out = format!("{}{}\n", script.language, if script.entry { ", started" } else { "" });
    for package in &script.requires {
        out.push_str(&format!("requires {package}\n"));
    }
    for Import { module, line, origin, optional } in &script.imports {
        let optional = if *optional { ", optional" } else { "" };
        out.push_str(&format!("{line}: imports {module} ({origin:?}{optional})\n"));
    }
    for Mention { what, line } in &script.commands {
        out.push_str(&format!("{line}: starts {what}\n"));
    }
    for Mention { what, line } in &script.addresses {
        out.push_str(&format!("{line}: names {what}\n"));
    }
    out
}

#[test]
fn python() {
    check(
        "scripts/a.py",
        r##"#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2", "rich"]
# ///
"""Gets things. See https://docs.not-this.com, and `import nothing`.

    from nowhere import nothing
"""
import os, sys as system; import json
from helpers import x  # from comments import nothing
from .sibling import y
import lib.inner, yaml.loader
try:
    import lxml
except ImportError:
    import defusedxml
if TYPE_CHECKING:
    from pandas import DataFrame
text = "import fake; https://api.real.com:8443/v1/{id}"
url = f"https://{host}/x", f"https://api.{domain}/"
requests.get('http://127.0.0.1:8000/a')
schema = "http://www.w3.org/2001/XMLSchema"
subprocess.run(["git", "log"], check=True)
subprocess.check_output("ls -la | /usr/bin/jq .", shell=True)
os.system('FOO=1 curl -s "$(date)"')
cmd = ["ffmpeg", "-i", path]
shutil.which("pandoc")
subprocess.run([sys.executable, "x.py"])
importlib.import_module("numpy.linalg")
if __name__ == "__main__":
    main()
"##,
        expect![[r#"
            Python, started
            requires requests>=2
            requires rich
            12: imports . (Own)
            17: imports defusedxml (Package, optional)
            11: imports helpers (Own)
            10: imports json (Standard)
            13: imports lib (Own)
            15: imports lxml (Package, optional)
            30: imports numpy (Package, optional)
            10: imports os (Standard)
            19: imports pandas (Package, optional)
            10: imports sys (Standard)
            13: imports yaml (Package)
            24: starts git
            25: starts ls
            25: starts jq
            26: starts curl
            26: starts date
            27: starts ffmpeg
            28: starts pandoc
            29: starts python
            20: names https://api.real.com:8443
            22: names http://127.0.0.1:8000
        "#]],
    );
    check(
        "lib/b.py",
        "def run(x): pass\nrun('rm -rf /')\n",
        expect![[r#"
        Python
    "#]],
    );
    check(
        "tests/test_c.py",
        "import pytest\nif __name__ == '__main__': pass\n",
        expect![[r#"
        Python
        1: imports pytest (Package)
    "#]],
    );
    check(
        "d.py",
        "x = '''\nimport a\n'''\ny = 'it\\'s' # '\nimport b\n\"\"\"unclosed\nimport c\n",
        expect![[r#"
        Python
        5: imports b (Package)
    "#]],
    );
}

#[test]
fn javascript() {
    check(
        "scripts/a.mjs",
        r##"#!/usr/bin/env node
// import x from "comment"; https://comment.com
/* require("comment") */
import fs from "node:fs";
import { a } from './own.js';
import type { B } from "@scope/pkg/sub";
const http = require("https"), p = require('fs/promises');
const text = 'require("text")', re = /["'`]/, z = `from "text"`;
const lazy = await import("playwright");
import "dotenv/config";
import { execSync, spawn } from "child_process";
execSync("git status | head -1");
execSync(`npm run ${name}`);
spawn("ffmpeg", ["-i"]);
fetch("https://api.github.com/repos", {});
fetch(`https://${host}/x`); fetch(`https://api.x.com/${id}`);
if (process.argv.length < 3) {}
"##,
        expect![[r#"
            JavaScript, started
            5: imports ./own.js (Own)
            6: imports @scope/pkg (Package)
            11: imports child_process (Standard)
            10: imports dotenv (Package)
            4: imports fs (Standard)
            7: imports fs/promises (Standard)
            7: imports https (Standard)
            9: imports playwright (Package)
            12: starts git
            12: starts head
            13: starts npm
            14: starts ffmpeg
            15: names https://api.github.com
            16: names https://api.x.com
        "#]],
    );
    check(
        "b.js",
        "/a/.exec('git log'); run.exec(\"rm\")\n",
        expect![[r#"
        JavaScript
    "#]],
    );
    check(
        "c.d.ts",
        "import x from 'y'",
        expect![[r#"
        no script
    "#]],
    );
}

#[test]
fn shell() {
    check(
        "run.sh",
        r##"#!/bin/bash
set -euo pipefail
# curl https://comment.com
helper() { jq . "$1"; }
function other { sed s/a/b/; }
NAME=x OTHER="$(date +%s)" grep -q x file && echo ok || exit 1
if ! command -v gh >/dev/null 2>&1; then
  echo "install gh; curl not-this" >&2
fi
for f in $(find . -name '*.md' | sort); do
  helper "$f" | awk '{ print; system("no") }' > "$out" || true
done
case "$1" in
  start|begin) node server.js ;;
  "stop") kill $PID;;
  *) usage ;;
esac
cat <<EOF | tee log
  wget not-this
EOF
python3 - <<'PY'
import os
PY
sudo -E apt-get install x
find . -print0 | xargs -0 -n 1 basename
$EDITOR file; "$TOOL" y; ./own.sh; scripts/x.py; /usr/local/bin/rg z
x=$((1 + 2)); y=${z:-$(uname)}; `hostname`
diff <(sort a) <(uniq b)
curl -H 'a: b' "https://api.example.io/v1?x=1" -o out https://$HOST/x
LIST=("not-this" also-not
  $(seq 3) not-this-either); n=$(( $(nproc) | 2 )); log+=(x)
cat > f <<END
  "at": "$(uptime)" and not-this
END
((count++)); if (( x == 0 )); then curl https://your-server.com; fi
tar xf a \
  --gz; >out ls
"##,
        expect![[r#"
            shell, started
            4: starts jq
            5: starts sed
            6: starts date
            6: starts grep
            7: starts gh
            10: starts find
            10: starts sort
            11: starts awk
            14: starts node
            16: starts usage
            18: starts cat
            18: starts tee
            21: starts python3
            24: starts sudo
            24: starts apt-get
            25: starts xargs
            26: starts basename
            26: starts rg
            27: starts uname
            27: starts hostname
            28: starts diff
            28: starts uniq
            29: starts curl
            31: starts seq
            31: starts nproc
            33: starts uptime
            36: starts tar
            38: starts ls
            29: names https://api.example.io
        "#]],
    );
    check(
        "no-shebang",
        "curl x",
        expect![[r#"
        no script
    "#]],
    );
    check(
        "bin/tool",
        "#!/bin/sh\nexec git \"$@\"\n",
        expect![[r#"
        shell, started
        2: starts git
    "#]],
    );
    check(
        "a.rb",
        "puts 1",
        expect![[r#"
        ruby, started
    "#]],
    );
    check(
        "data.json",
        "{}",
        expect![[r#"
        no script
    "#]],
    );
}

#[test]
fn code_in_the_instructions() {
    let text = "---\nname: x\n---\nText\n```bash\n$ git log\n> Saved to not-this\n$ curl https://a.io\n```\n```python\nimport requests\n```\n````\n```sh\n";
    let told: Vec<String> = blocks(text)
        .into_iter()
        .map(|(language, text)| tell(&looked("SKILL.md", &text, language, &Own::default())))
        .collect();
    assert_eq!(
        told,
        ["Python\n11: imports requests (Package)\n", "shell\n6: starts git\n8: starts curl\n8: names https://a.io\n"]
    );
}

proptest::proptest! {
    #[test]
    fn nothing_panics(
        text in "([a-z ]{0,4}|[\"'`$(){}#\\\\;|&<>=/\\n]{1,3}|<<EOF|\\PC|import |case in|https://|\"\"\"|# /// script\n|run\\(\\[\"){0,60}"
    ) {
        for path in ["a.py", "a.js", "a.sh"] {
            let script = look(path, &text, &Own::default());
            proptest::prop_assert!(script.is_some());
        }
        let _ = blocks(&text);
    }
}

#[test]
fn it_takes_time_by_length() {
    let pieces = [
        "(",
        "$(",
        "`",
        "\"",
        "'",
        "\"\"\"",
        "<<A\n",
        "case x in ",
        "${",
        "import a;",
        "execSync(`",
        "run(\"",
        "/*",
        "/",
        "x=[\"",
        "https://a.b ",
        "cmd = [\"",
        "try:\n ",
        "\\",
        "# /// script\n",
        "```sh\n",
        "$((",
        "{",
        "require(\"",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 20) / piece.len());
        let start = std::time::Instant::now();
        for path in ["a.py", "a.js", "a.sh"] {
            look(path, &text, &Own::default());
        }
        blocks(&text);
        // A quadratic one takes minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{piece:?} took {:?}", start.elapsed());
    }
}
