//! Notices an agent that does the same again and again. Pure.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Steps with the same calls and the same results that make a circle.
const SAME: usize = 3;
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
    last: Option<u64>,
    same: usize,
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
        let step = hasher.finish();
        self.same = if self.last == Some(step) { self.same + 1 } else { 1 };
        self.failing = if all_failed { self.failing + 1 } else { 0 };
        self.last = Some(step);
        if self.same < SAME && self.failing < FAILING {
            return Verdict::Fine;
        }
        (self.same, self.failing) = (0, 0);
        match std::mem::replace(&mut self.warned, true) {
            false => Verdict::Warn,
            true => Verdict::Stuck,
        }
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
    fn failures_of_all_kinds_in_a_row_are_a_circle_too() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let failing: Vec<_> = names.iter().map(|name| (*name, "no", true)).collect();
        assert_eq!(verdicts(&failing).last(), Some(&Verdict::Warn));
        let mut broken = failing.clone();
        broken[3].2 = false;
        assert_eq!(verdicts(&broken).last(), Some(&Verdict::Fine));
    }
}
