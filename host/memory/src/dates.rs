//! Days, months and years that a query names. Pure.

use time::{Month, OffsetDateTime};

use crate::record::Millis;

/// Dates of one query that are looked at.
const DATES: usize = 8;
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A date, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    year: Option<i32>,
    month: Option<u8>,
    day: Option<u8>,
}

/// The dates in a text: `2023`, `May`, `7 May 2023`, `May 7th`, `2023-05-07`.
pub(crate) fn named(text: &str) -> Vec<Named> {
    let words: Vec<&str> =
        text.split(|char: char| !char.is_alphanumeric() && char != '-').filter(|word| !word.is_empty()).collect();
    let mut dates: Vec<Named> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if dates.len() >= DATES {
            break;
        }
        if let Some(date) = iso(word) {
            dates.push(date);
        } else if let Some(month) = month(word) {
            let before = at.checked_sub(1).and_then(|at| day(words[at]));
            let after = words.get(at + 1).and_then(|word| day(word));
            let next = if after.is_some() && before.is_none() { at + 2 } else { at + 1 };
            let year = words.get(next).and_then(|word| year(word));
            dates.push(Named { year, month: Some(month), day: before.or(after) });
        } else if let Some(year) = year(word).filter(|year| !dates.iter().any(|date| date.year == Some(*year))) {
            dates.push(Named { year: Some(year), ..Named::default() });
        }
    }
    dates
}

/// Whether a time is of one of the dates.
pub(crate) fn falls_on(dates: &[Named], time: Millis) -> bool {
    if dates.is_empty() {
        return false;
    }
    let Ok(time) = OffsetDateTime::from_unix_timestamp(time.div_euclid(1_000)) else { return false };
    dates.iter().any(|date| {
        date.year.is_none_or(|year| year == time.year())
            && date.month.is_none_or(|month| month == u8::from(time.month()))
            && date.day.is_none_or(|day| day == time.day())
    })
}

fn iso(word: &str) -> Option<Named> {
    let mut parts = word.split('-');
    let year = year(parts.next()?)?;
    let month: u8 = parts.next()?.parse().ok().filter(|month| Month::try_from(*month).is_ok())?;
    Some(Named { year: Some(year), month: Some(month), day: parts.next().and_then(day) })
}

/// A month by its name. `May` alone begins with a capital, or it is the verb; so does `March`.
fn month(word: &str) -> Option<u8> {
    let lower = word.to_lowercase();
    let known = MONTHS
        .iter()
        .position(|month| lower == *month || (lower.len() == 3 && lower != "may" && month.starts_with(&lower)));
    let verb = matches!(word, "may" | "march" | "mar" | "MAY");
    known.filter(|_| !verb).map(|month| month as u8 + 1)
}

fn year(word: &str) -> Option<i32> {
    word.parse().ok().filter(|year| word.len() == 4 && (1900..2200).contains(year))
}

fn day(word: &str) -> Option<u8> {
    let digits = word.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    let fits = ending.is_empty() || matches!(ending, "st" | "nd" | "rd" | "th");
    digits.parse().ok().filter(|day| fits && digits.len() <= 2 && (1..=31).contains(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-05-08T13:56:00Z.
    const THEN: Millis = 1_683_554_160_000;

    #[test]
    fn dates_are_found_as_people_write_them() {
        for (text, falls) in [
            ("What happened in May 2023?", true),
            ("What happened on 8 May, 2023?", true),
            ("What happened on May 8th?", true),
            ("What happened on 2023-05-08?", true),
            ("What happened in 2023?", true),
            ("in June or in May", true),
            ("What happened on 7 May 2023?", false),
            ("What happened in May 2022?", false),
            ("What may happen in March?", false),
            ("What may happen?", false),
            ("in 8 days", false),
            ("", false),
            ("2023-13-40", false),
            ("99999999999999999999 May", true),
        ] {
            assert_eq!(falls_on(&named(text), THEN), falls, "{text}: {:?}", named(text));
        }
        assert!(named(&"May ".repeat(10_000)).len() <= DATES);
        assert!(!falls_on(&named("May"), Millis::MAX));
    }
}
