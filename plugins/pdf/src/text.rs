//! The tool `text`.

use crate::glyphs::{Drawing, Drawn, Word};
use crate::limits::TEXT;
use crate::open::Document;
use crate::{columns, lines, pages};
use holm::{Error, Result};

/// The text of one page.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct PageText {
    /// The page, counted from 1.
    pub page: usize,
    /// Its text; empty for a page that is only a picture.
    pub text: String,
}

pub(crate) fn text(document: &Document, wanted: Option<&str>, layout: bool) -> Result<Vec<PageText>> {
    let all = document.pdf.pages();
    let mut drawing = Drawing::new(document.pdf.xref());
    let mut total = 0;
    let mut result = Vec::new();
    for index in pages::parse(wanted, all.len())? {
        let drawn = drawing.draw(&all[index]).map_err(|error| error.during(format!("page {}", index + 1)))?;
        let text = page(&drawn, layout);
        total += text.len();
        if total > TEXT {
            return Err(Error::new(format!("refused (too-much-text): over {TEXT} bytes; ask for fewer pages")));
        }
        result.push(PageText { page: index + 1, text });
    }
    Ok(result)
}

fn page(drawn: &Drawn, layout: bool) -> String {
    let mut text = if layout {
        lines::layout(&drawn.words.iter().collect::<Vec<&Word>>())
    } else {
        let columns = columns::columns(&drawn.words);
        columns.iter().map(|column| lines::paragraphs(column)).collect::<Vec<_>>().join("\n")
    };
    for turned in &drawn.turned {
        text.push_str(turned);
        text.push('\n');
    }
    text
}
