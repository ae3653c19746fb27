//! One pass over a part's XML, streamed: is it whole, no deeper than its bound, and free of declarations?

use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::BufRead;

/// Levels of elements: a reader that follows them would run out of stack.
pub(crate) const DEPTH: usize = 256;
/// Bytes of one tag: looking for an attribute that comes twice takes the square of their number.
pub(crate) const TAG: usize = 64 * 1024;

/// Checks one part; what is wrong with it, in words.
pub(crate) fn check(part: impl BufRead) -> Result<(), String> {
    let mut reader = Reader::from_reader(part);
    let (mut buffer, mut depth, mut elements) = (Vec::new(), 0_usize, 0_u64);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| error.to_string())?;
        match event {
            Event::Start(tag) | Event::Empty(tag) if tag.len() > TAG => {
                return Err(format!("a tag of over {TAG} bytes"));
            }
            Event::Start(_) => (depth, elements) = (depth + 1, elements + 1),
            Event::Empty(_) => elements += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            // Entities that are made of entities are the bomb of a billion laughs; Office writes none.
            Event::DocType(_) => return Err("it declares a document type, and so perhaps entities".to_owned()),
            Event::Eof if depth > 0 => return Err("it ends within an element".to_owned()),
            Event::Eof if elements == 0 => return Err("it holds no element".to_owned()),
            Event::Eof => return Ok(()),
            _ => {}
        }
        if depth > DEPTH {
            return Err(format!("elements over {DEPTH} levels deep"));
        }
    }
}
