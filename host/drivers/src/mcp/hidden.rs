//! What a server was sent and must not pass on: taken out of what it says, in the forms it comes back in.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::RwLock;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::forms::{SHORTEST, forms};

/// Characters of why something came to nothing.
const BRIEF: usize = 800;

/// Values that it was sent later and that are still looked for. Earlier ones are good for nothing by then.
const LATER: usize = 8;

/// What is taken out, longest first, by all who share this. Does not print.
#[derive(Clone, Default)]
pub(super) struct Hidden(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    words: Vec<String>,
    /// From the start on.
    first: Vec<String>,
    later: VecDeque<Vec<String>>,
}

impl Hidden {
    pub(super) fn new(secrets: &[String]) -> Self {
        let hidden = Self::default();
        hidden.0.write().first = words(secrets);
        hidden.0.write().sort();
        hidden
    }

    /// It is sent this, too, from now on.
    pub(super) fn learn(&self, secret: &str) {
        let words = words(&[secret.to_owned()]);
        let mut known = self.0.write();
        if words.is_empty() || known.later.contains(&words) {
            return;
        }
        known.later.push_back(words);
        if known.later.len() > LATER {
            known.later.pop_front();
        }
        known.sort();
    }

    /// The longest of them, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.0.read().words.first().map_or(0, String::len)
    }

    /// The beginning of a text without them: cut afterwards, since half of one is not known for what it is.
    pub(super) fn brief(&self, text: String) -> String {
        self.text(text).chars().take(BRIEF).collect()
    }

    /// What was told, without them; none where nothing of it is left.
    pub(super) fn told<T: Serialize + DeserializeOwned>(&self, told: &T) -> Option<T> {
        serde_json::from_str(&self.text(serde_json::to_string(told).ok()?)).ok()
    }

    /// The text without them.
    pub(super) fn text(&self, text: String) -> String {
        let known = self.0.read();
        let found: Vec<_> = known.words.iter().filter(|word| text.contains(word.as_str())).collect();
        found.into_iter().fold(text, |text, word| text.replace(word.as_str(), "***"))
    }
}

impl Known {
    fn sort(&mut self) {
        self.words = self.first.iter().chain(self.later.iter().flatten()).cloned().collect();
        self.words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        self.words.dedup();
    }
}

/// All forms of what is long enough to be a secret.
fn words(secrets: &[String]) -> Vec<String> {
    let secrets = secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() >= SHORTEST);
    let words = secrets.flat_map(|secret| [forms(secret), escaped(secret)].concat());
    words.filter(|word| word.len() >= SHORTEST).collect()
}

/// As it stands in JSON, in any of its spellings, and in JSON that stands in JSON.
fn escaped(secret: &str) -> Vec<String> {
    let json = |text: &str| Value::from(text).to_string().trim_matches('"').to_owned();
    let once = json(secret);
    let mut ascii = String::new();
    for char in once.chars() {
        match char.is_ascii() {
            true => ascii.push(char),
            false => char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    vec![json(&once), once.replace('/', "\\/"), ascii, once]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_each_of_its_spellings_before_the_text_is_cut() {
        let secret = "sé\"same/opens";
        let hidden = Hidden::new(&[secret.to_owned()]);
        let once = Value::from(secret).to_string();
        for said in
            [secret.to_owned(), once.clone(), Value::from(once).to_string(), "s\\u00e9\\\"same/opens".to_owned()]
        {
            let text = hidden.text(format!("<{said}>"));
            assert!(!text.contains("same") && text.contains("***"), "{said}: {text}");
        }
        let long = hidden.brief(format!("{}{secret}", "x".repeat(BRIEF - 4)));
        assert!(long.ends_with("x***"), "{long}");
        // What it is sent later is taken out, too, by whoever had this before.
        let other = hidden.clone();
        (0..LATER).for_each(|number| other.learn(&format!("later-token-{number}")));
        assert_eq!(hidden.text(format!("later-token-0 {secret}")), "*** ***");
        assert_eq!(hidden.told(&vec![secret.to_owned()]), Some(vec!["***".to_owned()]));
    }
}
