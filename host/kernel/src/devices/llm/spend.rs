//! Reserve before, settle after: what a call may use, in the account and in the budgets of grants.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{LlmRule, Usage, config::Target, queue::Flow, reply::CallError};
use crate::{
    account::{Account, Exceeded, Total},
    bindings::holm::sys::llm::Left,
    syscall::{
        Control, Run,
        budget::Unit,
        ledger::{Amounts, Ledger, Under, hour},
    },
};

/// Who calls, who pays, and under which rules.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) control: Arc<Control>,
    pub(super) under: Vec<Under<LlmRule>>,
    pub(super) flow: Flow,
    /// One check of a schema at a time.
    pub(super) checking: Arc<tokio::sync::Semaphore>,
}

impl Caller {
    pub(super) fn run(&self) -> &Run {
        &self.control.run
    }

    fn account(&self) -> &Account {
        &self.control.account
    }
}

/// What is set aside for one attempt. Dropped, it costs [`Reservation::owed`].
pub(super) struct Reservation<'a> {
    ledger: &'a Ledger,
    caller: &'a Caller,
    hour: u64,
    reserved: Amounts,
    /// What it costs if nothing more is heard.
    owed: Amounts,
    /// Tokens that are known to be used; none as long as they are not.
    known: Option<u64>,
    target: &'a Target,
    input: u64,
    /// Tokens that the reply may have.
    pub(super) output: u32,
}

const TOTALS: [Total; 3] = [Total::ModelCalls, Total::Tokens, Total::Money];

fn amount(amounts: &Amounts, total: Total) -> u64 {
    match total {
        Total::ModelCalls => amounts.calls,
        Total::Tokens => amounts.tokens,
        _ => amounts.money,
    }
}

/// Waits until it is known what was used of the budgets that a call is made under.
///
/// # Errors
/// Denied: nobody knows.
pub(super) async fn opened(ledger: &Ledger, caller: &Caller, model: &str, deadline: Instant) -> Result<(), CallError> {
    let known = ledger.open(&caller.under, deadline).await;
    known.map_err(|rule| CallError::Denied { model: model.to_owned(), rule })
}

/// Counts one call against every limit and budget of calls.
///
/// # Errors
/// One of them allows no more.
pub(super) fn count_call(ledger: &Ledger, caller: &Caller) -> Result<(), Exceeded> {
    caller.account().take(Total::ModelCalls, 1)?;
    let one = Amounts { calls: 1, ..Amounts::default() };
    ledger.reserve(&caller.under, caller.run(), hour(SystemTime::now()), one).inspect_err(|_| {
        caller.account().untake(Total::ModelCalls, 1);
    })
}

/// What every limit and budget still allows.
pub(super) fn left(ledger: &Ledger, caller: &Caller) -> Left {
    let hour = hour(SystemTime::now());
    let left =
        |total, unit| caller.account().remaining(total).min(ledger.left(&caller.under, caller.run(), hour, unit));
    Left {
        calls: left(Total::ModelCalls, Unit::Calls),
        tokens: left(Total::Tokens, Unit::Tokens),
        money: left(Total::Money, Unit::Money),
    }
}

impl<'a> Reservation<'a> {
    /// Sets aside `input` tokens of request and as many of a reply, at most `output`, as every
    /// limit and budget has left.
    ///
    /// # Errors
    /// Not one token of a reply is left.
    pub(super) fn new(
        ledger: &'a Ledger,
        caller: &'a Caller,
        target: &'a Target,
        input: u64,
        output: u32,
    ) -> Result<Self, Exceeded> {
        let hour = hour(SystemTime::now());
        let (under, run) = (&caller.under, caller.run());
        let Left { tokens, money, .. } = left(ledger, caller);
        let for_reply = tokens.saturating_sub(input).min(affordable(target, input, money)).min(output.into());
        // Where nothing fits, the reservation below fails, and says which limit it was.
        let output = u32::try_from(for_reply).unwrap_or(u32::MAX).max(output.min(1));
        let usage = Usage { input, output: output.into(), ..Usage::default() };
        let reserved = Amounts { tokens: usage.tokens(), money: target.most(&usage).0, ..Amounts::default() };
        for (index, total) in TOTALS.into_iter().enumerate() {
            if let Err(exceeded) = caller.account().take(total, amount(&reserved, total)) {
                for total in &TOTALS[..index] {
                    caller.account().untake(*total, amount(&reserved, *total));
                }
                return Err(exceeded);
            }
        }
        if let Err(exceeded) = ledger.reserve(under, run, hour, reserved) {
            for total in TOTALS {
                caller.account().untake(total, amount(&reserved, total));
            }
            return Err(exceeded);
        }
        Ok(Self { ledger, caller, hour, reserved, owed: Amounts::default(), known: Some(0), target, input, output })
    }

    /// The request leaves: from now on it may have cost all that was set aside.
    pub(super) fn sent(&mut self) {
        self.owed = self.reserved;
        self.known = None;
    }

    /// It did not reach anybody who would count it.
    pub(super) fn unsent(&mut self) {
        self.owed = Amounts::default();
        self.known = Some(0);
    }

    /// The provider told tokens so far, of a reply that is not whole: the request's are known, the
    /// reply's are not.
    pub(super) fn told(&mut self, usage: &Usage) {
        if usage.input > 0 {
            let output = usage.output.max(self.output.into());
            self.owe(&Usage { output, ..*usage });
            self.known = Some(usage.tokens());
        }
    }

    /// The provider told all tokens. Where it left some out, they cost what was set aside for them:
    /// what was counted, and whether all of it was told. `wrote` says that there is a reply.
    pub(super) fn told_all(&mut self, usage: Option<Usage>, wrote: bool) -> (Usage, bool) {
        let mut counted = usage.unwrap_or_default();
        let mut exact = true;
        // No request and no text has no token: some leave out what they had in a cache.
        if counted.input == 0 {
            (counted.input, exact) = (self.input, false);
        }
        if counted.output == 0 && (wrote || usage.is_none()) {
            (counted.output, exact) = (self.output.into(), false);
        }
        if exact {
            self.owe(&counted);
        } else {
            // Rates count what is likely, budgets what is possible.
            self.owed = Amounts { tokens: counted.tokens(), money: self.target.most(&counted).0, ..Amounts::default() };
        }
        (counted, exact)
    }

    fn owe(&mut self, usage: &Usage) {
        self.owed = Amounts { tokens: usage.tokens(), money: self.target.prices.cost(usage).0, ..Amounts::default() };
        self.known = Some(usage.tokens());
    }

    /// Whether the provider used more than was set aside.
    pub(super) fn exceeded_by(&self, usage: &Usage) -> bool {
        usage.output > u64::from(self.output) && usage.tokens() > self.reserved.tokens
    }

    /// What it costs as things stand, in millionths of a dollar.
    pub(super) fn owed_money(&self) -> u64 {
        self.owed.money
    }

    /// Tokens that it is known to have used; none where nobody told.
    pub(super) fn known_tokens(&self) -> Option<u64> {
        self.known
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        for total in TOTALS {
            let (reserved, owed) = (amount(&self.reserved, total), amount(&self.owed, total));
            match reserved.checked_sub(owed) {
                Some(unused) => self.caller.account().untake(total, unused),
                None => self.caller.account().overdraw(total, owed - reserved),
            }
        }
        self.caller.control.note_use(self.owed.tokens, self.owed.money);
        self.ledger.settle(&self.caller.under, self.caller.run(), self.hour, self.reserved, self.owed);
    }
}

/// How many tokens of reply `money` still buys after the request.
fn affordable(target: &Target, input: u64, money: u64) -> u64 {
    let request = target.most(&Usage { input, ..Usage::default() }).0;
    match target.prices.output.0 {
        0 => u64::MAX,
        price => {
            let tokens = u128::from(money.saturating_sub(request)) * 1_000_000 / u128::from(price);
            u64::try_from(tokens).unwrap_or(u64::MAX)
        }
    }
}
