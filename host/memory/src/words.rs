//! Words as the index knows them, and texts that say the same. Pure.

use ring::digest::{SHA256, digest};
use tantivy::tokenizer::{
    Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer,
};

use crate::{limits, record::Draft};

/// Bytes of a word; longer ones are no words.
const WORD_BYTES: usize = 60;
/// What says nothing about whether two texts are the same.
const FILLERS: &[&str] = &["a", "an", "the"];

/// Takes texts apart into words: in lower case, without stop words, each as its stem.
pub(crate) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES))
        .filter(LowerCaser)
        .filter_dynamic(StopWordFilter::new(Language::English).unwrap_or_else(|| StopWordFilter::remove([])))
        .filter_dynamic(Stemmer::new(Language::English))
        .build()
}

/// The words of a text, in order.
pub(crate) fn of(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    analyzer.token_stream(text).process(&mut |token| words.push(token.text.clone()));
    words
}

/// The different words of a query, as many as are looked for.
pub(crate) fn of_query(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in of(analyzer, text) {
        if words.len() < limits::QUERY_WORDS && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// What two texts have in common that say the same: their words, stems of them, in their order, without articles
/// and signs. Every other word stays, and every number: "not", "10" and "11" make another text. Signs that stand
/// for something stay too, so that `-5` is not `5` and `C++` is not `C`.
fn normal(text: &str) -> String {
    let mut analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(LowerCaser)
        .filter_dynamic(Stemmer::new(Language::English))
        .build();
    let mut normal = String::new();
    for part in text.split_whitespace() {
        let part =
            part.trim_matches(|char| matches!(char, '.' | ',' | ';' | ':' | '!' | '"' | '(' | ')' | '…' | '“' | '”'));
        if part.is_empty() || FILLERS.iter().any(|filler| part.eq_ignore_ascii_case(filler)) {
            continue;
        }
        normal.push(' ');
        if part.chars().all(char::is_alphabetic) {
            analyzer.token_stream(part).process(&mut |token| normal.push_str(&token.text));
        } else {
            part.chars().flat_map(char::to_lowercase).for_each(|char| normal.push(char));
        }
    }
    normal
}

/// Stands for all that has to be equal in two records that are one: what they say, and of what kind, by whom, from
/// where, how marked, and written by which plugin, since nobody is to be taken for another.
pub(crate) fn fingerprint(draft: &Draft) -> u64 {
    let mut all = Vec::new();
    let mut part = |text: &str| {
        all.extend_from_slice(&(text.len() as u64).to_le_bytes());
        all.extend_from_slice(text.as_bytes());
    };
    part(&normal(&draft.text));
    [&draft.kind, &draft.origin, &draft.provenance.plugin].into_iter().for_each(|text| part(text));
    part(draft.said_by.as_deref().unwrap_or_default());
    draft.tags.iter().for_each(|tag| part(tag));
    part("");
    draft.metadata.iter().for_each(|(key, value)| [key, value].into_iter().for_each(|text| part(text)));
    for time in [draft.valid_from, draft.valid_until, draft.expires] {
        part(&format!("{time:?}"));
    }
    let digest = digest(&SHA256, &all);
    digest.as_ref().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_say_the_same_are_one_and_others_are_not() {
        for (one, other, same) in [
            ("Ada prefers tea.", "ada  prefers Tea", true),
            ("The harbour opens at 9", "Harbour opens at 9!", true),
            ("She likes the mountains", "She likes mountain", true),
            ("Ada prefers tea", "Ada does not prefer tea", false),
            ("Ada does like tea", "Ada doesn't like tea", false),
            ("the meeting is at 10", "the meeting is at 11", false),
            ("it was -5 degrees", "it was 5 degrees", false),
            ("Ada likes Ben", "Ben likes Ada", false),
            ("he can", "he cannot", false),
            ("written in C++", "written in C", false),
            ("Berlin until March", "Berlin until May", false),
            ("was it good?", "was it good", false),
        ] {
            assert_eq!(normal(one) == normal(other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn only_what_is_equal_in_all_else_is_one() {
        let draft = Draft { text: "Ada prefers tea".into(), kind: "fact".into(), ..Draft::default() };
        let changes: [fn(&mut Draft); 7] = [
            |draft| draft.kind = "preference".into(),
            |draft| draft.origin = "tool:web".into(),
            |draft| draft.said_by = Some("Ben".into()),
            |draft| draft.tags = vec!["drink".into()],
            |draft| draft.metadata = vec![("drink".into(), String::new())],
            |draft| draft.provenance.plugin = "another".into(),
            |draft| draft.valid_until = Some(0),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut other = draft.clone();
            change(&mut other);
            assert_ne!(fingerprint(&draft), fingerprint(&other), "{at}");
        }
        let mut other = draft.clone();
        other.provenance.run = "another".into();
        other.time = Some(5);
        assert_eq!(fingerprint(&draft), fingerprint(&other));
    }

    #[test]
    fn words_are_stems_without_stop_words() {
        let mut analyzer = analyzer();
        assert_eq!(of(&mut analyzer, "When did the dogs go running?"), ["when", "did", "dog", "go", "run"]);
        assert_eq!(of_query(&mut analyzer, "run run running +title:* \"a"), ["run", "titl"]);
        let many: String = (0..1_000).map(|word| format!("w{word} ")).collect();
        assert_eq!(of_query(&mut analyzer, &many).len(), limits::QUERY_WORDS);
    }
}
