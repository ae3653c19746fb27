//! What drawing a page would take, before it is drawn: the reader follows forms within forms, and a few
//! of them, each drawing the next ten times, are instructions without end.

use crate::bomb;
use crate::limits::{FORMS, INSTRUCTIONS};
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::{Page, Resources};
use holm::{Error, Result};
use std::collections::HashMap;

/// What forms were found to take, for all pages of a file.
#[derive(Default)]
pub(crate) struct Costs {
    forms: HashMap<ObjectIdentifier, u64>,
    open: Vec<ObjectIdentifier>,
}

impl Costs {
    /// Refuses a page that would take too much.
    pub(crate) fn check(&mut self, page: &Page<'_>) -> Result<()> {
        for stream in contents(page) {
            bomb::stream_size(&stream)?;
        }
        let resources = page.resources();
        let mut total = self.content(page.page_stream().unwrap_or_default(), resources)?;
        for annotation in page.raw().get::<Array<'_>>("Annots").iter().flat_map(|array| array.iter::<Dict<'_>>()) {
            for stream in appearances(&annotation) {
                total = total.saturating_add(self.form(&stream, resources)?);
            }
        }
        if total > INSTRUCTIONS { Err(too_many()) } else { Ok(()) }
    }

    fn content(&mut self, bytes: &[u8], resources: &Resources<'_>) -> Result<u64> {
        let mut total = 0_u64;
        let mut instructions = TypedIter::new(bytes);
        while let Some(instruction) = instructions.next() {
            total = total.saturating_add(1);
            if let TypedInstruction::XObject(name) = instruction
                && let Some(stream) = resources.get_x_object(name.0)
                && stream.dict().get::<Name<'_>>("Subtype").is_some_and(|name| name.as_ref() == b"Form")
            {
                total = total.saturating_add(self.form(&stream, resources)?);
            }
            if total > INSTRUCTIONS {
                return Err(too_many());
            }
        }
        Ok(total)
    }

    fn form(&mut self, stream: &Stream<'_>, outer: &Resources<'_>) -> Result<u64> {
        let id = stream.obj_id();
        if let Some(cost) = self.forms.get(&id) {
            return Ok(*cost);
        }
        if self.open.contains(&id) {
            return Err(Error::new("refused (loop): a form draws itself"));
        }
        if self.open.len() >= FORMS {
            return Err(Error::new(format!("refused (deep): forms over {FORMS} levels deep")));
        }
        bomb::stream_size(stream)?;
        self.open.push(id);
        let own = stream.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        let decoded = stream.decoded_data().unwrap_or_default();
        let cost = match &own {
            Some(own) => self.content(&decoded, own),
            None => self.content(&decoded, outer),
        };
        self.open.pop();
        let cost = cost?;
        self.forms.insert(id, cost);
        Ok(cost)
    }
}

fn too_many() -> Error {
    Error::new(format!("refused (too-many-instructions): a page of over {INSTRUCTIONS}"))
}

/// The streams of a page, which are inflated and joined.
fn contents<'a>(page: &Page<'a>) -> Vec<Stream<'a>> {
    match page.raw().get::<Object<'_>>("Contents") {
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Array(array)) => array.iter::<Stream<'_>>().collect(),
        _ => Vec::new(),
    }
}

/// How an annotation may look: one stream, or one of several.
fn appearances<'a>(annotation: &Dict<'a>) -> Vec<Stream<'a>> {
    let normal = annotation.get::<Dict<'_>>("AP").and_then(|dict| dict.get::<Object<'_>>("N"));
    match normal {
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Dict(dict)) => {
            let names: Vec<Name<'_>> = dict.keys().collect();
            names.iter().filter_map(|name| dict.get::<Stream<'_>>(name)).collect()
        }
        _ => Vec::new(),
    }
}
