//! What one request's bytes are taken from, both ways: the account, and the budgets of the grants that
//! the request is made under.

use std::sync::Arc;

use parking_lot::Mutex;

use super::super::NetRule;
use crate::{
    account::{Account, Exceeded, Total},
    syscall::{
        Run,
        ledger::{Amounts, Ledger, Under},
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
    hour: u64,
    /// Set aside in the budgets, and not used yet.
    ahead: Mutex<u64>,
}

impl Meter {
    pub(super) fn new(
        account: Arc<Account>,
        ledger: Arc<Ledger>,
        under: Vec<Under<NetRule>>,
        run: Arc<Run>,
        hour: u64,
    ) -> Self {
        Self { account, ledger, under, run, hour, ahead: Mutex::new(0) }
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
        let mut ahead = self.ahead.lock();
        if *ahead < bytes {
            let lacking = bytes - *ahead;
            // Near its end a budget is used up to the last byte.
            let reserved = self.reserve(lacking.max(AHEAD)).or_else(|_| self.reserve(lacking))?;
            *ahead += reserved;
        }
        *ahead -= bytes;
        Ok(())
    }

    fn reserve(&self, bytes: u64) -> Result<u64, Exceeded> {
        self.ledger.reserve(&self.under, &self.run, self.hour, amount(bytes)).map(|()| bytes)
    }
}

fn amount(bytes: u64) -> Amounts {
    Amounts { bytes, ..Amounts::default() }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let ahead = *self.ahead.get_mut();
        if ahead > 0 {
            self.ledger.settle(&self.under, &self.run, self.hour, amount(ahead), Amounts::default());
        }
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
        let meter = || Meter::new(Account::root(Limits::default()), ledger.clone(), under(), run.clone(), 0);
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
}
