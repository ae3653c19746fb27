//! Addresses of cells: `B2`, `B2:F40`, `A:C`, `2:5`.

use crate::limits::SHEET;
use holm::{Error, Result};

/// A rectangle of cells, counted from 0, its ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: (u32, u32),
    pub(crate) last: (u32, u32),
}

impl Range {
    pub(crate) const ALL: Self = Self { first: (0, 0), last: (SHEET.0 - 1, SHEET.1 - 1) };

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let plain = text.replace('$', "");
        let (first, last) = plain.split_once(':').unwrap_or((&plain, &plain));
        let wrong = || Error::arguments(format!("range: {text:?} is none; B2:F40, A:C and 2:5 are"));
        let (first, last) = (part(first).ok_or_else(wrong)?, part(last).ok_or_else(wrong)?);
        let all = Self::ALL.last;
        let range = Self {
            first: (first.0.unwrap_or(0), first.1.unwrap_or(0)),
            last: (last.0.unwrap_or(all.0), last.1.unwrap_or(all.1)),
        };
        if range.first.0 > range.last.0 || range.first.1 > range.last.1 {
            return Err(wrong());
        }
        Ok(range)
    }

    pub(crate) fn holds(&self, row: u32, column: u32) -> bool {
        (self.first.0..=self.last.0).contains(&row) && (self.first.1..=self.last.1).contains(&column)
    }

    /// The smallest that holds this one as well as the cell.
    pub(crate) fn with(range: Option<Self>, cell: (u32, u32)) -> Self {
        let range = range.unwrap_or(Self { first: cell, last: cell });
        Self {
            first: (range.first.0.min(cell.0), range.first.1.min(cell.1)),
            last: (range.last.0.max(cell.0), range.last.1.max(cell.1)),
        }
    }

    pub(crate) fn text(&self) -> String {
        let name = |(row, column)| format!("{}{}", column_name(column), row + 1);
        format!("{}:{}", name(self.first), name(self.last))
    }
}

/// `B2`, `B` or `2`: its row and column, as far as it says.
fn part(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = text.split_at(letters);
    let column = if letters.is_empty() { None } else { Some(column_number(letters)?) };
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<u32>().ok()?.checked_sub(1).filter(|row| *row < SHEET.0)?),
    };
    (row.is_some() || column.is_some()).then_some((row, column))
}

/// The number of a column from 0; none beyond the last.
pub(crate) fn column_number(letters: &str) -> Option<u32> {
    let mut number = 0_u32;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        let digit = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        number = number.checked_mul(26)?.checked_add(digit)?;
    }
    number.checked_sub(1).filter(|number| *number < SHEET.1)
}

pub(crate) fn column_name(mut column: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        match (column / 26).checked_sub(1) {
            Some(left) => column = left,
            None => return letters.iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, column_name, column_number};

    #[test]
    fn columns() {
        for (name, number) in [("A", 0), ("Z", 25), ("AA", 26), ("AZ", 51), ("ZZ", 701), ("AAA", 702), ("XFD", 16_383)]
        {
            assert_eq!(column_number(name), Some(number));
            assert_eq!(column_name(number), name);
        }
        assert_eq!(column_number("XFE"), None);
        assert_eq!(column_number("AAAAAAAAAAAA"), None);
        assert_eq!(column_number("A1"), None);
    }

    #[test]
    fn ranges() {
        let text = |text| Range::parse(text).map(|range| range.text()).ok();
        assert_eq!(text("B2:F40").as_deref(), Some("B2:F40"));
        assert_eq!(text("$b$2").as_deref(), Some("B2:B2"));
        assert_eq!(text("A:C").as_deref(), Some("A1:C1048576"));
        assert_eq!(text("2:5").as_deref(), Some("A2:XFD5"));
        for wrong in ["", ":", "B2:A1", "A0", "A1:B2:C3", "é1", "A1048577", "XFE1", "A99999999999", "-1"] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }
}
