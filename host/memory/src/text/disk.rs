//! The index on disk: tantivy, opened whole, written by one thread, and without a forgotten word in any file.

use std::{path::Path, sync::Arc};

use tantivy::{
    DocSet, Index, IndexReader, IndexWriter, InvertedIndexReader, ReloadPolicy, Term, doc,
    fieldnorm::FieldNormReader,
    index::SegmentId,
    merge_policy::{LogMergePolicy, NoMergePolicy},
    postings::Postings,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use super::folder::Folder;
use crate::{
    catalogue::{Catalogue, NONE, Place},
    record::RecordId,
    words,
};

/// The name of our words among tantivy's tokenizers.
const WORDS: &str = "words";
/// What is kept in memory while texts are added; about the least that tantivy takes.
const MEMORY: usize = 20_000_000;
/// Records of a segment that is merged no further. Forgetting one record writes its segment anew: this bounds how
/// long that takes.
const SEGMENT: usize = 50_000;

/// The index, and what of it is shown.
pub(crate) struct Disk {
    pub(crate) index: Index,
    reader: IndexReader,
    fields: Fields,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    version: Field,
    text: Field,
}

/// Some texts of the index.
struct Segment {
    /// The segment, and how many of its documents are deleted: another number needs another look.
    which: (SegmentId, u32),
    words: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
    /// By number of document: the record, or none where it is known otherwise now.
    places: Arc<[Place]>,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(IndexRecordOption::WithFreqs);
    let fields = Fields {
        id: schema.add_u64_field("id", FAST | INDEXED),
        version: schema.add_u64_field("version", FAST),
        text: schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing)),
    };
    (schema.build(), fields)
}

impl Disk {
    /// Opens the index; fails where a byte of it is another than was written.
    pub(crate) fn open(path: &Path) -> tantivy::Result<Disk> {
        let disk = Disk::from(Index::open(Folder::open(path)?)?)?;
        let broken = disk.index.validate_checksum()?;
        match broken.iter().next() {
            None => Ok(disk),
            Some(file) => Err(tantivy::TantivyError::SystemError(format!("{} was changed", file.display()))),
        }
    }

    /// Makes an empty index.
    pub(crate) fn create(path: &Path) -> tantivy::Result<Disk> {
        std::fs::create_dir_all(path)?;
        Disk::from(Index::create(Folder::open(path)?, schema().0, Default::default())?)
    }

    fn from(index: Index) -> tantivy::Result<Disk> {
        let (schema, fields) = schema();
        if index.schema() != schema {
            return Err(tantivy::TantivyError::SchemaError("of another version of Holm".into()));
        }
        index.tokenizers().register(WORDS, words::analyzer());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Disk { index, reader, fields, segments: Vec::new() })
    }

    /// The index as it is on disk now, read anew.
    pub(crate) fn again(&self) -> tantivy::Result<Disk> {
        Disk::from(self.index.clone())
    }

    /// Compares the index with what is known of the records, as far as that was not done `before`. Of each the newest
    /// text alone is shown.
    pub(crate) fn map(&mut self, catalogue: &Catalogue, before: Option<&Disk>) -> tantivy::Result<()> {
        self.segments.clear();
        for segment in self.reader.searcher().segment_readers() {
            let which = (segment.segment_id(), segment.num_deleted_docs());
            let words = segment.inverted_index(self.fields.text)?;
            let lengths = segment.get_fieldnorms_reader(self.fields.text)?;
            let known = before.and_then(|before| before.segments.iter().find(|segment| segment.which == which));
            if let Some(known) = known {
                self.segments.push(Segment { which, words, lengths, places: known.places.clone() });
                continue;
            }
            let ids = segment.fast_fields().u64("id")?;
            let versions = segment.fast_fields().u64("version")?;
            let mut places = vec![NONE; segment.max_doc() as usize];
            for document in segment.doc_ids_alive() {
                let (Some(id), Some(version)) = (ids.first(document), versions.first(document)) else { continue };
                let place = catalogue.place(RecordId(id));
                let newest = |place: &Place| u64::from(catalogue.entries[*place as usize].worded) == version;
                places[document as usize] = place.filter(newest).unwrap_or(NONE);
            }
            self.segments.push(Segment { which, words, lengths, places: places.into() });
        }
        Ok(())
    }

    /// The records that are shown, and how many words each has.
    pub(super) fn lengths(&self) -> impl Iterator<Item = (Place, u32)> {
        self.segments.iter().flat_map(|segment| {
            let shown = segment.places.iter().enumerate().filter(|(_, place)| **place != NONE);
            shown.map(|(document, place)| (*place, segment.lengths.fieldnorm(document as u32)))
        })
    }

    /// The records that are shown.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.segments.iter().flat_map(|segment| segment.places.iter().copied().filter(|place| *place != NONE))
    }

    /// Visits the records that a word is in, and how often.
    pub(super) fn walk(&self, word: &str, visit: &mut dyn FnMut(Place, u32)) -> tantivy::Result<()> {
        let term = Term::from_field_text(self.fields.text, word);
        for segment in &self.segments {
            let Some(mut postings) = segment.words.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            while postings.doc() != tantivy::TERMINATED {
                let place = segment.places.get(postings.doc() as usize).copied().unwrap_or(NONE);
                if place != NONE {
                    visit(place, postings.term_freq());
                }
                postings.advance();
            }
        }
        Ok(())
    }

    fn writer(&self) -> tantivy::Result<IndexWriter> {
        // One thread: what it costs is bounded, and it goes when it is done.
        self.index.writer_with_num_threads(1, MEMORY)
    }

    /// Adds texts, each instead of what its record said before.
    pub(crate) fn add(&self, texts: &mut dyn Iterator<Item = (RecordId, u32, String)>) -> tantivy::Result<()> {
        let mut writer = self.writer()?;
        let mut policy = LogMergePolicy::default();
        policy.set_max_docs_before_merge(SEGMENT);
        writer.set_merge_policy(Box::new(policy));
        for (id, version, text) in texts {
            writer.delete_term(Term::from_field_u64(self.fields.id, id.0));
            writer.add_document(doc!(
                self.fields.id => id.0, self.fields.version => u64::from(version), self.fields.text => text,
            ))?;
        }
        writer.commit()?;
        writer.wait_merging_threads()
    }

    /// Writes anew the segments that hold some records, without them, and tells whether there were any.
    pub(crate) fn purge(&self, ids: &[RecordId]) -> tantivy::Result<bool> {
        let mut holds = false;
        for segment in self.again()?.reader.searcher().segment_readers() {
            let known = segment.inverted_index(self.fields.id)?;
            for id in ids {
                holds |= known.doc_freq(&Term::from_field_u64(self.fields.id, id.0))? > 0;
            }
        }
        if !holds {
            return Ok(false);
        }
        let mut writer = self.writer()?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for id in ids {
            writer.delete_term(Term::from_field_u64(self.fields.id, id.0));
        }
        writer.commit()?;
        for segment in self.index.searchable_segment_metas()? {
            if segment.has_deletes() {
                writer.merge(&[segment.id()]).wait()?;
            }
        }
        writer.wait_merging_threads()?;
        Ok(true)
    }

    /// Removes the files of segments that are no longer of the index.
    pub(crate) fn sweep(&self) -> tantivy::Result<()> {
        let writer = self.writer()?;
        writer.garbage_collect_files().wait()?;
        writer.wait_merging_threads()
    }
}
