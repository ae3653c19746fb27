//! The tool `write`: a new document from Markdown.

use crate::limits::{LIST, MARKDOWN, NESTED};
use docx_rs::{
    AbstractNumbering, AlignmentType, BreakType, Docx, Footnote, Hyperlink, HyperlinkType, IndentLevel, Level, LevelJc,
    LevelOverride, LevelText, LineSpacing, NumberFormat, Numbering, NumberingId, Paragraph, Run, RunFonts,
    SpecialIndentType, Start, Style, StyleType, Table, TableCell, TableRow, WidthType,
};
use holm::{Error, Result, files};
use pulldown_cmark::{Alignment, Event, Options, Parser, Tag, TagEnd};
use std::collections::HashMap;
use std::io::Cursor;

/// The lists of a document: bullets, and numbers.
const BULLETS: usize = 2;
const NUMBERS: usize = 3;
/// Twentieths of a point: the text's width on A4, and a list's indent.
const WIDTH: usize = 9_026;
const INDENT: i32 = 720;

/// What was written.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Written {
    /// The path of the document.
    pub document: String,
    /// How many paragraphs it has, those of tables aside.
    pub paragraphs: usize,
    /// How many tables it has.
    pub tables: usize,
}

/// Refuses a file that is there, unless it is to be replaced.
pub(crate) fn refuse_existing(path: &str, overwrite: bool) -> Result<()> {
    if !overwrite && std::fs::symlink_metadata(path).is_ok() {
        return Err(Error::new(format!("{path} is there already; overwrite replaces it")));
    }
    Ok(())
}

/// Whether XML has this character at all: a control character makes a file that Word calls damaged.
pub(crate) fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

pub(crate) fn write(path: &str, markdown: &str, overwrite: bool) -> Result<Written> {
    if markdown.len() > MARKDOWN {
        return Err(Error::arguments(format!("markdown: over {MARKDOWN} bytes")));
    }
    refuse_existing(path, overwrite)?;
    let clean: String = markdown.chars().filter(|character| is_xml(*character)).collect();
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut notes = HashMap::new();
    let mut body = Vec::new();
    let mut note: Option<(String, Vec<Event<'_>>)> = None;
    for event in Parser::new_ext(&clean, options) {
        match (event, &mut note) {
            (Event::Start(Tag::FootnoteDefinition(name)), None) => note = Some((name.into_string(), Vec::new())),
            (Event::End(TagEnd::FootnoteDefinition), _) => notes.extend(note.take()),
            (event, Some((_, events))) => events.push(event),
            (event, None) => body.push(event),
        }
    }
    let mut writer = Writer { notes, ..Writer::default() };
    for event in body {
        writer.event(event)?;
    }
    let written = Written { document: path.to_owned(), paragraphs: writer.paragraphs.len(), tables: writer.tables };
    let mut bytes = Cursor::new(Vec::new());
    let mut parts = writer.document().build();
    parts.styles = with_default_style(parts.styles);
    parts.pack(&mut bytes)?;
    files::write(path, bytes.into_inner())?;
    Ok(written)
}

/// `Normal` is what a paragraph without a style has: the library does not say so.
fn with_default_style(styles: Vec<u8>) -> Vec<u8> {
    let normal = r#"<w:style w:type="paragraph" w:styleId="Normal">"#;
    match String::from_utf8(styles) {
        Ok(text) => text.replacen(normal, &normal.replace("w:styleId", r#"w:default="1" w:styleId"#), 1).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// What stands below another.
enum Block {
    Paragraph(Box<Paragraph>),
    Table(Box<Table>),
}

/// What stands beside another in a paragraph.
enum Piece {
    Run(Box<Run>),
    Link(Hyperlink),
}

#[derive(Default)]
struct Writer<'a> {
    blocks: Vec<Block>,
    paragraphs: Vec<()>,
    tables: usize,
    /// Footnotes that nothing refers to yet.
    notes: HashMap<String, Vec<Event<'a>>>,
    pieces: Vec<Piece>,
    link: Option<Hyperlink>,
    /// How often each is open.
    bold: usize,
    italic: usize,
    strike: usize,
    quote: usize,
    nested: usize,
    heading: Option<usize>,
    code: bool,
    /// Lists that are open: the number of each.
    lists: Vec<usize>,
    numbered: usize,
    /// Whether the next paragraph begins an item.
    item: bool,
    table: Option<NewTable>,
}

struct NewTable {
    alignments: Vec<Alignment>,
    rows: Vec<TableRow>,
    cells: Vec<TableCell>,
    header: bool,
}

impl<'a> Writer<'a> {
    fn event(&mut self, event: Event<'a>) -> Result<()> {
        match event {
            Event::Start(tag) => {
                self.nested += 1;
                if self.nested > NESTED {
                    return Err(Error::arguments(format!("markdown: over {NESTED} levels of blocks and marks")));
                }
                self.start(tag);
            }
            Event::End(tag) => {
                self.nested -= 1;
                self.end(tag);
            }
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) if self.code => self.lines(&text),
            Event::Text(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.run(Run::new().add_text(&*text));
            }
            Event::Html(text) => self.lines(&text),
            Event::Code(text) => self.run(Run::new().add_text(&*text).style("CodeText")),
            Event::SoftBreak => self.run(Run::new().add_text(" ")),
            Event::HardBreak => self.run(Run::new().add_break(BreakType::TextWrapping)),
            Event::Rule => {
                self.run(Run::new().add_text("* * *"));
                self.paragraph(|paragraph| paragraph.align(AlignmentType::Center));
            }
            Event::TaskListMarker(done) => self.run(Run::new().add_text(if done { "☑ " } else { "☐ " })),
            Event::FootnoteReference(name) => self.note(&name)?,
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            // An item whose text is not in a paragraph ends where a block begins within it.
            Tag::List(_) | Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::Table(_) if !self.pieces.is_empty() => {
                self.text();
                self.start(tag);
            }
            Tag::Heading { level, .. } => self.heading = Some(level as usize),
            Tag::CodeBlock(_) => self.code = true,
            Tag::BlockQuote(_) => self.quote += 1,
            Tag::List(start) => self.list(start),
            Tag::Item => self.item = true,
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { dest_url, .. } => {
                let link = match dest_url.strip_prefix('#') {
                    Some(anchor) => Hyperlink::new(anchor, HyperlinkType::Anchor),
                    None => Hyperlink::new(&*dest_url, HyperlinkType::External),
                };
                self.link = Some(link);
            }
            Tag::Table(alignments) => {
                self.table = Some(NewTable { alignments, rows: Vec::new(), cells: Vec::new(), header: false });
            }
            Tag::TableHead => self.header(true),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.text(),
            TagEnd::Heading(_) => {
                let level = self.heading.take().unwrap_or(1);
                self.paragraph(|paragraph| paragraph.style(&format!("Heading{level}")));
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.paragraph(|paragraph| paragraph.style("SourceCode"));
            }
            TagEnd::BlockQuote(_) => self.quote -= 1,
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item if !self.pieces.is_empty() || self.item => self.text(),
            TagEnd::Strong => self.bold -= 1,
            TagEnd::Emphasis => self.italic -= 1,
            TagEnd::Strikethrough => self.strike -= 1,
            TagEnd::Link => self.pieces.extend(self.link.take().map(Piece::Link)),
            TagEnd::TableCell => self.cell(),
            TagEnd::TableHead => {
                self.row();
                self.header(false);
            }
            TagEnd::TableRow => self.row(),
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    fn header(&mut self, header: bool) {
        if let Some(table) = &mut self.table {
            table.header = header;
        }
    }

    /// A numbered list has a number of its own, by which it begins anew.
    fn list(&mut self, start: Option<u64>) {
        let number = match start {
            None => BULLETS,
            Some(_) => {
                self.numbered += 1;
                NUMBERS + self.numbered
            }
        };
        self.lists.push(number);
    }

    fn run(&mut self, mut run: Run) {
        if self.bold > 0 || self.table.as_ref().is_some_and(|table| table.header) {
            run = run.bold();
        }
        if self.italic > 0 {
            run = run.italic();
        }
        if self.strike > 0 {
            run = run.strike();
        }
        match self.link.take() {
            Some(link) => self.link = Some(link.add_run(run.color("0563C1").underline("single"))),
            None => self.pieces.push(Piece::Run(Box::new(run))),
        }
    }

    /// Text in which a line's end is one.
    fn lines(&mut self, text: &str) {
        for (index, line) in text.strip_suffix('\n').unwrap_or(text).split('\n').enumerate() {
            if index > 0 || !self.pieces.is_empty() {
                self.run(Run::new().add_break(BreakType::TextWrapping));
            }
            self.run(Run::new().add_text(line));
        }
    }

    /// A footnote, where it is first referred to; a name without one is text.
    fn note(&mut self, name: &str) -> Result<()> {
        let Some(events) = self.notes.remove(name) else {
            self.run(Run::new().add_text(format!("[^{name}]")));
            return Ok(());
        };
        // Notes within a note are text: it has none left.
        let mut writer = Writer::default();
        for event in events {
            writer.event(event)?;
        }
        let mut footnote = Footnote::new();
        for block in writer.blocks {
            if let Block::Paragraph(paragraph) = block {
                footnote.add_content(*paragraph);
            }
        }
        self.run(Run::new().add_footnote_reference(footnote));
        Ok(())
    }

    fn text(&mut self) {
        let quote = self.quote > 0;
        self.paragraph(|paragraph| if quote { paragraph.style("Quote") } else { paragraph });
    }

    /// Ends a paragraph of all pieces so far.
    fn paragraph(&mut self, style: impl FnOnce(Paragraph) -> Paragraph) {
        let mut paragraph = style(joined(std::mem::take(&mut self.pieces)));
        let level = self.lists.len().min(LIST);
        if let Some(number) = self.lists.last() {
            paragraph = if std::mem::take(&mut self.item) {
                paragraph.numbering(NumberingId::new(*number), IndentLevel::new(level - 1))
            } else {
                paragraph.indent(Some(INDENT * level as i32), None, None, None)
            };
        }
        self.paragraphs.push(());
        self.blocks.push(Block::Paragraph(Box::new(paragraph)));
    }

    fn cell(&mut self) {
        let paragraph = joined(std::mem::take(&mut self.pieces));
        let Some(table) = &mut self.table else { return };
        let paragraph = match table.alignments.get(table.cells.len()) {
            Some(Alignment::Center) => paragraph.align(AlignmentType::Center),
            Some(Alignment::Right) => paragraph.align(AlignmentType::Right),
            _ => paragraph,
        };
        let width = WIDTH / table.alignments.len().max(1);
        table.cells.push(TableCell::new().add_paragraph(paragraph).width(width, WidthType::Dxa));
    }

    fn row(&mut self) {
        if let Some(table) = &mut self.table {
            table.rows.push(TableRow::new(std::mem::take(&mut table.cells)));
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        let columns = table.alignments.len().max(1);
        let grid = vec![WIDTH / columns; columns];
        self.tables += 1;
        self.blocks.push(Block::Table(Box::new(Table::new(table.rows).set_grid(grid).width(WIDTH, WidthType::Dxa))));
        // Two tables without a paragraph between are one to Word.
        self.blocks.push(Block::Paragraph(Box::new(Paragraph::new())));
    }

    fn document(self) -> Docx {
        let mut docx =
            styled(Docx::new()).add_abstract_numbering(levels(BULLETS)).add_abstract_numbering(levels(NUMBERS));
        docx = docx.add_numbering(Numbering::new(BULLETS, BULLETS));
        for list in 1..=self.numbered {
            let mut numbering = Numbering::new(NUMBERS + list, NUMBERS);
            for level in 0..LIST {
                numbering = numbering.add_override(LevelOverride::new(level).start(1));
            }
            docx = docx.add_numbering(numbering);
        }
        for block in self.blocks {
            docx = match block {
                Block::Paragraph(paragraph) => docx.add_paragraph(*paragraph),
                Block::Table(table) => docx.add_table(*table),
            };
        }
        docx
    }
}

fn joined(pieces: Vec<Piece>) -> Paragraph {
    pieces.into_iter().fold(Paragraph::new(), |paragraph, piece| match piece {
        Piece::Run(run) => paragraph.add_run(*run),
        Piece::Link(link) => paragraph.add_hyperlink(link),
    })
}

/// The levels of a list.
fn levels(kind: usize) -> AbstractNumbering {
    let level =
        |level: usize| {
            let (format, text) = match (kind, level % 3) {
                (BULLETS, 0) => ("bullet", "•".to_owned()),
                (BULLETS, 1) => ("bullet", "◦".to_owned()),
                (BULLETS, _) => ("bullet", "▪".to_owned()),
                (_, 0) => ("decimal", format!("%{}.", level + 1)),
                (_, 1) => ("lowerLetter", format!("%{}.", level + 1)),
                (_, _) => ("lowerRoman", format!("%{}.", level + 1)),
            };
            let left = INDENT * (level as i32 + 1);
            Level::new(level, Start::new(1), NumberFormat::new(format), LevelText::new(text), LevelJc::new("left"))
                .indent(Some(left), Some(SpecialIndentType::Hanging(INDENT / 2)), None, None)
        };
    (0..LIST).fold(AbstractNumbering::new(kind), |numbering, number| numbering.add_level(level(number)))
}

/// The styles that are used, by the names that Word knows them by in every language.
fn styled(docx: Docx) -> Docx {
    let mut docx = docx.default_size(22).default_line_spacing(LineSpacing::new().after(100));
    let fixed = || RunFonts::new().ascii("Courier New").hi_ansi("Courier New").cs("Courier New");
    // Half points.
    for (level, size) in (1..).zip([36, 30, 26, 24, 22, 22]) {
        let style = Style::new(format!("Heading{level}"), StyleType::Paragraph);
        docx = docx.add_style(
            style
                .name(format!("heading {level}"))
                .outline_lvl(level - 1)
                .size(size)
                .bold()
                .q_format(true)
                .line_spacing(LineSpacing::new().before(240).after(120)),
        );
    }
    let quote = Style::new("Quote", StyleType::Paragraph).name("Quote").italic();
    let code = Style::new("SourceCode", StyleType::Paragraph).name("Source Code").size(20).fonts(fixed());
    let code_text = Style::new("CodeText", StyleType::Character).name("Verbatim Char").fonts(fixed());
    docx.add_style(quote.indent(Some(INDENT), None, Some(INDENT), None)).add_style(code).add_style(code_text)
}
