//! Charges: reserve before the work, settle after it.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{Account, Exceeded, Fuel};

/// Fuel set aside for host work under way. Dropped unsettled (a cancelled call, a killed
/// process) it costs all that was reserved: the work may have been done.
#[derive(Debug)]
#[must_use = "a charge that is dropped costs its whole reservation"]
pub struct Charge {
    account: Arc<Account>,
    reserved: Fuel,
}

impl Charge {
    /// Reserves fuel for host work.
    ///
    /// # Errors
    /// The account has less than that left.
    pub fn reserve(account: &Arc<Account>, fuel: Fuel) -> Result<Self, Exceeded> {
        if account.left() < fuel {
            return Err(Exceeded { limit: "fuel", maximum: account.budget().0 });
        }
        account.reserved().fetch_add(fuel.0, Relaxed);
        Ok(Self { account: account.clone(), reserved: fuel })
    }

    /// Begins work that cannot wait until there is fuel for it: nothing is set aside, all is owed.
    pub(crate) fn credit(account: &Arc<Account>) -> Self {
        Self { account: account.clone(), reserved: Fuel(0) }
    }

    /// Ends the charge at its full reservation.
    pub fn settle(self) {}

    /// Ends the charge at what was really used; more than was reserved is charged too.
    pub fn settle_at(mut self, used: Fuel) {
        let reserved = std::mem::replace(&mut self.reserved, Fuel(0));
        self.account.work(used);
        self.account.reserved().fetch_sub(reserved.0, Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.work(self.reserved);
        self.account.reserved().fetch_sub(self.reserved.0, Relaxed);
    }
}
