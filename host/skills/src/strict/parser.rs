//! Tokens to values, with what the reference forbids: flow style, tags, anchors, duplicate keys.

use super::{
    scanner::Scanner,
    source::{Fault, Mark},
    token::{Kind, Token},
};
use crate::{python, value::Value};

/// Blocks within blocks. Stops heads that exhaust the stack; the reference gives up as well, later.
const MAXIMUM_DEPTH: usize = 64;

#[derive(Debug)]
struct Node {
    start: Mark,
    end: Mark,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The text, and whether it stood there without quotes.
    Text(String, bool),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// The one document of a head. None if it is empty.
pub(super) fn read(scanner: Scanner) -> (Scanner, Result<Option<Value>, Fault>) {
    let mut parser = Parser { scanner };
    let read = parser.document().and_then(|node| node.map(|node| construct(node, true)).transpose());
    (parser.scanner, read)
}

struct Parser {
    scanner: Scanner,
}

impl Parser {
    fn at(&mut self, wanted: &[Kind]) -> Result<bool, Fault> {
        Ok(self.scanner.peek()?.is_some_and(|token| wanted.contains(&token.kind)))
    }

    fn peek(&mut self) -> Result<Token, Fault> {
        Ok(self.scanner.peek()?.cloned().unwrap_or_else(end))
    }

    fn next(&mut self) -> Result<Token, Fault> {
        Ok(self.scanner.next()?.unwrap_or_else(end))
    }

    fn document(&mut self) -> Result<Option<Node>, Fault> {
        self.next()?;
        self.peek()?;
        if matches!(self.peek()?.kind, Kind::Directive(_)) {
            return Err(self.directives()?);
        }
        if self.at(&[Kind::StreamEnd])? {
            return Ok(None);
        }
        let node = self.node(true, false, 0)?;
        self.peek()?;
        if self.at(&[Kind::DocumentEnd])? {
            self.next()?;
        }
        let next = self.peek()?;
        match next.kind {
            Kind::StreamEnd => {
                self.next()?;
                Ok(Some(node))
            }
            // That it is no document is found first.
            Kind::Directive(_) => Err(self.directives()?),
            _ => {
                let context = "expected a single document in the stream";
                Err(Fault::within(context, node.start, "but found another document", next.start))
            }
        }
    }

    /// Directives want a `---` behind them, which would have ended the head.
    fn directives(&mut self) -> Result<Fault, Fault> {
        let mut version = false;
        while let Kind::Directive(major) = self.peek()?.kind {
            let token = self.next()?;
            let Some(major) = major else { continue };
            if version {
                return Ok(Fault::here("found duplicate YAML directive", token.start));
            }
            if major != "1" {
                let problem = "found incompatible YAML document (version 1.* is required)";
                return Ok(Fault::here(problem, token.start));
            }
            version = true;
        }
        let found = self.peek()?;
        let problem = format!("expected '<document start>', but found '{}'", found.kind.name());
        Ok(Fault::here(problem, found.start))
    }

    fn empty(at: Mark) -> Node {
        Node { start: at, end: at, content: Content::Text(String::new(), true) }
    }

    fn node(&mut self, block: bool, indentless: bool, depth: usize) -> Result<Node, Fault> {
        let token = self.peek()?;
        let (start, end) = (token.start, token.end);
        if depth > MAXIMUM_DEPTH {
            return Err(Fault::here(
                format!("more than {MAXIMUM_DEPTH} blocks within blocks: write it flatter"),
                start,
            ));
        }
        let scanning = "While scanning";
        match token.kind {
            Kind::Alias(name) => {
                self.next()?;
                Err(Fault::here(format!("found undefined alias {}", python::repr(&name)), start))
            }
            Kind::Anchor => {
                let problem =
                    "Found confusing disallowed anchor token (surround with ' and ' to make text appear literally)";
                Err(Fault::within(scanning, start, problem, end))
            }
            Kind::Tag => {
                let problem = "Found disallowed tag tokens (do not specify types in markup)";
                Err(Fault::within(scanning, end, problem, start))
            }
            Kind::FlowSequenceStart | Kind::FlowMappingStart => {
                let problem = "Found ugly disallowed JSONesque flow mapping (surround with ' and ' to make text appear literally)";
                Err(Fault::within(scanning, start, problem, end))
            }
            Kind::BlockEntry if indentless => self.indentless(start, depth),
            Kind::Scalar(text, plain) => {
                self.next()?;
                Ok(Node { start, end, content: Content::Text(text, plain) })
            }
            Kind::SequenceStart if block => self.sequence(start, depth),
            Kind::MappingStart if block => self.mapping(start, depth),
            kind => {
                let context = if block { "while parsing a block node" } else { "while parsing a flow node" };
                let problem = format!("expected the node content, but found '{}'", kind.name());
                Err(Fault::within(context, start, problem, start))
            }
        }
    }

    fn sequence(&mut self, start: Mark, depth: usize) -> Result<Node, Fault> {
        self.next()?;
        let mut nodes = Vec::new();
        while self.at(&[Kind::BlockEntry])? {
            let entry = self.next()?;
            self.peek()?;
            nodes.push(match self.at(&[Kind::BlockEntry, Kind::BlockEnd])? {
                true => Self::empty(entry.end),
                false => self.node(true, false, depth + 1)?,
            });
        }
        let end = self.block_end("while parsing a block collection", start)?;
        Ok(Node { start, end, content: Content::List(nodes) })
    }

    /// A list that is no further in than the key it belongs to.
    fn indentless(&mut self, start: Mark, depth: usize) -> Result<Node, Fault> {
        let mut nodes = Vec::new();
        while self.at(&[Kind::BlockEntry])? {
            let entry = self.next()?;
            self.peek()?;
            nodes.push(match self.at(&[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd])? {
                true => Self::empty(entry.end),
                false => self.node(true, false, depth + 1)?,
            });
        }
        let end = self.peek()?.start;
        Ok(Node { start, end, content: Content::List(nodes) })
    }

    fn mapping(&mut self, start: Mark, depth: usize) -> Result<Node, Fault> {
        self.next()?;
        let mut pairs = Vec::new();
        loop {
            let key = if self.at(&[Kind::Key])? {
                let token = self.next()?;
                self.peek()?;
                self.inner(token.end, depth)?
            } else if self.at(&[Kind::Value])? {
                Self::empty(self.peek()?.start)
            } else {
                break;
            };
            let value = if self.at(&[Kind::Value])? {
                let token = self.next()?;
                // Without a comment, the reference takes an empty value to end where the next token does.
                let next = self.peek()?;
                self.inner(if token.commented { token.end } else { next.end }, depth)?
            } else {
                Self::empty(self.peek()?.start)
            };
            pairs.push((key, value));
        }
        let end = self.block_end("while parsing a block mapping", start)?;
        self.peek()?;
        Ok(Node { start, end, content: Content::Map(pairs) })
    }

    /// What stands behind `?` or `:`, perhaps nothing.
    fn inner(&mut self, end: Mark, depth: usize) -> Result<Node, Fault> {
        match self.at(&[Kind::Key, Kind::Value, Kind::BlockEnd])? {
            true => Ok(Self::empty(end)),
            false => self.node(true, true, depth + 1),
        }
    }

    fn block_end(&mut self, context: &'static str, start: Mark) -> Result<Mark, Fault> {
        let found = self.peek()?;
        if found.kind != Kind::BlockEnd {
            let problem = format!("expected <block end>, but found '{}'", found.kind.name());
            return Err(Fault::within(context, start, problem, found.start));
        }
        Ok(self.next()?.end)
    }
}

/// Behind the end there is nothing but the end.
fn end() -> Token {
    Token::new(Kind::StreamEnd, Mark::default(), Mark::default())
}

fn construct(node: Node, top: bool) -> Result<Value, Fault> {
    match node.content {
        // The reference takes these two for what YAML 1.1 made of them, and no text.
        Content::Text(text, true) if text == "=" || text == "<<" => Ok(Value::Odd),
        Content::Text(text, _) => Ok(Value::Text(text)),
        Content::List(nodes) => {
            nodes.into_iter().map(|node| construct(node, false)).collect::<Result<_, _>>().map(Value::List)
        }
        Content::Map(pairs) => map(node.start, pairs, top).map(Value::Map),
    }
}

fn map(start: Mark, pairs: Vec<(Node, Node)>, top: bool) -> Result<Vec<(String, Value)>, Fault> {
    let mut out: Vec<(String, Value)> = Vec::new();
    let (merges, pairs) = merges(start, pairs)?;
    let read = |merges: Vec<(Mark, Pairs)>| -> Result<Vec<_>, Fault> {
        let maps = merges.into_iter().map(|(start, pairs)| map(start, pairs, false));
        Ok(maps.collect::<Result<Vec<_>, _>>()?.concat())
    };
    // At the top, the reference comes to them last, and forgets them.
    let (merged, last) = if top { (Vec::new(), merges) } else { (read(merges)?, Vec::new()) };
    let blocks: Vec<(Mark, Mark)> = pairs
        .iter()
        .filter(|(_, value)| matches!(value.content, Content::Map(_)))
        .map(|(_, value)| (value.start, value.end))
        .collect();
    let mut seen = std::collections::HashSet::new();
    for (key, value) in pairs {
        let (from, to) = (key.start, key.end);
        let Content::Text(key, _) = key.content else {
            return Err(Fault::within("while constructing a mapping", start, "found unhashable key", from));
        };
        let value = construct(value, false)?;
        if !seen.insert(key.clone()) {
            return Err(Fault::within("While parsing", from, format!("Duplicate key '{key}' found"), to));
        }
        out.push((key, value));
    }
    let first = blocks.first().map_or(0, |(start, _)| start.column);
    if let Some((from, to)) = blocks.iter().find(|(start, _)| start.column != first) {
        let problem = "Found mapping with indentation inconsistent with previous mapping";
        return Err(Fault::within("While parsing", *from, problem, *to));
    }
    read(last)?;
    out.extend(merged.into_iter().filter(|(key, _)| !seen.contains(key)));
    Ok(out)
}

type Pairs = Vec<(Node, Node)>;

/// The maps that `<<` brings in, and the rest.
fn merges(start: Mark, pairs: Pairs) -> Result<(Vec<(Mark, Pairs)>, Pairs), Fault> {
    let context = "while constructing a mapping";
    let (mut merged, mut rest, mut found) = (Vec::new(), Vec::new(), false);
    for (key, value) in pairs {
        if !matches!(&key.content, Content::Text(text, true) if text == "<<") {
            rest.push((key, value));
            continue;
        }
        if found {
            return Err(Fault::within(context, start, "found duplicate key \"<<\"", key.start));
        }
        found = true;
        let nodes = match value.content {
            Content::List(nodes) => nodes,
            Content::Map(_) => vec![value],
            Content::Text(..) => {
                let problem = "expected a mapping or list of mappings for merging, but found scalar";
                return Err(Fault::within(context, start, problem, value.start));
            }
        };
        for node in nodes {
            let what = if matches!(node.content, Content::List(_)) { "sequence" } else { "scalar" };
            let Content::Map(pairs) = node.content else {
                let problem = format!("expected a mapping for merging, but found {what}");
                return Err(Fault::within(context, start, problem, node.start));
            };
            merged.push((node.start, pairs));
        }
    }
    Ok((merged, rest))
}
