//! Recall: what fits a question best, by words, by meaning, and by what stands around it.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use crate::{
    catalogue::{self, Catalogue, NONE, Place, Sift},
    check, dates,
    error::MemoryError,
    memory::{Memory, now},
    query::{Hit, Parts, Query, Recall, Vectors},
    record::{Millis, RecordId, SpaceId},
    space::{State, read, sound},
    weigh::{Standard, WITH_VECTORS, WORDS_ALONE, Weights},
};

/// Records that are weighed: so many by words and so many by meaning, and the turns beside them.
const WEIGHED: usize = 300;
/// How often an index that cannot be read is made anew before a call fails.
const TRIES: usize = 2;

impl Memory {
    /// The records that fit a question best. Sees everything that was acknowledged before it began.
    pub fn recall(&self, space: &SpaceId, query: &Query) -> Result<Recall, MemoryError> {
        self.recall_with(space, query, None)
    }

    /// The same by other weights: for the benchmark that chooses them.
    #[doc(hidden)]
    pub fn recall_with(
        &self,
        space: &SpaceId,
        query: &Query,
        weights: Option<&Weights>,
    ) -> Result<Recall, MemoryError> {
        check::query(query)?;
        let embedder = self.ground.embedder.as_deref();
        let (meaning, vectors) = match embedder.map(|embedder| embedder.embed(&[&query.text])) {
            None => (None, Vectors::Absent),
            Some(Ok(mut vectors)) => (vectors.pop(), Vectors::Used),
            Some(Err(error)) => {
                tracing::warn!(%error, "recall by words alone");
                (None, Vectors::Failed)
            }
        };
        let Some(opened) = self.find(space)? else { return Ok(Recall { vectors, ..Recall::default() }) };
        let mut why = String::new();
        for _ in 0..TRIES {
            let state = opened.space.read(&self.ground.lend())?;
            let asked = Asked::new(&state, query, meaning.as_deref(), weights, now());
            match sound(|| asked.weigh(&state)) {
                Ok(weighed) => {
                    let weighed = weighed?;
                    let mut recall = self.read_best(&opened.space, &asked, &weighed.best)?;
                    let waiting = (state.wanting.len() + weighed.broken.len()) as u64;
                    recall.vectors = match vectors {
                        Vectors::Used if waiting > 0 => Vectors::Partly { waiting },
                        vectors => vectors,
                    };
                    let opening = state.opening;
                    drop(state);
                    if !weighed.broken.is_empty()
                        && let Some(mut state) = opened.space.loaded()
                        && state.opening == opening
                    {
                        state.want(&weighed.broken);
                    }
                    if waiting > 0 {
                        self.tell(&opened.space)?;
                    }
                    return Ok(recall);
                }
                Err(broken) => {
                    drop(state);
                    opened.space.distrust(&broken);
                    why = broken;
                }
            }
        }
        Err(MemoryError::Stopped(format!("the index cannot be made anew: {why}")))
    }

    fn read_best(
        &self,
        space: &crate::space::Space,
        asked: &Asked,
        weighed: &[(RecordId, Parts)],
    ) -> Result<Recall, MemoryError> {
        let view = self.ground.store.view()?;
        let mut recall = Recall::default();
        for (id, parts) in weighed.iter().copied() {
            if recall.hits.len() == asked.query.k {
                break;
            }
            match read(&view, &self.ground.keys, space.number, id) {
                Ok(Some(kept)) if catalogue::fits(&kept.record, &asked.query.filter, asked.now) => {
                    recall.hits.push(Hit { record: kept.record, score: parts.sum(), parts });
                }
                Ok(_) => {}
                Err(MemoryError::DamagedRecord(id)) => recall.damaged.push(id),
                Err(error) => return Err(error),
            }
        }
        Ok(recall)
    }
}

/// What was weighed: the best first, and the records whose vectors were changed on disk.
struct Weighed {
    best: Vec<(RecordId, Parts)>,
    broken: Vec<Place>,
}

/// A question, ready.
struct Asked<'a> {
    query: &'a Query,
    meaning: Option<&'a [f32]>,
    weights: &'a Weights,
    sift: Sift,
    now: Millis,
    words: Vec<String>,
    dates: Vec<dates::Named>,
    speakers: HashSet<u32>,
}

impl<'a> Asked<'a> {
    fn new(
        state: &State,
        query: &'a Query,
        meaning: Option<&'a [f32]>,
        weights: Option<&'a Weights>,
        now: Millis,
    ) -> Asked<'a> {
        let meaning = meaning.filter(|_| state.vectors.as_ref().is_some_and(|vectors| vectors.len() > 0));
        Asked {
            query,
            meaning,
            weights: weights.unwrap_or(if meaning.is_some() { &WITH_VECTORS } else { &WORDS_ALONE }),
            sift: state.catalogue.sift(&query.filter, now),
            now,
            words: state.text.words(&query.text),
            dates: dates::named(&query.text),
            speakers: named_speakers(&state.catalogue, &query.text),
        }
    }

    /// The records that fit, the best first, and what speaks for each.
    fn weigh(&self, state: &State) -> tantivy::Result<Result<Weighed, MemoryError>> {
        let catalogue = &state.catalogue;
        let fits = |place: Place| catalogue.fits(place, &self.sift);
        let wanted = WEIGHED.max(self.query.k * 2);

        let scores = state.text.scores(catalogue, &self.words)?;
        let mut by_words: Vec<(f32, Place)> = scores
            .records
            .iter()
            .enumerate()
            .filter(|(place, score)| **score > 0.0 && fits(*place as Place))
            .map(|(place, score)| (*score, place as Place))
            .collect();
        if by_words.len() > wanted {
            by_words.select_nth_unstable_by(wanted, |one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        }
        let live = catalogue.live as usize;
        let text = Standard::of(&mut by_words.iter().map(|(score, _)| *score).collect(), live);
        by_words.truncate(wanted);
        let session = Standard::of(
            &mut scores.sessions.iter().copied().filter(|score| *score > 0.0).collect(),
            catalogue.sessions.len(),
        );

        let mut near: HashMap<Place, f32> = HashMap::new();
        let mut candidates: HashSet<Place> = by_words.iter().map(|(_, place)| *place).collect();
        let found = match (self.meaning, &state.vectors) {
            (Some(meaning), Some(vectors)) => match vectors.near(meaning, &mut |place| fits(place)) {
                Ok(found) => Some(found),
                Err(error) => return Ok(Err(error)),
            },
            _ => None,
        };
        let vector = found
            .as_ref()
            .map(|found| Standard::of(&mut found.best.iter().map(|(_, near)| *near).collect(), found.best.len()));
        if let Some(found) = &found {
            candidates.extend(found.best.iter().take(wanted).map(|(place, _)| *place));
            near.extend(found.best.iter().copied());
        }
        let beside: Vec<Place> = candidates.iter().flat_map(|place| catalogue.beside(*place)).flatten().collect();
        candidates.extend(beside.iter().copied().filter(|place| fits(*place)));
        if let (Some(found), Some(vectors)) = (&found, &state.vectors) {
            let around = candidates.iter().flat_map(|place| catalogue.beside(*place)).flatten();
            for place in around.chain(candidates.iter().copied()) {
                if let Entry::Vacant(vacant) = near.entry(place)
                    && let Some(about) = vectors.about(found, place)
                {
                    vacant.insert(about);
                }
            }
        }
        let weights = self.weights;
        let own = |place: Place| {
            let words = weights.text * text.of_one(scores.records[place as usize]);
            let meaning = vector.zip(near.get(&place)).map_or(0.0, |(vector, near)| vector.of_one(*near));
            (words, weights.vector * meaning)
        };
        let mut weighed: Vec<(Place, f32, Parts)> = candidates
            .into_iter()
            .map(|place| {
                let entry = &catalogue.entries[place as usize];
                let (words, meaning) = own(place);
                let around = catalogue.beside(place).into_iter().flatten().map(|place| {
                    let (words, meaning) = own(place);
                    words + meaning
                });
                let conversation = catalogue.session_of[place as usize];
                let parts = Parts {
                    text: words,
                    vector: meaning,
                    neighbours: weights.neighbours * around.sum::<f32>(),
                    speaker: if self.speakers.contains(&entry.speaker) { weights.speaker } else { 0.0 },
                    session: match scores.sessions.get(conversation as usize) {
                        Some(score) => weights.session * session.of_one(*score),
                        None => 0.0,
                    },
                    time: if dates::falls_on(&self.dates, entry.time) { weights.time } else { 0.0 },
                };
                (place, parts.sum(), parts)
            })
            .collect();
        weighed.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(other.0.cmp(&one.0)));
        let best = weighed.into_iter().map(|(place, _, parts)| (catalogue.entries[place as usize].id, parts)).collect();
        Ok(Ok(Weighed { best, broken: found.map_or_else(Vec::new, |found| found.broken) }))
    }
}

/// The speakers whom a text names, by a word of their names.
fn named_speakers(catalogue: &Catalogue, text: &str) -> HashSet<u32> {
    let split = |text: &str| -> Vec<String> {
        let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| word.len() > 1);
        words.map(str::to_lowercase).collect()
    };
    let said: HashSet<String> = split(text).into_iter().collect();
    let names = catalogue.speakers.iter().enumerate();
    let named = names.filter(|(_, name)| split(name).iter().any(|word| said.contains(word)));
    named.map(|(speaker, _)| speaker as u32).filter(|speaker| *speaker != NONE).collect()
}
