//! The lenient reading: what loads, under which name, and with which warnings.

use expect_test::{Expect, expect};
use holm_skills::{Skill, Value};

fn check(head: &str, folder: &str, expected: Expect) {
    check_text(&format!("---\n{head}\n---\nbody\n"), folder, expected);
}

fn check_text(text: &str, folder: &str, expected: Expect) {
    let told = match Skill::load(text, folder) {
        Ok(skill) => {
            let warnings: String = skill.warnings.iter().map(|warning| format!("\n  {warning}")).collect();
            format!("{}: {}{warnings}", skill.name, skill.description)
        }
        Err(error) => format!("not loaded: {error}"),
    };
    expected.assert_eq(&told);
}

#[test]
fn what_is_in_order_has_no_warnings() {
    check(
        "name: pdf\ndescription: Reads PDF files.\nmetadata:\n  version: 1.10",
        "pdf",
        expect!["pdf: Reads PDF files."],
    );
    check("name: pdf\ndescription: >\n  Reads\n  files.", "pdf", expect!["pdf: Reads files."]);
    let skill = Skill::load(
        "---\nname: x\ndescription: y\nlicense: MIT\ncompatibility: needs git\nallowed-tools: Bash(git log:*) Read,Write\nmetadata: {a: [b]}\n---\n\n# Title\n",
        "x",
    )
    .expect("it loads");
    assert_eq!((skill.license.as_deref(), skill.compatibility.as_deref()), (Some("MIT"), Some("needs git")));
    assert_eq!(skill.allowed_tools, ["Bash(git log:*)", "Read", "Write"]);
    assert_eq!((skill.body.as_str(), skill.body_line), ("\n# Title\n", 9));
    assert_eq!(skill.others.len(), 1);
}

#[test]
fn names_become_slugs() {
    check(
        "name: PDF Tools\ndescription: y",
        "pdf-tools",
        expect![[r#"
        pdf-tools: y
          its name `PDF Tools` is used as `pdf-tools`"#]],
    );
    check(
        "description: y",
        "My_Skill",
        expect![[r#"
        my-skill: y
          it has no name; it is called `my-skill` after its folder"#]],
    );
    check(
        "name: café--Ｘ²\ndescription: y",
        "x",
        expect![[r#"
        cafe-x2: y
          its name `café--Ｘ²` is used as `cafe-x2`
          its folder is called `x`, and should be called as it is"#]],
    );
    check(
        "name: 数据\ndescription: y",
        "数据",
        expect![[r#"
            skill-87e94f15: y
              its name `数据` is used as `skill-87e94f15`"#]],
    );
    check(
        "name: ../../etc\ndescription: y",
        "etc",
        expect![[r#"
        etc: y
          its name `../../etc` is used as `etc`"#]],
    );
    let long = "a".repeat(100);
    let skill = Skill::load(&format!("---\nname: {long}\ndescription: y\n---\n"), &long).expect("it loads");
    assert_eq!(skill.name, "a".repeat(64));
}

#[test]
fn what_the_standard_forbids_is_warned_of() {
    check(
        "name: x\ndescription: y\nversion: 1.0\nallowed-tools: [Read, Write]",
        "x",
        expect![[r#"
        x: y
          the standard knows no `version`; put them under `metadata`
          `allowed-tools` should be one text"#]],
    );
    check(
        "name: x\ndescription: y\nname: z",
        "z",
        expect![[r#"
        z: y
          `name` is written more than once; the last one counts"#]],
    );
    check(
        "name: x\ndescription: [a, b]",
        "x",
        expect![[r#"
        x: a, b
          `description` should be one text"#]],
    );
    check_text(
        "\u{feff}\n---\nname: x\ndescription: y\n---",
        "x",
        expect![[r#"
        x: y
          the file should begin with `---`, without anything before it"#]],
    );
    check_text("---\r\nname: x\r\ndescription: y\r\n---\r\nbody", "x", expect!["x: y"]);
    check("name: x\ndescription: a --- b", "x", expect!["x: a --- b"]);
    check(
        "name: x\ndescription: \"a\\e[2J\u{202e}b\"",
        "x",
        expect![[r#"
        x: a\u{1b}[2J\u{202e}b
          its description has characters that hide or reorder text; they are written out"#]],
    );
    let long = Skill::load(&format!("---\nname: x\ndescription: {}\n---\n", "é".repeat(5000)), "x").expect("it loads");
    assert_eq!(long.description.chars().count(), 4097);
    assert_eq!(long.warnings.len(), 1);
}

#[test]
fn values_that_want_quotes_get_them() {
    for value in [
        "Use when: asked",
        "it's: 'so'",
        "\"Fast\" and \"small\": tools",
        "'a' b",
        "@someone",
        "`code` first",
        "*bold*",
        "%d",
        ", and more",
        "[a] [b]",
        "{a: b",
        "ends with:",
    ] {
        let skill = Skill::load(&format!("---\nname: x\ndescription: {value}\nlicense: \"MIT\"\n---\n"), "x");
        let skill = skill.unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(skill.description, value);
        assert_eq!(skill.license.as_deref(), Some("MIT"));
        let warnings: Vec<String> = skill.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, ["the head is YAML only with quotes around what stands under `description`: write them"]);
    }
}

#[test]
fn what_cannot_be_made_out_says_what_to_do() {
    check(
        "name: x",
        "x",
        expect!["not loaded: it has no description: say in `description:` what it does and when to use it"],
    );
    check(
        "name: x\ndescription: ''",
        "x",
        expect!["not loaded: it has no description: say in `description:` what it does and when to use it"],
    );
    check(
        "name: x\ndescription: ~",
        "x",
        expect!["not loaded: it has no description: say in `description:` what it does and when to use it"],
    );
    check("", "x", expect!["not loaded: it has no description: say in `description:` what it does and when to use it"]);
    check("- a", "x", expect!["not loaded: its head has no fields: write `name: …` and `description: …`"]);
    check(
        "name: x\n  a: b: c\n d",
        "x",
        expect![
            "not loaded: line 3 of its head: mapping values are not allowed in this context; put values with `:` or other signs in quotes"
        ],
    );
    check_text(
        "# Title\n",
        "x",
        expect![
            "not loaded: it has no head: begin the file with a line `---`, `name:` and `description:`, and another line `---`"
        ],
    );
    check_text(
        "---\nname: x\n",
        "x",
        expect!["not loaded: its head does not end: put a line `---` behind the last field"],
    );
    check_text(
        &format!("---\nname: {}\n---\n", "a".repeat(70_000)),
        "x",
        expect!["not loaded: its head has more than 65536 bytes: move what is long below it"],
    );
}

#[test]
fn aliases_of_aliases_do_not_explode() {
    let mut head = "name: x\ndescription: y\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let last = level - 1;
        head.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 10].join(", ")));
    }
    // It is not resolved, but taken for what is written there.
    let skill = Skill::load(&format!("---\n{head}---\n"), "x").expect("it loads");
    assert_eq!(skill.others[1].1, Value::Text("&a1 [*a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0]".to_owned()));
    let aliases = vec!["*a"; 5000].join(",\n  ");
    let text = format!("---\nname: x\ndescription: y\na: &a {}\nb:\n  [{aliases}]\n---\n", "a".repeat(20_000));
    let error = Skill::load(&text, "x").expect_err("it is too much");
    assert!(error.to_string().contains("holds too much"), "{error}");
    let nested = format!("---\nname: x\ndescription: y\na: {}\n---\n", "[".repeat(30_000));
    let _ = Skill::load(&nested, "x");
}
