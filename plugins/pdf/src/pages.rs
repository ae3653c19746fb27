//! Which pages are meant: `1-3,7`.

use holm::{Error, Result};

/// The pages, counted from 0, in the order that was told; all if none was.
pub(crate) fn parse(text: Option<&str>, count: usize) -> Result<Vec<usize>> {
    let Some(text) = text else { return Ok((0..count).collect()) };
    let wrong = || Error::arguments(format!("pages: {text:?} is none; 1-3,7 is, and there are {count} pages"));
    let mut pages = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        let (first, last) = (number(first).ok_or_else(wrong)?, number(last).ok_or_else(wrong)?);
        if first > last || pages.len() + (last - first) >= crate::limits::PAGES {
            return Err(wrong());
        }
        pages.extend(first - 1..last);
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn pages() {
        let of = |text| parse(Some(text), 9).ok();
        assert_eq!(of("1-3,7"), Some(vec![0, 1, 2, 6]));
        assert_eq!(of(" 9 , 1-1"), Some(vec![8, 0]));
        assert_eq!(parse(None, 2).ok(), Some(vec![0, 1]));
        for wrong in ["", "0", "10", "3-1", "1-", "-1", "a", "1,,2", "99999999999999999999"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(of(&vec!["1-9"; 10_000].join(",")), None);
    }
}
