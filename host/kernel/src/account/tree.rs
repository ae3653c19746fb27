//! The account tree: a child draws on its parent.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

use super::{Bytes, Fuel, Limits};

/// A limit was reached; nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{limit}` of {maximum} is reached")]
pub struct Exceeded {
    /// The limit's name in the `[limits]` table.
    pub limit: &'static str,
    /// Its value, in its own unit.
    pub maximum: u64,
}

/// What is held for a while and given back, by a process and its descendants together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Bytes of linear memories and tables.
    Memory,
    /// Live descendants.
    Children,
    /// Open files and directories.
    OpenFiles,
    /// Calls of models under way.
    ModelStreams,
    /// Requests to the network under way.
    Requests,
}

/// What is used up and never comes back, by a process and its descendants together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Bytes on stdout and stderr.
    Output,
    /// Lines of log.
    LogLines,
    /// Bytes of log.
    LogBytes,
    /// Files, directories and links made.
    FilesCreated,
    /// Bytes written to files.
    Written,
    /// Bytes of audit records.
    Audit,
    /// Calls of models.
    ModelCalls,
    /// Tokens of requests and replies.
    Tokens,
    /// Millionths of a US dollar.
    Money,
    /// Bytes sent to the network and received from it.
    Network,
    /// Bytes put into storage. Its limit is the quota of whoever owns them, which the driver keeps.
    Stored,
    /// Questions to whoever called a tool.
    Questions,
}

const LEVELS: usize = 5;
const TOTALS: usize = 12;

/// The account of one process.
///
/// Fuel is *carved*: what a child may burn is set aside in its parent when the child starts,
/// and what the child did not burn comes back when it is closed. So
/// `burned + worked + reserved + carved ≤ budget` holds in every account but for the overshoot
/// of one slice, and a tree never burns more than its root was given.
/// Levels and totals are counted in each account up to the root.
#[derive(Debug)]
pub struct Account {
    parent: Option<Arc<Account>>,
    limits: Limits,
    depth: u64,
    budget: AtomicU64,
    /// Instructions, as last read from the store.
    burned: AtomicU64,
    /// Host work.
    worked: AtomicU64,
    /// What closed children burned. It was shared out while they ran, so no slice is charged for it again.
    returned: AtomicU64,
    reserved: AtomicU64,
    carved: AtomicU64,
    levels: [AtomicU64; LEVELS],
    totals: [AtomicU64; TOTALS],
    /// Its process has ended; it settles with its parent once its children have.
    closing: AtomicBool,
    settled: AtomicBool,
}

impl Account {
    /// An account that draws on nobody.
    pub fn root(limits: Limits) -> Arc<Self> {
        Arc::new(Self::new(None, limits, 0))
    }

    fn new(parent: Option<Arc<Account>>, limits: Limits, depth: u64) -> Self {
        Self {
            parent,
            depth,
            budget: AtomicU64::new(limits.fuel.0),
            burned: AtomicU64::default(),
            worked: AtomicU64::default(),
            returned: AtomicU64::default(),
            reserved: AtomicU64::default(),
            carved: AtomicU64::default(),
            levels: Default::default(),
            totals: Default::default(),
            closing: AtomicBool::default(),
            settled: AtomicBool::default(),
            limits,
        }
    }

    /// The account of a child. Its limits are the least of `limits` and this account's; its fuel is
    /// set aside here, half of what is left where `fuel` is none.
    ///
    /// # Errors
    /// `depth`, `children` or `fuel` allow no more.
    pub fn carve(self: &Arc<Self>, limits: &Limits, fuel: Option<Fuel>) -> Result<Arc<Self>, Exceeded> {
        let depth = self.depth + 1;
        if depth > self.limits.depth {
            return Err(Exceeded { limit: "depth", maximum: self.limits.depth });
        }
        self.raise(Level::Children, 1)?;
        let mut limits = self.limits.meet(limits);
        let share = fuel.unwrap_or(Fuel(self.left().0 / 2)).min(limits.fuel);
        // Lift the reservation in one step, so that two carvings never share the same fuel.
        let lent = self.carved.fetch_update(Relaxed, Relaxed, |carved| {
            let free = self.budget.load(Relaxed).saturating_sub(self.spent().0 + self.reserved.load(Relaxed) + carved);
            (share.0 > 0 && share.0 <= free).then(|| carved + share.0)
        });
        if lent.is_err() {
            self.lower(Level::Children, 1);
            return Err(Exceeded { limit: "fuel", maximum: self.budget.load(Relaxed) });
        }
        limits.fuel = share;
        Ok(Arc::new(Self::new(Some(self.clone()), limits, depth)))
    }

    /// Gives back to the parent what was not used, once all children have done so too: what a
    /// child burned is its grandparent's cost even where the parent is gone.
    pub fn close(&self) {
        self.closing.store(true, SeqCst);
        self.settle();
    }

    fn settle(&self) {
        let open = !self.closing.load(SeqCst) || self.level(Level::Children) > 0;
        if open || self.settled.swap(true, SeqCst) {
            return;
        }
        let Some(parent) = &self.parent else { return };
        // What the operator topped up was never the parent's to lend.
        let topped = self.budget.load(Relaxed).saturating_sub(self.limits.fuel.0);
        parent.returned.fetch_add(self.spent().0.saturating_sub(topped), Relaxed);
        parent.carved.fetch_sub(self.limits.fuel.0, Relaxed);
        for level in [Level::Memory, Level::OpenFiles, Level::ModelStreams] {
            // Taken in one step: a hold that is dropped meanwhile finds it gone, or was never in it.
            parent.lower(level, self.levels[level as usize].swap(0, SeqCst));
        }
        parent.lower(Level::Children, 1);
        parent.settle();
    }

    /// The limits that hold for this process.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Generations below the root.
    pub fn depth(&self) -> u64 {
        self.depth
    }

    /// Instructions and host work so far, closed children included.
    pub fn spent(&self) -> Fuel {
        Fuel(self.spent_itself().0.saturating_add(self.returned.load(Relaxed)))
    }

    /// Instructions and host work of this process alone.
    pub fn spent_itself(&self) -> Fuel {
        Fuel(self.burned.load(Relaxed).saturating_add(self.worked.load(Relaxed)))
    }

    /// Fuel that is neither spent, nor reserved, nor lent to children.
    pub fn left(&self) -> Fuel {
        let taken =
            self.spent().0.saturating_add(self.reserved.load(Relaxed)).saturating_add(self.carved.load(Relaxed));
        Fuel(self.budget.load(Relaxed).saturating_sub(taken))
    }

    /// What it may burn in all, top-ups included.
    pub fn budget(&self) -> Fuel {
        Fuel(self.budget.load(Relaxed))
    }

    /// Gives it more fuel.
    pub fn top_up(&self, fuel: Fuel) {
        let _ = self.budget.fetch_update(Relaxed, Relaxed, |budget| Some(budget.saturating_add(fuel.0)));
    }

    /// Sets the instructions burned so far, as read from the store: a total, never a difference.
    pub fn set_burned(&self, total: Fuel) {
        self.burned.fetch_max(total.0, Relaxed);
    }

    pub(super) fn work(&self, fuel: Fuel) {
        self.worked.fetch_add(fuel.0, Relaxed);
    }

    pub(super) fn reserved(&self) -> &AtomicU64 {
        &self.reserved
    }

    /// Takes from a level, here and in every ancestor.
    ///
    /// # Errors
    /// The limit of this account or of an ancestor is reached; nothing is taken.
    pub fn raise(&self, level: Level, amount: u64) -> Result<(), Exceeded> {
        let (limit, maximum) = level.limit(&self.limits);
        self.levels[level as usize]
            .fetch_update(Relaxed, Relaxed, |held| held.checked_add(amount).filter(|held| *held <= maximum))
            .map_err(|_| Exceeded { limit, maximum })?;
        if let Some(parent) = &self.parent
            && let Err(exceeded) = parent.raise(level, amount)
        {
            self.levels[level as usize].fetch_sub(amount, Relaxed);
            return Err(exceeded);
        }
        Ok(())
    }

    /// Gives back what [`Account::raise`] took.
    pub fn lower(&self, level: Level, amount: u64) {
        let lowered =
            self.levels[level as usize].fetch_update(SeqCst, SeqCst, |held| Some(held.saturating_sub(amount)));
        // What was settled meanwhile is not here any more, and has been given back above.
        let gone = amount.min(lowered.unwrap_or_default());
        if gone > 0
            && let Some(parent) = &self.parent
        {
            parent.lower(level, gone);
        }
    }

    /// Takes from a level until the hold is dropped.
    ///
    /// # Errors
    /// As [`Account::raise`].
    pub fn hold(self: &Arc<Self>, level: Level, amount: u64) -> Result<Hold, Exceeded> {
        self.raise(level, amount)?;
        Ok(Hold { account: self.clone(), level, amount })
    }

    /// How much of a level is held.
    pub fn level(&self, level: Level) -> u64 {
        self.levels[level as usize].load(SeqCst)
    }

    /// Uses up a total, here and in every ancestor.
    ///
    /// # Errors
    /// The limit of this account or of an ancestor is reached; nothing is used up.
    pub fn take(&self, total: Total, amount: u64) -> Result<(), Exceeded> {
        let (limit, maximum) = total.limit(&self.limits);
        self.totals[total as usize]
            .fetch_update(Relaxed, Relaxed, |used| used.checked_add(amount).filter(|used| *used <= maximum))
            .map_err(|_| Exceeded { limit, maximum })?;
        if let Some(parent) = &self.parent
            && let Err(exceeded) = parent.take(total, amount)
        {
            self.totals[total as usize].fetch_sub(amount, Relaxed);
            return Err(exceeded);
        }
        Ok(())
    }

    /// Gives back what was taken for something that then did not happen.
    pub(crate) fn untake(&self, total: Total, amount: u64) {
        self.totals[total as usize].fetch_sub(amount, Relaxed);
        if let Some(parent) = &self.parent {
            parent.untake(total, amount);
        }
    }

    /// Uses up what was used already, limit or not: a provider may use more than it was allowed.
    pub(crate) fn overdraw(&self, total: Total, amount: u64) {
        self.totals[total as usize].fetch_add(amount, Relaxed);
        if let Some(parent) = &self.parent {
            parent.overdraw(total, amount);
        }
    }

    /// How much of a total the tightest limit up to the root still allows.
    pub fn remaining(&self, total: Total) -> u64 {
        let here = total.limit(&self.limits).1.saturating_sub(self.total(total));
        self.parent.as_ref().map_or(here, |parent| here.min(parent.remaining(total)))
    }

    /// How much of a total is used up.
    pub fn total(&self, total: Total) -> u64 {
        self.totals[total as usize].load(Relaxed)
    }
}

/// Holds an amount of a level; gives it back when dropped.
#[derive(Debug)]
pub struct Hold {
    account: Arc<Account>,
    level: Level,
    amount: u64,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.account.lower(self.level, self.amount);
    }
}

impl Level {
    fn limit(self, limits: &Limits) -> (&'static str, u64) {
        match self {
            Level::Memory => ("memory", limits.memory.0),
            Level::Children => ("children", limits.children),
            Level::OpenFiles => ("open-files", limits.open_files),
            Level::ModelStreams => ("model-streams", limits.model_streams),
            Level::Requests => ("requests", limits.requests),
        }
    }
}

impl Total {
    fn limit(self, limits: &Limits) -> (&'static str, u64) {
        let bytes = |name, Bytes(maximum)| (name, maximum);
        match self {
            Total::Output => bytes("output", limits.output),
            Total::LogLines => ("log-lines", limits.log_lines),
            Total::LogBytes => bytes("log-bytes", limits.log_bytes),
            Total::FilesCreated => ("files-created", limits.files_created),
            Total::Written => bytes("written", limits.written),
            Total::Audit => bytes("audit", limits.audit),
            Total::ModelCalls => ("model-calls", limits.model_calls),
            Total::Tokens => ("tokens", limits.tokens),
            Total::Money => ("money", limits.money.0),
            Total::Questions => ("questions", limits.questions),
            Total::Network => bytes("network", limits.network),
            Total::Stored => ("storage", u64::MAX),
        }
    }
}
