//! The tools `split` and `merge`: pages of files, copied with all that they draw.

use crate::cost::Costs;
use crate::limits::FILES;
use crate::open::{Document, open};
use crate::pages;
use hayro_write::pdf_writer::{Pdf, Ref};
use hayro_write::{ChunkSettings, ExtractionQuery, extract};
use holm::{Error, Result, files};

/// What was written.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Written {
    /// The path of the new file.
    pub file: String,
    /// How many pages it has.
    pub pages: usize,
}

pub(crate) fn split(file: &str, wanted: &str, into: &str, password: Option<&str>, overwrite: bool) -> Result<Written> {
    refuse_existing(into, overwrite)?;
    let document = open(file, password)?;
    let wanted = pages::parse(Some(wanted), document.pdf.pages().len())?;
    write(&[(document, wanted)], into)
}

pub(crate) fn merge(paths: &[String], into: &str, overwrite: bool) -> Result<Written> {
    if paths.is_empty() || paths.len() > FILES {
        return Err(Error::arguments(format!("files: 1 to {FILES}")));
    }
    refuse_existing(into, overwrite)?;
    let mut documents = Vec::new();
    for path in paths {
        let document = open(path, None)?;
        let wanted = pages::parse(None, document.pdf.pages().len())?;
        documents.push((document, wanted));
    }
    write(&documents, into)
}

fn refuse_existing(path: &str, overwrite: bool) -> Result<()> {
    if !overwrite && std::fs::symlink_metadata(path).is_ok() {
        return Err(Error::new(format!("{path} is there already; overwrite replaces it")));
    }
    Ok(())
}

fn write(documents: &[(Document, Vec<usize>)], into: &str) -> Result<Written> {
    let mut new = Pdf::new();
    let mut next = Ref::new(1);
    let (catalog, root) = (next.bump(), next.bump());
    let (mut branches, mut chunks, mut count) = (Vec::new(), Vec::new(), 0);
    for (document, wanted) in documents {
        let mut costs = Costs::default();
        for index in wanted {
            costs.check(&document.pdf.pages()[*index]).map_err(|error| error.during(format!("page {}", index + 1)))?;
        }
        let queries: Vec<ExtractionQuery> = wanted.iter().map(|index| ExtractionQuery::new_page(*index)).collect();
        let extracted = extract(&document.pdf, Box::new(|| next.bump()), ChunkSettings::default(), &queries);
        let extracted = extracted.map_err(|error| Error::new(format!("{error:?}")))?;
        let kids: Vec<Ref> = extracted.root_refs.iter().filter_map(|page| page.as_ref().ok().copied()).collect();
        count += kids.len();
        branches.push((extracted.page_tree_parent_ref, kids));
        chunks.push(extracted.chunk);
    }
    new.catalog(catalog).pages(root);
    new.pages(root).kids(branches.iter().map(|(branch, _)| *branch)).count(count as i32);
    for (branch, kids) in &branches {
        new.pages(*branch).parent(root).kids(kids.iter().copied()).count(kids.len() as i32);
    }
    for chunk in &chunks {
        new.extend(chunk);
    }
    files::write(into, new.finish())?;
    Ok(Written { file: into.to_owned(), pages: count })
}
