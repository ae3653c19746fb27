//! How evidence becomes a score. Pure.
//!
//! Scores of words and of meaning are of different sizes, so each is measured in deviations from the mean of the best
//! (rank fusion, which looks at ranks alone, was measured to be worse than words by themselves). Turns beside a good
//! turn, its conversation, its speaker and its day then add to it.

/// What each kind of evidence counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// A deviation of the words.
    pub text: f32,
    /// A deviation of the meaning.
    pub vector: f32,
    /// What the turn before and the turn after have of both, each.
    pub neighbours: f32,
    /// A speaker whom the query names.
    pub speaker: f32,
    /// A deviation of the words of the conversation.
    pub session: f32,
    /// A day, month or year that the query names.
    pub time: f32,
}

/// The weights where there are vectors; chosen by leaving one conversation out at a time (see the benchmark).
pub const WITH_VECTORS: Weights =
    Weights { text: 0.5, vector: 0.8, neighbours: 0.25, speaker: 1.2, session: 0.6, time: 0.6 };

/// The weights for words alone, chosen likewise.
pub const WORDS_ALONE: Weights =
    Weights { text: 0.5, vector: 0.0, neighbours: 0.45, speaker: 1.2, session: 0.45, time: 0.6 };

/// Scores that make up the mean and the deviation. A fixed number, so that a score among a million records means what
/// it means among five hundred.
pub(crate) const BEST: usize = 500;

/// Mean and deviation of some scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standard {
    mean: f32,
    deviation: f32,
}

impl Standard {
    /// Of the best of some scores among `all` records; those that have none count as zero.
    pub(crate) fn of(scores: &mut Vec<f32>, all: usize) -> Standard {
        if scores.len() > BEST {
            scores.select_nth_unstable_by(BEST, |one, other| other.total_cmp(one));
            scores.truncate(BEST);
        }
        let count = all.min(BEST).max(scores.len()).max(1) as f32;
        let mean = scores.iter().sum::<f32>() / count;
        let zeros = count - scores.len() as f32;
        let squares: f32 = scores.iter().map(|score| (score - mean).powi(2)).sum::<f32>() + zeros * mean * mean;
        Standard { mean, deviation: (squares / count).sqrt() }
    }

    /// How many deviations a score lies above the mean; none where all are alike.
    pub(crate) fn of_one(&self, score: f32) -> f32 {
        if self.deviation > 1e-6 { (score - self.mean) / self.deviation } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_measured_in_deviations() {
        let check = |scores: &[f32], all, one, is: f32| {
            let z = Standard::of(&mut scores.to_vec(), all).of_one(one);
            assert!((z - is).abs() < 1e-3, "{scores:?} {all}: {z}, not {is}");
        };
        check(&[], 0, 3.0, 0.0);
        check(&[2.0, 2.0], 2, 2.0, 0.0);
        check(&[1.0, 3.0], 2, 3.0, 1.0);
        check(&[4.0], 4, 4.0, 3f32.sqrt());
        check(&[4.0], 4, 0.0, -1.0 / 3f32.sqrt());
    }

    #[test]
    fn a_million_others_change_nothing() {
        let some: Vec<f32> = (0..BEST).map(|score| score as f32).collect();
        let mut many = some.clone();
        many.extend((0..100_000).map(|_| -1.0));
        assert_eq!(Standard::of(&mut some.clone(), BEST), Standard::of(&mut many, 1_000_000));
    }
}
