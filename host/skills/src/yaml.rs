//! Ordinary YAML, every scalar as the text it was written as.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, options};

use crate::value::Value;

/// Values of a head, and each 32 bytes of them. Stops aliases of aliases, each of which doubles what it
/// stands for.
const MAXIMUM_WEIGHT: usize = 10_000;
/// Lists and maps within each other. Stops heads that exhaust the stack.
const MAXIMUM_DEPTH: usize = 32;

/// Why a text is no YAML that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlError {
    /// Counted from one.
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// A value, and the keys that were written more than once: the last of them counts.
pub(crate) fn read(text: &str) -> Result<(Value, Vec<String>), YamlError> {
    let options = options! { flow_nesting_limit: MAXIMUM_DEPTH, block_nesting_limit: MAXIMUM_DEPTH };
    let events = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { events, anchors: HashMap::new(), twice: Vec::new(), weight: 0, line: 1 };
    let value = loop {
        match reader.next()? {
            Some(event) if starts_value(&event) => break reader.value(event)?,
            Some(_) => {}
            None => break Value::Text(String::new()),
        }
    };
    while let Some(event) = reader.next()? {
        if starts_value(&event) {
            return Err(reader.error("there is another document behind this one"));
        }
    }
    Ok((value, reader.twice))
}

fn starts_value(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_))
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, (Value, usize)>,
    twice: Vec<String>,
    weight: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, message: impl Into<String>) -> YamlError {
        YamlError { line: self.line, message: message.into() }
    }

    fn next(&mut self) -> Result<Option<Event<'a>>, YamlError> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(Some(event))
            }
            Some(Err(error)) => {
                let line = error.marker().line();
                Err(YamlError { line, message: error.info() })
            }
        }
    }

    /// The next value, or none where the list or map ends.
    fn inner(&mut self) -> Result<Option<Value>, YamlError> {
        loop {
            match self.next()? {
                None | Some(Event::SequenceEnd | Event::MappingEnd) => return Ok(None),
                Some(event) if starts_value(&event) => return self.value(event).map(Some),
                Some(_) => {}
            }
        }
    }

    fn weigh(&mut self, weight: usize) -> Result<(), YamlError> {
        self.weight = self.weight.saturating_add(weight);
        match self.weight > MAXIMUM_WEIGHT {
            true => Err(self.error("it holds too much: a head has a few values, and no aliases of aliases")),
            false => Ok(()),
        }
    }

    fn value(&mut self, event: Event<'a>) -> Result<Value, YamlError> {
        let before = self.weight;
        self.weigh(1)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                self.weigh(text.len() / 32)?;
                (anchor, Value::Text(if nothing { String::new() } else { text.into_owned() }))
            }
            Event::Alias(id) => {
                let (value, size) =
                    self.anchors.get(&id).cloned().ok_or_else(|| self.error("an alias names nothing"))?;
                self.weigh(size)?;
                return Ok(value);
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut values = Vec::new();
                while let Some(value) = self.inner()? {
                    values.push(value);
                }
                (anchor, Value::List(values))
            }
            Event::MappingStart(_, anchor, _) => (anchor, self.map()?),
            _ => (0, Value::Text(String::new())),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), self.weight - before));
        }
        Ok(value)
    }

    fn map(&mut self) -> Result<Value, YamlError> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some(key) = self.inner()? {
            let key = key.to_python();
            let value = self.inner()?.unwrap_or(Value::Text(String::new()));
            match places.get(&key) {
                Some(place) => {
                    pairs[*place].1 = value;
                    self.twice.push(key);
                }
                None => {
                    places.insert(key.clone(), pairs.len());
                    pairs.push((key, value));
                }
            }
        }
        Ok(Value::Map(pairs))
    }
}
