//! A document as it is read: blocks of runs, without what only a printer needs.

use crate::parse;
use crate::parts::{Numbering, Relations, Styles};
use holm::Result;
use ooxml::Package;

/// A whole document.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) body: Vec<Block>,
    /// Footnotes and endnotes that the body refers to, in the order of their parts.
    pub(crate) notes: Vec<(String, Vec<Block>)>,
}

/// What stands below another.
#[derive(Debug)]
pub(crate) enum Block {
    Paragraph(Paragraph),
    Table(Vec<Row>),
}

/// A row of cells; a cell that spans columns is followed by empty ones.
pub(crate) type Row = Vec<Vec<Block>>;

/// A paragraph, and what its style makes of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paragraph {
    /// 1 to 9.
    pub(crate) heading: Option<u8>,
    pub(crate) list: Option<Item>,
    pub(crate) code: bool,
    pub(crate) quote: bool,
    pub(crate) runs: Vec<Run>,
}

/// An item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) level: usize,
    pub(crate) ordered: bool,
}

/// Text of one format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) format: Format,
    pub(crate) link: Option<std::rc::Rc<str>>,
    /// The footnote that it refers to, in place of text.
    pub(crate) note: Option<String>,
}

/// How text looks, as far as Markdown can say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) strike: bool,
    pub(crate) code: bool,
    pub(crate) hidden: bool,
}

impl Document {
    pub(crate) fn open(path: &str) -> Result<Self> {
        let mut package = Package::open(path, "docx")?;
        let document = package.required("word/document.xml")?;
        let styles = Styles::read(package.part("word/styles.xml")?.as_deref())?;
        let numbering = Numbering::read(package.part("word/numbering.xml")?.as_deref())?;
        let read = |part: &[u8], relations: Option<Vec<u8>>| {
            parse::parse(part, &styles, &numbering, &Relations::read(relations.as_deref())?)
        };
        let relations = package.part("word/_rels/document.xml.rels")?;
        let mut notes = Vec::new();
        for kind in ["footnotes", "endnotes"] {
            if let Some(part) = package.part(&format!("word/{kind}.xml"))? {
                let relations = package.part(&format!("word/_rels/{kind}.xml.rels"))?;
                notes.extend(read(&part, relations)?.notes);
            }
        }
        Ok(Self { body: read(&document, relations)?.body, notes })
    }
}
