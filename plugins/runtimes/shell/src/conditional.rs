//! Conditions: `[[ … ]]`, and the tests of files, texts and numbers that `test` shares.

use crate::expand::pattern::Pattern;
use crate::shell::{Outcome, Shell, Stop};
use crate::variables::Value;
use brush_parser::ast::{BinaryPredicate as B, ExtendedTestExpr, UnaryPredicate as U};
use std::fs;

impl Shell {
    /// Whether what stands between `[[` and `]]` holds.
    pub(crate) fn extended_test(&mut self, expression: &ExtendedTestExpr) -> Outcome<bool> {
        match expression {
            ExtendedTestExpr::And(left, right) => Ok(self.extended_test(left)? && self.extended_test(right)?),
            ExtendedTestExpr::Or(left, right) => Ok(self.extended_test(left)? || self.extended_test(right)?),
            ExtendedTestExpr::Not(inner) => Ok(!self.extended_test(inner)?),
            ExtendedTestExpr::Parenthesized(inner) => self.extended_test(inner),
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let text = self.expand_string(&word.value)?;
                if self.options.xtrace {
                    self.trace(&format!("[[ {predicate} {} ]]", crate::expand::quote::if_needed(&text)));
                }
                self.unary(predicate, &text)
            }
            ExtendedTestExpr::BinaryTest(predicate, left, right) => {
                let left = self.expand_string(&left.value)?;
                if self.options.xtrace {
                    let right = self.expand_string(&right.value)?;
                    self.trace(&format!(
                        "[[ {} {predicate} {} ]]",
                        crate::expand::quote::if_needed(&left),
                        crate::expand::quote::if_needed(&right)
                    ));
                }
                self.extended_binary(predicate, &left, &right.value)
            }
        }
    }

    fn extended_binary(&mut self, predicate: &B, left: &str, word: &str) -> Outcome<bool> {
        let caseless = self.options.shopt.contains("nocasematch");
        match predicate {
            B::StringExactlyMatchesPattern | B::StringDoesNotExactlyMatchPattern => {
                let pattern = self.expand_pattern(word)?;
                let matches = Pattern::new(&pattern).caseless(caseless).matches(left);
                Ok(matches == matches!(predicate, B::StringExactlyMatchesPattern))
            }
            B::StringMatchesRegex | B::StringContainsSubstring => {
                let regex = self.expand_regex(word)?;
                self.regex(left, &regex, caseless)
            }
            predicate => {
                let right = self.expand_string(word)?;
                let number = matches!(
                    predicate,
                    B::ArithmeticEqualTo
                        | B::ArithmeticNotEqualTo
                        | B::ArithmeticLessThan
                        | B::ArithmeticLessThanOrEqualTo
                        | B::ArithmeticGreaterThan
                        | B::ArithmeticGreaterThanOrEqualTo
                );
                if number {
                    let (left, right) = (self.arithmetic(left)?, self.arithmetic(&right)?);
                    return Ok(compare(predicate, left, right));
                }
                Ok(self.binary(predicate, left, &right))
            }
        }
    }

    /// `=~`: what its groups matched stands in BASH_REMATCH.
    fn regex(&mut self, text: &str, regex: &str, caseless: bool) -> Outcome<bool> {
        let built = regex_lite::RegexBuilder::new(&translated(regex)).case_insensitive(caseless).build();
        let Ok(built) = built else {
            self.complain(format_args!("[[: invalid regular expression `{regex}'"));
            return Err(Stop::Discard(2));
        };
        let captures = built.captures(text);
        let groups = captures.iter().flat_map(|captures| captures.iter());
        let texts = groups.map(|group| group.map(|group| group.as_str().to_owned()).unwrap_or_default());
        self.variables.global("BASH_REMATCH").value = Value::Indexed((0..).zip(texts).collect());
        Ok(captures.is_some())
    }

    /// A test of one text or file.
    pub(crate) fn unary(&mut self, predicate: &U, text: &str) -> Outcome<bool> {
        let path = self.path(text);
        let found = || fs::metadata(&path).ok().filter(|_| !text.is_empty());
        Ok(match predicate {
            U::StringHasZeroLength => text.is_empty(),
            U::StringHasNonZeroLength => !text.is_empty(),
            U::FileExists => found().is_some() || is_device(text),
            U::FileExistsAndIsDir => found().is_some_and(|found| found.is_dir()),
            U::FileExistsAndIsRegularFile => found().is_some_and(|found| found.is_file()),
            U::FileExistsAndIsSymlink => fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()),
            U::FileExistsAndIsNotZeroLength => found().is_some_and(|found| found.len() > 0),
            U::FileExistsAndIsReadable
            | U::FileExistsAndOwnedByEffectiveUserId
            | U::FileExistsAndOwnedByEffectiveGroupId => {
                found().is_some_and(|found| found.is_dir() || fs::File::open(&path).is_ok()) || is_device(text)
            }
            U::FileExistsAndIsWritable => found().is_some_and(|found| writable(&found, &path)) || is_device(text),
            U::FileExistsAndIsExecutable => found().is_some_and(|found| executable(&found)),
            U::FileExistsAndIsCharSpecialFile => is_device(text),
            U::ShellVariableIsSetAndAssigned => self.is_set(text)?,
            U::ShellVariableIsSetAndNameRef => self.variables.get(text).is_some_and(|variable| variable.reference),
            U::ShellOptionEnabled => self.is_switched_on(text),
            // No stream of a process is a terminal here, and no file anything but a file, a folder or a link.
            _ => false,
        })
    }

    /// A test of two texts or files.
    pub(crate) fn binary(&mut self, predicate: &B, left: &str, right: &str) -> bool {
        let time = |path: &str| fs::metadata(self.path(path)).and_then(|found| found.modified()).ok();
        match predicate {
            B::StringExactlyMatchesString | B::StringExactlyMatchesPattern => left == right,
            B::StringDoesNotExactlyMatchString | B::StringDoesNotExactlyMatchPattern => left != right,
            B::LeftSortsBeforeRight => left < right,
            B::LeftSortsAfterRight => left > right,
            B::LeftFileIsNewerOrExistsWhenRightDoesNot => time(left) > time(right),
            B::LeftFileIsOlderOrDoesNotExistWhenRightDoes => time(left) < time(right),
            B::FilesReferToSameDeviceAndInodeNumbers => {
                let whole = |path: &str| fs::canonicalize(self.path(path)).ok();
                whole(left).is_some() && whole(left) == whole(right)
            }
            predicate => compare(predicate, left.trim().parse().unwrap_or(0), right.trim().parse().unwrap_or(0)),
        }
    }
}

pub(crate) fn compare(predicate: &B, left: i64, right: i64) -> bool {
    match predicate {
        B::ArithmeticEqualTo => left == right,
        B::ArithmeticNotEqualTo => left != right,
        B::ArithmeticLessThan => left < right,
        B::ArithmeticLessThanOrEqualTo => left <= right,
        B::ArithmeticGreaterThan => left > right,
        B::ArithmeticGreaterThanOrEqualTo => left >= right,
        _ => false,
    }
}

fn is_device(path: &str) -> bool {
    matches!(path, "/dev/null" | "/dev/stdin" | "/dev/stdout" | "/dev/stderr")
}

#[cfg(unix)]
fn executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o111 != 0
}

/// WASI knows no such bit: what can be read can be run.
#[cfg(not(unix))]
fn executable(_found: &fs::Metadata) -> bool {
    true
}

fn writable(found: &fs::Metadata, path: &str) -> bool {
    match found.is_dir() {
        true => !found.permissions().readonly(),
        false => fs::OpenOptions::new().append(true).open(path).is_ok(),
    }
}

/// A POSIX expression as the crate reads it: within brackets a backslash is itself, and a bracket too.
fn translated(regex: &str) -> String {
    let mut all = String::new();
    let mut characters = regex.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                all.push('\\');
                match characters.next() {
                    Some('<' | '>') => all.push('b'),
                    next => all.extend(next),
                }
            }
            '[' => {
                all.push('[');
                if characters.peek() == Some(&'^') {
                    all.extend(characters.next());
                }
                let mut first = true;
                while let Some(inner) = characters.next() {
                    match inner {
                        ']' if !first => break,
                        '[' if matches!(characters.peek(), Some(':')) => {
                            all.push('[');
                            for inner in characters.by_ref() {
                                all.push(inner);
                                if inner == ']' {
                                    break;
                                }
                            }
                        }
                        '[' | ']' | '\\' | '&' | '~' => all.extend(['\\', inner]),
                        inner => all.push(inner),
                    }
                    first = false;
                }
                all.push(']');
            }
            '{' if !characters.peek().is_some_and(char::is_ascii_digit) => all.push_str("\\{"),
            character => all.push(character),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn brackets_are_as_posix_means_them() {
        assert_eq!(translated("^[a\\.]+$"), "^[a\\\\.]+$");
        assert_eq!(translated("[]a]"), "[\\]a]");
        assert_eq!(translated("[[:alpha:]_]{2}"), "[[:alpha:]_]{2}");
        assert_eq!(translated("a{b"), "a\\{b");
    }
}
