//! What `${…}` does to a parameter: defaults, lengths, parts, patterns, replacements, letters' case.

use super::parameter::{Found, spelled};
use super::pattern::Pattern;
use super::{Part, joined, quote, value};
use crate::shell::{Outcome, Shell, Stop};
use crate::variables::Value;
use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, ParameterTransformOp, SpecialParameter, SubstringMatchKind,
};

impl Shell {
    /// The parts that `${…}` makes.
    pub(crate) fn parameter(&mut self, expression: &ParameterExpr, quoted: bool) -> Outcome<Vec<Part>> {
        use ParameterExpr as E;
        match expression {
            E::Parameter { parameter, indirect } => {
                let found = self.find(parameter, *indirect)?;
                self.must_be_set(parameter, &found)?;
                Ok(self.as_parts(found, quoted))
            }
            E::UseDefaultValues { parameter, indirect, test_type, default_value } => {
                let found = self.find(parameter, *indirect)?;
                match has_value(&found, test_type) {
                    true => Ok(self.as_parts(found, quoted)),
                    false => self.word(default_value.as_deref(), quoted),
                }
            }
            E::UseAlternativeValue { parameter, indirect, test_type, alternative_value } => {
                let found = self.find(parameter, *indirect)?;
                match has_value(&found, test_type) {
                    true => self.word(alternative_value.as_deref(), quoted),
                    false if matches!(found, Found::Many { .. }) => Ok(Vec::new()),
                    false => Ok(self.as_parts(Found::One(None), quoted)),
                }
            }
            E::AssignDefaultValues { parameter, indirect, test_type, default_value } => {
                let found = self.find(parameter, *indirect)?;
                if has_value(&found, test_type) {
                    return Ok(self.as_parts(found, quoted));
                }
                let text = joined(self.word(default_value.as_deref(), quoted)?);
                match parameter {
                    Parameter::Named(name) if *indirect => {
                        let name = self.get(name).unwrap_or_default();
                        self.set(&name, text)?;
                    }
                    Parameter::Named(name) => self.set(name, text)?,
                    Parameter::NamedWithIndex { name, index } => self.set_element(name, index, text, false)?,
                    other => {
                        self.complain(format_args!(
                            "${}: cannot assign in this way",
                            spelled(other).trim_start_matches('$')
                        ));
                        return Err(Stop::Discard(1));
                    }
                }
                let found = self.find(parameter, *indirect)?;
                Ok(self.as_parts(found, quoted))
            }
            E::IndicateErrorIfNullOrUnset { parameter, indirect, test_type, error_message } => {
                let found = self.find(parameter, *indirect)?;
                if has_value(&found, test_type) {
                    return Ok(self.as_parts(found, quoted));
                }
                let usual = match test_type {
                    ParameterTestType::UnsetOrNull => "parameter null or not set",
                    ParameterTestType::Unset => "parameter not set",
                };
                let text = match error_message {
                    Some(message) => joined(self.parts(message, true)?),
                    None => usual.to_owned(),
                };
                self.complain(format_args!("{}: {text}", spelled(parameter).trim_start_matches('$')));
                Err(Stop::Exit(if self.frames.is_empty() { 127 } else { 1 }))
            }
            E::ParameterLength { parameter, indirect } => {
                let found = self.find(parameter, *indirect)?;
                self.must_be_set(parameter, &found)?;
                let length = match found {
                    Found::One(text) => text.unwrap_or_default().chars().count(),
                    Found::Many { elements, .. } => elements.len(),
                };
                Ok(vec![value(length.to_string(), quoted)])
            }
            E::RemoveSmallestSuffixPattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| suffix(text, pattern, false))
            }
            E::RemoveLargestSuffixPattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| suffix(text, pattern, true))
            }
            E::RemoveSmallestPrefixPattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| prefix(text, pattern, false))
            }
            E::RemoveLargestPrefixPattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| prefix(text, pattern, true))
            }
            E::UppercaseFirstChar { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| {
                    cased(text, pattern, true, true)
                })
            }
            E::UppercasePattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| {
                    cased(text, pattern, true, false)
                })
            }
            E::LowercaseFirstChar { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| {
                    cased(text, pattern, false, true)
                })
            }
            E::LowercasePattern { parameter, indirect, pattern } => {
                self.with_pattern(parameter, *indirect, pattern, quoted, |text, pattern| {
                    cased(text, pattern, false, false)
                })
            }
            E::ReplaceSubstring { parameter, indirect, pattern, replacement, match_kind } => {
                let found = self.find(parameter, *indirect)?;
                self.must_be_set(parameter, &found)?;
                // `${path////-}`: the parser ends an empty pattern at the slash that is the pattern.
                let (pattern, replacement) = match replacement.as_deref().and_then(|rest| rest.strip_prefix('/')) {
                    Some(rest) if pattern.is_empty() => ("/", Some(rest)),
                    _ => (pattern.as_str(), replacement.as_deref()),
                };
                let pattern = Pattern::new(&self.expand_pattern(pattern)?);
                let replacement = match replacement {
                    Some(replacement) => self.replacement(replacement)?,
                    None => Vec::new(),
                };
                let found = each(found, |text| replaced(&text, &pattern, &replacement, match_kind));
                if let Found::One(Some(text)) = &found {
                    self.within(text.len())?;
                }
                Ok(self.as_parts(found, quoted))
            }
            E::Substring { parameter, indirect, offset, length } => {
                let offset = self.expand_arithmetic(&offset.value)?;
                let offset = self.arithmetic(&offset)?;
                let length = match length {
                    Some(length) => {
                        let length = self.expand_arithmetic(&length.value)?;
                        Some(self.arithmetic(&length)?)
                    }
                    None => None,
                };
                self.substring(parameter, *indirect, offset, length, quoted)
            }
            E::Transform { parameter, indirect, op } => self.transformed(parameter, *indirect, op, quoted),
            E::VariableNames { prefix, concatenate } => {
                let found = Found::Many { elements: self.names_with(prefix), joined: *concatenate };
                Ok(self.as_parts(found, quoted))
            }
            E::MemberKeys { variable_name, concatenate } => {
                let (name, _) = self.target(variable_name);
                let found = Found::Many { elements: self.value(&name).keys(), joined: *concatenate };
                Ok(self.as_parts(found, quoted))
            }
        }
    }

    /// The word after an operator: split as any other where it is not quoted.
    fn word(&mut self, word: Option<&str>, quoted: bool) -> Outcome<Vec<Part>> {
        let Some(word) = word.filter(|word| !word.is_empty()) else {
            return Ok(if quoted { vec![Part::quoted("")] } else { Vec::new() });
        };
        let parts = self.parts(word, quoted)?;
        let split = |part| match part {
            Part::Text { text, quoted: false } => Part::Value(text),
            part => part,
        };
        Ok(parts.into_iter().map(split).collect())
    }

    fn with_pattern(
        &mut self,
        parameter: &Parameter,
        indirect: bool,
        pattern: &Option<String>,
        quoted: bool,
        change: impl Fn(&str, Option<&Pattern>) -> String,
    ) -> Outcome<Vec<Part>> {
        let found = self.find(parameter, indirect)?;
        self.must_be_set(parameter, &found)?;
        let pattern = match pattern.as_deref() {
            Some("") | None => None,
            Some(pattern) => Some(Pattern::new(&self.expand_pattern(pattern)?)),
        };
        let found = each(found, |text| change(&text, pattern.as_ref()));
        Ok(self.as_parts(found, quoted))
    }

    /// What takes the place of a match: texts, and between them the match itself (`&`).
    fn replacement(&mut self, word: &str) -> Outcome<Vec<Option<String>>> {
        let mut pieces = Vec::new();
        for part in self.parts(word, false)? {
            match part {
                Part::Text { text, quoted: true } => pieces.push(Some(text)),
                Part::Text { text, quoted: false } | Part::Value(text) => {
                    for (place, text) in text.split('&').enumerate() {
                        if place > 0 {
                            pieces.push(None);
                        }
                        pieces.push(Some(text.to_owned()));
                    }
                }
                Part::Break => pieces.push(Some(" ".to_owned())),
            }
        }
        Ok(pieces)
    }

    fn substring(
        &mut self,
        parameter: &Parameter,
        indirect: bool,
        offset: i64,
        length: Option<i64>,
        quoted: bool,
    ) -> Outcome<Vec<Part>> {
        let found = self.find(parameter, indirect)?;
        self.must_be_set(parameter, &found)?;
        let positional = matches!(parameter, Parameter::Special(SpecialParameter::AllPositionalParameters { .. }));
        let found = match found {
            Found::One(text) => {
                let characters: Vec<char> = text.unwrap_or_default().chars().collect();
                let Some((from, to)) = range(characters.len(), offset, length) else {
                    return Err(self.negative(length));
                };
                Found::One(Some(characters[from..to].iter().collect()))
            }
            Found::Many { mut elements, joined } => {
                if positional {
                    elements.insert(0, self.name.clone());
                }
                if length.is_some_and(|length| length < 0) {
                    return Err(self.negative(length));
                }
                // `${@:1}` begins with the first argument, `${@:0}` with the shell's name.
                let (from, to) = range(elements.len(), offset, length).unwrap_or((0, 0));
                Found::Many { elements: elements[from..to].to_vec(), joined }
            }
        };
        Ok(self.as_parts(found, quoted))
    }

    fn negative(&self, length: Option<i64>) -> Stop {
        self.complain(format_args!("{}: substring expression < 0", length.unwrap_or_default()));
        Stop::Discard(1)
    }

    fn transformed(
        &mut self,
        parameter: &Parameter,
        indirect: bool,
        op: &ParameterTransformOp,
        quoted: bool,
    ) -> Outcome<Vec<Part>> {
        use ParameterTransformOp as T;
        let found = self.find(parameter, indirect)?;
        let name = match parameter {
            Parameter::Named(name)
            | Parameter::NamedWithIndex { name, .. }
            | Parameter::NamedWithAllIndices { name, .. } => self.target(name).0,
            _ => String::new(),
        };
        let flags = self.variables.get(&name).map(|variable| variable.flags()).unwrap_or_default();
        let found = match op {
            T::ToUpperCase => each(found, |text| text.to_uppercase()),
            T::ToLowerCase => each(found, |text| text.to_lowercase()),
            T::CapitalizeInitial => each(found, |text| cased(&text, None, true, true)),
            T::Quoted => each(found, |text| quote::single(&text)),
            T::ExpandEscapeSequences => each(found, |text| {
                String::from_utf8_lossy(&quote::unescaped(&text, quote::Escapes::Dollar).0).into_owned()
            }),
            T::PromptExpand => found,
            T::ToAttributeFlags => match found {
                Found::One(None) if flags.is_empty() => Found::One(None),
                _ => Found::One(Some(flags)),
            },
            T::ToAssignmentLogic => match self.variables.get(&name).cloned() {
                Some(variable) if variable.value.is_array() || !flags.is_empty() => {
                    Found::One(Some(crate::builtins::declare::declaration(&name, &variable)))
                }
                _ => each(found, |text| format!("{name}={}", quote::single(&text))),
            },
            T::PossiblyQuoteWithArraysExpanded { separate_words } => match (self.value(&name), separate_words) {
                (value, true) if value.is_array() => {
                    let pairs = value.keys().into_iter().zip(value.all());
                    Found::Many { elements: pairs.flat_map(|(key, value)| [key, value]).collect(), joined: false }
                }
                (value @ (Value::Indexed(_) | Value::Associative(_)), false) => {
                    let pairs = value.keys().into_iter().zip(value.all());
                    let all: Vec<_> = pairs.map(|(key, value)| format!("{key} {}", quote::double(&value))).collect();
                    Found::One(Some(all.join(" ")))
                }
                _ => each(found, |text| quote::single(&text)),
            },
        };
        Ok(self.as_parts(found, quoted))
    }
}

fn each(found: Found, change: impl Fn(String) -> String) -> Found {
    match found {
        Found::One(text) => Found::One(text.map(change)),
        Found::Many { elements, joined } => {
            Found::Many { elements: elements.into_iter().map(change).collect(), joined }
        }
    }
}

fn has_value(found: &Found, test: &ParameterTestType) -> bool {
    match (found, test) {
        (Found::One(None), _) => false,
        (Found::One(Some(text)), ParameterTestType::UnsetOrNull) => !text.is_empty(),
        (Found::One(Some(_)), ParameterTestType::Unset) => true,
        (Found::Many { elements, .. }, ParameterTestType::Unset) => !elements.is_empty(),
        (Found::Many { elements, .. }, ParameterTestType::UnsetOrNull) => {
            elements.len() > 1 || elements.iter().any(|element| !element.is_empty())
        }
    }
}

/// From where to where; none where the length is negative and too much so.
fn range(size: usize, offset: i64, length: Option<i64>) -> Option<(usize, usize)> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let from = if offset < 0 { size.saturating_add(offset) } else { offset };
    if from < 0 || from > size {
        return Some((0, 0));
    }
    let to = match length {
        None => size,
        Some(length) if length < 0 => size + length,
        Some(length) => from.saturating_add(length).min(size),
    };
    (to >= from).then_some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
}

fn prefix(text: &str, pattern: Option<&Pattern>, largest: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let ends = pattern.map(|pattern| pattern.ends(&characters, 0)).unwrap_or_default();
    let end = if largest { ends.last() } else { ends.first() };
    characters[end.copied().unwrap_or(0)..].iter().collect()
}

fn suffix(text: &str, pattern: Option<&Pattern>, largest: bool) -> String {
    let Some(pattern) = pattern else { return text.to_owned() };
    let characters: Vec<char> = text.chars().collect();
    let fits = |start: &usize| pattern.ends(&characters, *start).last() == Some(&characters.len());
    let start = match largest {
        true => (0..=characters.len()).find(fits),
        false => (0..=characters.len()).rev().find(fits),
    };
    characters[..start.unwrap_or(characters.len())].iter().collect()
}

fn cased(text: &str, pattern: Option<&Pattern>, upper: bool, first: bool) -> String {
    let mut all = String::with_capacity(text.len());
    for (place, character) in text.chars().enumerate() {
        let chosen = (place == 0 || !first) && pattern.is_none_or(|pattern| pattern.matches(&character.to_string()));
        match (chosen, upper) {
            (true, true) => all.extend(character.to_uppercase()),
            (true, false) => all.extend(character.to_lowercase()),
            (false, _) => all.push(character),
        }
    }
    all
}

fn replaced(text: &str, pattern: &Pattern, replacement: &[Option<String>], kind: &SubstringMatchKind) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut all = String::with_capacity(text.len());
    let put = |all: &mut String, from: usize, to: usize| {
        for piece in replacement {
            match piece {
                Some(text) => all.push_str(text),
                None => all.extend(&characters[from..to]),
            }
        }
    };
    let mut at = 0;
    match kind {
        SubstringMatchKind::Prefix => {
            if let Some(end) = pattern.ends(&characters, 0).last() {
                put(&mut all, 0, *end);
                at = *end;
            }
        }
        SubstringMatchKind::Suffix => {
            let fits = |start: &usize| pattern.ends(&characters, *start).last() == Some(&characters.len());
            if let Some(start) = (0..=characters.len()).find(fits) {
                all.extend(&characters[..start]);
                put(&mut all, start, characters.len());
                at = characters.len();
            }
        }
        SubstringMatchKind::FirstOccurrence | SubstringMatchKind::Anywhere => {
            while at < characters.len() {
                match pattern.ends(&characters, at).last() {
                    Some(end) if *end > at => {
                        put(&mut all, at, *end);
                        at = *end;
                        if matches!(kind, SubstringMatchKind::FirstOccurrence) || all.len() > crate::limits::EXPANSION {
                            break;
                        }
                    }
                    _ => {
                        all.push(characters[at]);
                        at += 1;
                    }
                }
            }
        }
    }
    all.extend(&characters[at..]);
    all
}
