//! The parts beside the text: what styles mean, what lists look like, where links lead.

use crate::limits::BASES;
use crate::model::{Format, Item};
use holm::Result;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;
use std::rc::Rc;

/// Calls back for each element with the names of those above it.
fn elements(part: &[u8], mut visit: impl FnMut(&BytesStart<'_>, &[String]) -> Result<()>) -> Result<()> {
    let mut reader = Reader::from_reader(part);
    let (mut buffer, mut above) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer)? {
            Event::Start(tag) => {
                visit(&tag, &above)?;
                above.push(tag.local_name().as_ref().to_owned());
            }
            Event::Empty(tag) => visit(&tag, &above)?,
            Event::End(_) => drop(above.pop()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its name without prefix.
pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == name)?;
    let value: &str = &found.value;
    let value = quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), |value| value.into_owned());
    Some(value)
}

/// Whether a property such as `<w:b/>` or `<w:b w:val="0"/>` is on.
pub(crate) fn is_on(tag: &BytesStart<'_>) -> bool {
    !matches!(attribute(tag, "val").as_deref(), Some("0" | "false" | "off" | "none"))
}

/// What a style makes of a paragraph or a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    pub(crate) heading: Option<u8>,
    pub(crate) list: Option<(Option<String>, usize)>,
    pub(crate) code: bool,
    pub(crate) quote: bool,
    pub(crate) format: Format,
    based_on: Option<String>,
}

/// Styles by their ids.
#[derive(Debug, Default)]
pub(crate) struct Styles(HashMap<String, Style>);

impl Styles {
    pub(crate) fn read(part: Option<&[u8]>) -> Result<Self> {
        let Some(part) = part else { return Ok(Self::default()) };
        let mut styles = HashMap::new();
        let mut current = String::new();
        elements(part, |tag, above| {
            let name = tag.local_name();
            if name.as_ref() == "style" {
                current = attribute(tag, "styleId").unwrap_or_default();
                styles.insert(current.clone(), Style::default());
                return Ok(());
            }
            if !above.iter().any(|above| above == "style") {
                return Ok(());
            }
            let style: &mut Style = styles.entry(current.clone()).or_default();
            let value = attribute(tag, "val");
            match (name.as_ref(), value) {
                ("name", Some(value)) => style.name(&value),
                ("basedOn", value) => style.based_on = value,
                ("outlineLvl", Some(value)) => style.heading = level(&value).map(|level| level + 1),
                ("numId", value) => style.list.get_or_insert_default().0 = value,
                ("ilvl", Some(value)) => style.list.get_or_insert_default().1 = level(&value).unwrap_or(0).into(),
                // Headings are bold by themselves.
                ("b", _) => style.format.bold = is_on(tag),
                ("i", _) => style.format.italic = is_on(tag),
                ("vanish", _) => style.format.hidden = is_on(tag),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self(styles))
    }

    /// A style with what it takes from those it is based on.
    pub(crate) fn get(&self, id: &str) -> Style {
        let mut style = self.0.get(id).cloned().unwrap_or_default();
        let mut base = style.based_on.clone();
        for _ in 0..BASES {
            let Some(above) = base.and_then(|base| self.0.get(&base)) else { break };
            style.heading = style.heading.or(above.heading);
            style.list = style.list.or_else(|| above.list.clone());
            style.code |= above.code;
            style.quote |= above.quote;
            base = above.based_on.clone();
        }
        style
    }
}

impl Style {
    /// Style names are the same in every language; ids are not.
    fn name(&mut self, name: &str) {
        let name = name.to_lowercase();
        match name.as_str() {
            "title" => self.heading = Some(1),
            "subtitle" => self.heading = Some(2),
            _ => {
                let number = name.strip_prefix("heading ").and_then(|number| number.parse().ok());
                self.heading = self.heading.or(number.filter(|number| (1..=9).contains(number)));
            }
        }
        // `List Bullet 2` is a list of its own to Word, and one within `List Bullet` to its reader.
        if let Some(level) = name.strip_prefix("list ").and_then(|name| level(name.split(' ').nth(1)?)) {
            self.list.get_or_insert_default().1 = usize::from(level).saturating_sub(1);
        }
        self.quote = name.contains("quot");
        // `Source Code` is pandoc's, `Preformatted Text` and `Source Text` LibreOffice's.
        self.code = ["code", "preformatted", "source text", "verbatim", "macro"].iter().any(|word| name.contains(word));
    }
}

fn level(text: &str) -> Option<u8> {
    text.parse().ok().filter(|level| *level < 9)
}

/// Which lists have numbers, by their ids and levels.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    /// Of a list: what it is an instance of.
    abstract_of: HashMap<String, String>,
    /// Levels with bullets, or with nothing.
    formats: HashMap<(String, usize), String>,
}

impl Numbering {
    pub(crate) fn read(part: Option<&[u8]>) -> Result<Self> {
        let Some(part) = part else { return Ok(Self::default()) };
        let mut numbering = Self::default();
        let (mut number, mut abstract_number, mut current) = (String::new(), String::new(), 0);
        elements(part, |tag, above| {
            let id = |name| attribute(tag, name).unwrap_or_default();
            match tag.local_name().as_ref() {
                "abstractNum" => abstract_number = id("abstractNumId"),
                "num" => number = id("numId"),
                "abstractNumId" => drop(numbering.abstract_of.insert(number.clone(), id("val"))),
                "lvl" => current = level(&id("ilvl")).unwrap_or(0).into(),
                "numFmt" if above.iter().any(|above| above == "abstractNum") => {
                    numbering.formats.insert((abstract_number.clone(), current), id("val"));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(numbering)
    }

    /// The item of a list; none where the paragraph is taken out of its list (`numId` 0), or the level shows nothing.
    pub(crate) fn item(&self, number: &str, level: usize) -> Option<Item> {
        if number == "0" {
            return None;
        }
        let of_level = |level| self.formats.get(&(self.abstract_of.get(number)?.clone(), level));
        let format = of_level(level).or_else(|| of_level(0));
        match format.map(String::as_str) {
            Some("none") => None,
            Some("bullet") | None => Some(Item { level, ordered: false }),
            Some(_) => Some(Item { level, ordered: true }),
        }
    }
}

/// Where links lead, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Relations(HashMap<String, Rc<str>>);

impl Relations {
    pub(crate) fn read(part: Option<&[u8]>) -> Result<Self> {
        let Some(part) = part else { return Ok(Self::default()) };
        let mut relations = HashMap::new();
        elements(part, |tag, _| {
            if let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target"))
                && attribute(tag, "Type").is_some_and(|kind| kind.ends_with("/hyperlink"))
            {
                relations.insert(id, Rc::from(target));
            }
            Ok(())
        })?;
        Ok(Self(relations))
    }

    pub(crate) fn get(&self, id: &str) -> Option<Rc<str>> {
        self.0.get(id).cloned()
    }
}
