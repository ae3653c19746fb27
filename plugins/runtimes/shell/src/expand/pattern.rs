//! Patterns: `*`, `?`, `[…]` and the extended `@(a|b)`. A pattern maps a set of places where it may begin to the
//! set where it may end, so that no pattern takes more than its length times the square of the text's.

use crate::limits::MATCHING;
use std::cell::Cell;

/// A pattern that was read.
#[derive(Debug)]
pub(crate) struct Pattern {
    nodes: Vec<Node>,
    /// Letters are alike whatever their case.
    caseless: bool,
    left: Cell<usize>,
}

#[derive(Debug)]
enum Node {
    Character(char),
    Any,
    Star,
    Set { negated: bool, members: Vec<Member> },
    Extended { kind: char, branches: Vec<Vec<Node>> },
}

#[derive(Debug)]
enum Member {
    Range(char, char),
    Class(String),
}

/// A text of which no character is special in a pattern.
pub(crate) fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_alphanumeric() && !matches!(character, '_' | '/' | ' ' | '.') {
            all.push('\\');
        }
        all.push(character);
    }
    all
}

/// Whether it has anything special.
pub(crate) fn is_pattern(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '*' | '?' | '[' => return true,
            '@' | '+' | '!' if characters.peek() == Some(&'(') => return true,
            _ => {}
        }
    }
    false
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut place = 0;
        let nodes = read(&characters, &mut place, false);
        Self { nodes, caseless: false, left: Cell::new(MATCHING) }
    }

    pub(crate) fn caseless(mut self, caseless: bool) -> Self {
        self.caseless = caseless;
        self
    }

    /// Whether it is the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.ends(&text, 0).last() == Some(&text.len())
    }

    /// Where a match that begins here may end, in ascending order.
    pub(crate) fn ends(&self, text: &[char], start: usize) -> Vec<usize> {
        self.all(&self.nodes, text, vec![start])
    }

    fn all(&self, nodes: &[Node], text: &[char], mut places: Vec<usize>) -> Vec<usize> {
        for node in nodes {
            let cost = places.len() + 1;
            if places.is_empty() || self.left.get() < cost {
                return Vec::new();
            }
            self.left.set(self.left.get() - cost);
            places = self.step(node, text, &places);
        }
        places
    }

    fn step(&self, node: &Node, text: &[char], places: &[usize]) -> Vec<usize> {
        let next = |matches: &dyn Fn(char) -> bool| {
            let one =
                |place: &usize| text.get(*place).is_some_and(|character| matches(*character)).then_some(place + 1);
            places.iter().filter_map(one).collect()
        };
        match node {
            Node::Any => next(&|_| true),
            Node::Character(own) => next(&|character| self.same(*own, character)),
            Node::Set { negated, members } => next(&|character| self.is_member(members, character) != *negated),
            Node::Star => places.first().map_or_else(Vec::new, |first| {
                self.left.set(self.left.get().saturating_sub(text.len() - first));
                (*first..=text.len()).collect()
            }),
            Node::Extended { kind, branches } => self.extended(*kind, branches, text, places),
        }
    }

    fn extended(&self, kind: char, branches: &[Vec<Node>], text: &[char], places: &[usize]) -> Vec<usize> {
        let once = |places: &[usize]| {
            let mut ends: Vec<usize> =
                branches.iter().flat_map(|branch| self.all(branch, text, places.to_vec())).collect();
            ends.sort_unstable();
            ends.dedup();
            ends
        };
        if kind == '!' {
            let mut ends = Vec::new();
            for place in places {
                let matched = once(&[*place]);
                self.left.set(self.left.get().saturating_sub(text.len() - place));
                ends.extend((*place..=text.len()).filter(|end| matched.binary_search(end).is_err()));
            }
            ends.sort_unstable();
            ends.dedup();
            return ends;
        }
        let mut ends = match kind {
            '?' | '*' => places.to_vec(),
            _ => Vec::new(),
        };
        let mut fresh = once(places);
        loop {
            fresh.retain(|place| !ends.contains(place));
            if fresh.is_empty() || self.left.get() == 0 {
                break;
            }
            self.left.set(self.left.get().saturating_sub(ends.len() * fresh.len() + 1));
            ends.extend(fresh.iter().copied());
            if matches!(kind, '?' | '@') {
                break;
            }
            fresh = once(&fresh);
        }
        ends.sort_unstable();
        ends
    }

    fn same(&self, own: char, character: char) -> bool {
        own == character || (self.caseless && own.to_lowercase().eq(character.to_lowercase()))
    }

    fn is_member(&self, members: &[Member], character: char) -> bool {
        let within = |character: char| {
            members.iter().any(|member| match member {
                Member::Range(from, to) => (*from..=*to).contains(&character),
                Member::Class(name) => is_of_class(name, character),
            })
        };
        let other = |character: char| character.to_lowercase().chain(character.to_uppercase()).any(within);
        within(character) || (self.caseless && other(character))
    }
}

fn is_of_class(name: &str, character: char) -> bool {
    match name {
        "alnum" => character.is_alphanumeric(),
        "alpha" => character.is_alphabetic(),
        "blank" => matches!(character, ' ' | '\t'),
        "cntrl" => character.is_control(),
        "digit" => character.is_ascii_digit(),
        "graph" => !character.is_control() && !character.is_whitespace(),
        "lower" => character.is_lowercase(),
        "print" => !character.is_control(),
        "punct" => character.is_ascii_punctuation(),
        "space" => character.is_whitespace(),
        "upper" => character.is_uppercase(),
        "xdigit" => character.is_ascii_hexdigit(),
        "word" => character.is_alphanumeric() || character == '_',
        _ => false,
    }
}

/// Reads nodes until the end, or within an extended pattern until `|` or `)`.
fn read(text: &[char], place: &mut usize, nested: bool) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(character) = text.get(*place).copied() {
        if nested && matches!(character, '|' | ')') {
            break;
        }
        *place += 1;
        let opens = text.get(*place) == Some(&'(');
        nodes.push(match character {
            '\\' if *place < text.len() => {
                *place += 1;
                Node::Character(text[*place - 1])
            }
            '*' | '?' | '+' | '@' | '!' if opens && closes(text, *place) => {
                *place += 1;
                Node::Extended { kind: character, branches: branches(text, place) }
            }
            '*' if matches!(nodes.last(), Some(Node::Star)) => continue,
            '*' => Node::Star,
            '?' => Node::Any,
            '[' => set(text, place).unwrap_or(Node::Character('[')),
            character => Node::Character(character),
        });
    }
    nodes
}

/// Whether the bracket at this place is closed.
fn closes(text: &[char], place: usize) -> bool {
    let mut depth = 0_usize;
    let mut characters = text[place..].iter();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '(' => depth += 1,
            ')' if depth <= 1 => return true,
            ')' => depth -= 1,
            _ => {}
        }
    }
    false
}

fn branches(text: &[char], place: &mut usize) -> Vec<Vec<Node>> {
    let mut branches = Vec::new();
    loop {
        branches.push(read(text, place, true));
        *place += 1;
        if text.get(*place - 1) != Some(&'|') {
            return branches;
        }
    }
}

/// A set, after its bracket; none where it is not closed.
fn set(text: &[char], place: &mut usize) -> Option<Node> {
    let mut at = *place;
    let negated = matches!(text.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let first = at;
    let mut members = Vec::new();
    loop {
        let character = *text.get(at)?;
        at += 1;
        match character {
            ']' if at > first + 1 => break,
            '[' if text.get(at) == Some(&':') => {
                let length = text[at + 1..].windows(2).position(|pair| pair == [':', ']'])?;
                members.push(Member::Class(text[at + 1..at + 1 + length].iter().collect()));
                at += length + 3;
                continue;
            }
            _ => {}
        }
        let plain = |character: char, at: &mut usize| match character {
            '\\' => {
                *at += 1;
                text.get(*at - 1).copied()
            }
            character => Some(character),
        };
        let from = plain(character, &mut at)?;
        let to = match (text.get(at), text.get(at + 1)) {
            (Some('-'), Some(to)) if *to != ']' => {
                at += 2;
                plain(*to, &mut at)?
            }
            _ => from,
        };
        members.push(Member::Range(from, to));
    }
    *place = at;
    Some(Node::Set { negated, members })
}

#[cfg(test)]
mod tests {
    use super::{Pattern, escaped, is_pattern};

    #[test]
    fn patterns_match_whole_texts() {
        let all = [
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txt2", false),
            ("a?c", "abc", true),
            ("[a-c]*", "bcd", true),
            ("[!a-c]*", "bcd", false),
            ("[]x]", "]", true),
            ("[[:digit:]]+", "5+", true),
            ("+([0-9])", "123", true),
            ("+([0-9])", "", false),
            ("@(foo|bar)*", "barx", true),
            ("!(foo)", "foo", false),
            ("!(foo)", "fooo", true),
            ("*(a|b)c", "ababc", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[", "[", true),
            ("", "", true),
        ];
        for (pattern, text, expected) in all {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        let text = "a".repeat(2_000);
        assert!(!Pattern::new(&format!("{}b", "*a".repeat(50))).matches(&text));
        assert!(!Pattern::new("*(*(a))*(*(a))*(*(a))b").matches(&text));
    }

    #[test]
    fn what_is_escaped_is_itself() {
        assert!(!is_pattern(&escaped("*[a]?+(x)")));
        assert!(Pattern::new(&escaped("*[a]?")).matches("*[a]?"));
    }
}
