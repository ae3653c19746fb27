//! What a server needs of this machine: how its program is started, and what stands for what is not written down.

use std::{collections::BTreeMap, process::Command};

use super::Server;

/// Given by who knows the machine: the command line.
pub trait Launch: Send + Sync + 'static {
    /// The command that becomes a native program, confined as it has to be, which finds these variables then, and
    /// no sooner: a variable may be code.
    ///
    /// # Errors
    /// It cannot be confined, or a place of it is Holm's own; a text for its user.
    fn command(&self, name: &str, server: &Server, variables: &BTreeMap<String, String>) -> Result<Command, String>;

    /// What `${env:NAME}` (`kind` is `env`) or `${secret:NAME}` stands for; the server's own folder, where `kind`
    /// is `home` and `name` the server's. It is this server that is told.
    ///
    /// # Errors
    /// There is no such thing, or it is not for this server; a text for its user.
    fn value(&self, kind: &str, name: &str, server: (&str, &Server)) -> Result<String, String>;

    /// What was kept of a login at this server; none where there is none, or it was at another one by its name.
    ///
    /// # Errors
    /// It cannot be read; a text for its user.
    fn login(&self, server: (&str, &Server)) -> Result<Option<String>, String>;

    /// Keeps a login, sealed: it is all that a user has there. Forgets it where there is none.
    ///
    /// # Errors
    /// It cannot be kept; a text for its user.
    fn keep_login(&self, server: (&str, &Server), login: Option<String>) -> Result<(), String>;
}

/// The text with what it names in it, and what of that is not to be told.
pub(super) fn expand(
    server: (&str, &Server),
    text: &str,
    launch: &dyn Launch,
) -> Result<(String, Vec<String>), String> {
    let (mut expanded, mut values, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{text}` has a `${{` without an end"))?;
        let (kind, name) = match name {
            "home" => ("home", server.0),
            name => name.split_once(':').unwrap_or(("env", name)),
        };
        if !["env", "secret", "home"].contains(&kind) {
            return Err(format!("`${{{kind}:{name}}}` is none of `${{env:NAME}}`, `${{secret:NAME}}` and `${{home}}`"));
        }
        let value = launch.value(kind, name, server)?;
        expanded.push_str(&value);
        if kind != "home" {
            values.push(value);
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok((expanded, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Launch for Known {
        fn command(&self, _: &str, _: &Server, _: &BTreeMap<String, String>) -> Result<Command, String> {
            Err("none".to_owned())
        }

        fn value(&self, kind: &str, name: &str, _: (&str, &Server)) -> Result<String, String> {
            if name == "NONE" { Err("there is none".to_owned()) } else { Ok(format!("<{kind} {name}>")) }
        }

        fn login(&self, _: (&str, &Server)) -> Result<Option<String>, String> {
            Ok(None)
        }

        fn keep_login(&self, _: (&str, &Server), _: Option<String>) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn what_a_text_names_is_put_in_once() {
        let full = |text: &str| expand(("s", &Server::new()), text, &Known).map(|(text, _)| text);
        assert_eq!(full("Bearer ${env:A}${secret:b}!").as_deref(), Ok("Bearer <env A><secret b>!"));
        assert_eq!(full("${A} $B {c}").as_deref(), Ok("<env A> $B {c}"));
        assert_eq!(expand(("s", &Server::new()), "${home}/x", &Known), Ok(("<home s>/x".to_owned(), Vec::new())));
        for text in ["${", "${file:x}", "${env:NONE}"] {
            assert!(full(text).is_err(), "{text}");
        }
    }
}
