//! Tokens of a head, found in the order and with the foresight of the reference, so that of several
//! errors the same one is met first. Comments are tokens too: they take part in that order.

use std::collections::{BTreeMap, VecDeque};

use super::{
    source::{Fault, Mark, Source, is_blank, is_break, is_end},
    token::{Kind, Token},
};
use crate::python;

/// Beyond so many characters a key without `?` is none.
const MAXIMUM_KEY_CHARS: usize = 1024;

/// A token that becomes a key if a `:` follows it.
struct Possible {
    number: usize,
    /// Nothing else may stand there.
    required: bool,
    at: Mark,
}

pub(super) struct Scanner {
    pub(super) source: Source,
    tokens: VecDeque<Token>,
    taken: usize,
    done: bool,
    /// The column of the innermost block; -1 outside of all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    /// The open `[` (true) and `{`.
    flow: Vec<bool>,
    pub(super) key_allowed: bool,
    keys: BTreeMap<usize, Possible>,
}

impl Scanner {
    pub(super) fn new(source: Source) -> Self {
        let start = Token::new(Kind::StreamStart, source.at, source.at);
        Self {
            source,
            tokens: VecDeque::from([start]),
            taken: 0,
            done: false,
            indent: -1,
            indents: Vec::new(),
            flow: Vec::new(),
            key_allowed: true,
            keys: BTreeMap::new(),
        }
    }

    pub(super) fn in_flow(&self) -> bool {
        !self.flow.is_empty()
    }

    /// The next token, left where it is. None after the end.
    pub(super) fn peek(&mut self) -> Result<Option<&Token>, Fault> {
        self.fill()?;
        if self.next_is_comment(0) {
            self.drop_comment(0);
        }
        while self.needs_more()? {
            self.fetch()?;
            if self.next_is_comment(0) {
                self.drop_comment(0);
            }
        }
        if !self.done && self.tokens.len() < 2 {
            self.fetch()?;
        }
        Ok(self.tokens.front())
    }

    /// Takes the next token, with the comments behind a value.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        let Some(first) = self.peek()?.cloned() else { return Ok(None) };
        if self.next_is_comment(1) {
            let same_line = first.end.line == self.tokens[1].start.line;
            let takes = match first.kind {
                Kind::Scalar(..) => true,
                Kind::Value | Kind::FlowSequenceEnd | Kind::FlowMappingEnd => same_line,
                _ => false,
            };
            while takes && self.next_is_comment(1) {
                self.drop_comment(1);
                self.tokens[0].commented = true;
                self.fetch()?;
            }
        }
        self.taken += 1;
        Ok(self.tokens.pop_front())
    }

    fn next_is_comment(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Comment)
    }

    fn drop_comment(&mut self, index: usize) {
        self.taken += 1;
        self.tokens.remove(index);
    }

    fn fill(&mut self) -> Result<(), Fault> {
        while self.needs_more()? {
            self.fetch()?;
        }
        Ok(())
    }

    fn needs_more(&mut self) -> Result<bool, Fault> {
        if self.done {
            return Ok(false);
        }
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.forget_stale_keys()?;
        Ok(self.keys.values().map(|key| key.number).min() == Some(self.taken))
    }

    fn push(&mut self, kind: Kind, start: Mark) {
        self.tokens.push_back(Token::new(kind, start, self.source.at));
    }

    /// Reads on to the next token, and adds it and whatever it implies.
    fn fetch(&mut self) -> Result<(), Fault> {
        if let Some(start) = self.skip_to_token() {
            self.push(Kind::Comment, start);
            return Ok(());
        }
        self.forget_stale_keys()?;
        self.unwind(self.source.at.column.cast_signed());
        let start = self.source.at;
        let char = self.source.peek(0);
        let blank_follows = is_blank(self.source.peek(1));
        match char {
            '\0' => self.stream_end(),
            '%' if start.column == 0 => {
                self.unwind(-1);
                self.forget_key()?;
                self.key_allowed = false;
                let directive = self.directive()?;
                self.tokens.push_back(directive);
                Ok(())
            }
            '.' if start.column == 0 && self.source.next_is("...") && is_blank(self.source.peek(3)) => {
                self.unwind(-1);
                self.forget_key()?;
                self.key_allowed = false;
                self.indicator(Kind::DocumentEnd, 3)
            }
            '[' => self.flow_start(Kind::FlowSequenceStart),
            '{' => self.flow_start(Kind::FlowMappingStart),
            ']' => self.flow_end(Kind::FlowSequenceEnd),
            '}' => self.flow_end(Kind::FlowMappingEnd),
            ',' => {
                self.key_allowed = true;
                self.forget_key()?;
                self.indicator(Kind::FlowEntry, 1)
            }
            '-' if blank_follows => {
                self.block(Kind::SequenceStart, "sequence entries are not allowed here")?;
                self.key_allowed = true;
                self.forget_key()?;
                self.indicator(Kind::BlockEntry, 1)
            }
            '?' if self.in_flow() || blank_follows => {
                self.block(Kind::MappingStart, "mapping keys are not allowed here")?;
                self.key_allowed = !self.in_flow();
                self.forget_key()?;
                self.indicator(Kind::Key, 1)
            }
            ':' if self.is_value(blank_follows) => self.value(),
            '*' | '&' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.anchor()?;
                self.tokens.push_back(token);
                Ok(())
            }
            '!' => {
                self.save_key()?;
                self.key_allowed = false;
                self.tag()?;
                self.push(Kind::Tag, start);
                Ok(())
            }
            '|' | '>' if !self.in_flow() => {
                self.key_allowed = true;
                self.forget_key()?;
                let token = self.block_scalar()?;
                self.tokens.push_back(token);
                Ok(())
            }
            '\'' | '"' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.quoted()?;
                self.tokens.push_back(token);
                Ok(())
            }
            _ if self.is_plain(char, blank_follows) => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.plain();
                self.tokens.push_back(token);
                Ok(())
            }
            _ => Err(Fault {
                context: Some("while scanning for the next token"),
                ..Fault::here(
                    format!("found character {} that cannot start any token", python::repr(&char.to_string())),
                    start,
                )
            }),
        }
    }

    fn indicator(&mut self, kind: Kind, length: usize) -> Result<(), Fault> {
        let start = self.source.at;
        self.source.forward(length);
        self.push(kind, start);
        Ok(())
    }

    fn is_value(&self, blank_follows: bool) -> bool {
        let after_value = self.tokens.back().is_some_and(|token| token.kind == Kind::Value);
        blank_follows || (self.flow.last() == Some(&false) && !after_value)
    }

    fn is_plain(&self, char: char, blank_follows: bool) -> bool {
        let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(char) || is_blank(char);
        let next_is_space = matches!(self.source.peek(1), ' ' | '\t');
        !indicator
            || (char == '-' && !blank_follows)
            || (char == ':' && self.in_flow() && !next_is_space)
            || (!self.in_flow() && matches!(char, '?' | ':') && !blank_follows)
    }

    fn stream_end(&mut self) -> Result<(), Fault> {
        self.unwind(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.keys.clear();
        self.push(Kind::StreamEnd, self.source.at);
        self.done = true;
        Ok(())
    }

    fn flow_start(&mut self, kind: Kind) -> Result<(), Fault> {
        self.save_key()?;
        self.flow.push(kind == Kind::FlowSequenceStart);
        self.key_allowed = true;
        self.indicator(kind, 1)
    }

    fn flow_end(&mut self, kind: Kind) -> Result<(), Fault> {
        self.forget_key()?;
        self.flow.pop();
        self.key_allowed = false;
        self.indicator(kind, 1)
    }

    /// Where an entry or a key begins: perhaps a block with it.
    fn block(&mut self, start: Kind, refused: &str) -> Result<(), Fault> {
        if self.in_flow() {
            return Ok(());
        }
        if !self.key_allowed {
            return Err(Fault::here(refused, self.source.at));
        }
        if self.deepen(self.source.at.column) {
            self.push(start, self.source.at);
        }
        Ok(())
    }

    fn value(&mut self) -> Result<(), Fault> {
        match self.keys.remove(&self.flow.len()) {
            // What stood before the `:` was a key.
            Some(key) => {
                let index = key.number.saturating_sub(self.taken).min(self.tokens.len());
                let token = |kind| Token::new(kind, key.at, key.at);
                self.tokens.insert(index, token(Kind::Key));
                if !self.in_flow() && self.deepen(key.at.column) {
                    self.tokens.insert(index, token(Kind::MappingStart));
                }
                self.key_allowed = false;
            }
            None => {
                self.block(Kind::MappingStart, "mapping values are not allowed here")?;
                self.key_allowed = !self.in_flow();
                self.forget_key()?;
            }
        }
        self.indicator(Kind::Value, 1)
    }

    fn deepen(&mut self, column: usize) -> bool {
        let deeper = self.indent < column.cast_signed();
        if deeper {
            self.indents.push(self.indent);
            self.indent = column.cast_signed();
        }
        deeper
    }

    /// Ends the blocks that are further in than this.
    fn unwind(&mut self, column: isize) {
        while !self.in_flow() && self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Kind::BlockEnd, self.source.at);
        }
    }

    fn forget_stale_keys(&mut self) -> Result<(), Fault> {
        let at = self.source.at;
        let stale = |key: &Possible| key.at.line != at.line || at.index - key.at.index > MAXIMUM_KEY_CHARS;
        // At most as many as characters that a key may have.
        let levels: Vec<usize> = self.keys.iter().filter(|(_, key)| stale(key)).map(|(level, _)| *level).collect();
        for level in levels {
            self.forget_key_of(level)?;
        }
        Ok(())
    }

    /// What comes next may turn out to be a key.
    fn save_key(&mut self) -> Result<(), Fault> {
        if self.key_allowed {
            self.forget_key()?;
            let at = self.source.at;
            let required = !self.in_flow() && self.indent == at.column.cast_signed();
            let number = self.taken + self.tokens.len();
            self.keys.insert(self.flow.len(), Possible { number, required, at });
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), Fault> {
        self.forget_key_of(self.flow.len())
    }

    fn forget_key_of(&mut self, level: usize) -> Result<(), Fault> {
        match self.keys.remove(&level) {
            Some(key) if key.required => {
                let context = "while scanning a simple key";
                Err(Fault::within(context, key.at, "could not find expected ':'", self.source.at))
            }
            _ => Ok(()),
        }
    }

    /// Passes over spaces and the ends of lines, to a token or over one comment: where that began. Blank
    /// lines are a comment as well, and only behind them tabs are passed over: the reference does so.
    pub(super) fn skip_to_token(&mut self) -> Option<Mark> {
        if self.source.at.index == 0 && self.source.peek(0) == '\u{feff}' {
            self.source.forward(1);
        }
        loop {
            self.source.forward_while(|char| char == ' ');
            if self.source.peek(0) == '#' {
                let start = self.source.at;
                self.source.forward_while(|char| !is_end(char));
                while self.source.line_break().is_some() {}
                self.key_allowed |= !self.in_flow();
                return Some(start);
            }
            self.source.line_break()?;
            self.key_allowed |= !self.in_flow();
            if self.source.peek(0) == '\n' {
                let start = self.source.at;
                self.source.forward_while(|char| is_break(char) || matches!(char, ' ' | '\t'));
                return Some(start);
            }
        }
    }
}
