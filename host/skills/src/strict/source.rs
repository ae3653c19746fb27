//! The text of a head as the reference reads it: characters, positions, and how a position is shown.

use crate::python;

/// A position, counted from zero, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What ends a line. Of these only `\n` counts as a new line in positions; the reference does so too.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The end of a line or of the text.
pub(super) fn is_end(char: char) -> bool {
    char == '\0' || is_break(char)
}

/// What ends a word.
pub(super) fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t') || is_end(char)
}

/// Characters and the place that is read next. The end is a `\0`, which the text cannot hold.
pub(super) struct Source {
    chars: Vec<char>,
    pub(super) at: Mark,
}

impl Source {
    /// Refuses characters that YAML does not allow.
    pub(super) fn new(text: &str) -> Result<Self, Fault> {
        let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
        let chars: Vec<char> = text.chars().collect();
        match chars.iter().position(|char| !allowed(*char)) {
            Some(index) => Err(Fault {
                problem: format!(
                    "unacceptable character #x{:04x}: special characters are not allowed\n  in \"<unicode string>\", position {index}",
                    u32::from(chars[index])
                ),
                ..Fault::default()
            }),
            None => Ok(Self { chars, at: Mark::default() }),
        }
    }

    pub(super) fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at.index + ahead).copied().unwrap_or('\0')
    }

    pub(super) fn next_is(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, char)| self.peek(ahead) == char)
    }

    /// Reads so many characters.
    pub(super) fn take(&mut self, length: usize) -> String {
        let start = self.at.index.min(self.chars.len());
        let end = (start + length).min(self.chars.len());
        self.forward(length);
        self.chars[start..end].iter().collect()
    }

    pub(super) fn forward(&mut self, length: usize) {
        for _ in 0..length {
            let Some(char) = self.chars.get(self.at.index) else { return };
            self.at.index += 1;
            match char {
                '\n' => (self.at.line, self.at.column) = (self.at.line + 1, 0),
                '\u{feff}' => {}
                _ => self.at.column += 1,
            }
        }
    }

    pub(super) fn forward_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.at.index < self.chars.len() && wanted(self.peek(0)) {
            self.forward(1);
        }
    }

    /// How many of the next characters are wanted.
    pub(super) fn count(&self, wanted: impl Fn(char) -> bool) -> usize {
        self.chars[self.at.index.min(self.chars.len())..].iter().take_while(|char| wanted(**char)).count()
    }

    /// Reads the end of a line; what it counts as in the text, if there was one.
    pub(super) fn line_break(&mut self) -> Option<char> {
        let char = self.peek(0);
        if !is_break(char) {
            return None;
        }
        self.forward(1);
        Some(if char == '\u{85}' { '\n' } else { char })
    }

    /// The line of a position, cut to what is around it, with a mark below.
    fn show(&self, mark: Mark) -> String {
        const AROUND: usize = 36;
        let char = |index: usize| self.chars.get(index).copied().unwrap_or('\0');
        let stops = |char: char| char == '\r' || is_end(char);
        let (mut start, mut head) = (mark.index, "");
        while start > 0 && !stops(char(start - 1)) {
            start -= 1;
            if mark.index - start > AROUND {
                (start, head) = (start + 5, " ... ");
                break;
            }
        }
        let (mut end, mut tail) = (mark.index, "");
        while end < self.chars.len() && !stops(char(end)) {
            end += 1;
            if end - mark.index > AROUND {
                (end, tail) = (end - 5, " ... ");
                break;
            }
        }
        let line: String = self.chars[start.min(self.chars.len())..end].iter().collect();
        let indent = " ".repeat(4 + mark.index - start + head.len());
        let (number, column) = (mark.line + 1, mark.column + 1);
        format!(
            "  in \"<unicode string>\", line {number}, column {column}:\n    {head}{line}{tail}\n{indent}^ (line: {number})"
        )
    }

    /// The whole message, as the reference words it.
    pub(super) fn explain(&self, fault: &Fault) -> String {
        let mut lines = Vec::new();
        lines.extend(fault.context.map(str::to_owned));
        let same = |mark: Mark| fault.at.is_some_and(|at| (at.line, at.column) == (mark.line, mark.column));
        lines.extend(fault.context_at.filter(|mark| !same(*mark)).map(|mark| self.show(mark)));
        lines.push(fault.problem.clone());
        lines.extend(fault.at.map(|mark| self.show(mark)));
        lines.join("\n")
    }
}

/// Why a head is not read.
#[derive(Debug, Default)]
pub(super) struct Fault {
    pub(super) context: Option<&'static str>,
    pub(super) context_at: Option<Mark>,
    pub(super) problem: String,
    pub(super) at: Option<Mark>,
}

impl Fault {
    pub(super) fn here(problem: impl Into<String>, at: Mark) -> Self {
        Self { problem: problem.into(), at: Some(at), ..Self::default() }
    }

    pub(super) fn within(context: &'static str, from: Mark, problem: impl Into<String>, at: Mark) -> Self {
        Self { context: Some(context), context_at: Some(from), problem: problem.into(), at: Some(at) }
    }

    /// `…, but found 'x'`.
    pub(super) fn found(context: &'static str, from: Mark, expected: &str, found: char, at: Mark) -> Self {
        Self::within(context, from, format!("{expected}, but found {}", python::repr(&found.to_string())), at)
    }
}
