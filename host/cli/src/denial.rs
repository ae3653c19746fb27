//! A denial in words, and the exact command that would allow the call.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use holm_adapters::control::Target;
use holm_kernel::Question;
use holm_packages::printable;

/// Says denials of one run.
pub(crate) struct Denials {
    /// What the user named to run.
    given: String,
    target: Target,
    directory: PathBuf,
}

impl Denials {
    /// Of a run that was started in this folder.
    pub(crate) fn new(given: &str, target: Target, directory: PathBuf) -> Self {
        Self { given: given.to_owned(), target, directory }
    }

    /// What was denied: `clipper may not read ./data/x`.
    pub(crate) fn deed(&self, question: &Question) -> String {
        let (resource, writes) = split(&question.resource);
        let named = printable(&self.near(resource));
        let deed = match question.capability.as_str() {
            "fs" if writes => format!("write {named}"),
            "fs" => format!("read {named}"),
            "memory" if writes => format!("add to the memory {named}"),
            "memory" => format!("recall from the memory {named}"),
            "storage" if writes => format!("write to the bucket {named}"),
            "storage" => format!("read the bucket {named}"),
            "spawn" => format!("start {named}"),
            "tool" => format!("call {named}"),
            "llm" => format!("ask the model {named}"),
            "net" => format!("reach {named}"),
            "task" => "end its task".to_owned(),
            other => format!("use {other} on {named}"),
        };
        format!("{} may not {deed}", self.who(question))
    }

    /// What a call that is asked about would do: `clipper wants to call files/write with {"path":"x"}`.
    pub(crate) fn wish(&self, question: &Question) -> String {
        let detail = question
            .approval
            .iter()
            .filter(|approval| !approval.detail.is_empty())
            .map(|approval| format!(" with {}", shown(&approval.detail)));
        let (who, named) = (self.who(question), printable(&question.resource));
        let deed = match question.capability.as_str() {
            "llm" => format!("ask the model {named}"),
            "spawn" => format!("start {named}"),
            "task" => "end its task".to_owned(),
            _ => format!("call {named}"),
        };
        format!("{who} wants to {deed}{}", detail.collect::<String>())
    }

    /// The whole line: who, what, why, and the command that helps, if one does.
    pub(crate) fn line(&self, question: &Question, installed: bool) -> String {
        format!("holm: denied: {}", self.said(question, installed))
    }

    /// The same, without who says it.
    pub(crate) fn said(&self, question: &Question, installed: bool) -> String {
        let mut line = format!("{} ({})", self.deed(question), printable(&question.rule));
        if let Some(command) = self.command(question, installed) {
            line.push_str(&format!("; to allow it: {command}"));
        }
        line
    }

    /// The command that would allow it. None where no grant can.
    pub(crate) fn command(&self, question: &Question, installed: bool) -> Option<String> {
        if !question.grantable {
            return None;
        }
        let rule = format!("{}={}", question.capability, self.rule(question));
        match (&self.target, installed) {
            (_, true) => Some(words(&["holm", "grant", &question.plugin, &rule])),
            // Not a child's: its grants are not this run's.
            (Target::Path(_), false) if question.plugin.contains('@') => {
                Some(words(&["holm", "run", "--grant", &rule, &self.given]))
            }
            _ => None,
        }
    }

    fn who(&self, question: &Question) -> String {
        // A program that is not installed has its digest in its name.
        let name = question.plugin.split_once('@').map_or(question.plugin.as_str(), |(name, _)| name);
        printable(name)
    }

    fn rule(&self, question: &Question) -> String {
        match question.capability.as_str() {
            "fs" => match question.resource.rsplit_once(':') {
                Some((path, access)) => format!("{}:{access}", self.near(path)),
                None => question.resource.clone(),
            },
            _ => question.resource.clone(),
        }
    }

    /// A path below the working directory as its user would write it.
    fn near(&self, resource: &str) -> String {
        match Path::new(resource).strip_prefix(&self.directory) {
            Ok(below) if self.directory != Path::new("/") => match below.to_str() {
                Some("") => ".".to_owned(),
                Some(below) => format!("./{below}"),
                None => resource.to_owned(),
            },
            _ => resource.to_owned(),
        }
    }
}

/// As it came, for the kernel cut it; what a terminal would act upon is not in it, or does not come through.
pub(crate) fn shown(detail: &str) -> String {
    detail.chars().map(|char| if holm_kernel::is_hidden(char) { '\u{fffd}' } else { char }).collect()
}

/// The resource and whether it would be written.
fn split(resource: &str) -> (&str, bool) {
    match resource.rsplit_once(':') {
        Some((name, "rw" | "append")) => (name, true),
        Some((name, "ro")) => (name, false),
        _ => (resource, false),
    }
}

/// Words as a shell reads them back. What holds a control character cannot be written in one line.
pub(crate) fn words(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_./:=@%+,-".contains(char);
    match () {
        () if word.chars().any(char::is_control) => "…".into(),
        // `=` and `~` mean something to shells where they begin a word.
        () if !word.is_empty() && word.chars().all(plain) && !word.starts_with('=') => word.into(),
        () => shlex::try_quote(word).unwrap_or_else(|_| "…".into()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use holm_adapters::control::Target;
    use holm_kernel::{Question, process::Pid};

    use super::Denials;

    fn check(plugin: &str, capability: &str, resource: &str, expected: Expect) {
        let installed = !plugin.contains('@');
        let target = match installed {
            true => Target::Installed(plugin.to_owned()),
            false => Target::Path("/home/ada/clip.wasm".into()),
        };
        let given = if installed { plugin } else { "clip.wasm" };
        let question = Question {
            pid: Pid::new(1, 0),
            root: true,
            plugin: plugin.to_owned(),
            capability: capability.to_owned(),
            resource: resource.to_owned(),
            rule: "not granted".to_owned(),
            grantable: true,
            approval: None,
        };
        expected.assert_eq(&Denials::new(given, target, "/home/ada".into()).line(&question, installed));
    }

    #[test]
    fn each_denial_names_the_command() {
        check(
            "clipper",
            "fs",
            "/home/ada/data/x:ro",
            expect![
                "holm: denied: clipper may not read ./data/x (not granted); to allow it: holm grant clipper fs=./data/x:ro"
            ],
        );
        check(
            "clipper",
            "fs",
            "/home/ada:rw",
            expect!["holm: denied: clipper may not write . (not granted); to allow it: holm grant clipper fs=.:rw"],
        );
        check(
            "clipper",
            "fs",
            "/etc/it's; rm -r *:ro",
            expect![[
                r#"holm: denied: clipper may not read /etc/it's; rm -r * (not granted); to allow it: holm grant clipper "fs=/etc/it's; rm -r *:ro""#
            ]],
        );
        check(
            "clip@0123456789abcdef",
            "fs",
            "/home/ada/a b:ro",
            expect![
                "holm: denied: clip may not read ./a b (not granted); to allow it: holm run --grant 'fs=./a b:ro' clip.wasm"
            ],
        );
        check(
            "clipper",
            "storage",
            "notes:rw",
            expect![
                "holm: denied: clipper may not write to the bucket notes (not granted); to allow it: holm grant clipper storage=notes:rw"
            ],
        );
        check(
            "clipper",
            "tool",
            "jq/query",
            expect![
                "holm: denied: clipper may not call jq/query (not granted); to allow it: holm grant clipper tool=jq/query"
            ],
        );
    }
}
