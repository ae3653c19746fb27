//! A document as Markdown, or as plain text.

use crate::model::{Block, Document, Format, Item, Paragraph, Row, Run};
use crate::output::Output;
use holm::Result;
use std::collections::HashSet;

/// As plain text: a paragraph a line, cells with tabs between.
pub(crate) fn text(document: &Document) -> Result<String> {
    let mut out = Output::default();
    plain(&document.body, &mut out)?;
    for (name, blocks) in referred(document) {
        out.push(&format!("[{name}] "))?;
        plain(blocks, &mut out)?;
    }
    Ok(out.finish())
}

fn plain(blocks: &[Block], out: &mut Output) -> Result<()> {
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => {
                for run in &paragraph.runs {
                    match &run.note {
                        Some(note) => out.push(&format!("[{note}]"))?,
                        None => out.push(&run.text)?,
                    }
                }
                out.push("\n")?;
            }
            Block::Table(rows) => {
                for row in rows {
                    for (index, cell) in row.iter().enumerate() {
                        out.push(if index > 0 { "\t" } else { "" })?;
                        out.push(&flat(cell, &|run| run.text.clone()))?;
                    }
                    out.push("\n")?;
                }
            }
        }
    }
    Ok(())
}

/// As Markdown.
pub(crate) fn markdown(document: &Document) -> Result<String> {
    let mut out = Output::default();
    blocks(&document.body, &mut out)?;
    for (name, note) in referred(document) {
        out.blank_line()?;
        out.push(&format!("[^{name}]: "))?;
        out.push(flat(note, &inline).trim())?;
    }
    Ok(out.finish())
}

/// The notes that the body refers to.
fn referred(document: &Document) -> impl Iterator<Item = (&str, &[Block])> {
    let mut names = HashSet::new();
    let mut open: Vec<&Block> = document.body.iter().collect();
    while let Some(block) = open.pop() {
        match block {
            Block::Paragraph(paragraph) => names.extend(paragraph.runs.iter().filter_map(|run| run.note.as_deref())),
            Block::Table(rows) => open.extend(rows.iter().flatten().flatten()),
        }
    }
    let notes = document.notes.iter().filter(move |(name, _)| names.contains(name.as_str()));
    notes.map(|(name, blocks)| (name.as_str(), blocks.as_slice()))
}

fn blocks(blocks: &[Block], out: &mut Output) -> Result<()> {
    let mut before: Option<&Paragraph> = None;
    for (index, block) in blocks.iter().enumerate() {
        let next = match blocks.get(index + 1) {
            Some(Block::Paragraph(next)) => Some(next),
            _ => None,
        };
        match block {
            Block::Paragraph(paragraph) => {
                self::paragraph(paragraph, before, next, out)?;
                before = Some(paragraph);
            }
            Block::Table(rows) => {
                out.blank_line()?;
                table(rows, out)?;
                before = None;
            }
        }
    }
    Ok(())
}

fn paragraph(this: &Paragraph, before: Option<&Paragraph>, next: Option<&Paragraph>, out: &mut Output) -> Result<()> {
    let is_code = |paragraph: Option<&Paragraph>| paragraph.is_some_and(|paragraph| paragraph.code);
    if this.code && this.heading.is_none() {
        let lines: String = this.runs.iter().map(|run| run.text.as_str()).collect();
        if !is_code(before) {
            out.blank_line()?;
            out.push("```\n")?;
        }
        // A line of the document's own must not end the block.
        out.push(&lines.replace("```", "``\u{200b}`"))?;
        out.push("\n")?;
        if !is_code(next) {
            out.push("```\n")?;
        }
        return Ok(());
    }
    let text = inlines(&this.runs, this.heading.is_some());
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    if let Some(level) = this.heading {
        out.blank_line()?;
        out.push(&"#".repeat(level.min(6).into()))?;
        out.push(" ")?;
        out.push(&text.replace("\\\n", " "))?;
        return out.push("\n");
    }
    if let Some(Item { level, ordered }) = this.list {
        let begins =
            |before: Option<Item>| before.is_none_or(|before| before.level == level && before.ordered != ordered);
        if begins(before.and_then(|before| before.list)) {
            out.blank_line()?;
        }
        // Four blanks are within an item after `1. ` as well as after `- `.
        out.push(&"    ".repeat(level))?;
        out.push(if ordered { "1. " } else { "- " })?;
        out.push(&text.replace('\n', &format!("\n{}", "    ".repeat(level + 1))))?;
        return out.push("\n");
    }
    out.blank_line()?;
    if this.quote {
        out.push("> ")?;
        out.push(&text.replace('\n', "\n> "))?;
        return out.push("\n");
    }
    out.push(&escape_start(text))?;
    out.push("\n")
}

/// A table; its first row is the header, as Markdown knows no other.
fn table(rows: &[Row], out: &mut Output) -> Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return Ok(());
    }
    for (index, row) in rows.iter().enumerate() {
        for column in 0..columns {
            let cell = row.get(column).map_or(String::new(), |cell| flat(cell, &inline));
            out.push("| ")?;
            out.push(&cell.replace('|', "\\|"))?;
            out.push(" ")?;
        }
        out.push("|\n")?;
        if index == 0 {
            for _ in 0..columns {
                out.push("| --- ")?;
            }
            out.push("|\n")?;
        }
    }
    Ok(())
}

/// Blocks in one line, as in a cell: tables within it too.
fn flat(blocks: &[Block], of: &dyn Fn(&Run) -> String) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut open: Vec<&Block> = blocks.iter().rev().collect();
    while let Some(block) = open.pop() {
        match block {
            Block::Paragraph(paragraph) => {
                let text: String = paragraph.runs.iter().map(of).collect();
                parts.push(text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" "));
            }
            Block::Table(rows) => open.extend(rows.iter().flatten().flatten().rev()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

fn inlines(runs: &[Run], heading: bool) -> String {
    let plain = |run: &Run| {
        let mut run = run.clone();
        run.format.bold = false;
        inline(&run)
    };
    runs.iter().map(|run| if heading { plain(run) } else { inline(run) }).collect()
}

/// One run with its marks, which stand at its words and not at its blanks.
fn inline(run: &Run) -> String {
    if let Some(note) = &run.note {
        return format!("[^{note}]");
    }
    let words = run.text.trim();
    if words.is_empty() {
        return run.text.replace('\n', "\\\n");
    }
    let start = &run.text[..run.text.len() - run.text.trim_start().len()];
    let end = &run.text[run.text.trim_end().len()..];
    let Format { bold, italic, strike, code, hidden: _ } = run.format;
    let mut text = if code { code_span(words) } else { escape(words).replace('\n', "\\\n") };
    for (mark, on) in [("*", italic), ("**", bold), ("~~", strike)] {
        if on {
            text = format!("{mark}{text}{mark}");
        }
    }
    if let Some(link) = &run.link {
        text = format!("[{text}](<{}>)", link.replace(['<', '>', '\n', '\\'], ""));
    }
    format!("{}{text}{}", start.replace('\n', " "), end.replace('\n', " "))
}

fn code_span(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// What Markdown would take for a mark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '~') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A paragraph whose first characters would make it something else.
fn escape_start(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    if digits > 0 && (rest.starts_with(". ") || rest.starts_with(") ")) {
        return format!("{}\\{rest}", &text[..digits]);
    }
    if text.starts_with(['#', '>', '+', '-', '=', '|']) {
        return format!("\\{text}");
    }
    text.to_owned()
}
