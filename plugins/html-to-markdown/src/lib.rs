//! html-to-markdown: turns HTML pages into Markdown, by htmd. A command and a tool.

mod command;
mod page;

pub use page::{Links, Markdown};

use holm::{Error, files};

/// Turns an HTML page into Markdown. Give it either a file or the HTML itself.
///
/// Headings, lists, links, images, code blocks and tables become their Markdown; scripts, styles
/// and other things that nobody reads are left out.
#[holm::tool]
pub fn convert(
    /// Path of an HTML file.
    file: Option<String>,
    /// HTML instead of a file.
    html: Option<String>,
    /// Further tags to leave out with all they hold, e.g. `["nav", "footer", "img"]`.
    #[serde(default)]
    skip: Vec<String>,
    /// How to write links; `inline` unless told otherwise.
    #[serde(default)]
    links: Links,
    /// Cuts the Markdown after this many bytes; 1 MiB unless told otherwise.
    limit: Option<u32>,
) -> holm::Result<Markdown> {
    let html = match (file, html) {
        (Some(path), None) => String::from_utf8_lossy(&files::read(path)?).into_owned(),
        (None, Some(html)) => html,
        _ => return Err(Error::arguments("give either file or html")),
    };
    page::markdown(&html, &skip, links, limit)
}

holm::export_tools![convert];

#[holm::main]
fn main(arguments: Vec<String>) -> holm::Result<u8> {
    command::run(arguments)
}
