//! Expansion: from a word as it is written to the words that a command gets.

mod arithmetic;
mod braces;
mod glob;
mod operators;
mod parameter;
pub(crate) mod pattern;
pub(crate) mod quote;
mod split;
mod substitute;

use crate::limits::EXPANSION;
use crate::shell::{Outcome, Shell, Stop};
use brush_parser::ParserOptions;
use brush_parser::word::{self, TildeExpr, WordPiece, WordPieceWithSource};

/// A piece of an expanded word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It stays whole; quoted, no character of it is special.
    Text { text: String, quoted: bool },
    /// An unquoted value: it is split, and may be a pattern.
    Value(String),
    /// Between two elements of `$@`.
    Break,
}

impl Part {
    pub(crate) fn quoted(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), quoted: true }
    }
}

/// How words are read.
pub(crate) fn options() -> ParserOptions {
    ParserOptions::default()
}

impl Shell {
    /// All words that these make.
    pub(crate) fn expand_words<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) -> Outcome<Vec<String>> {
        let mut all = Vec::new();
        let mut size = 0;
        for word in words {
            let alternatives = match self.options.braces_off {
                true => vec![word.to_owned()],
                false => self.braces(word)?,
            };
            for word in alternatives {
                let parts = match assigned(&word) {
                    Some((name, value)) => {
                        let mut parts = vec![Part::Text { text: name.to_owned(), quoted: false }];
                        parts.extend(self.parts(value, false)?);
                        parts
                    }
                    None => self.parts(&word, false)?,
                };
                for field in split::fields(parts, &self.get("IFS").unwrap_or_else(|| " \t\n".to_owned())) {
                    let words = self.paths(field)?;
                    size += words.iter().map(String::len).sum::<usize>();
                    self.within(size)?;
                    all.extend(words);
                }
            }
        }
        Ok(all)
    }

    /// One text: no splitting, no paths.
    pub(crate) fn expand_string(&mut self, word: &str) -> Outcome<String> {
        if !word.contains(['$', '`', '\'', '"', '\\', '~']) {
            return Ok(word.to_owned());
        }
        let parts = self.parts(word, false)?;
        let text = joined(parts);
        self.within(text.len())?;
        Ok(text)
    }

    /// What is assigned: as a text, with `~` after a colon too.
    pub(crate) fn expand_assigned(&mut self, word: &str) -> Outcome<String> {
        if !word.contains(":~") {
            return self.expand_string(word);
        }
        let options = ParserOptions { tilde_expansion_after_colon: true, ..options() };
        let pieces = self.parsed(word::parse(word, &options), word)?;
        Ok(joined(self.pieces(&pieces, false)?))
    }

    /// A pattern: what was quoted is escaped.
    pub(crate) fn expand_pattern(&mut self, word: &str) -> Outcome<String> {
        let parts = self.parts(word, false)?;
        Ok(parts.into_iter().map(as_pattern).collect())
    }

    /// A regular expression: what was quoted is taken as it is.
    pub(crate) fn expand_regex(&mut self, word: &str) -> Outcome<String> {
        let parts = self.parts(word, false)?;
        let piece = |part| match part {
            Part::Text { text, quoted: true } => regex_lite::escape(&text),
            Part::Text { text, quoted: false } | Part::Value(text) => text,
            Part::Break => " ".to_owned(),
        };
        Ok(parts.into_iter().map(piece).collect())
    }

    /// A here-document.
    pub(crate) fn expand_document(&mut self, text: &str) -> Outcome<String> {
        let pieces = self.parsed(word::parse_heredoc(text, &options()), text)?;
        let text = joined(self.pieces(&pieces, true)?);
        self.within(text.len())?;
        Ok(text)
    }

    /// # Errors
    /// It is more than an expansion may yield; it was said.
    pub(crate) fn within(&self, size: usize) -> Outcome<()> {
        if size > EXPANSION {
            self.complain(format_args!("an expansion would be larger than {EXPANSION} bytes"));
            return Err(Stop::Discard(1));
        }
        Ok(())
    }

    /// The parts of a word; within double quotes, single ones are plain characters.
    pub(crate) fn parts(&mut self, word: &str, in_quotes: bool) -> Outcome<Vec<Part>> {
        if in_quotes {
            let pieces = match word.contains('"') {
                true => word::parse(word, &options()),
                false => word::parse(&format!("\"{word}\""), &options()),
            };
            let pieces = self.parsed(pieces, word)?;
            return self.pieces(&pieces, word.contains('"'));
        }
        let pieces = self.parsed(word::parse(word, &options()), word)?;
        self.pieces(&pieces, false)
    }

    fn parsed<T, E>(&self, parsed: Result<T, E>, word: &str) -> Outcome<T> {
        parsed.map_err(|_| {
            self.complain(format_args!("{word}: bad substitution"));
            Stop::Discard(1)
        })
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], quoted: bool) -> Outcome<Vec<Part>> {
        let mut parts = Vec::new();
        for piece in pieces {
            match &piece.piece {
                WordPiece::Text(text) => parts.push(Part::Text { text: text.clone(), quoted }),
                WordPiece::SingleQuotedText(text) => parts.push(Part::quoted(text.clone())),
                WordPiece::AnsiCQuotedText(text) => {
                    parts
                        .push(Part::quoted(String::from_utf8_lossy(&quote::unescaped(text, quote::Escapes::Dollar).0)));
                }
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    parts.extend(self.double_quoted(inner)?);
                }
                WordPiece::TildeExpansion(tilde) => parts.push(Part::quoted(self.tilde(tilde))),
                WordPiece::ParameterExpansion(expression) => parts.extend(self.parameter(expression, quoted)?),
                WordPiece::CommandSubstitution(text) => parts.push(value(self.command_substitution(text)?, quoted)),
                WordPiece::BackquotedCommandSubstitution(text) => {
                    let text = quote::backquoted(text, quoted);
                    parts.push(value(self.command_substitution(&text)?, quoted));
                }
                WordPiece::EscapeSequence(text) => {
                    let plain = text.strip_prefix('\\').unwrap_or(text);
                    // A line that goes on.
                    if plain != "\n" {
                        parts.push(Part::quoted(plain));
                    }
                }
                WordPiece::ArithmeticExpression(expression) => {
                    let text = self.expand_arithmetic(&expression.value)?;
                    parts.push(value(self.arithmetic(&text)?.to_string(), quoted));
                }
            }
        }
        Ok(parts)
    }

    fn double_quoted(&mut self, inner: &[WordPieceWithSource]) -> Outcome<Vec<Part>> {
        let mut parts = self.pieces(inner, true)?;
        // `"$@"` without elements is no word; any other pair of quotes is one.
        let only_elements = matches!(inner, [piece] if parameter::is_elements(&piece.piece));
        if parts.is_empty() && !only_elements {
            parts.push(Part::quoted(""));
        }
        Ok(parts)
    }

    fn tilde(&self, tilde: &TildeExpr) -> String {
        match tilde {
            TildeExpr::Home => self.get("HOME").unwrap_or_else(|| "/work".to_owned()),
            TildeExpr::UserHome(user) if user == "root" => "/root".to_owned(),
            TildeExpr::UserHome(user) => format!("~{user}"),
            TildeExpr::WorkingDir => self.directory.clone(),
            TildeExpr::OldWorkingDir => self.get("OLDPWD").unwrap_or_else(|| "~-".to_owned()),
            TildeExpr::NthDirFromTopOfDirStack { n, .. } => {
                self.value("DIRSTACK").all().get(*n).cloned().unwrap_or_default()
            }
            TildeExpr::NthDirFromBottomOfDirStack { n } => {
                self.value("DIRSTACK").all().iter().rev().nth(*n).cloned().unwrap_or_default()
            }
        }
    }
}

fn value(text: String, quoted: bool) -> Part {
    if quoted { Part::quoted(text) } else { Part::Value(text) }
}

/// The two sides of `name=~/…`, which is a word with a directory of its user's wherever it stands.
fn assigned(word: &str) -> Option<(&str, &str)> {
    let place = word.find("=~")?;
    let named = word[..place].chars().all(|character| character == '_' || character.is_ascii_alphanumeric());
    (named && place > 0).then(|| word.split_at(place + 1))
}

/// The parts as one text.
pub(crate) fn joined(parts: Vec<Part>) -> String {
    let mut all = String::new();
    for part in parts {
        match part {
            Part::Text { text, .. } | Part::Value(text) => all.push_str(&text),
            Part::Break => all.push(' '),
        }
    }
    all
}

fn as_pattern(part: Part) -> String {
    match part {
        Part::Text { text, quoted: true } => pattern::escaped(&text),
        Part::Text { text, quoted: false } | Part::Value(text) => text,
        Part::Break => " ".to_owned(),
    }
}
