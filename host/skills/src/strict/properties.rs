//! Anchors, aliases, tags and directives. Skills may use none of them; each is read to say what is wrong.

use super::{
    scalars::Scanned,
    scanner::Scanner,
    source::{Fault, Mark, is_blank, is_end},
    token::{Kind, Token},
};

impl Scanner {
    /// `&name` or `*name`.
    pub(super) fn anchor(&mut self) -> Scanned {
        let start = self.source.at;
        let alias = self.source.peek(0) == '*';
        let context = if alias { "while scanning an alias" } else { "while scanning an anchor" };
        self.source.forward(1);
        let length = self.source.count(|char| {
            !matches!(char, ',' | '[' | ']' | '{' | '}' | '\u{feff}')
                && (matches!(char, '!'..='~' | '\u{a0}'..='\u{fffd}') || char > '\u{ffff}')
        });
        let found = self.source.peek(length);
        let expected = "expected alphabetic or numeric character";
        if length == 0 {
            return Err(Fault::found(context, start, expected, found, self.source.at));
        }
        let name = self.source.take(length);
        if !is_blank(found) && !matches!(found, '?' | ':' | ',' | '[' | ']' | '{' | '}' | '%' | '@' | '`') {
            return Err(Fault::found(context, start, expected, found, self.source.at));
        }
        Ok(self.token(if alias { Kind::Alias(name) } else { Kind::Anchor }, start))
    }

    /// Reads over a tag: all of them are refused, but a malformed one with another message.
    pub(super) fn tag(&mut self) -> Result<(), Fault> {
        let start = self.source.at;
        let next = self.source.peek(1);
        if next == '<' {
            self.source.forward(2);
            self.tag_uri(start)?;
            if self.source.peek(0) != '>' {
                let found = self.source.peek(0);
                return Err(Fault::found("while parsing a tag", start, "expected '>'", found, self.source.at));
            }
            self.source.forward(1);
        } else if is_blank(next) {
            self.source.forward(1);
        } else {
            let mut length = 1;
            while !matches!(self.source.peek(length), '!' | ' ') && !is_end(self.source.peek(length)) {
                length += 1;
            }
            match self.source.peek(length) {
                '!' => self.tag_handle(start)?,
                _ => self.source.forward(1),
            }
            self.tag_uri(start)?;
        }
        let found = self.source.peek(0);
        if found != ' ' && !is_end(found) {
            return Err(Fault::found("while scanning a tag", start, "expected ' '", found, self.source.at));
        }
        Ok(())
    }

    fn tag_handle(&mut self, start: Mark) -> Result<(), Fault> {
        let word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        let mut length = 1;
        while word(self.source.peek(length)) {
            length += 1;
        }
        let found = self.source.peek(length);
        if found != '!' {
            self.source.forward(length);
            return Err(Fault::found("while scanning a tag", start, "expected '!'", found, self.source.at));
        }
        self.source.forward(length + 1);
        Ok(())
    }

    fn tag_uri(&mut self, start: Mark) -> Result<(), Fault> {
        let first = self.source.at;
        while self.source.peek(0).is_ascii_alphanumeric() || "-;/?:@&=+$,_.!~*'()[]%#".contains(self.source.peek(0)) {
            if self.source.peek(0) != '%' {
                self.source.forward(1);
                continue;
            }
            self.source.forward(1);
            if let Some(found) = (0..2).map(|ahead| self.source.peek(ahead)).find(|char| !char.is_ascii_hexdigit()) {
                let expected = "expected URI escape sequence of 2 hexdecimal numbers";
                return Err(Fault::found("while scanning a tag", start, expected, found, self.source.at));
            }
            self.source.forward(2);
        }
        if self.source.at == first {
            let found = self.source.peek(0);
            return Err(Fault::found("while parsing a tag", start, "expected URI", found, self.source.at));
        }
        Ok(())
    }

    /// `%YAML 1.2` and others. No head with one is read; the message says why.
    pub(super) fn directive(&mut self) -> Scanned {
        let context = "while scanning a directive";
        let start = self.source.at;
        self.source.forward(1);
        let length = self.source.count(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | ':' | '.'));
        let name = self.source.take(length);
        let found = self.source.peek(0);
        if name.is_empty() || !(found == ' ' || is_end(found)) {
            let expected = "expected alphabetic or numeric character";
            return Err(Fault::found(context, start, expected, found, self.source.at));
        }
        let mut version = None;
        if name == "YAML" {
            self.source.forward_while(|char| char == ' ');
            version = Some(self.version_number(start)?);
            if self.source.peek(0) != '.' {
                let found = self.source.peek(0);
                return Err(Fault::found(context, start, "expected a digit or '.'", found, self.source.at));
            }
            self.source.forward(1);
            self.version_number(start)?;
            let found = self.source.peek(0);
            if found != ' ' && !is_end(found) {
                return Err(Fault::found(context, start, "expected a digit or ' '", found, self.source.at));
            }
        }
        let end = self.source.at;
        if name != "YAML" {
            self.source.forward_while(|char| !is_end(char));
        }
        self.rest_of_line(context, start)?;
        Ok(Token::new(Kind::Directive(version), start, end))
    }

    fn version_number(&mut self, start: Mark) -> Result<String, Fault> {
        let length = self.source.count(|char| char.is_ascii_digit());
        if length == 0 {
            let found = self.source.peek(0);
            return Err(Fault::found("while scanning a directive", start, "expected a digit", found, self.source.at));
        }
        Ok(self.source.take(length).trim_start_matches('0').to_owned())
    }
}
