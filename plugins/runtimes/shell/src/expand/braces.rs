//! Brace expansion: `{a,b}` and `{1..9}`, before anything else.

use super::options;
use crate::limits::BRACES;
use crate::shell::{Outcome, Shell, Stop};
use brush_parser::word::{BraceExpressionMember, BraceExpressionOrText, parse_brace_expansions};

impl Shell {
    /// The words that the braces of this one make.
    pub(crate) fn braces(&self, word: &str) -> Outcome<Vec<String>> {
        let promising = word.contains('{') && (word.contains(',') || word.contains(".."));
        if !promising {
            return Ok(vec![word.to_owned()]);
        }
        let word = &padded(word);
        let Ok(Some(pieces)) = parse_brace_expansions(word, &options()) else {
            return Ok(vec![word.to_owned()]);
        };
        all(&pieces).ok_or_else(|| {
            self.complain(format_args!("brace expansion: more than {BRACES} words"));
            Stop::Discard(1)
        })
    }
}

/// `{01..03}` as `{01,02,03}`: the parser keeps numbers, not how wide they were written.
fn padded(word: &str) -> String {
    let mut all = String::new();
    let mut rest = word;
    while let Some(open) = rest.find('{') {
        let inner = &rest[open + 1..];
        let list = inner.split_once('}').and_then(|(inner, after)| Some((listed(inner)?, after)));
        match list {
            Some((list, after)) if !rest[..open].ends_with(['$', '\\']) => {
                all.push_str(&rest[..open]);
                all.push_str(&list);
                rest = after;
            }
            _ => {
                all.push_str(&rest[..=open]);
                rest = inner;
            }
        }
    }
    all + rest
}

/// The list of a sequence with a leading zero.
fn listed(inner: &str) -> Option<String> {
    let mut ends = inner.split("..");
    let (first, last, step) = (ends.next()?, ends.next()?, ends.next());
    let wide = |text: &str| text.trim_start_matches('-').len() > 1 && text.trim_start_matches('-').starts_with('0');
    if !wide(first) && !wide(last) {
        return None;
    }
    let step = step.map_or(Some(1), |step| step.parse().ok())?;
    let numbers = sequence(first.parse().ok()?, last.parse().ok()?, step)?;
    let width = first.len().max(last.len());
    let texts: Vec<_> = numbers.into_iter().map(|number| format!("{number:0width$}")).collect();
    Some(match texts.as_slice() {
        [one] => one.clone(),
        texts => format!("{{{}}}", texts.join(",")),
    })
}

/// Every combination; none where they are too many.
fn all(pieces: &[BraceExpressionOrText]) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    for piece in pieces {
        let alternatives = match piece {
            BraceExpressionOrText::Text(text) => {
                words.iter_mut().for_each(|word| word.push_str(text));
                continue;
            }
            BraceExpressionOrText::Expr(members) => {
                let mut alternatives = Vec::new();
                for member in members {
                    alternatives.extend(self::member(member)?);
                    if alternatives.len() > BRACES {
                        return None;
                    }
                }
                alternatives
            }
        };
        if words.len().checked_mul(alternatives.len())? > BRACES {
            return None;
        }
        words = words.iter().flat_map(|word| alternatives.iter().map(move |end| format!("{word}{end}"))).collect();
    }
    Some(words)
}

fn member(member: &BraceExpressionMember) -> Option<Vec<String>> {
    match member {
        BraceExpressionMember::Child(pieces) => all(pieces),
        BraceExpressionMember::NumberSequence { start, end, increment } => {
            let numbers = sequence(*start, *end, *increment)?;
            Some(numbers.into_iter().map(|number| number.to_string()).collect())
        }
        BraceExpressionMember::CharSequence { start, end, increment } => {
            let numbers = sequence(i64::from(u32::from(*start)), i64::from(u32::from(*end)), *increment)?;
            let letter = |number| u32::try_from(number).ok().and_then(char::from_u32).map(String::from);
            Some(numbers.into_iter().filter_map(letter).collect())
        }
    }
}

fn sequence(start: i64, end: i64, step: i64) -> Option<Vec<i64>> {
    let step = i128::from(step.unsigned_abs().max(1));
    let (start, end) = (i128::from(start), i128::from(end));
    let count = (end - start).abs() / step + 1;
    if count > BRACES as i128 {
        return None;
    }
    let direction = if end < start { -step } else { step };
    Some((0..count).filter_map(|index| i64::try_from(start + index * direction).ok()).collect())
}
