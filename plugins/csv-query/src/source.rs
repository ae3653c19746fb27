//! Where a table's text comes from: a file, opened anew for each pass, or text that was read once.

use csv::{Reader, ReaderBuilder};
use holm::{Error, Result, files};
use std::io::Read;
use std::path::Path;

/// How the fields lie in a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// The character between fields.
    pub delimiter: Option<char>,
    /// Whether the first line already holds values.
    pub no_header: bool,
}

/// The text of one table.
#[derive(Debug)]
pub(crate) struct Source {
    /// The table's name.
    pub(crate) name: String,
    pub(crate) layout: Layout,
    text: Text,
}

#[derive(Debug)]
enum Text {
    File(String),
    Read(Vec<u8>),
}

/// A reader of rows, whatever lies below it.
pub(crate) type Rows<'a> = Reader<Box<dyn Read + 'a>>;

impl Source {
    /// A file, or `name=path`.
    pub(crate) fn file(file: &str, layout: Layout) -> Result<Self> {
        let (name, path) = match file.split_once('=') {
            Some((name, path)) if is_name(name) => (name.to_owned(), path),
            _ => (name_of(file), file),
        };
        Ok(Self { name, layout, text: Text::File(path.to_owned()) })
    }

    /// Text that cannot be read twice, such as stdin.
    pub(crate) fn text(name: &str, text: Vec<u8>, layout: Layout) -> Self {
        Self { name: name.to_owned(), layout, text: Text::Read(text) }
    }

    /// What to call it in an error.
    pub(crate) fn place(&self) -> &str {
        match &self.text {
            Text::File(path) => path,
            Text::Read(_) => &self.name,
        }
    }

    /// Its rows from the start, a header among them.
    pub(crate) fn rows(&self) -> Result<Rows<'_>> {
        let (reader, default): (Box<dyn Read + '_>, _) = match &self.text {
            Text::File(path) => (Box::new(files::open(path)?), if path.ends_with(".tsv") { '\t' } else { ',' }),
            Text::Read(text) => (Box::new(text.as_slice()), ','),
        };
        let delimiter = u8::try_from(self.layout.delimiter.unwrap_or(default))
            .ok()
            .filter(u8::is_ascii)
            .ok_or_else(|| Error::arguments("the delimiter is an ASCII character"))?;
        Ok(ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(reader))
    }
}

/// A name that SQL takes without quotes.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with(char::is_numeric)
}

/// A table's name after its file: `./My sales-2024.csv` is `My_sales_2024`.
fn name_of(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    let name: String = stem.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if is_name(&name) { name } else { format!("t_{name}") }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Source};

    #[test]
    fn tables_are_named_after_files() {
        let name = |file| Source::file(file, Layout::default()).map(|source| source.name).ok();
        assert_eq!(name("./a/My sales-2.csv"), Some("My_sales_2".to_owned()));
        assert_eq!(name("2024.csv"), Some("t_2024".to_owned()));
        assert_eq!(name("s=./x.csv"), Some("s".to_owned()));
        assert_eq!(name("./a=b.csv"), Some("a_b".to_owned()));
    }
}
