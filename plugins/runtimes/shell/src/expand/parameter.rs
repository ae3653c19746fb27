//! Parameters: what `$name`, `$@`, `${name[index]}` and their kind are before anything is done to them.

use super::{Part, value};
use crate::shell::{Outcome, Shell, Stop};
use crate::variables::Value;
use brush_parser::word::{Parameter, ParameterExpr, SpecialParameter, WordPiece};

/// What a parameter is.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// One text; none where it is not set.
    One(Option<String>),
    /// The elements of `$@`, `$*`, `${name[@]}`, `${name[*]}`; whether they are joined.
    Many { elements: Vec<String>, joined: bool },
}

/// Whether this is `$@` or `${name[@]}`, of which no element is no word.
pub(super) fn is_elements(piece: &WordPiece) -> bool {
    let WordPiece::ParameterExpansion(expression) = piece else { return false };
    let parameter = match expression {
        ParameterExpr::Parameter { parameter, .. }
        | ParameterExpr::Substring { parameter, .. }
        | ParameterExpr::UseAlternativeValue { parameter, .. }
        | ParameterExpr::UseDefaultValues { parameter, .. }
        | ParameterExpr::RemoveSmallestSuffixPattern { parameter, .. }
        | ParameterExpr::RemoveLargestSuffixPattern { parameter, .. }
        | ParameterExpr::RemoveSmallestPrefixPattern { parameter, .. }
        | ParameterExpr::RemoveLargestPrefixPattern { parameter, .. }
        | ParameterExpr::ReplaceSubstring { parameter, .. }
        | ParameterExpr::Transform { parameter, .. } => parameter,
        ParameterExpr::MemberKeys { concatenate, .. } | ParameterExpr::VariableNames { concatenate, .. } => {
            return !concatenate;
        }
        _ => return false,
    };
    matches!(
        parameter,
        Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate: false })
            | Parameter::NamedWithAllIndices { concatenate: false, .. }
    )
}

impl Shell {
    /// A variable, or the next number of `$RANDOM`.
    pub(crate) fn get_or_random(&mut self, name: &str) -> Option<String> {
        match name {
            "RANDOM" => Some(((self.next_random() >> 17) & 0x7fff).to_string()),
            "SRANDOM" => Some((self.next_random() & 0xffff_ffff).to_string()),
            name => self.get(name),
        }
    }

    /// What a parameter is; by `indirect` what the one is that it names.
    pub(crate) fn find(&mut self, parameter: &Parameter, indirect: bool) -> Outcome<Found> {
        let found = self.find_direct(parameter)?;
        if !indirect {
            return Ok(found);
        }
        if let Parameter::Named(name) = parameter
            && self.variables.get(name).is_some_and(|variable| variable.reference)
        {
            return Ok(Found::One(Some(self.target(name).0)));
        }
        let Found::One(Some(name)) = found else { return Ok(Found::One(None)) };
        match brush_parser::word::parse_parameter(&name, &super::options()) {
            Ok(parameter) => self.find_direct(&parameter),
            Err(_) => {
                self.complain(format_args!("{name}: invalid variable name"));
                Err(Stop::Discard(1))
            }
        }
    }

    fn find_direct(&mut self, parameter: &Parameter) -> Outcome<Found> {
        Ok(Found::One(match parameter {
            Parameter::Positional(0) => Some(self.name.clone()),
            Parameter::Positional(number) => self.positional.get(*number as usize - 1).cloned(),
            Parameter::Named(name) => self.get_or_random(name),
            Parameter::NamedWithIndex { name, index } => self.element(name, index)?,
            Parameter::NamedWithAllIndices { name, concatenate } => {
                let (name, _) = self.target(name);
                return Ok(Found::Many { elements: self.value(&name).all(), joined: *concatenate });
            }
            Parameter::Special(special) => match special {
                SpecialParameter::AllPositionalParameters { concatenate } => {
                    return Ok(Found::Many { elements: self.positional.clone(), joined: *concatenate });
                }
                SpecialParameter::PositionalParameterCount => Some(self.positional.len().to_string()),
                SpecialParameter::LastExitStatus => Some(self.status.to_string()),
                SpecialParameter::CurrentOptionFlags => Some(self.flags()),
                SpecialParameter::ProcessId => Some(self.pid.to_string()),
                SpecialParameter::LastBackgroundProcessId => self.last_job.map(|pid| pid.to_string()),
                SpecialParameter::ShellName => Some(self.name.clone()),
            },
        }))
    }

    /// What joins the elements of `"$*"`.
    pub(crate) fn joiner(&self) -> String {
        self.get("IFS").map_or_else(|| " ".to_owned(), |separators| separators.chars().take(1).collect())
    }

    /// Elements as parts of a word.
    pub(crate) fn as_parts(&self, found: Found, quoted: bool) -> Vec<Part> {
        match found {
            Found::One(None) if quoted => vec![Part::quoted("")],
            Found::One(None) => Vec::new(),
            Found::One(Some(text)) => vec![value(text, quoted)],
            Found::Many { elements, joined: true } if quoted => vec![Part::quoted(elements.join(&self.joiner()))],
            Found::Many { elements, .. } => {
                let mut parts = Vec::new();
                for (place, element) in elements.into_iter().enumerate() {
                    if place > 0 {
                        parts.push(Part::Break);
                    }
                    parts.push(value(element, quoted));
                }
                parts
            }
        }
    }

    /// # Errors
    /// It is not set, and must be; it was said.
    pub(crate) fn must_be_set(&self, parameter: &Parameter, found: &Found) -> Outcome<()> {
        if !self.options.nounset || !matches!(found, Found::One(None)) {
            return Ok(());
        }
        self.complain(format_args!("{}: unbound variable", spelled(parameter)));
        Err(Stop::Exit(if self.frames.is_empty() { 127 } else { 1 }))
    }

    /// The names of all variables that begin so.
    pub(crate) fn names_with(&self, prefix: &str) -> Vec<String> {
        self.variables.names().into_iter().filter(|name| name.starts_with(prefix)).collect()
    }

    /// Whether a value stands there at all: an unset variable and an empty array have none.
    pub(crate) fn is_set(&mut self, name: &str) -> Outcome<bool> {
        if let Some((array, index)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            return Ok(match index {
                "@" | "*" => !self.value(array).all().is_empty(),
                index => self.element(array, index)?.is_some(),
            });
        }
        if let Ok(number) = name.parse::<usize>() {
            return Ok(number == 0 || number <= self.positional.len());
        }
        Ok(match self.value(name) {
            Value::Unset => matches!(name, "RANDOM" | "SRANDOM"),
            value => value.scalar().is_some(),
        })
    }
}

/// A parameter as messages name it.
pub(crate) fn spelled(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Named(name) => name.clone(),
        Parameter::NamedWithIndex { name, index } => format!("{name}[{index}]"),
        Parameter::NamedWithAllIndices { name, concatenate } => {
            format!("{name}[{}]", if *concatenate { "*" } else { "@" })
        }
        Parameter::Positional(number) => format!("${number}"),
        Parameter::Special(special) => match special.to_string().as_str() {
            "!" => "!".to_owned(),
            other => other.trim_start_matches('$').to_owned(),
        },
    }
}
