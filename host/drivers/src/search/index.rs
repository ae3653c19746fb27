//! The index: in memory, made from what is installed, and only from what changed since.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use holm_kernel::{
    program::Offer,
    tool::{Admits, Found, Index},
};
use parking_lot::Mutex;
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, Term,
    collector::TopDocs,
    doc,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer},
};

use super::{
    query::{self, Place},
    words,
};

/// The name of our words among tantivy's tokenizers.
const WORDS: &str = "words";
/// What is kept in memory while tools are added; the least that tantivy takes.
const MEMORY: usize = 15_000_000;
/// Bytes of a word.
const WORD_BYTES: usize = 40;

/// The tools that are offered, by their words.
#[derive(Default)]
pub struct Tools(Mutex<Option<State>>);

struct State {
    index: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    analyzer: TextAnalyzer,
    /// Who offers, as the index knows them.
    known: HashMap<String, Arc<dyn Offer>>,
    /// By number: whose tool it is, and which.
    tools: HashMap<u64, (Arc<dyn Offer>, usize)>,
    next: u64,
}

#[derive(Clone, Copy)]
struct Fields {
    number: Field,
    offer: Field,
    name: Field,
    about: Field,
    arguments: Field,
}

impl Index for Tools {
    fn find(&self, offers: &[Arc<dyn Offer>], query: &str, admits: &Admits, limit: usize) -> Vec<Found> {
        self.search(offers, query, admits, limit).unwrap_or_else(|error| {
            tracing::warn!(%error, "tools cannot be searched; the index is made anew");
            *self.0.lock() = None;
            Vec::new()
        })
    }
}

impl Tools {
    fn search(
        &self,
        offers: &[Arc<dyn Offer>],
        query: &str,
        admits: &Admits,
        limit: usize,
    ) -> tantivy::Result<Vec<Found>> {
        let mut state = self.0.lock();
        let state = match &mut *state {
            Some(state) => state,
            none => none.insert(State::new()?),
        };
        state.settle(offers)?;
        state.find(query, admits, limit)
    }
}

impl State {
    fn new() -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(indexing);
        let fields = Fields {
            number: schema.add_u64_field("number", FAST | INDEXED),
            offer: schema.add_text_field("offer", STRING),
            name: schema.add_text_field("name", text.clone()),
            about: schema.add_text_field("about", text.clone()),
            arguments: schema.add_text_field("arguments", text),
        };
        let index = tantivy::Index::create_in_ram(schema.build());
        let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(WORD_BYTES))
            .filter(LowerCaser)
            .filter_dynamic(StopWordFilter::new(Language::English).unwrap_or_else(|| StopWordFilter::remove([])))
            .filter_dynamic(Stemmer::new(Language::English))
            .build();
        index.tokenizers().register(WORDS, analyzer.clone());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields, analyzer, known: HashMap::new(), tools: HashMap::new(), next: 0 })
    }

    /// Takes in what changed since last time.
    fn settle(&mut self, offers: &[Arc<dyn Offer>]) -> tantivy::Result<()> {
        // The very same, or told anew with nothing new in it.
        let same = |known: &Arc<dyn Offer>, offer: &Arc<dyn Offer>| {
            std::ptr::addr_eq(Arc::as_ptr(known), Arc::as_ptr(offer)) || known.tools() == offer.tools()
        };
        let fresh = |offer: &&Arc<dyn Offer>| self.known.get(offer.name()).is_none_or(|known| !same(known, offer));
        let fresh: Vec<_> = offers.iter().filter(fresh).cloned().collect();
        let here: HashSet<&str> = offers.iter().map(|offer| offer.name()).collect();
        let gone: Vec<String> = self.known.keys().filter(|name| !here.contains(name.as_str())).cloned().collect();
        if fresh.is_empty() && gone.is_empty() {
            return Ok(());
        }
        // One thread: what it costs is bounded, and few tools change at a time.
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, MEMORY)?;
        let changed: HashSet<&str> =
            gone.iter().map(String::as_str).chain(fresh.iter().map(|offer| offer.name())).collect();
        for name in &changed {
            writer.delete_term(Term::from_field_text(self.fields.offer, name));
        }
        self.tools.retain(|_, (offer, _)| !changed.contains(offer.name()));
        for offer in &fresh {
            for (at, tool) in offer.tools().iter().enumerate() {
                let name = format!("{}/{}", offer.name(), tool.name);
                writer.add_document(doc!(
                    self.fields.number => self.next,
                    self.fields.offer => offer.name(),
                    self.fields.name => words::of_name(&name),
                    self.fields.about => words::spread(&format!("{} {}", tool.summary, tool.description)),
                    self.fields.arguments => words::of_schema(&tool.input_schema),
                ))?;
                self.tools.insert(self.next, (offer.clone(), at));
                self.next += 1;
            }
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        self.reader.reload()?;
        gone.iter().for_each(|name| drop(self.known.remove(name)));
        self.known.extend(fresh.into_iter().map(|offer| (offer.name().to_owned(), offer)));
        Ok(())
    }

    fn find(&mut self, query: &str, admits: &Admits, limit: usize) -> tantivy::Result<Vec<Found>> {
        let places = [
            Place { field: self.fields.name, worth: 2.0, near: true },
            Place { field: self.fields.about, worth: 1.0, near: true },
            Place { field: self.fields.arguments, worth: 0.5, near: false },
        ];
        let Some(query) = query::of(&words::spread(query), &mut self.analyzer, &places) else { return Ok(Vec::new()) };
        let searcher = self.reader.searcher();
        let all = TopDocs::with_limit(self.tools.len().max(1)).order_by_score();
        let mut numbers = Vec::new();
        for segment in searcher.segment_readers() {
            numbers.push(segment.fast_fields().u64("number")?);
        }
        let mut found: Vec<Found> = Vec::new();
        for (score, place) in searcher.search(&query, &all)? {
            let number = numbers[place.segment_ord as usize].first(place.doc_id);
            let Some((offer, at)) = number.and_then(|number| self.tools.get(&number)) else { continue };
            // Those that fit alike are all looked at, so that their order is that of their names.
            if found.len() >= limit && found.last().is_some_and(|last| last.score > score) {
                break;
            }
            let tool = &offer.tools()[*at];
            let name = format!("{}/{}", offer.name(), tool.name);
            if admits(&name) {
                found.push(Found { name, summary: tool.summary.clone(), score });
            }
        }
        found.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.name.cmp(&other.name)));
        found.truncate(limit);
        // How rare a word is depends on all that is installed: beside the best, the score says less of it.
        let best = found.first().map_or(1.0, |found| found.score);
        found.iter_mut().for_each(|found| found.score /= best);
        Ok(found)
    }
}
