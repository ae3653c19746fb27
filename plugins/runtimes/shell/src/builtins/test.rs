//! `test` and `[`.

use crate::shell::{Outcome, Shell, Stop};
use brush_parser::ast::{BinaryPredicate as B, UnaryPredicate as U};

pub(super) fn test(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let name = arguments[0].clone();
    let mut words = &arguments[1..];
    if name == "[" {
        match words.split_last() {
            Some((last, rest)) if last == "]" => words = rest,
            _ => return shell.misused("[", "missing `]'"),
        }
    }
    let mut expression = Expression { shell, words, at: 0, wrong: None };
    let result = expression.whole();
    let (at, wrong) = (expression.at, expression.wrong);
    match (result, wrong) {
        (Err(stop), _) => Err(stop),
        (Ok(_), Some(text)) => shell.misused(&name, text),
        (Ok(_), None) if at < words.len() => shell.misused(&name, "too many arguments"),
        (Ok(holds), None) => Ok(i32::from(!holds)),
    }
}

struct Expression<'a> {
    shell: &'a mut Shell,
    words: &'a [String],
    at: usize,
    wrong: Option<String>,
}

impl Expression<'_> {
    /// By the number of words, as POSIX has it; more of them as an expression.
    fn whole(&mut self) -> Outcome<bool> {
        let words = self.words;
        match words {
            [] => Ok(false),
            [one] => {
                self.at = 1;
                Ok(!one.is_empty())
            }
            [not, one] if not == "!" => {
                self.at = 2;
                Ok(one.is_empty())
            }
            [left, operator, right] if binary(operator).is_some() => {
                self.at = 3;
                self.compare(left, operator, right)
            }
            [not, _, _] if not == "!" => {
                self.at = 1;
                let holds = self.nested(&words[1..])?;
                Ok(!holds)
            }
            [not, _, _, _] if not == "!" => {
                let holds = self.nested(&words[1..])?;
                Ok(!holds)
            }
            _ => self.or(),
        }
    }

    fn nested(&mut self, words: &[String]) -> Outcome<bool> {
        let mut inner = Expression { shell: self.shell, words, at: 0, wrong: None };
        let holds = inner.whole()?;
        let (at, wrong) = (inner.at, inner.wrong);
        self.at = self.words.len() - words.len() + at;
        self.wrong = wrong;
        Ok(holds)
    }

    fn or(&mut self) -> Outcome<bool> {
        let mut holds = self.and()?;
        while self.next_is("-o") {
            holds |= self.and()?;
        }
        Ok(holds)
    }

    fn and(&mut self) -> Outcome<bool> {
        let mut holds = self.not()?;
        while self.next_is("-a") {
            holds &= self.not()?;
        }
        Ok(holds)
    }

    fn not(&mut self) -> Outcome<bool> {
        if self.next_is("!") {
            return Ok(!self.not()?);
        }
        self.primary()
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(is);
        is
    }

    fn primary(&mut self) -> Outcome<bool> {
        let words = &self.words[self.at..];
        match words {
            [] => {
                self.wrong.get_or_insert_with(|| "argument expected".to_owned());
                Ok(false)
            }
            [left, operator, right, ..] if binary(operator).is_some() && !matches!(operator.as_str(), "-a" | "-o") => {
                self.at += 3;
                self.compare(left, operator, right)
            }
            [open, ..] if open == "(" => {
                self.at += 1;
                let holds = self.or()?;
                if !self.next_is(")") {
                    self.wrong.get_or_insert_with(|| "`)' expected".to_owned());
                }
                Ok(holds)
            }
            [operator, operand, ..] if unary(operator).is_some() => {
                self.at += 2;
                match unary(operator) {
                    Some(U::FdIsOpenTerminal) => Ok(false),
                    Some(predicate) => self.shell.unary(&predicate, operand),
                    None => Ok(false),
                }
            }
            [operator, _] if operator.starts_with('-') => {
                self.wrong = Some(format!("{operator}: unary operator expected"));
                Ok(false)
            }
            [_, operator, _] => {
                self.wrong = Some(format!("{operator}: binary operator expected"));
                self.at += 3;
                Ok(false)
            }
            [one, ..] => {
                self.at += 1;
                Ok(!one.is_empty())
            }
        }
    }

    fn compare(&mut self, left: &str, operator: &str, right: &str) -> Outcome<bool> {
        let predicate = match (operator, binary(operator)) {
            ("-a", _) => return Ok(!left.is_empty() && !right.is_empty()),
            ("-o", _) => return Ok(!left.is_empty() || !right.is_empty()),
            (_, Some(predicate)) => predicate,
            (_, None) => return Err(Stop::Discard(2)),
        };
        if operator.starts_with('-') && !matches!(operator, "-nt" | "-ot" | "-ef") {
            for text in [left, right] {
                if text.trim().parse::<i64>().is_err() {
                    self.wrong = Some(format!("{text}: integer expression expected"));
                    return Ok(false);
                }
            }
        }
        Ok(self.shell.binary(&predicate, left, right))
    }
}

fn binary(operator: &str) -> Option<B> {
    Some(match operator {
        "=" | "==" => B::StringExactlyMatchesString,
        "!=" => B::StringDoesNotExactlyMatchString,
        "<" => B::LeftSortsBeforeRight,
        ">" => B::LeftSortsAfterRight,
        "-eq" => B::ArithmeticEqualTo,
        "-ne" => B::ArithmeticNotEqualTo,
        "-lt" => B::ArithmeticLessThan,
        "-le" => B::ArithmeticLessThanOrEqualTo,
        "-gt" => B::ArithmeticGreaterThan,
        "-ge" => B::ArithmeticGreaterThanOrEqualTo,
        "-nt" => B::LeftFileIsNewerOrExistsWhenRightDoesNot,
        "-ot" => B::LeftFileIsOlderOrDoesNotExistWhenRightDoes,
        "-ef" => B::FilesReferToSameDeviceAndInodeNumbers,
        // Between two words they join; they are read where the count of words says so.
        "-a" | "-o" => B::StringContainsSubstring,
        _ => return None,
    })
}

fn unary(operator: &str) -> Option<U> {
    Some(match operator {
        "-a" | "-e" => U::FileExists,
        "-b" => U::FileExistsAndIsBlockSpecialFile,
        "-c" => U::FileExistsAndIsCharSpecialFile,
        "-d" => U::FileExistsAndIsDir,
        "-f" => U::FileExistsAndIsRegularFile,
        "-g" => U::FileExistsAndIsSetgid,
        "-h" | "-L" => U::FileExistsAndIsSymlink,
        "-k" => U::FileExistsAndHasStickyBit,
        "-n" => U::StringHasNonZeroLength,
        "-o" => U::ShellOptionEnabled,
        "-p" => U::FileExistsAndIsFifo,
        "-r" => U::FileExistsAndIsReadable,
        "-s" => U::FileExistsAndIsNotZeroLength,
        "-t" => U::FdIsOpenTerminal,
        "-u" => U::FileExistsAndIsSetuid,
        "-v" => U::ShellVariableIsSetAndAssigned,
        "-w" => U::FileExistsAndIsWritable,
        "-x" => U::FileExistsAndIsExecutable,
        "-z" => U::StringHasZeroLength,
        "-G" => U::FileExistsAndOwnedByEffectiveGroupId,
        "-N" => U::FileExistsAndModifiedSinceLastRead,
        "-O" => U::FileExistsAndOwnedByEffectiveUserId,
        "-R" => U::ShellVariableIsSetAndNameRef,
        "-S" => U::FileExistsAndIsSocket,
        _ => return None,
    })
}
