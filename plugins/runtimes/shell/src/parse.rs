//! From text to a syntax tree, with bash's words for what is wrong.

use crate::limits::NESTING;
use crate::shell::{Outcome, Shell, Stop};
use brush_parser::ast::Program;
use brush_parser::{ParseError, Parser};
use std::io::Cursor;

/// Lines that are looked at for the last one before which a broken script is whole.
const LINES: usize = 400;

/// A script that is not whole.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The tree of a script.
pub(crate) fn parse(text: &str) -> Result<Program, Broken> {
    if let Some(line) = too_nested(text) {
        return Err(Broken { line, text: format!("more than {NESTING} brackets within each other") });
    }
    let parsed = Parser::new(Cursor::new(text), &crate::expand::options()).parse_program();
    parsed.map_err(|error| broken(&error, text))
}

/// The part of a broken script that is whole, before the line that is wrong: bash runs it.
pub(crate) fn before(text: &str, line: usize) -> Option<Program> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let last = line.saturating_sub(1).min(lines.len());
    (last.saturating_sub(LINES)..=last).rev().filter(|end| *end > 0).find_map(|end| parse(&lines[..end].concat()).ok())
}

fn broken(error: &ParseError, text: &str) -> Broken {
    let lines = text.lines().count().max(1);
    match error {
        ParseError::ParsingNear(position) => {
            // A reserved word out of place is met only after it was read.
            let before: String = text.chars().take(position.index).collect();
            let last = before.trim_end().rsplit([' ', '\t', '\n', ';', '&', '|', '(', ')']).next().unwrap_or_default();
            let reserved = ["fi", "done", "esac", "then", "else", "elif", "do", "}"].contains(&last);
            let token = if reserved { last.to_owned() } else { token_at(text, position.index) };
            let text = match token.as_str() {
                "" => "syntax error: unexpected end of file".to_owned(),
                token => format!("syntax error near unexpected token `{token}'"),
            };
            Broken { line: position.line, text }
        }
        ParseError::ParsingAtEndOfInput => {
            Broken { line: lines + 1, text: "syntax error: unexpected end of file".to_owned() }
        }
        ParseError::Tokenizing { inner, position } => {
            let line = position.as_ref().map_or(lines, |position| position.line);
            let open = match inner.to_string() {
                inner if inner.contains("single quote") => "unexpected EOF while looking for matching `''",
                inner if inner.contains("double quote") => "unexpected EOF while looking for matching `\"'",
                inner if inner.contains("backquote") => "unexpected EOF while looking for matching ``'",
                inner if inner.contains("command substitution") || inner.contains("paren") => {
                    "unexpected EOF while looking for matching `)'"
                }
                inner if inner.contains("variable") || inner.contains("brace") => {
                    "unexpected EOF while looking for matching `}'"
                }
                _ => "syntax error: unexpected end of file",
            };
            Broken { line, text: open.to_owned() }
        }
    }
}

fn token_at(text: &str, index: usize) -> String {
    let rest: String = text.chars().skip(index).take(40).collect();
    let operators = ["<<<", "<<-", "&&", "||", ";;&", ";;", ";&", "<<", ">>", "<&", ">&", ">|", "|&", "&>"];
    if rest.starts_with('\n') {
        return "newline".to_owned();
    }
    match operators.iter().find(|operator| rest.starts_with(**operator)) {
        Some(operator) => (*operator).to_owned(),
        None if rest.starts_with([';', '&', '|', '(', ')', '<', '>']) => rest.chars().take(1).collect(),
        None => {
            rest.chars().take_while(|character| !character.is_whitespace() && !";&|()<>".contains(*character)).collect()
        }
    }
}

/// The line where brackets are nested too deeply.
fn too_nested(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (line, content) in text.lines().enumerate() {
        for character in content.chars() {
            match character {
                '(' | '{' => depth += 1,
                ')' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > NESTING {
                return Some(line + 1);
            }
        }
    }
    None
}

impl Shell {
    /// The tree of text within a script: what a substitution or `eval` runs.
    pub(crate) fn parsed_within(&mut self, text: &str) -> Outcome<Program> {
        parse(text).map_err(|broken| {
            self.complain(broken.text);
            self.status = 2;
            Stop::Discard(2)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{before, parse};

    #[test]
    fn what_is_wrong_is_said() {
        let broken = |text: &str| parse(text).map(|_| ()).map_err(|broken| (broken.line, broken.text));
        assert_eq!(broken("echo a\nfi\n"), Err((2, "syntax error near unexpected token `fi'".to_owned())));
        assert_eq!(
            broken("if true; then\n").map_err(|(_, text)| text),
            Err("syntax error: unexpected end of file".to_owned())
        );
        assert!(broken(&"(".repeat(10_000)).is_err());
        assert!(broken(&format!("{}echo{}", "$(".repeat(150), ")".repeat(150))).is_ok());
    }

    #[test]
    fn what_comes_before_is_whole() {
        let program = before("echo a\necho b\nfi\necho c\n", 3);
        assert_eq!(program.map(|program| program.complete_commands.len()), Some(2));
    }
}
