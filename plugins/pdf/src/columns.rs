//! Which words are read before which: a page is cut where nothing stands, across and down, until what is
//! left is one column.

use crate::glyphs::Word;
use crate::lines::{Line, lines, spacing};

/// Cuts within cuts: each halves a page.
const LEVELS: usize = 12;
/// A column has at least so many lines, and words on each: what has fewer is a table or a list.
const LINES: usize = 4;
const WORDS: f64 = 2.5;

/// The columns of a page in the order they are read, each as lines.
pub(crate) fn columns(words: &[Word]) -> Vec<Vec<Line<'_>>> {
    let words: Vec<&Word> = words.iter().collect();
    let mut result = Vec::new();
    cut(words, LEVELS, &mut result);
    result
}

fn cut<'w>(words: Vec<&'w Word>, levels: usize, result: &mut Vec<Vec<Line<'w>>>) {
    let rows = lines(&words);
    if levels > 0 && rows.len() >= LINES {
        if let Some((left, right)) = down(&words) {
            cut(left, levels - 1, result);
            return cut(right, levels - 1, result);
        }
        // Only where that lets a part be cut down: a heading above two columns.
        for (above, below) in across(&rows) {
            if down(&below).is_some() || down(&above).is_some() {
                cut(above, levels - 1, result);
                return cut(below, levels - 1, result);
            }
        }
    }
    result.push(rows);
}

/// Two columns, if there is a gap from top to bottom and both sides look like text.
fn down<'w>(words: &[&'w Word]) -> Option<(Vec<&'w Word>, Vec<&'w Word>)> {
    let mut sorted = words.to_vec();
    sorted.sort_by(|a, b| a.left.total_cmp(&b.left));
    let size = words.iter().map(|word| word.size).sum::<f64>() / words.len().max(1) as f64;
    let mut right = f64::NEG_INFINITY;
    let mut best: Option<(f64, usize)> = None;
    for (index, word) in sorted.iter().enumerate() {
        let gap = word.left - right;
        if index > 0 && gap > 0.8 * size && best.is_none_or(|(widest, _)| gap > widest) {
            best = Some((gap, index));
        }
        right = right.max(word.right);
    }
    let (_, index) = best?;
    let after = sorted.split_off(index);
    let is_text = |words: &[&Word]| {
        let lines = lines(words).len();
        lines >= LINES && words.len() as f64 >= WORDS * lines as f64
    };
    (is_text(&sorted) && is_text(&after)).then_some((sorted, after))
}

/// Where there is more room between two lines than usual: the widest places first.
fn across<'w>(rows: &[Line<'w>]) -> Vec<(Vec<&'w Word>, Vec<&'w Word>)> {
    /// Places that are tried.
    const PLACES: usize = 3;
    let usual = spacing(rows);
    let mut gaps: Vec<(f64, usize)> =
        (1..rows.len()).map(|index| (rows[index].base - rows[index - 1].base, index)).collect();
    gaps.retain(|(gap, _)| *gap > 1.2 * usual);
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words = |rows: &[Line<'w>]| rows.iter().flat_map(|row| row.words.iter().copied()).collect();
    gaps.iter().take(PLACES).map(|(_, index)| (words(&rows[..*index]), words(&rows[*index..]))).collect()
}
