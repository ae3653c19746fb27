//! Nice: how a process stands back for others, and the weight that comes of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The share of a process: twice the weight gets twice the fuel. 1024 at nice 0; see
/// [`Nice::weight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(pub u32);

/// −20 (favoured) to 19 (last), as Unix has it; each step is a factor of about 1.25.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i8", try_from = "i8")]
pub struct Nice(i8);

/// `sched_prio_to_weight` of Linux (kernel/sched/core.c), from nice −20 to 19.
const WEIGHTS: [u32; 40] = [
    88761, 71755, 56483, 46273, 36291, // −20
    29154, 23254, 18705, 14949, 11916, // −15
    9548, 7620, 6100, 4904, 3906, // −10
    3121, 2501, 1991, 1586, 1277, // −5
    1024, 820, 655, 526, 423, // 0
    335, 272, 215, 172, 137, // 5
    110, 87, 70, 56, 45, // 10
    36, 29, 23, 18, 15, // 15
];

impl Nice {
    /// The most favoured.
    pub const MIN: Nice = Nice(-20);
    /// The least favoured.
    pub const MAX: Nice = Nice(19);

    /// A nice value, if it is one of −20 to 19.
    pub fn new(nice: i8) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&nice).then_some(Self(nice))
    }

    /// As a number, −20 to 19.
    pub fn get(self) -> i8 {
        self.0
    }

    /// This many steps less favoured, at most 19: what a process may do to itself and to what it
    /// spawns. Only the operator goes the other way.
    pub fn plus(self, steps: u8) -> Self {
        Self(self.0.saturating_add_unsigned(steps).min(Self::MAX.0))
    }

    /// The share that goes with it, 15 to 88761.
    pub fn weight(self) -> Weight {
        Weight(WEIGHTS[(self.0 - Self::MIN.0) as usize])
    }
}

impl From<Nice> for i8 {
    fn from(nice: Nice) -> Self {
        nice.0
    }
}

impl TryFrom<i8> for Nice {
    type Error = ParseNiceError;

    fn try_from(nice: i8) -> Result<Self, Self::Error> {
        Self::new(nice).ok_or_else(|| ParseNiceError(nice.to_string()))
    }
}

impl fmt::Display for Nice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no nice value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no nice value: give a whole number from -20 (favoured) to 19 (last)")]
pub struct ParseNiceError(String);

impl FromStr for Nice {
    type Err = ParseNiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let nice = text.parse().ok().and_then(Self::new);
        nice.ok_or_else(|| ParseNiceError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Nice, Weight};

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&match text.parse::<Nice>() {
            Ok(nice) => format!("{nice} weighs {}", nice.weight().0),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn parse_and_weigh() {
        check("0", expect!["0 weighs 1024"]);
        check("-20", expect!["-20 weighs 88761"]);
        check("19", expect!["19 weighs 15"]);
        check("+5", expect!["5 weighs 335"]);
        check("20", expect!["`20` is no nice value: give a whole number from -20 (favoured) to 19 (last)"]);
        check("-21", expect!["`-21` is no nice value: give a whole number from -20 (favoured) to 19 (last)"]);
        check("1000", expect!["`1000` is no nice value: give a whole number from -20 (favoured) to 19 (last)"]);
        check("low", expect!["`low` is no nice value: give a whole number from -20 (favoured) to 19 (last)"]);
    }

    #[test]
    fn plus_stops_at_the_end() {
        let steps = [0, 1, 19, 20, 255].map(|steps| Nice::default().plus(steps).get());
        assert_eq!(steps, [0, 1, 19, 19, 19]);
        assert_eq!(Nice::MIN.plus(255), Nice::MAX);
    }

    #[test]
    fn each_step_is_about_a_quarter() {
        for nice in Nice::MIN.get()..Nice::MAX.get() {
            let nice = Nice(nice);
            let (Weight(heavy), Weight(light)) = (nice.weight(), nice.plus(1).weight());
            let factor = f64::from(heavy) / f64::from(light);
            assert!((1.19..1.29).contains(&factor), "{nice}: {factor}");
        }
    }

    #[test]
    fn only_what_is_nice_is_read() {
        assert_eq!(serde_json::from_str::<Nice>("-20").ok(), Some(Nice::MIN));
        assert!(serde_json::from_str::<Nice>("20").is_err());
    }
}
