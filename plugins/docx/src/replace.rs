//! The tool `replace`: text in place. Every part but those with text, and every element in them, stays
//! as it is.

use crate::limits::{OUTPUT, REPLACEMENTS};
use crate::write::refuse_existing;
use holm::{Error, Result, files};
use ooxml::Package;
use quick_xml::events::{BytesText, Event};
use quick_xml::{Reader, Writer};
use std::io::{Cursor, Write};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

/// A text and what takes its place.
#[holm::json]
#[derive(Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// The text that is looked for, exactly.
    pub find: String,
    /// What takes its place.
    pub replace: String,
}

/// What was replaced.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Replaced {
    /// The path of the new document.
    pub document: String,
    /// How often each text was replaced, in order.
    pub counts: Vec<usize>,
}

pub(crate) fn replace(path: &str, into: &str, wanted: &[Replacement], overwrite: bool) -> Result<Replaced> {
    if wanted.len() > REPLACEMENTS || wanted.iter().any(|wanted| wanted.find.is_empty()) {
        return Err(Error::arguments(format!("replacements: at most {REPLACEMENTS}, and none of an empty text")));
    }
    refuse_existing(into, overwrite)?;
    let mut package = Package::open(path, "docx")?;
    package.required("word/document.xml")?;
    let names: Vec<String> = package.names().map(|name| name.into_owned()).collect();
    let mut counts = vec![0; wanted.len()];
    let mut changed = Vec::new();
    for name in names.into_iter().filter(|name| holds_text(name)) {
        let part = package.required(&name)?;
        changed.push((name, edit(&part, wanted, &mut counts)?));
    }
    let mut archive = ZipArchive::new(Cursor::new(package.into_bytes()))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index)?;
        let name = part.name()?.into_owned();
        match changed.iter().find(|(changed, _)| *changed == name) {
            Some((_, bytes)) => {
                writer.start_file(name, SimpleFileOptions::default())?;
                writer.write_all(bytes)?;
            }
            None => writer.raw_copy_file(part)?,
        }
    }
    files::write(into, writer.finish()?.into_inner())?;
    Ok(Replaced { document: into.to_owned(), counts })
}

fn holds_text(name: &str) -> bool {
    let Some(name) = name.strip_prefix("word/").and_then(|name| name.strip_suffix(".xml")) else { return false };
    !name.contains('/')
        && ["document", "header", "footer", "footnotes", "endnotes"].iter().any(|part| name.starts_with(part))
}

/// Edits one part: first what each `w:t` becomes, then the part with that.
fn edit(part: &[u8], wanted: &[Replacement], counts: &mut [usize]) -> Result<Vec<u8>> {
    let mut paragraphs = Paragraphs { open: vec![Vec::new()], texts: Vec::new() };
    walk(part, |event, in_text| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "p" => paragraphs.open.push(Vec::new()),
            Event::Start(tag) if tag.local_name().as_ref() == "t" => paragraphs.text(),
            Event::End(tag) if tag.local_name().as_ref() == "p" => paragraphs.close(wanted, counts)?,
            Event::Text(text) if in_text => paragraphs.push(text),
            Event::CData(text) if in_text => paragraphs.push(text),
            Event::GeneralRef(name) if in_text => match name.resolve_char_ref() {
                Ok(Some(character)) => paragraphs.push(character.encode_utf8(&mut [0; 4])),
                _ => paragraphs.push(quick_xml::escape::resolve_xml_entity(name).unwrap_or_default()),
            },
            _ => {}
        }
        Ok(())
    })?;
    if paragraphs.texts.iter().map(|text| text.text.len()).sum::<usize>() > OUTPUT {
        return Err(Error::new(format!("the document would hold over {OUTPUT} bytes of text")));
    }
    let mut texts = paragraphs.texts.into_iter();
    let mut writer = Writer::new(Vec::with_capacity(part.len()));
    let mut replaced = false;
    walk(part, |event, in_text| {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "t" => {
                let text = texts.next();
                replaced = text.as_ref().is_some_and(|text| text.changed);
                if let Some(text) = text.filter(|text| text.changed) {
                    let mut tag = tag.clone();
                    if !tag.attributes().flatten().any(|attribute| attribute.key.as_ref() == "xml:space") {
                        // Without it, a blank at an end is lost.
                        tag.push_attribute(("xml:space", "preserve"));
                    }
                    writer.write_event(Event::Start(tag))?;
                    let text: String = text.text.chars().filter(|c| crate::write::is_xml(*c)).collect();
                    writer.write_event(Event::Text(BytesText::new(&text)))?;
                    return Ok(());
                }
                writer.write_event(event.clone())?;
            }
            _ if in_text && replaced && !matches!(event, Event::End(_)) => {}
            event => writer.write_event(event.clone())?,
        }
        Ok(())
    })?;
    Ok(writer.into_inner())
}

/// Calls back for each event, with whether it lies within a `w:t`.
fn walk(part: &[u8], mut visit: impl FnMut(&Event<'_>, bool) -> Result<()>) -> Result<()> {
    let mut reader = Reader::from_reader(part);
    let (mut buffer, mut in_text) = (Vec::new(), false);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer)?;
        match &event {
            Event::Eof => return Ok(()),
            Event::Start(tag) if tag.local_name().as_ref() == "t" => {
                visit(&event, false)?;
                in_text = true;
            }
            Event::End(tag) if tag.local_name().as_ref() == "t" => {
                in_text = false;
                visit(&event, false)?;
            }
            _ => visit(&event, in_text)?,
        }
    }
}

#[derive(Default)]
struct Text {
    text: String,
    changed: bool,
}

/// The texts of a part, in order, and which of them lie in the paragraphs that are open.
struct Paragraphs {
    open: Vec<Vec<usize>>,
    texts: Vec<Text>,
}

impl Paragraphs {
    fn text(&mut self) {
        if let Some(paragraph) = self.open.last_mut() {
            paragraph.push(self.texts.len());
        }
        self.texts.push(Text::default());
    }

    fn push(&mut self, text: &str) {
        if let Some(last) = self.texts.last_mut() {
            last.text.push_str(text);
        }
    }

    /// The end of a paragraph: it is searched as one text.
    fn close(&mut self, wanted: &[Replacement], counts: &mut [usize]) -> Result<()> {
        if self.open.len() < 2 {
            return Ok(());
        }
        let indexes = self.open.pop().unwrap_or_default();
        for (wanted, count) in wanted.iter().zip(counts) {
            let whole: String = indexes.iter().map(|index| self.texts[*index].text.as_str()).collect();
            let places: Vec<usize> = whole.match_indices(&wanted.find).map(|(at, _)| at).collect();
            if places.len().saturating_mul(wanted.replace.len()) > OUTPUT {
                return Err(Error::new(format!("the document would hold over {OUTPUT} bytes of text")));
            }
            *count += places.len();
            if places.is_empty() {
                continue;
            }
            // Each text anew: what lies before, between and after the places.
            let mut start = 0;
            for index in &indexes {
                let text = &mut self.texts[*index];
                let end = start + text.text.len();
                let mut new = String::new();
                let mut at = start;
                let first = places.partition_point(|place| place + wanted.find.len() <= start);
                for place in &places[first..] {
                    if *place >= end {
                        break;
                    }
                    text.changed = true;
                    if *place >= at {
                        new.push_str(&whole[at..*place]);
                    }
                    // It takes the format of its first character.
                    if *place >= start {
                        new.push_str(&wanted.replace);
                    }
                    at = (place + wanted.find.len()).min(end);
                }
                new.push_str(&whole[at..end]);
                text.text = new;
                start = end;
            }
        }
        Ok(())
    }
}
