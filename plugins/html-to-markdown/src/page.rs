//! One page: its title, and its Markdown within a bound.

use holm::Result;
use htmd::element_handler::{ElementHandler, HandlerResult, Handlers};
use htmd::options::{BulletListMarker, LinkStyle, Options};
use htmd::{Element, HtmlToMarkdown};
use std::sync::{Arc, Mutex};

/// Tags that hold nothing a reader sees.
const UNREAD: [&str; 7] = ["script", "style", "noscript", "template", "svg", "iframe", "object"];

/// Bytes of Markdown unless the caller asks for more or fewer: a page is untrusted, and the
/// caller's context window is small.
const BYTES: u32 = 1024 * 1024;

/// How to write links.
#[holm::json]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Links {
    /// `[text](address)`.
    #[default]
    Inline,
    /// `[text][1]`, the addresses at the end.
    Referenced,
    /// Only the text.
    Text,
}

/// A page as Markdown.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Markdown {
    /// The page's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The Markdown.
    pub markdown: String,
    /// Whether the Markdown was cut at the limit.
    pub truncated: bool,
}

/// Turns a page into Markdown.
pub(crate) fn markdown(html: &str, skip: &[String], links: Links, limit: Option<u32>) -> Result<Markdown> {
    let title = Title::default();
    let mut markdown = converter(skip, links, &title).convert(html)?;
    let limit = limit.unwrap_or(BYTES) as usize;
    let truncated = markdown.len() > limit;
    if truncated {
        markdown.truncate(markdown.floor_char_boundary(limit));
    }
    Ok(Markdown { title: title.into_text(), markdown, truncated })
}

fn converter(skip: &[String], links: Links, title: &Title) -> HtmlToMarkdown {
    let options = Options {
        bullet_list_marker: BulletListMarker::Dash,
        ul_bullet_spacing: 1,
        ol_number_spacing: 1,
        link_style: match links {
            Links::Inline | Links::Text => LinkStyle::Inlined,
            Links::Referenced => LinkStyle::Referenced,
        },
        ..Options::default()
    };
    let skip = skip.iter().map(|tag| tag.trim().to_ascii_lowercase());
    let skip: Vec<String> = skip.collect();
    let tags = UNREAD.into_iter().chain(skip.iter().map(String::as_str));
    let builder =
        HtmlToMarkdown::builder().options(options).skip_tags(tags.collect()).add_handler(vec!["title"], title.clone());
    if links == Links::Text {
        let text = |handlers: &dyn Handlers, element: Element<'_>| Some(handlers.walk_children(element.node));
        return builder.add_handler(vec!["a"], text).build();
    }
    builder.build()
}

/// Keeps the page's title, which is no part of the text.
#[derive(Clone, Default)]
struct Title(Arc<Mutex<Option<String>>>);

impl ElementHandler for Title {
    fn handle(&self, handlers: &dyn Handlers, element: Element<'_>) -> Option<HandlerResult> {
        let text = handlers.walk_children(element.node).content;
        let words: Vec<&str> = text.split_whitespace().collect();
        if let (Ok(mut title), false) = (self.0.lock(), words.is_empty()) {
            title.get_or_insert_with(|| words.join(" "));
        }
        None
    }
}

impl Title {
    fn into_text(self) -> Option<String> {
        self.0.lock().ok()?.take()
    }
}

#[cfg(test)]
mod tests {
    use super::{Links, Markdown, markdown};

    const PAGE: &str = r#"<!doctype html><html><head>
        <title> A
        page </title><style>b{}</style><script>alert(1)</script></head><body>
        <nav>menu</nav>
        <h1>Apples</h1><p>Some are <b>red</b>, see <a href="https://example.com/a">more</a>.</p>
        <ul><li>one</li><li>two</li></ul>
        <table><tr><th>Kind</th><th>Price</th></tr><tr><td>Red</td><td>1|2</td></tr></table>
        <pre><code class="language-rust">fn main() {}
</code></pre></body></html>"#;

    fn convert(html: &str, skip: &[&str], links: Links) -> Markdown {
        let skip: Vec<String> = skip.iter().map(|tag| (*tag).to_owned()).collect();
        markdown(html, &skip, links, None).expect("it converts")
    }

    #[test]
    fn a_page_becomes_markdown() {
        let page = convert(PAGE, &["NAV"], Links::Inline);
        assert_eq!(page.title.as_deref(), Some("A page"));
        assert_eq!(
            page.markdown,
            "# Apples\n\nSome are **red**, see [more](https://example.com/a).\n\n- one\n- two\n\n\
             | Kind | Price |\n| ---- | ----- |\n| Red  | 1&#124;2 |\n\n```rust\nfn main() {}\n```"
        );
    }

    #[test]
    fn links_in_three_ways() {
        let html = r#"<p><a href="https://example.com/">here</a></p>"#;
        let text = |links| convert(html, &[], links).markdown;
        assert_eq!(text(Links::Inline), "[here](https://example.com/)");
        assert_eq!(text(Links::Text), "here");
        assert_eq!(text(Links::Referenced), "[here][1]\n\n[1]: https://example.com/");
    }

    #[test]
    fn a_long_page_is_cut_between_characters() {
        let page = markdown("<p>äöü</p>", &[], Links::Inline, Some(3)).expect("it converts");
        assert_eq!((page.markdown.as_str(), page.truncated), ("ä", true));
    }

    #[test]
    fn broken_html_is_still_read() {
        assert_eq!(convert("<p>a<b>b<i>c</p>", &[], Links::Inline).title, None);
        assert_eq!(convert("", &[], Links::Inline).markdown, "");
        assert_eq!(convert("no tags & all", &[], Links::Inline).markdown, "no tags & all");
    }
}
