//! A page as its reader wants it, within a bound.

use crate::fetch::Fetched;
use holm::Result;
use htmd::element_handler::{ElementHandler, HandlerResult, Handlers};
use htmd::options::{BulletListMarker, Options};
use htmd::{Element, HtmlToMarkdown};
use std::sync::{Arc, Mutex};
use url::Url;

/// Tags that hold nothing a reader sees.
const UNREAD: [&str; 8] = ["script", "style", "noscript", "template", "svg", "iframe", "object", "head"];

/// Bytes of text unless the caller asks for more or fewer: a context window is small.
const BYTES: u32 = 256 << 10;

/// Links unless the caller asks for more or fewer.
const LINKS: u32 = 500;

/// What to make of HTML.
#[holm::json]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Headings, lists, tables and links as Markdown.
    #[default]
    Markdown,
    /// The same without addresses and pictures.
    Text,
    /// As it came.
    Raw,
}

/// A page.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Page {
    /// Where it came from, after redirects.
    pub url: String,
    /// The status: 200, 404 and so on.
    pub status: u16,
    /// Its kind, like `text/html`.
    pub content_type: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Whether the text was cut.
    pub truncated: bool,
}

/// One link.
#[holm::json]
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// What it says.
    pub text: String,
}

/// The links of a page.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Links {
    /// Where the page came from, after redirects.
    pub url: String,
    /// The links.
    pub links: Vec<Link>,
    /// Whether there are more.
    pub truncated: bool,
}

pub(crate) fn read(page: Fetched, format: Format, limit: Option<u32>) -> Result<Page> {
    let html = is_html(&page);
    let title = Kept::default();
    let mut text =
        if html && format != Format::Raw { markdown(&page.text, format, &title)? } else { page.text.clone() };
    if html && format == Format::Raw {
        markdown(&page.text, format, &title)?;
    }
    let limit = limit.unwrap_or(BYTES) as usize;
    let truncated = page.cut || text.len() > limit;
    text.truncate(text.floor_char_boundary(limit));
    let title = title.take().into_iter().next();
    Ok(Page { url: page.url.into(), status: page.status, content_type: page.kind, title, text, truncated })
}

pub(crate) fn links(page: &Fetched, limit: Option<u32>) -> Result<Links> {
    let limit = limit.unwrap_or(LINKS) as usize;
    let found: Kept<(String, String)> = Kept::default();
    if is_html(page) {
        let keep = found.clone();
        let anchor = move |handlers: &dyn Handlers, element: Element<'_>| {
            let content = handlers.walk_children(element.node);
            let href = element.attrs.iter().find(|attribute| &*attribute.name.local == "href");
            if let Some(href) = href {
                keep.push((href.value.to_string(), words(&content.content)));
            }
            Some(content)
        };
        converter(vec!["head"]).add_handler(vec!["a"], anchor).build().convert(&page.text)?;
    }
    let mut links: Vec<Link> = Vec::new();
    for (href, text) in found.take() {
        if let Some(url) = absolute(&page.url, &href)
            && !links.iter().any(|link| link.url == url)
        {
            links.push(Link { url, text });
        }
        if links.len() > limit {
            break;
        }
    }
    let truncated = page.cut || links.len() > limit;
    links.truncate(limit);
    Ok(Links { url: page.url.to_string(), links, truncated })
}

/// An address of the web that is not this page.
fn absolute(page: &Url, href: &str) -> Option<String> {
    let mut url = page.join(href).ok().filter(|url| ["http", "https"].contains(&url.scheme()))?;
    url.set_fragment(None);
    let mut own = page.clone();
    own.set_fragment(None);
    (url != own).then(|| url.to_string())
}

fn is_html(page: &Fetched) -> bool {
    let start = page.text.trim_start().get(..15).unwrap_or_default().to_ascii_lowercase();
    ["text/html", "application/xhtml+xml"].contains(&page.kind.as_str())
        || (page.kind.is_empty() && (start.starts_with("<!doctype html") || start.starts_with("<html")))
}

fn markdown(html: &str, format: Format, title: &Kept<String>) -> Result<String> {
    // The title lies in the head, which is looked at and left out.
    let keep = title.clone();
    let head = move |handlers: &dyn Handlers, element: Element<'_>| {
        let title = words(&handlers.walk_children(element.node).content);
        if !title.is_empty() {
            keep.push(title);
        }
        None::<HandlerResult>
    };
    let unread = UNREAD.into_iter().filter(|tag| *tag != "head").chain((format == Format::Text).then_some("img"));
    let builder = converter(unread.collect()).add_handler(vec!["title"], head);
    let builder = match format {
        Format::Text => builder.add_handler(vec!["a"], Plain),
        _ => builder,
    };
    Ok(builder.build().convert(html)?)
}

fn converter(skip: Vec<&str>) -> htmd::HtmlToMarkdownBuilder {
    let options = Options {
        bullet_list_marker: BulletListMarker::Dash,
        ul_bullet_spacing: 1,
        ol_number_spacing: 1,
        ..Options::default()
    };
    HtmlToMarkdown::builder().options(options).skip_tags(skip)
}

/// Links as their text.
struct Plain;

impl ElementHandler for Plain {
    fn handle(&self, handlers: &dyn Handlers, element: Element<'_>) -> Option<HandlerResult> {
        Some(handlers.walk_children(element.node))
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What handlers find on their way.
struct Kept<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Kept<T> {
    fn push(&self, found: T) {
        if let Ok(mut all) = self.0.lock() {
            all.push(found);
        }
    }

    fn take(&self) -> Vec<T> {
        self.0.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fetched, Format, links, read};

    const PAGE: &str = r##"<!doctype html><html><head><title> Two
        words </title><style>b{}</style></head><body><h1>Apples</h1>
        <p>Some are <b>red</b>, see <a href="/more?a=1#b">more <i>here</i></a> and <a href="#top">up</a>.</p>
        <a href="/more?a=1">again</a> <a href="mailto:a@b.example">mail</a> <a href="//c.example/">c</a>
        <img src="x.png" alt="x"><script>alert(1)</script></body></html>"##;

    fn page(kind: &str, text: &str) -> Fetched {
        let url = "https://a.example/dir/page".parse().expect("an address");
        Fetched { url, status: 200, kind: kind.to_owned(), text: text.to_owned(), cut: false }
    }

    #[test]
    fn a_page_is_read_in_three_ways() {
        let as_format = |format| read(page("text/html", PAGE), format, None).expect("it converts");
        let markdown = as_format(Format::Markdown);
        assert_eq!(markdown.title.as_deref(), Some("Two words"));
        assert!(markdown.text.starts_with("# Apples\n\nSome are **red**, see [more"), "{}", markdown.text);
        assert!(!markdown.text.contains("alert") && !markdown.text.contains("b{}"), "{}", markdown.text);
        let text = as_format(Format::Text).text;
        assert!(!text.contains("/more") && !text.contains("x.png"), "{text}");
        assert_eq!(as_format(Format::Raw).text, PAGE);
        assert_eq!(as_format(Format::Raw).title.as_deref(), Some("Two words"));
    }

    #[test]
    fn what_is_no_html_comes_as_it_is() {
        let json = read(page("application/json", "{\"a\": \"<b>\"}"), Format::Markdown, Some(6)).expect("it is read");
        assert_eq!((json.text.as_str(), json.truncated, json.title), ("{\"a\": ", true, None));
    }

    #[test]
    fn links_are_absolute_and_told_once() {
        let found = links(&page("text/html", PAGE), None).expect("they are read");
        let urls: Vec<&str> = found.links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!(urls, ["https://a.example/more?a=1", "https://c.example/"]);
        assert!(!found.truncated && links(&page("text/html", PAGE), Some(1)).expect("one").truncated);
    }
}
