//! The files of a new skill, language by language; `{name}` and the like are filled in.

use super::Language;

/// Every skill's.
pub(super) const MANIFEST: &str = include_str!("plugin.toml.in");
const DESCRIPTION: &str = include_str!("SKILL.md.in");

/// A skill that does not exist yet.
pub(super) struct Template {
    /// Files by their names in the folder.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// What its tool is called.
    pub(super) tool: &'static str,
    /// What it asks of memory, as plugin.toml has it.
    pub(super) memory: &'static str,
}

macro_rules! files {
    ($($name:literal from $file:literal),* $(,)?) => {
        &[("plugin.toml", MANIFEST), ("SKILL.md", DESCRIPTION), $(($name, include_str!($file))),*]
    };
}

/// The one of a language.
pub(super) fn of(language: Language) -> Template {
    let (files, tool, memory): (&[_], _, _) = match language {
        Language::Rust => (
            files![
                "Cargo.toml" from "rust/Cargo.toml.in", ".gitignore" from "rust/gitignore.in",
                "src/lib.rs" from "rust/lib.rs.in",
            ],
            "word_count",
            "64MiB",
        ),
        Language::Python => (
            files![
                "skill.py" from "python/skill.py.in", "tools.txt" from "python/tools.txt.in",
                "packages.txt" from "python/packages.txt.in", ".gitignore" from "python/gitignore.in",
            ],
            "word_count",
            "256MiB",
        ),
        Language::JavaScript => (
            files![
                "skill.js" from "js/skill.js.in", "package.json" from "js/package.json.in",
                "package-lock.json" from "js/package-lock.json.in", ".gitignore" from "js/gitignore.in",
            ],
            "word_count",
            "64MiB",
        ),
        Language::C => (
            files![
                "skill.c" from "c/skill.c.in", "skill.wit" from "c/skill.wit.in", ".gitignore" from "c/gitignore.in",
            ],
            "word-count",
            "64MiB",
        ),
        Language::Go => (
            files![
                "skill.go" from "go/skill.go.in", "skill.wit" from "go/skill.wit.in", "go.mod" from "go/go.mod.in",
                "README.md" from "go/README.md.in", ".gitignore" from "go/gitignore.in",
            ],
            "word-count",
            "64MiB",
        ),
    };
    Template { files, tool, memory }
}
