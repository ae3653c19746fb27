//! What one request's bytes are taken from, both ways: the account, and the budgets of the grants that
//! the request is made under.

use std::{sync::Arc, time::SystemTime};

use parking_lot::Mutex;

use super::super::NetRule;
use crate::{
    account::{Account, Exceeded, Total},
    syscall::{
        Run,
        ledger::{Amounts, Ledger, Under, hour},
    },
};

/// Set aside at a time: a budget is not looked up for each piece.
const AHEAD: u64 = 64 << 10;

/// A request's bytes.
pub(super) struct Meter {
    account: Arc<Account>,
    ledger: Arc<Ledger>,
    /// Those with budgets of bytes.
    under: Vec<Under<NetRule>>,
    run: Arc<Run>,
    ahead: Mutex<Ahead>,
}

/// What is set aside in the budgets, and not used yet.
#[derive(Default)]
struct Ahead {
    /// The hour in which it was.
    hour: u64,
    bytes: u64,
}

impl Meter {
    pub(super) fn new(account: Arc<Account>, ledger: Arc<Ledger>, under: Vec<Under<NetRule>>, run: Arc<Run>) -> Self {
        Self { account, ledger, under, run, ahead: Mutex::default() }
    }

    /// Uses bytes up.
    ///
    /// # Errors
    /// The account or a budget has fewer left.
    pub(super) fn take(&self, bytes: u64) -> Result<(), Exceeded> {
        self.account.take(Total::Network, bytes)?;
        if self.under.is_empty() {
            return Ok(());
        }
        self.at(hour(SystemTime::now()), bytes)
    }

    /// What passes is counted in the hour in which it passes, however long ago its request began.
    fn at(&self, hour: u64, bytes: u64) -> Result<(), Exceeded> {
        let mut ahead = self.ahead.lock();
        if ahead.hour != hour {
            self.give_back(&ahead);
            *ahead = Ahead { hour, bytes: 0 };
        }
        if ahead.bytes < bytes {
            let lacking = bytes - ahead.bytes;
            // Near its end a budget is used up to the last byte.
            let reserved = self.reserve(hour, lacking.max(AHEAD)).or_else(|_| self.reserve(hour, lacking))?;
            ahead.bytes += reserved;
        }
        ahead.bytes -= bytes;
        Ok(())
    }

    fn reserve(&self, hour: u64, bytes: u64) -> Result<u64, Exceeded> {
        self.ledger.reserve(&self.under, &self.run, hour, amount(bytes)).map(|()| bytes)
    }

    fn give_back(&self, ahead: &Ahead) {
        if ahead.bytes > 0 {
            self.ledger.settle(&self.under, &self.run, ahead.hour, amount(ahead.bytes), Amounts::default());
        }
    }
}

fn amount(bytes: u64) -> Amounts {
    Amounts { bytes, ..Amounts::default() }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.give_back(&self.ahead.lock());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::Limits, process::Pid};

    #[test]
    fn a_budget_is_used_to_its_last_byte_and_what_was_set_aside_comes_back() {
        let (ledger, run) = (Arc::new(Ledger::default()), Arc::new(Run::new(Pid::new(1, 1))));
        let rule: NetRule = "https://a.example:bytes=100000/run".parse().expect("a rule");
        let under = || vec![Under { plugin: "a".into(), rule: rule.clone() }];
        let meter = || Meter::new(Account::root(Limits::default()), ledger.clone(), under(), run.clone());
        let (first, second) = (meter(), meter());
        first.take(1).expect("there is enough");
        // The rest is set aside for the first, as long as it lives.
        assert!(second.take(50_000).is_err());
        drop(first);
        second.take(99_999).expect("there is enough");
        assert_eq!(second.take(1), Err(Exceeded { limit: "bytes/run", maximum: 100_000 }));
        drop(second);
        assert!(meter().take(1).is_err());
    }

    #[test]
    fn what_goes_on_into_another_hour_is_counted_there() {
        let (ledger, run) = (Arc::new(Ledger::default()), Arc::new(Run::new(Pid::new(1, 1))));
        let rule: NetRule = "https://a.example:bytes=100000/hour".parse().expect("a rule");
        let under = vec![Under { plugin: "a".into(), rule }];
        ledger.restore(Vec::new());
        let meter = Meter::new(Account::root(Limits::default()), ledger.clone(), under, run);
        meter.at(5, 100_000).expect("all of an hour");
        assert!(meter.at(5, 1).is_err());
        // The past is forgotten meanwhile; nothing is counted in it any more.
        ledger.keep(6);
        meter.at(6, 60_000).expect("there is enough");
        ledger.keep(6);
        meter.at(6, 40_000).expect("there is enough");
        ledger.keep(6);
        assert!(meter.at(6, 1).is_err());
        meter.at(7, 100_000).expect("all of an hour");
    }
}
