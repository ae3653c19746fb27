//! From words to a query: each as it is, as the beginning of one, or with a slip of the finger.

use holm_kernel::tool::QUERY_WORDS;
use tantivy::{
    Term,
    query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
    tokenizer::TextAnalyzer,
};

/// Words of one query that are looked for with slips, and their letters at most. Each is compared with every word
/// that there is.
const SLIPS: usize = 8;
const LETTERS: usize = 16;
/// What a word counts where it is found in several places, beside the best of them.
const ELSEWHERE: f32 = 0.3;

/// A field, what being found there is worth, and whether parts and slips are looked for as well.
pub(super) struct Place {
    pub(super) field: Field,
    pub(super) worth: f32,
    pub(super) near: bool,
}

/// The query for some words; none where there is no word in them.
pub(super) fn of(text: &str, analyzer: &mut TextAnalyzer, places: &[Place]) -> Option<BooleanQuery> {
    let mut words = Vec::new();
    let mut stream = analyzer.token_stream(text);
    while stream.advance() && words.len() < QUERY_WORDS {
        let word = stream.token().text.clone();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let each = words.iter().enumerate().map(|(at, word)| (Occur::Should, one(word, at < SLIPS, places)));
    (!words.is_empty()).then(|| BooleanQuery::new(each.collect()))
}

fn one(word: &str, slips: bool, places: &[Place]) -> Box<dyn Query> {
    let mut ways: Vec<Box<dyn Query>> = Vec::new();
    for Place { field, worth, near } in places {
        let term = || Term::from_field_text(*field, word);
        let mut way = |query: Box<dyn Query>, worth: f32| ways.push(Box::new(BoostQuery::new(query, worth)));
        way(Box::new(TermQuery::new(term(), IndexRecordOption::WithFreqs)), *worth);
        let letters = word.chars().count();
        // Short words are the beginning of half the dictionary.
        if *near && letters >= 3 {
            way(Box::new(FuzzyTermQuery::new_prefix(term(), 0, true)), worth * 0.5);
        }
        if *near && slips && (5..=LETTERS).contains(&letters) {
            way(Box::new(FuzzyTermQuery::new(term(), if letters >= 8 { 2 } else { 1 }, true)), worth * 0.4);
        }
    }
    Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, ELSEWHERE))
}
