//! `set` and `shopt`: what is switched on and off.

use super::declare::declaration;
use crate::expand::quote;
use crate::shell::{Options, Outcome, Shell};
use crate::variables::Value;

/// The options of `set`, by letter and name; those without a place here are accepted and do nothing.
const NAMES: [(char, &str); 18] = [
    ('a', "allexport"),
    ('B', "braceexpand"),
    ('b', "notify"),
    ('C', "noclobber"),
    ('E', "errtrace"),
    ('e', "errexit"),
    ('f', "noglob"),
    ('H', "histexpand"),
    ('h', "hashall"),
    ('k', "keyword"),
    ('m', "monitor"),
    ('n', "noexec"),
    ('P', "physical"),
    ('T', "functrace"),
    ('t', "onecmd"),
    ('u', "nounset"),
    ('v', "verbose"),
    ('x', "xtrace"),
];

impl Options {
    fn place(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "allexport" => &mut self.allexport,
            "errexit" => &mut self.errexit,
            "errtrace" => &mut self.errtrace,
            "functrace" => &mut self.functrace,
            "noclobber" => &mut self.noclobber,
            "noexec" => &mut self.noexec,
            "noglob" => &mut self.noglob,
            "nounset" => &mut self.nounset,
            "pipefail" => &mut self.pipefail,
            "posix" => &mut self.posix,
            "verbose" => &mut self.verbose,
            "xtrace" => &mut self.xtrace,
            _ => return None,
        })
    }

    /// Switches an option of `set`; false where there is none.
    pub(crate) fn switch(&mut self, name: &str, on: bool) -> bool {
        if let Some(place) = self.place(name) {
            *place = on;
            return true;
        }
        if name == "braceexpand" {
            self.braces_off = !on;
        }
        NAMES.iter().any(|(_, own)| *own == name)
            || matches!(
                name,
                "emacs" | "vi" | "history" | "ignoreeof" | "interactive-comments" | "nolog" | "privileged"
            )
    }

    /// The same by its letter.
    pub(crate) fn switch_letter(&mut self, letter: char, on: bool) -> bool {
        match NAMES.iter().find(|(own, _)| *own == letter) {
            Some((_, name)) => self.switch(name, on),
            None => letter == 'p',
        }
    }
}

impl Shell {
    /// `$-`.
    pub(crate) fn flags(&self) -> String {
        let mut options = self.options.clone();
        let is_on = |(letter, name): &(char, &str)| match letter {
            'h' => true,
            'B' => !self.options.braces_off,
            _ => options.place(name).is_some_and(|on| *on),
        };
        let mut letters: Vec<char> = NAMES.to_vec().into_iter().filter(is_on).map(|(letter, _)| letter).collect();
        letters.sort_by_key(|letter| (letter.is_uppercase(), *letter));
        let mut text: String = letters.into_iter().collect();
        text.push(if self.frames.is_empty() { 'c' } else { ' ' });
        text.trim_end().to_owned()
    }

    pub(crate) fn switched_on(&self) -> Vec<String> {
        let mut names: Vec<&str> =
            NAMES.iter().map(|(_, name)| *name).chain(["pipefail", "posix", "interactive-comments"]).collect();
        names.sort_unstable();
        names.into_iter().filter(|name| self.is_switched_on(name)).map(str::to_owned).collect()
    }

    pub(crate) fn is_switched_on(&self, name: &str) -> bool {
        match name {
            "braceexpand" => !self.options.braces_off,
            "hashall" | "interactive-comments" => true,
            name => self.options.clone().place(name).is_some_and(|on| *on),
        }
    }
}

pub(super) fn set(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = &arguments[1..];
    if words.is_empty() {
        return Ok(list(shell));
    }
    while let Some((first, rest)) = words.split_first() {
        let on = first.starts_with('-');
        match first.as_str() {
            "--" => {
                shell.positional = rest.to_vec();
                return Ok(0);
            }
            "-" => {
                shell.options.xtrace = false;
                if !rest.is_empty() {
                    shell.positional = rest.to_vec();
                }
                return Ok(0);
            }
            "-o" | "+o" if rest.is_empty() => return Ok(names(shell, on)),
            letters if letters.len() > 1 && letters.starts_with(['-', '+']) => {
                words = rest;
                for letter in letters.chars().skip(1) {
                    if letter == 'o' {
                        let Some((name, rest)) = words.split_first() else { return Ok(names(shell, on)) };
                        words = rest;
                        if !shell.options.switch(name, on) {
                            return shell.misused("set", format_args!("{name}: invalid option name"));
                        }
                    } else if !shell.options.switch_letter(letter, on) {
                        let sign = if on { '-' } else { '+' };
                        return shell.misused("set", format_args!("{sign}{letter}: invalid option\nset: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]"));
                    }
                }
            }
            _ => {
                shell.positional = words.to_vec();
                return Ok(0);
            }
        }
    }
    Ok(0)
}

fn names(shell: &Shell, table: bool) -> i32 {
    let mut names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).chain(["pipefail", "posix"]).collect();
    names.sort_unstable();
    let line = |name: &str| {
        let on = shell.is_switched_on(name);
        match table {
            true => format!("{name:<15}\t{}\n", if on { "on" } else { "off" }),
            false => format!("set {}o {name}\n", if on { '-' } else { '+' }),
        }
    };
    shell.printed("set", names.into_iter().map(line).collect::<String>())
}

fn list(shell: &Shell) -> i32 {
    let mut text = String::new();
    for name in shell.variables.names() {
        let Some(variable) = shell.variables.get(&name) else { continue };
        match &variable.value {
            Value::Scalar(value) => text.push_str(&format!("{name}={}\n", quote::if_needed(value))),
            _ => {
                let whole = declaration(&name, variable);
                let (_, rest) = whole.split_once(&format!(" {name}=")).unwrap_or(("", ""));
                text.push_str(&format!("{name}={rest}\n"));
            }
        }
    }
    shell.printed("set", text)
}

pub(super) fn shopt(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let (mut on, mut quiet, mut of_set) = (None, false, false);
    let mut names = Vec::new();
    for argument in &arguments[1..] {
        match argument.strip_prefix('-') {
            Some(letters) => {
                for letter in letters.chars() {
                    match letter {
                        's' => on = Some(true),
                        'u' => on = Some(false),
                        'q' => quiet = true,
                        'o' => of_set = true,
                        _ => {}
                    }
                }
            }
            None => names.push(argument.as_str()),
        }
    }
    let mut status = 0;
    for name in names {
        match on {
            Some(on) if of_set => status |= i32::from(!shell.options.switch(name, on)),
            Some(true) => {
                shell.options.shopt.insert(name.to_owned());
            }
            Some(false) => {
                shell.options.shopt.remove(name);
            }
            None => {
                let is_on = if of_set { shell.is_switched_on(name) } else { shell.options.shopt.contains(name) };
                status |= i32::from(!is_on);
                if !quiet {
                    shell.printed("shopt", format!("{name:<15}\t{}\n", if is_on { "on" } else { "off" }));
                }
            }
        }
    }
    Ok(status)
}
