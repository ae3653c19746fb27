//! Reads a part's XML into blocks, event by event: nesting is on a stack of our own, within the bound
//! that the package was checked for.

use crate::limits::{LIST, SPAN};
use crate::model::{Block, Document, Format, Paragraph, Row, Run};
use crate::parts::{Numbering, Relations, Styles, attribute, is_on};
use holm::Result;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::rc::Rc;

/// Parses `document.xml`, or the notes of `footnotes.xml`.
pub(crate) fn parse(part: &[u8], styles: &Styles, numbering: &Numbering, relations: &Relations) -> Result<Document> {
    let mut parser = Parser::new(styles, numbering, relations);
    let mut reader = Reader::from_reader(part);
    let mut buffer = Vec::new();
    // Depth below an element that is passed over as a whole.
    let mut skipped = 0_usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer)? {
            Event::Start(_) if skipped > 0 => skipped += 1,
            Event::Start(tag) if is_skipped(tag.local_name().as_ref()) => skipped = 1,
            Event::Start(tag) => parser.start(&tag, false),
            Event::Empty(tag) if skipped == 0 => {
                parser.start(&tag, true);
                parser.end(tag.local_name().as_ref());
            }
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::End(tag) => parser.end(tag.local_name().as_ref()),
            Event::Text(text) if skipped == 0 => parser.text(&text),
            Event::CData(text) if skipped == 0 => parser.text(&text),
            Event::GeneralRef(name) if skipped == 0 => {
                if let Ok(Some(character)) = name.resolve_char_ref() {
                    parser.text(character.encode_utf8(&mut [0; 4]));
                } else if let Some(text) = quick_xml::escape::resolve_xml_entity(&name) {
                    parser.text(text);
                }
            }
            Event::Eof => return Ok(parser.finish()),
            _ => {}
        }
    }
}

/// Deleted text, where moved text was, and what is told a second time for old programs.
fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "del" | "moveFrom" | "Fallback" | "instrText" | "delText" | "pPrChange" | "rPrChange" | "sectPrChange"
    )
}

/// What is being read, innermost last.
enum Open {
    /// The body, a cell, a text box or a note: they hold blocks.
    Blocks(Vec<Block>),
    Table(Vec<Row>),
    Row(Row),
    Paragraph(Paragraph),
}

struct Parser<'a> {
    styles: &'a Styles,
    numbering: &'a Numbering,
    relations: &'a Relations,
    open: Vec<Open>,
    /// Formats and links are of a run; a text box within one has runs of its own.
    format: Format,
    link: Option<Rc<str>>,
    in_text: bool,
    in_paragraph_properties: bool,
    /// The list that the paragraph names, before its level is known.
    list: Option<(Option<String>, usize)>,
    span: usize,
    note: String,
    notes: Vec<(String, Vec<Block>)>,
}

impl<'a> Parser<'a> {
    fn new(styles: &'a Styles, numbering: &'a Numbering, relations: &'a Relations) -> Self {
        Self {
            styles,
            numbering,
            relations,
            open: vec![Open::Blocks(Vec::new())],
            format: Format::default(),
            link: None,
            in_text: false,
            in_paragraph_properties: false,
            list: None,
            span: 1,
            note: String::new(),
            notes: Vec::new(),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let value = || attribute(tag, "val");
        match tag.local_name().as_ref() {
            "p" => {
                self.open.push(Open::Paragraph(Paragraph::default()));
                self.list = None;
            }
            "tbl" => self.open.push(Open::Table(Vec::new())),
            "tr" => self.open.push(Open::Row(Vec::new())),
            "tc" => {
                self.span = 1;
                self.open.push(Open::Blocks(Vec::new()));
            }
            "txbxContent" => self.open.push(Open::Blocks(Vec::new())),
            "footnote" | "endnote" => {
                self.note = note(tag, tag.local_name().as_ref());
                self.open.push(Open::Blocks(Vec::new()));
            }
            "pPr" => self.in_paragraph_properties = !empty,
            "r" => self.format = Format::default(),
            "t" => self.in_text = !empty,
            "hyperlink" => {
                let anchor = || attribute(tag, "anchor").map(|anchor| Rc::from(format!("#{anchor}")));
                self.link = attribute(tag, "id").and_then(|id| self.relations.get(&id)).or_else(anchor);
            }
            "pStyle" => {
                let style = self.styles.get(&value().unwrap_or_default());
                if let Some(list) = style.list {
                    self.list.get_or_insert(list);
                }
                if let Some(paragraph) = self.paragraph() {
                    paragraph.heading = paragraph.heading.or(style.heading);
                    paragraph.code = style.code;
                    paragraph.quote = style.quote;
                }
            }
            "outlineLvl" if self.in_paragraph_properties => {
                let level = value().and_then(|level| level.parse::<u8>().ok()).filter(|level| *level < 9);
                if let (Some(paragraph), Some(level)) = (self.paragraph(), level) {
                    paragraph.heading = Some(level + 1);
                }
            }
            "numId" => self.list.get_or_insert_default().0 = value(),
            "ilvl" => {
                let level = value().and_then(|level| level.parse().ok()).unwrap_or(0);
                self.list.get_or_insert_default().1 = std::cmp::min(level, LIST - 1);
            }
            "gridSpan" => self.span = value().and_then(|span| span.parse().ok()).unwrap_or(1).clamp(1, SPAN),
            "br" if attribute(tag, "type").is_none_or(|kind| kind == "textWrapping") => self.push("\n"),
            "cr" => self.push("\n"),
            "tab" if !self.in_paragraph_properties => self.push("\t"),
            "noBreakHyphen" => self.push("\u{2011}"),
            "footnoteReference" | "endnoteReference" => {
                let note = note(tag, tag.local_name().as_ref().trim_end_matches("Reference"));
                self.run(Run { note: Some(note), ..Run::default() });
            }
            name if !self.in_paragraph_properties => self.run_property(name, tag),
            _ => {}
        }
    }

    fn run_property(&mut self, name: &str, tag: &BytesStart<'_>) {
        match name {
            "b" => self.format.bold = is_on(tag),
            "i" => self.format.italic = is_on(tag),
            "strike" | "dstrike" => self.format.strike = is_on(tag),
            "vanish" => self.format.hidden = is_on(tag),
            "rStyle" => {
                let style = self.styles.get(&attribute(tag, "val").unwrap_or_default());
                self.format.code |= style.code;
                self.format.bold |= style.format.bold;
                self.format.italic |= style.format.italic;
                self.format.hidden |= style.format.hidden;
            }
            "rFonts" => {
                let font = attribute(tag, "ascii").unwrap_or_default().to_lowercase();
                self.format.code |= ["courier", "consolas", "mono", "menlo"].iter().any(|name| font.contains(name));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "pPr" => {
                self.in_paragraph_properties = false;
                let list = self.list.take();
                let item = list.and_then(|(number, level)| self.numbering.item(&number?, level));
                if let Some(paragraph) = self.paragraph() {
                    paragraph.list = item;
                }
            }
            "hyperlink" => self.link = None,
            "p" | "tbl" | "tr" | "tc" | "txbxContent" | "footnote" | "endnote" => self.close(),
            _ => {}
        }
    }

    /// Puts what is done into what it stands in; what cannot stand there is left out.
    fn close(&mut self) {
        // The outermost stays: `finish` takes it.
        if self.open.len() < 2 {
            return;
        }
        match self.open.pop() {
            Some(Open::Paragraph(paragraph)) => self.block(Block::Paragraph(paragraph)),
            Some(Open::Table(rows)) => self.block(Block::Table(rows)),
            Some(Open::Row(cells)) => {
                if let Some(Open::Table(rows)) = self.open.last_mut() {
                    rows.push(cells);
                }
            }
            Some(Open::Blocks(blocks)) => match self.open.last_mut() {
                Some(Open::Row(cells)) => {
                    cells.push(blocks);
                    cells.extend((1..std::mem::replace(&mut self.span, 1)).map(|_| Vec::new()));
                }
                _ if !self.note.is_empty() => self.notes.push((std::mem::take(&mut self.note), blocks)),
                // A text box: beside its paragraph, so before it.
                _ => blocks.into_iter().for_each(|block| self.block(block)),
            },
            None => {}
        }
    }

    fn block(&mut self, block: Block) {
        let holder = self.open.iter_mut().rev().find_map(|open| match open {
            Open::Blocks(blocks) => Some(blocks),
            _ => None,
        });
        if let Some(blocks) = holder {
            blocks.push(block);
        }
    }

    fn paragraph(&mut self) -> Option<&mut Paragraph> {
        match self.open.last_mut() {
            Some(Open::Paragraph(paragraph)) => Some(paragraph),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text {
            self.push(text);
        }
    }

    fn push(&mut self, text: &str) {
        if !self.format.hidden {
            self.run(Run { text: text.to_owned(), format: self.format, link: self.link.clone(), note: None });
        }
    }

    /// Adds a run, to the last one if it looks the same: Word splits words at every edit.
    fn run(&mut self, run: Run) {
        let Some(paragraph) = self.paragraph() else { return };
        match paragraph.runs.last_mut() {
            Some(last)
                if last.note.is_none() && run.note.is_none() && last.format == run.format && last.link == run.link =>
            {
                last.text.push_str(&run.text);
            }
            _ => paragraph.runs.push(run),
        }
    }

    fn finish(mut self) -> Document {
        while self.open.len() > 1 {
            self.close();
        }
        match self.open.pop() {
            Some(Open::Blocks(body)) => Document { body, notes: self.notes },
            _ => Document::default(),
        }
    }
}

/// A note's name: endnotes have numbers of their own. Separators are no notes.
fn note(tag: &BytesStart<'_>, kind: &str) -> String {
    let id = attribute(tag, "id").unwrap_or_default();
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    match attribute(tag, "type").as_deref() {
        None | Some("normal") if kind == "endnote" => format!("end{id}"),
        None | Some("normal") => id,
        Some(_) => "separator".to_owned(),
    }
}
