//! What a window shows: pure. Outputs of tools are shortened first, then whole exchanges go, those that matter least.

/// How a line stands in the context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// As it was said.
    #[default]
    In,
    /// With its tools' outputs shortened.
    Cut,
    /// Not at all: the log keeps it.
    Out,
}

/// A message as the policy sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Tokens of it.
    pub(super) tokens: u64,
    /// Tokens of it once its tools' outputs are shortened; none where there is nothing to shorten.
    pub(super) shortened: Option<u64>,
    /// Whether an exchange begins with it: the user said something.
    pub(super) begins: bool,
    /// Whether it stays.
    pub(super) pinned: bool,
    /// How it stands now.
    pub(super) place: Place,
    /// How often it was brought back.
    pub(super) recalled: u8,
}

impl Line {
    /// Tokens of it as it stands.
    pub(super) fn cost(&self) -> u64 {
        match self.place {
            Place::In => self.tokens,
            Place::Cut => self.shortened.unwrap_or(self.tokens),
            Place::Out => 0,
        }
    }
}

/// What has to stay does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooSmall {
    /// Tokens that it would take.
    pub(super) needed: u64,
}

/// The newest exchanges, whose outputs of tools are still being read.
const FRESH: usize = 2;

/// How much being brought back once counts, beside being the newest of all.
const RECALLED: f64 = 0.25;

/// The first line of the exchange that each line belongs to.
pub(super) fn exchanges(lines: &[Line]) -> Vec<std::ops::Range<usize>> {
    let mut starts: Vec<usize> = (0..lines.len()).filter(|at| *at == 0 || lines[*at].begins).collect();
    starts.push(lines.len());
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Makes the lines fit into `high` tokens, where they do not, by bringing them below `low`: so the beginning stays as
/// it is for the turns that follow, which a provider's cache of prefixes lives on.
///
/// # Errors
/// The newest exchange and what is pinned take more than `high`, shortened as they may be.
pub(super) fn fit(lines: &mut [Line], high: u64, low: u64) -> Result<(), TooSmall> {
    let mut total: u64 = lines.iter().map(Line::cost).sum();
    if total <= high {
        return Ok(());
    }
    let exchanges = exchanges(lines);
    let fresh = exchanges.len().saturating_sub(FRESH);
    for exchange in &exchanges[..fresh] {
        shorten(lines, exchange.clone(), &mut total, low);
    }
    let last = exchanges.len() - 1;
    let mut candidates: Vec<(f64, usize)> = (0..last)
        .filter(|at| {
            let exchange = &lines[exchanges[*at].clone()];
            !exchange.iter().any(|line| line.pinned) && exchange.iter().any(|line| line.place != Place::Out)
        })
        .map(|at| (worth(&lines[exchanges[at].clone()], at, exchanges.len()), at))
        .collect();
    candidates.sort_by(|(one, at), (other, beside)| one.total_cmp(other).then(at.cmp(beside)));
    for (_, at) in candidates {
        if total <= low {
            break;
        }
        for line in &mut lines[exchanges[at].clone()] {
            total -= line.cost();
            line.place = Place::Out;
        }
    }
    for exchange in &exchanges[fresh..] {
        shorten(lines, exchange.clone(), &mut total, high);
    }
    if total <= high { Ok(()) } else { Err(TooSmall { needed: total }) }
}

/// Shortens the outputs of tools in an exchange, oldest first, until `total` is no more than `enough`.
fn shorten(lines: &mut [Line], exchange: std::ops::Range<usize>, total: &mut u64, enough: u64) {
    for line in &mut lines[exchange] {
        if *total <= enough {
            return;
        }
        if let (Place::In, Some(shortened), false) = (line.place, line.shortened, line.pinned) {
            *total -= line.tokens.saturating_sub(shortened);
            line.place = Place::Cut;
        }
    }
}

/// What an exchange is worth: how new it is (0 to 1), and how often it was needed again.
fn worth(exchange: &[Line], at: usize, exchanges: usize) -> f64 {
    let recency = at as f64 / exchanges as f64;
    let recalled = exchange.iter().map(|line| line.recalled).max().unwrap_or(0).min(4);
    recency + RECALLED * f64::from(recalled)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    /// Lines as words: `u10` a user's of ten tokens, `a10` an answer, `t90/10` a tool's output of 90 that shortens to
    /// 10; `!` pinned, `^` brought back, `-` paged out.
    fn lines(text: &str) -> Vec<Line> {
        let line = |word: &str| {
            let plain = word.trim_end_matches(['!', '^', '-']);
            let (tokens, shortened) = match plain[1..].split_once('/') {
                Some((tokens, shortened)) => (tokens, shortened.parse().ok()),
                None => (&plain[1..], None),
            };
            Line {
                tokens: tokens.parse().unwrap_or(0),
                shortened,
                begins: word.starts_with('u'),
                pinned: word.contains('!'),
                place: if word.contains('-') { Place::Out } else { Place::In },
                recalled: word.matches('^').count() as u8,
            }
        };
        text.split_whitespace().map(line).collect()
    }

    fn check(text: &str, high: u64, low: u64, expected: &Expect) {
        let mut lines = lines(text);
        let fitted = fit(&mut lines, high, low);
        let places: String = lines
            .iter()
            .map(|line| match line.place {
                Place::In => '+',
                Place::Cut => '~',
                Place::Out => '-',
            })
            .collect();
        let total: u64 = lines.iter().map(Line::cost).sum();
        let fitted = fitted.map_or_else(|error| format!(", needs {}", error.needed), |()| String::new());
        expected.assert_eq(&format!("{places} {total}{fitted}"));
    }

    #[test]
    fn what_goes_and_what_stays() {
        // What fits stays as it is.
        check("u10 a10 u10 a10", 40, 30, &expect!["++++ 40"]);
        // Tools' outputs go first, the old ones.
        check("u10 t90/5 a10 u10 t90/5 u10 t90/5", 300, 250, &expect!["+~+++++ 225"]);
        // Then whole exchanges, the oldest first, to below the budget.
        check("u10 a10 u10 a10 u10 a10 u10 a10", 70, 50, &expect!["----++++ 40"]);
        // What is pinned stays, and what was brought back stays longer.
        check("u10! a10 u10 a10 u10 a10", 50, 40, &expect!["++--++ 40"]);
        check("u10^^^ a10 u10 a10 u10 a10 u10 a10", 70, 60, &expect!["++--++++ 60"]);
        // The newest exchange stays; its outputs are shortened at the last.
        check("u10 a10 u10 t90/10", 60, 40, &expect!["--+~ 20"]);
        check("u10! a10 u10 t90/80", 60, 40, &expect!["+++~ 110, needs 110"]);
        // What is out stays out.
        check("u10- a10- u10 a10 u10 a10", 40, 30, &expect!["--++++ 40"]);
        check("", 0, 0, &expect![" 0"]);
    }

    proptest! {
        #[test]
        fn it_fits_or_says_so(
            raw in proptest::collection::vec((0u64..200, proptest::option::of(0u64..50), any::<bool>(), 0u8..8, 0u8..5), 0..60),
            high in 0u64..4_000,
        ) {
            let mut lines: Vec<Line> = raw
                .into_iter()
                .map(|(tokens, shortened, begins, pinned, recalled)| Line {
                    tokens,
                    shortened: shortened.filter(|shortened| *shortened < tokens),
                    begins,
                    pinned: pinned == 0,
                    place: Place::In,
                    recalled,
                })
                .collect();
            let before = lines.clone();
            let fitted = fit(&mut lines, high, high / 2);
            let total: u64 = lines.iter().map(Line::cost).sum();
            match fitted {
                Ok(()) => prop_assert!(total <= high),
                Err(error) => prop_assert!(error.needed == total && total > high),
            }
            for exchange in exchanges(&before) {
                // Whole exchanges: a call never stands there without its result.
                let out = lines[exchange.clone()].iter().filter(|line| line.place == Place::Out).count();
                prop_assert!(out == 0 || out == exchange.len());
            }
            prop_assert!(before.iter().zip(&lines).all(|(_, line)| !line.pinned || line.place == Place::In));
        }
    }
}
