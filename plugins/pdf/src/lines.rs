//! Words as lines.

use crate::glyphs::Word;
use crate::limits::LINE;

/// A line: its words from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Line<'w> {
    pub(crate) words: Vec<&'w Word>,
    pub(crate) base: f64,
    pub(crate) size: f64,
}

impl Line<'_> {
    pub(crate) fn text(&self) -> String {
        joined(&self.words)
    }
}

/// Words with a blank between.
pub(crate) fn joined(words: &[&Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Lines from top to bottom.
pub(crate) fn lines<'w>(words: &[&'w Word]) -> Vec<Line<'w>> {
    let mut sorted = words.to_vec();
    sorted.sort_by(|a, b| a.base.total_cmp(&b.base));
    let mut lines: Vec<Line<'w>> = Vec::new();
    for word in sorted {
        match lines.last_mut() {
            // A raised number is of the line it stands in.
            Some(line) if word.base - line.base < 0.45 * line.size.max(word.size) => {
                line.words.push(word);
                if word.size > line.size {
                    (line.base, line.size) = (word.base, word.size);
                }
            }
            _ => lines.push(Line { words: vec![word], base: word.base, size: word.size }),
        }
    }
    for line in &mut lines {
        line.words.sort_by(|a, b| a.left.total_cmp(&b.left));
    }
    lines
}

/// The distance between most lines.
pub(crate) fn spacing(lines: &[Line<'_>]) -> f64 {
    let mut gaps: Vec<f64> = lines.windows(2).map(|pair| pair[1].base - pair[0].base).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

/// Text with a blank line where there is more room than usual.
pub(crate) fn paragraphs(lines: &[Line<'_>]) -> String {
    let usual = spacing(lines);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let room = index.checked_sub(1).map_or(0.0, |before| line.base - lines[before].base);
        if room > 1.35 * usual.max(line.size) {
            text.push('\n');
        }
        text.push_str(&line.text());
        text.push('\n');
    }
    text
}

/// Text whose words stand where they are, by blanks.
pub(crate) fn layout(words: &[&Word]) -> String {
    let lines = lines(words);
    let left = words.iter().map(|word| word.left).fold(f64::INFINITY, f64::min);
    let mut widths: Vec<f64> =
        words.iter().map(|word| (word.right - word.left) / word.text.chars().count().max(1) as f64).collect();
    widths.sort_by(f64::total_cmp);
    let width = widths.get(widths.len() / 2).copied().unwrap_or(5.0).max(1.0);
    let usual = spacing(&lines).max(1.0);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let room = index.checked_sub(1).map_or(0.0, |before| line.base - lines[before].base);
        // At most two: a page may be mostly empty.
        let blank = ((room / usual).round() as usize).saturating_sub(1).min(2);
        text.push_str(&"\n".repeat(blank));
        let mut column = 0;
        for (index, word) in line.words.iter().enumerate() {
            let wanted = (((word.left - left) / width).round().max(0.0) as usize).min(LINE);
            let beside =
                index.checked_sub(1).is_some_and(|before| word.left - line.words[before].right < 0.6 * line.size);
            let blanks = if beside { 1 } else { wanted.saturating_sub(column).max(usize::from(index > 0)) };
            text.push_str(&" ".repeat(blanks));
            text.push_str(&word.text);
            column += blanks + word.text.chars().count();
        }
        text.push('\n');
    }
    text
}
