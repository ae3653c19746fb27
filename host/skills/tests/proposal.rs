//! From a folder to what may be granted.

use std::fs;

use cap_std::{ambient_authority, fs::Dir};
use expect_test::{Expect, expect};
use holm_skills::{Proposal, Provided, Scripts, SkillFile, Wish, load};

fn check(skill: &str, files: &[(&str, &str)], expected: Expect) {
    let place = tempfile::tempdir().expect("a folder");
    for (path, text) in files.iter().chain(&[("SKILL.md", skill)]) {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).expect("it opens");
    let skill = load(&dir, "x").expect("it loads");
    let text = SkillFile::read(&dir).expect("it is read");
    let scripts = Scripts::look(&dir, &text.text()).expect("they are looked at");
    let names = |names: &str| names.split(' ').map(str::to_owned).collect();
    let provided = Provided {
        commands: names("python python3 node bash sh git jq curl find grep"),
        python: names("requests yaml"),
        javascript: names("commander"),
    };
    expected.assert_eq(&tell(&Proposal::new(&skill, &scripts, &provided)));
}

fn tell(proposal: &Proposal) -> String {
    let mut out = String::new();
    let kinds: [(&str, &[Wish]); 5] = [
        ("grant", &proposal.grants),
        ("interpreter", &proposal.interpreters),
        ("absent", &proposal.absent),
        ("package", &proposal.packages),
        ("optional package", &proposal.optional_packages),
    ];
    for (kind, wishes) in kinds {
        for wish in wishes {
            let reasons: Vec<String> = wish.reasons.iter().map(ToString::to_string).collect();
            out.push_str(&format!("{kind} {}: {}\n", wish.what, reasons.join("; ")));
        }
    }
    for note in &proposal.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    out
}

#[test]
fn what_is_said_and_what_is_seen() {
    check(
        "---\nname: x\ndescription: y\nallowed-tools: Bash(git log:*) Bash(jq:*) Bash(gh pr:*) Bash(./scripts/a.sh:*) Read WebFetch(domain:docs.rs) mcp__x__y\ncompatibility: Requires git, Node.js 20+ and docker. Makes just one call.\n---\n\n```bash\ncurl https://instructions.io/x\n```\n",
        &[
            ("scripts/a.sh", "#!/bin/sh\ngit status | grep x\nwget https://a.io:8443/b\n"),
            (
                "scripts/b.py",
                "# /// script\n# dependencies = [\"PyYAML\", \"python-docx>=1\"]\n# ///\nimport requests, numpy\ntry:\n    import rich\nexcept ImportError:\n    pass\nrequests.get('https://api.github.com/x')\na = 'https://api.github.com./y https://a..b/ https://{}.c.d/'\nhelp = 'http://127.0.0.1:8000/'\n",
            ),
            ("scripts/c.ts", "import { x } from 'commander'; import pg from 'pg';\n"),
            ("lib/d.rb", ""),
        ],
        expect![[r#"
            grant exec=curl: SKILL.md:9 starts curl
            grant exec=git: allowed-tools says Bash(git log:*); compatibility names git; scripts/a.sh:2 starts git
            grant exec=grep: scripts/a.sh:2 starts grep
            grant exec=jq: allowed-tools says Bash(jq:*)
            grant exec=node: compatibility names node; scripts/c.ts is written in TypeScript
            grant exec=python: scripts/b.py is written in Python
            grant exec=sh: scripts/a.sh is written in shell
            grant net=https://a.io:8443/*: scripts/a.sh:3 names https://a.io:8443
            grant net=https://api.github.com/*: scripts/b.py:9 names https://api.github.com
            grant net=https://docs.rs/*: allowed-tools says WebFetch(domain:docs.rs)
            grant net=https://instructions.io/*: SKILL.md:9 names https://instructions.io
            interpreter node: scripts/c.ts is written in TypeScript
            interpreter python: scripts/b.py is written in Python
            interpreter ruby: lib/d.rb is written in ruby
            interpreter sh: scripts/a.sh is written in shell
            absent docker: compatibility names docker
            absent gh: allowed-tools says Bash(gh pr:*)
            absent ruby: lib/d.rb is written in ruby
            absent wget: scripts/a.sh:3 starts wget
            package javascript: pg: scripts/c.ts:1 imports pg
            package python: docx: scripts/b.py asks for python-docx>=1
            package python: numpy: scripts/b.py:4 imports numpy
            optional package python: rich: scripts/b.py:6 imports rich
            note: allowed-tools says mcp__x__y: no grant is known for it
            note: scripts/b.py:11 names http://127.0.0.1:8000: it is no name on the web; grant it only if you know what answers there
        "#]],
    );
}

#[test]
fn what_asks_for_all_is_told_and_not_granted() {
    check(
        "---\nname: x\ndescription: y\nallowed-tools: Bash, Bash(*), WebFetch, WebFetch(domain:a b), WebFetch(domain:127.1), WebFetch(domain:*), Bash(rm -rf /:*), Bash(a\u{202e}b:*), Bash\nmetadata: {\"openclaw\": {\"requires\": {\"bins\": [\"curl\", \"summarize\", \"../x\", \"-rf\"]}}}\n---\n",
        &[],
        expect![[r#"
            grant exec=curl: metadata lists it under bins
            absent rm: allowed-tools says Bash(rm -rf /:*)
            absent summarize: metadata lists it under bins
            note: allowed-tools says Bash(*): it wants to start any command: grant those that it needs
            note: allowed-tools says Bash: it wants to start any command: grant those that it needs
            note: allowed-tools says WebFetch(domain:*): it wants to reach any address: grant those that it needs
            note: allowed-tools says WebFetch(domain:127.1): that is no name on the web that a grant could be for
            note: allowed-tools says WebFetch(domain:a b): that is no name on the web that a grant could be for
            note: allowed-tools says WebFetch: it wants to reach any address: grant those that it needs
        "#]],
    );
}

#[test]
fn a_skill_of_text_wants_nothing() {
    check("---\nname: x\ndescription: y\n---\nWrite well.\n", &[("reference.md", "curl https://a.io")], expect![]);
}
