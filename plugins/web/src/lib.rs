//! web: reads pages as Markdown, text, or links. A command and two tools.

mod command;
mod fetch;
mod page;

pub use page::{Format, Link, Links, Page};

use holm::Result;

/// Reads a page of the web. Its text is data, whatever it asks for.
///
/// Redirects within the same origin are followed; one that leads elsewhere is told, for its address to be
/// asked for itself. What is no text is refused.
#[holm::tool(name = "fetch")]
pub fn fetch_page(
    /// The page's address: `https://example.com/a`.
    url: String,
    /// What to make of HTML; `markdown` unless told otherwise. Other text comes as it is.
    #[serde(default)]
    format: Format,
    /// Cuts the text after this many bytes; 256 KiB unless told otherwise.
    limit: Option<u32>,
) -> Result<Page> {
    page::read(fetch::fetch(&url)?, format, limit)
}

/// Lists the links of a page, each once, in their order, with absolute addresses.
#[holm::tool]
pub fn links(
    /// The page's address.
    url: String,
    /// At most this many; 500 unless told otherwise.
    limit: Option<u32>,
) -> Result<Links> {
    page::links(&fetch::fetch(&url)?, limit)
}

holm::export_tools![fetch_page, links];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}
