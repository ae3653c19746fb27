//! The outline of a file: titles, and the pages they lead to. Its entries may lead in a circle.

use crate::info::text;
use crate::limits::{NAMES, OUTLINE, OUTLINE_LEVELS};
use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier};
use std::collections::{HashMap, HashSet};

/// A title of an outline.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// Its level, counted from 1.
    pub level: usize,
    /// The title.
    pub title: String,
    /// The page it leads to, counted from 1, if it leads to one of this file.
    pub page: Option<usize>,
}

pub(crate) fn outline(pdf: &Pdf) -> Vec<Entry> {
    let Some(catalog) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return Vec::new() };
    let Some(root) = catalog.get::<Dict<'_>>("Outlines") else { return Vec::new() };
    let pages = pdf.pages().iter().enumerate().filter_map(|(index, page)| Some((page.raw().obj_id()?, index + 1)));
    let targets = Targets { pages: pages.collect(), names: names(&catalog) };
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    let mut open: Vec<(usize, Dict<'_>)> = root.get::<Dict<'_>>("First").into_iter().map(|first| (1, first)).collect();
    while let Some((level, entry)) = open.pop() {
        if entries.len() >= OUTLINE || !seen.insert(entry.obj_id()) {
            continue;
        }
        // The next is read after those below this one.
        open.extend(entry.get::<Dict<'_>>("Next").map(|next| (level, next)));
        if level < OUTLINE_LEVELS {
            open.extend(entry.get::<Dict<'_>>("First").map(|first| (level + 1, first)));
        }
        let title = entry.get::<hayro_syntax::object::String<'_>>("Title");
        let title = title.map(|title| text(title.as_bytes())).unwrap_or_default();
        entries.push(Entry { level, title, page: targets.page(&entry) });
    }
    entries
}

struct Targets<'a> {
    pages: HashMap<ObjectIdentifier, usize>,
    names: HashMap<Vec<u8>, Object<'a>>,
}

impl Targets<'_> {
    /// The page of an entry: by its own place, or its action's.
    fn page(&self, entry: &Dict<'_>) -> Option<usize> {
        let place = entry.get::<Object<'_>>("Dest");
        let place = place.or_else(|| entry.get::<Dict<'_>>("A")?.get::<Object<'_>>("D"))?;
        match &place {
            Object::String(name) => self.place(self.names.get(name.as_bytes())?),
            Object::Name(name) => self.place(self.names.get(name.as_ref())?),
            place => self.place(place),
        }
    }

    fn place(&self, place: &Object<'_>) -> Option<usize> {
        let array = match place {
            Object::Dict(dict) => dict.get::<Array<'_>>("D")?,
            Object::Array(array) => array.clone(),
            _ => return None,
        };
        match array.raw_iter().next()? {
            MaybeRef::Ref(page) => self.pages.get(&page.into()).copied(),
            MaybeRef::NotRef(_) => None,
        }
    }
}

/// Named places: of the catalogue's dictionary, and of its tree.
fn names<'a>(catalog: &Dict<'a>) -> HashMap<Vec<u8>, Object<'a>> {
    let mut names = HashMap::new();
    if let Some(places) = catalog.get::<Dict<'_>>("Dests") {
        for name in places.keys().take(NAMES) {
            names.extend(places.get::<Object<'_>>(&name).map(|place| (name.as_ref().to_vec(), place)));
        }
    }
    let tree = catalog.get::<Dict<'_>>("Names").and_then(|names| names.get::<Dict<'_>>("Dests"));
    let mut open: Vec<Dict<'_>> = tree.into_iter().collect();
    let mut seen = 0;
    while let Some(node) = open.pop() {
        seen += 1;
        if seen > NAMES || names.len() > NAMES {
            break;
        }
        if let Some(pairs) = node.get::<Array<'_>>("Names") {
            let mut pairs = pairs.iter::<Object<'_>>();
            while let (Some(Object::String(name)), Some(place)) = (pairs.next(), pairs.next()) {
                names.insert(name.as_bytes().to_vec(), place);
                if names.len() > NAMES {
                    break;
                }
            }
        }
        let kids = node.get::<Array<'_>>("Kids");
        open.extend(kids.iter().flat_map(|kids| kids.iter::<Dict<'_>>()).take(NAMES.saturating_sub(open.len())));
    }
    names
}
