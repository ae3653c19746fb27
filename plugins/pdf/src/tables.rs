//! The tool `tables`: cells between ruled lines, and text that stands in columns.

use crate::glyphs::{Drawing, Drawn, Rule, Word};
use crate::limits::{CELLS, TEXT};
use crate::lines::{Line, joined, lines};
use crate::open::Document;
use crate::pages;
use holm::{Error, Result};

/// Points within which two lines meet.
const NEAR: f64 = 2.5;
/// Rows that text in columns has at least, for a table without lines.
const ROWS: usize = 3;

/// Words of a cell, in the mean: columns of text have more.
const WORDS: usize = 4;

/// A table of a page.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct FoundTable {
    /// The page, counted from 1.
    pub page: usize,
    /// Its rows of cells, each of as many; an empty cell is an empty text.
    pub rows: Vec<Vec<String>>,
    /// Whether lines around its cells made it a table.
    pub ruled: bool,
}

pub(crate) fn tables(document: &Document, wanted: Option<&str>) -> Result<Vec<FoundTable>> {
    let all = document.pdf.pages();
    let mut drawing = Drawing::new(document.pdf.xref());
    let mut total = 0;
    let mut result = Vec::new();
    for index in pages::parse(wanted, all.len())? {
        let drawn = drawing.draw(&all[index]).map_err(|error| error.during(format!("page {}", index + 1)))?;
        for (rows, ruled) in of_page(&drawn) {
            total += rows.iter().flatten().map(|cell| cell.len() + 4).sum::<usize>();
            if total > TEXT {
                return Err(Error::new(format!("refused (too-much-text): over {TEXT} bytes; ask for fewer pages")));
            }
            result.push(FoundTable { page: index + 1, rows, ruled });
        }
    }
    Ok(result)
}

type Rows = Vec<Vec<String>>;

/// The tables of a page from top to bottom.
fn of_page(drawn: &Drawn) -> Vec<(Rows, bool)> {
    let mut found: Vec<(f64, Rows, bool)> = Vec::new();
    let mut left: Vec<&Word> = drawn.words.iter().collect();
    for grid in grids(&drawn.rules) {
        let (inside, outside): (Vec<&Word>, Vec<&Word>) = left.iter().partition(|word| grid.cell(word).is_some());
        let rows = grid.rows(&inside);
        if rows.iter().flatten().any(|cell| !cell.is_empty()) {
            found.push((grid.down[0], rows, true));
            left = outside;
        }
    }
    found.extend(aligned(&lines(&left)).into_iter().map(|(top, rows)| (top, rows, false)));
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, rows, ruled)| (rows, ruled)).collect()
}

/// Lines that cross: where they stand, across and down.
struct Grid {
    across: Vec<f64>,
    down: Vec<f64>,
}

/// The grids of lines that meet one another.
fn grids(rules: &[Rule]) -> Vec<Grid> {
    let mut group: Vec<usize> = (0..rules.len()).collect();
    fn root(group: &mut [usize], mut index: usize) -> usize {
        while group[index] != index {
            group[index] = group[group[index]];
            index = group[index];
        }
        index
    }
    for first in 0..rules.len() {
        for second in 0..first {
            if meet(&rules[first], &rules[second]) {
                let (first, second) = (root(&mut group, first), root(&mut group, second));
                group[first] = second;
            }
        }
    }
    let mut members = std::collections::BTreeMap::<usize, Vec<Rule>>::new();
    for (index, rule) in rules.iter().enumerate() {
        members.entry(root(&mut group, index)).or_default().push(*rule);
    }
    let grid = |rules: &Vec<Rule>| {
        let places = |upright: bool| {
            let of = rules.iter().filter(|rule| is_upright(rule) == upright);
            distinct(of.map(|rule| if upright { rule.from.x } else { rule.from.y }).collect())
        };
        Grid { across: places(true), down: places(false) }
    };
    let mut grids: Vec<Grid> = members.values().map(grid).collect();
    // Two cells at least: a frame around text is no table.
    grids.retain(|grid| {
        let (columns, rows) = (grid.across.len().saturating_sub(1), grid.down.len().saturating_sub(1));
        columns >= 1 && rows >= 1 && columns * rows >= 2 && columns * rows <= CELLS
    });
    grids
}

fn is_upright(rule: &Rule) -> bool {
    (rule.from.x - rule.to.x).abs() < (rule.from.y - rule.to.y).abs()
}

fn meet(first: &Rule, second: &Rule) -> bool {
    let apart = |a: (f64, f64), b: (f64, f64)| a.0 - NEAR > b.1 || b.0 - NEAR > a.1;
    let across = |rule: &Rule| (rule.from.x.min(rule.to.x), rule.from.x.max(rule.to.x));
    let down = |rule: &Rule| (rule.from.y.min(rule.to.y), rule.from.y.max(rule.to.y));
    !apart(across(first), across(second)) && !apart(down(first), down(second))
}

/// Places in order; those that are one to the eye, once.
fn distinct(mut places: Vec<f64>) -> Vec<f64> {
    places.sort_by(f64::total_cmp);
    places.dedup_by(|next, before| *next - *before < NEAR);
    places
}

impl Grid {
    /// The cell in which a word stands.
    fn cell(&self, word: &Word) -> Option<(usize, usize)> {
        let within = |places: &[f64], at: f64| {
            let index = places.partition_point(|place| *place <= at);
            (index > 0 && index < places.len()).then(|| index - 1)
        };
        let middle = (word.left + word.right) / 2.0;
        Some((within(&self.down, word.base - 0.3 * word.size)?, within(&self.across, middle)?))
    }

    fn rows(&self, words: &[&Word]) -> Rows {
        let mut cells: Vec<Vec<Vec<&Word>>> = vec![vec![Vec::new(); self.across.len() - 1]; self.down.len() - 1];
        for word in words {
            if let Some((row, column)) = self.cell(word) {
                cells[row][column].push(word);
            }
        }
        let text = |words: &Vec<&Word>| lines(words).iter().map(Line::text).collect::<Vec<_>>().join(" ");
        let mut rows: Rows = cells.iter().map(|row| row.iter().map(text).collect()).collect();
        // Rows between two lines of a double rule.
        rows.retain(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()));
        rows
    }
}

/// A part of a line, with room before and after it.
struct Cell<'w> {
    words: Vec<&'w Word>,
    left: f64,
    right: f64,
}

fn cells<'w>(line: &Line<'w>) -> Vec<Cell<'w>> {
    let mut cells: Vec<Cell<'w>> = Vec::new();
    for word in &line.words {
        match cells.last_mut() {
            Some(cell) if word.left - cell.right < 0.9 * line.size => {
                cell.words.push(word);
                cell.right = cell.right.max(word.right);
            }
            _ => cells.push(Cell { words: vec![word], left: word.left, right: word.right }),
        }
    }
    cells
}

/// Consecutive lines whose cells stand below one another.
fn aligned(lines: &[Line<'_>]) -> Vec<(f64, Rows)> {
    let mut found = Vec::new();
    let mut run = Vec::new();
    let mut bands: Vec<(f64, f64)> = Vec::new();
    let mut top = 0.0;
    let mut before: Option<&Line<'_>> = None;
    let mut finish = |run: &mut Vec<Vec<Cell<'_>>>, bands: &mut Vec<(f64, f64)>, top: f64| {
        let words: usize = run.iter().flatten().map(|cell| cell.words.len()).sum();
        let is_text = words > WORDS * run.iter().map(Vec::len).sum::<usize>();
        if run.len() >= ROWS && bands.len() >= 2 && !is_text {
            let row = |cells: &Vec<Cell<'_>>| {
                let of = |band: &(f64, f64)| {
                    let words: Vec<&Word> = cells
                        .iter()
                        .filter(|cell| overlap(*band, (cell.left, cell.right)))
                        .flat_map(|cell| cell.words.clone())
                        .collect();
                    joined(&words)
                };
                bands.iter().map(of).collect()
            };
            found.push((top, run.iter().map(row).collect()));
        }
        run.clear();
        bands.clear();
    };
    for line in lines {
        let cells = cells(line);
        let joint = merged(&bands, &cells);
        let near = before.is_none_or(|before| line.base - before.base < 3.0 * line.size);
        let fits = cells.len() >= 2 && near && (run.is_empty() || joint.len() >= 2.max(bands.len().min(cells.len())));
        if !fits {
            finish(&mut run, &mut bands, top);
        }
        if cells.len() >= 2 {
            if run.is_empty() {
                top = line.base;
            }
            bands = merged(&bands, &cells);
            run.push(cells);
        }
        before = Some(line);
    }
    finish(&mut run, &mut bands, top);
    found
}

fn overlap(first: (f64, f64), second: (f64, f64)) -> bool {
    first.0 < second.1 && second.0 < first.1
}

/// Columns that hold these cells as well; two that a cell reaches into become one.
fn merged(bands: &[(f64, f64)], cells: &[Cell<'_>]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> =
        bands.iter().copied().chain(cells.iter().map(|cell| (cell.left, cell.right))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for band in all {
        match merged.last_mut() {
            Some(last) if overlap(*last, band) => last.1 = last.1.max(band.1),
            _ => merged.push(band),
        }
    }
    merged
}
