//! Notices an agent that does the same again and again. Pure.

use std::collections::{VecDeque, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};

/// How often steps with the same calls and the same results come round before they make a circle: steps of
/// one kind, two in turn, three, four. At most eight steps, so that few are lost to one.
const ROUNDS: [usize; 4] = [3, 3, 2, 2];
/// Steps that are remembered: the longest of those circles.
const REMEMBERED: usize = 8;
/// Steps in a row whose calls all failed.
const FAILING: usize = 6;

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// Tell the model, once.
    Warn,
    /// End the task.
    Stuck,
}

/// Remembers the last steps of one task.
#[derive(Debug, Default)]
pub(super) struct Circle {
    /// The latest last.
    steps: VecDeque<u64>,
    failing: usize,
    warned: bool,
}

impl Circle {
    /// Takes a step in: each call's name, arguments, result, and whether it failed.
    pub(super) fn step<'a>(&mut self, calls: impl Iterator<Item = (&'a str, &'a str, &'a str, bool)>) -> Verdict {
        let mut hasher = DefaultHasher::new();
        let mut all_failed = true;
        for (name, arguments, result, failed) in calls {
            (name, arguments, result).hash(&mut hasher);
            all_failed &= failed;
        }
        if self.steps.len() == REMEMBERED {
            self.steps.pop_front();
        }
        self.steps.push_back(hasher.finish());
        self.failing = if all_failed { self.failing + 1 } else { 0 };
        if !self.turns() && self.failing < FAILING {
            return Verdict::Fine;
        }
        self.steps.clear();
        self.failing = 0;
        match std::mem::replace(&mut self.warned, true) {
            false => Verdict::Warn,
            true => Verdict::Stuck,
        }
    }

    /// Whether the last steps are some few that came round and round.
    fn turns(&self) -> bool {
        ROUNDS.iter().enumerate().any(|(at, rounds)| {
            let (period, steps) = (at + 1, (at + 1) * rounds);
            let Some(first) = self.steps.len().checked_sub(steps) else { return false };
            (first + period..self.steps.len()).all(|step| self.steps[step] == self.steps[step - period])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(steps: &[(&str, &str, bool)]) -> Vec<Verdict> {
        let mut circle = Circle::default();
        steps.iter().map(|(name, result, failed)| circle.step([(*name, "{}", *result, *failed)].into_iter())).collect()
    }

    #[test]
    fn a_circle_is_warned_of_once_and_then_ended() {
        use Verdict::{Fine, Stuck, Warn};
        let same = ("a", "x", false);
        assert_eq!(verdicts(&[same; 6]), [Fine, Fine, Warn, Fine, Fine, Stuck]);
        // Polling something that changes is no circle.
        assert_eq!(verdicts(&[("a", "1", false), ("a", "2", false), ("a", "3", false), ("a", "4", false)]), [Fine; 4]);
    }

    #[test]
    fn a_circle_of_up_to_four_steps_is_seen() {
        use Verdict::{Fine, Stuck, Warn};
        let steps = [("a", "1", false), ("b", "2", false), ("c", "3", false), ("d", "4", false)];
        for (period, seen) in [(1, 3), (2, 6), (3, 6), (4, 8)] {
            let round: Vec<_> = steps[..period].iter().copied().cycle().take(2 * seen).collect();
            let told = verdicts(&round);
            let at = |verdict| told.iter().position(|told| *told == verdict).map(|at| at + 1);
            assert_eq!((at(Warn), at(Stuck)), (Some(seen), Some(2 * seen)), "{period}: {told:?}");
        }
        // What comes before a circle does not hide it.
        let late = [("x", "0", false), steps[0], steps[1], steps[0], steps[1], steps[0], steps[1]];
        assert_eq!(verdicts(&late).last(), Some(&Warn));
        // One whose results change gets further: it waits for something.
        let polls = ["1", "2", "3", "4"].map(|result| [("a", "same", false), ("b", result, false)]).concat();
        assert_eq!(verdicts(&polls), [Fine; 8]);
        let five: Vec<_> = ["1", "2", "3", "4", "5"].repeat(3).into_iter().map(|result| ("a", result, false)).collect();
        assert_eq!(verdicts(&five), [Fine; 15]);
    }

    #[test]
    fn failures_of_all_kinds_in_a_row_are_a_circle_too() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let failing: Vec<_> = names.iter().map(|name| (*name, "no", true)).collect();
        assert_eq!(verdicts(&failing).last(), Some(&Verdict::Warn));
        let mut broken = failing.clone();
        broken[3].2 = false;
        assert_eq!(verdicts(&broken).last(), Some(&Verdict::Fine));
    }
}
