//! Scalars: plain, in quotes, and in blocks.

use super::{
    scanner::Scanner,
    source::{Fault, Mark, is_blank, is_break, is_end},
    token::{Kind, Token},
};

impl Scanner {
    pub(super) fn token(&self, kind: Kind, start: Mark) -> Token {
        Token::new(kind, start, self.source.at)
    }

    /// Text without quotes, over as many lines as are indented.
    pub(super) fn plain(&mut self) -> Token {
        let start = self.source.at;
        let indent = self.indent + 1;
        let (mut text, mut end, mut spaces) = (String::new(), start, String::new());
        while self.source.peek(0) != '#' {
            let mut length = 0;
            loop {
                let char = self.source.peek(length);
                let ends = match char {
                    ':' => is_blank(self.source.peek(length + 1)),
                    ',' | '[' | ']' | '{' | '}' => self.in_flow(),
                    _ => is_blank(char),
                };
                if ends {
                    break;
                }
                length += 1;
            }
            if length == 0 {
                break;
            }
            self.key_allowed = false;
            text.push_str(&spaces);
            text.push_str(&self.source.take(length));
            end = self.source.at;
            spaces = self.plain_spaces();
            let outside = !self.in_flow() && self.source.at.column.cast_signed() < indent;
            if spaces.is_empty() || outside {
                break;
            }
        }
        Token::new(Kind::Scalar(text, true), start, end)
    }

    /// What lies between two words of it. Nothing ends it.
    fn plain_spaces(&mut self) -> String {
        let length = self.source.count(|char| char == ' ');
        let spaces = self.source.take(length);
        let Some(first) = self.source.line_break() else { return spaces };
        self.key_allowed = true;
        let mut breaks = String::new();
        loop {
            if self.at_separator() {
                return String::new();
            }
            self.source.forward_while(|char| char == ' ');
            match self.source.line_break() {
                Some(char) => breaks.push(char),
                None => break,
            }
        }
        folded(first, &breaks)
    }

    /// Whether `---` or `...` follows here, wherever in the line: that is how the reference looks for it.
    fn at_separator(&self) -> bool {
        (self.source.next_is("---") || self.source.next_is("...")) && is_blank(self.source.peek(3))
    }

    pub(super) fn quoted(&mut self) -> Scanned {
        let start = self.source.at;
        let double = self.source.peek(0) == '"';
        let quote = self.source.peek(0);
        self.source.forward(1);
        let mut text = String::new();
        self.quoted_words(double, start, &mut text)?;
        while self.source.peek(0) != quote {
            self.quoted_spaces(start, &mut text)?;
            self.quoted_words(double, start, &mut text)?;
        }
        self.source.forward(1);
        Ok(self.token(Kind::Scalar(text, false), start))
    }

    fn quoted_words(&mut self, double: bool, start: Mark, text: &mut String) -> Result<(), Fault> {
        loop {
            let length = self.source.count(|char| !matches!(char, '\'' | '"' | '\\') && !is_blank(char));
            text.push_str(&self.source.take(length));
            match (self.source.peek(0), double) {
                ('\'', false) if self.source.peek(1) == '\'' => {
                    text.push('\'');
                    self.source.forward(2);
                }
                ('\'', true) | ('"' | '\\', false) => text.push_str(&self.source.take(1)),
                ('\\', true) => self.escape(start, text)?,
                _ => return Ok(()),
            }
        }
    }

    fn escape(&mut self, start: Mark, text: &mut String) -> Result<(), Fault> {
        let context = "while scanning a double-quoted scalar";
        self.source.forward(1);
        let char = self.source.peek(0);
        let digits = match char {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ if is_break(char) => {
                self.source.line_break();
                return self.quoted_breaks(start, text);
            }
            _ => {
                let meant = match char {
                    '0' => '\0',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    't' | '\t' => '\t',
                    'n' => '\n',
                    'v' => '\u{b}',
                    'f' => '\u{c}',
                    'r' => '\r',
                    'e' => '\u{1b}',
                    ' ' | '"' | '/' | '\\' => char,
                    'N' => '\u{85}',
                    '_' => '\u{a0}',
                    'L' => '\u{2028}',
                    'P' => '\u{2029}',
                    _ => {
                        let found = crate::python::repr(&char.to_string());
                        let problem = format!("found unknown escape character {found}");
                        return Err(Fault::within(context, start, problem, self.source.at));
                    }
                };
                text.push(meant);
                self.source.forward(1);
                return Ok(());
            }
        };
        self.source.forward(1);
        let code = self.digits(digits, context, start)?;
        text.push(match (code, self.source.next_is("\\u")) {
            // Two halves of one character, as JSON writes it.
            (0xd800..=0xdbff, true) => {
                self.source.forward(2);
                let low = self.digits(4, context, start)?;
                let pair = 0x10000 + ((code - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
                let whole = (0xdc00..=0xdfff).contains(&low).then(|| char::from_u32(pair)).flatten();
                whole.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
        });
        Ok(())
    }

    fn digits(&mut self, length: usize, context: &'static str, start: Mark) -> Result<u32, Fault> {
        let wrong = (0..length).map(|ahead| self.source.peek(ahead)).find(|char| !char.is_ascii_hexdigit());
        if let Some(found) = wrong {
            let expected = format!("expected escape sequence of {length} hexdecimal numbers");
            return Err(Fault::found(context, start, &expected, found, self.source.at));
        }
        Ok(u32::from_str_radix(&self.source.take(length), 16).unwrap_or(u32::MAX))
    }

    fn quoted_spaces(&mut self, start: Mark, text: &mut String) -> Result<(), Fault> {
        let length = self.source.count(|char| matches!(char, ' ' | '\t'));
        let spaces = self.source.take(length);
        if self.source.peek(0) == '\0' {
            let context = "while scanning a quoted scalar";
            return Err(Fault::within(context, start, "found unexpected end of stream", self.source.at));
        }
        match self.source.line_break() {
            None => text.push_str(&spaces),
            Some(first) => {
                let mut breaks = String::new();
                self.quoted_breaks(start, &mut breaks)?;
                text.push_str(&folded(first, &breaks));
            }
        }
        Ok(())
    }

    fn quoted_breaks(&mut self, start: Mark, breaks: &mut String) -> Result<(), Fault> {
        loop {
            if self.at_separator() {
                let context = "while scanning a quoted scalar";
                return Err(Fault::within(context, start, "found unexpected document separator", self.source.at));
            }
            self.source.forward_while(|char| matches!(char, ' ' | '\t'));
            match self.source.line_break() {
                Some(char) => breaks.push(char),
                None => return Ok(()),
            }
        }
    }

    /// `|` and `>`.
    pub(super) fn block_scalar(&mut self) -> Scanned {
        let start = self.source.at;
        let folded = self.source.peek(0) == '>';
        self.source.forward(1);
        let (keep, increment) = self.block_header(start)?;
        let minimum = usize::try_from(self.indent + 1).unwrap_or(0);
        let (mut breaks, indent);
        match increment {
            None => {
                let (found, deepest) = self.first_breaks();
                (breaks, indent) = (found, minimum.max(deepest));
            }
            Some(increment) => {
                indent = minimum.max(1) + increment - 1;
                breaks = self.block_breaks(indent);
            }
        }
        let (mut text, mut last) = (String::new(), None);
        while self.source.at.column == indent && self.source.peek(0) != '\0' {
            text.push_str(&breaks);
            let word_first = !matches!(self.source.peek(0), ' ' | '\t');
            let length = self.source.count(|char| !is_end(char));
            text.push_str(&self.source.take(length));
            last = self.source.line_break();
            breaks = self.block_breaks(indent);
            let separated = minimum == 0 && self.source.at.column == 0 && self.at_separator();
            if separated || self.source.at.column != indent || self.source.peek(0) == '\0' {
                break;
            }
            if folded && last == Some('\n') && word_first && !matches!(self.source.peek(0), ' ' | '\t') {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.extend(last);
            }
        }
        if keep != Some(false) {
            text.extend(last);
        }
        if keep == Some(true) {
            text.push_str(&breaks);
        }
        let token = Token::new(Kind::Scalar(text, false), start, self.source.at);
        if keep != Some(true) && !breaks.is_empty() {
            // Comments behind it belong to it.
            while self.skip_to_token().is_some() {}
        }
        Ok(token)
    }

    /// `+` keeps the empty lines at the end, `-` drops the last end of line too; the digit is the indentation.
    fn block_header(&mut self, start: Mark) -> Result<(Option<bool>, Option<usize>), Fault> {
        let context = "while scanning a block scalar";
        let (mut keep, mut increment) = (None, None);
        loop {
            match self.source.peek(0) {
                char @ ('+' | '-') if keep.is_none() => keep = Some(char == '+'),
                '0' if increment.is_none() => {
                    let problem = "expected indentation indicator in the range 1-9, but found 0";
                    return Err(Fault::within(context, start, problem, self.source.at));
                }
                char @ '1'..='9' if increment.is_none() => increment = char.to_digit(10).map(|digit| digit as usize),
                _ => break,
            }
            self.source.forward(1);
        }
        let found = self.source.peek(0);
        if found != ' ' && !is_end(found) {
            let expected = "expected chomping or indentation indicators";
            return Err(Fault::found(context, start, expected, found, self.source.at));
        }
        self.rest_of_line(context, start)?;
        Ok((keep, increment))
    }

    pub(super) fn rest_of_line(&mut self, context: &'static str, start: Mark) -> Result<(), Fault> {
        self.source.forward_while(|char| char == ' ');
        if self.source.peek(0) == '#' {
            self.source.forward_while(|char| !is_end(char));
        }
        let found = self.source.peek(0);
        if !is_end(found) {
            let expected = "expected a comment or a line break";
            return Err(Fault::found(context, start, expected, found, self.source.at));
        }
        self.source.line_break();
        Ok(())
    }

    fn first_breaks(&mut self) -> (String, usize) {
        let (mut breaks, mut deepest) = (String::new(), 0);
        loop {
            if self.source.peek(0) == ' ' {
                self.source.forward_while(|char| char == ' ');
                deepest = deepest.max(self.source.at.column);
            }
            match self.source.line_break() {
                Some(char) => breaks.push(char),
                None => return (breaks, deepest),
            }
        }
    }

    fn block_breaks(&mut self, indent: usize) -> String {
        let mut breaks = String::new();
        loop {
            while self.source.at.column < indent && self.source.peek(0) == ' ' {
                self.source.forward(1);
            }
            match self.source.line_break() {
                Some(char) => breaks.push(char),
                None => return breaks,
            }
        }
    }
}

/// A token, or why there is none.
pub(super) type Scanned = Result<Token, Fault>;

/// One end of line counts as a space; of more, the first counts as nothing.
fn folded(first: char, breaks: &str) -> String {
    match (first, breaks) {
        ('\n', "") => " ".to_owned(),
        ('\n', _) => breaks.to_owned(),
        _ => format!("{first}{breaks}"),
    }
}
