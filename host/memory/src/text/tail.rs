//! The words of what was remembered lately, in memory.

use std::{collections::HashMap, sync::Arc};

use crate::catalogue::Place;

/// New texts by their words. The store has them too: nothing is lost with a tail.
#[derive(Default)]
pub(crate) struct Tail {
    words: HashMap<Arc<str>, Vec<(Place, u32)>>,
    texts: HashMap<Place, Held>,
}

struct Held {
    version: u32,
    words: Vec<(Arc<str>, u32)>,
}

impl Tail {
    /// Takes in a text, instead of what it said before.
    pub(super) fn add(&mut self, place: Place, version: u32, mut words: Vec<String>) {
        self.remove(place);
        words.sort_unstable();
        let mut held = Held { version, words: Vec::new() };
        for same in words.chunk_by(|one, other| one == other) {
            let word = match self.words.get_key_value(same[0].as_str()) {
                Some((word, _)) => word.clone(),
                None => Arc::from(same[0].as_str()),
            };
            self.words.entry(word.clone()).or_default().push((place, same.len() as u32));
            held.words.push((word, same.len() as u32));
        }
        self.texts.insert(place, held);
    }

    /// Lets a text go.
    pub(super) fn remove(&mut self, place: Place) {
        let Some(held) = self.texts.remove(&place) else { return };
        for (word, _) in held.words {
            if let Some(places) = self.words.get_mut(&word) {
                places.retain(|(held, _)| *held != place);
                if places.is_empty() {
                    self.words.remove(&word);
                }
            }
        }
    }

    /// Lets go what has come to disk in the version that is here.
    pub(crate) fn settled(&mut self, texts: &[(Place, u32)]) {
        for (place, version) in texts {
            if self.texts.get(place).is_some_and(|held| held.version == *version) {
                self.texts.remove(place);
            }
        }
        self.words.clear();
        for (place, held) in &self.texts {
            for (word, times) in &held.words {
                self.words.entry(word.clone()).or_default().push((*place, *times));
            }
        }
    }

    /// Whether a text is here.
    pub(crate) fn holds(&self, place: Place) -> bool {
        !self.texts.is_empty() && self.texts.contains_key(&place)
    }

    /// What is here, with its versions.
    pub(crate) fn texts(&self) -> Vec<(Place, u32)> {
        let mut texts: Vec<_> = self.texts.iter().map(|(place, held)| (*place, held.version)).collect();
        texts.sort_unstable();
        texts
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The texts that a word is in, and how often.
    pub(super) fn walk(&self, word: &str) -> impl Iterator<Item = (Place, u32)> {
        self.words.get(word).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_removed_or_settled_is_found_so() {
        let mut tail = Tail::default();
        let add = |tail: &mut Tail, place, version, text: &str| {
            tail.add(place, version, text.split(' ').map(Into::into).collect());
        };
        let find = |tail: &Tail, word: &str| tail.walk(word).collect::<Vec<_>>();
        add(&mut tail, 1, 1, "tea tea harbour");
        add(&mut tail, 2, 1, "tea");
        assert_eq!(find(&tail, "tea"), [(1, 2), (2, 1)]);
        add(&mut tail, 1, 2, "coffee");
        assert_eq!(
            (find(&tail, "tea"), find(&tail, "harbour"), find(&tail, "coffee")),
            (vec![(2, 1)], vec![], vec![(1, 1)])
        );
        tail.settled(&[(1, 1), (2, 1)]);
        assert_eq!((find(&tail, "tea"), find(&tail, "coffee"), tail.len()), (vec![], vec![(1, 1)], 1));
        tail.remove(1);
        assert!(find(&tail, "coffee").is_empty() && tail.texts().is_empty() && !tail.holds(1));
    }
}
