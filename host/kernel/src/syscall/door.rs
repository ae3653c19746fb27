//! The door: the one way into a device. Alive? affordable? recorded? Then, and only then,
//! the device's session, its resources in the table, and the means to ask for a grant.
//!
//! The fields of [`Core`], [`Syscall`] and [`Entered`] are private to this file: a device that
//! forgets to enter has no state to work on, and does not compile.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use wasmtime::component::{Resource, ResourceTable};

use super::{
    audit::{Auditor, Decision},
    authority::{Authority, Denier, Epoch},
    control::Control,
    device::{Device, Op, WasiDevice},
    errno::{Errno, Refusal},
    operator::{Answer, Operator, Question},
};
use crate::{
    account::{Account, Charge, Exceeded, Fuel, Total},
    bindings::Denial,
    devices::{Capability, fs::FsRule},
    process::Fault,
};

/// What the door keeps for one process.
pub(crate) struct Core {
    control: Arc<Control>,
    authority: Arc<Authority>,
    operator: Option<Arc<dyn Operator>>,
    auditor: Auditor,
    epoch: Arc<Epoch>,
    quantum: Fuel,
    last_denial: Option<Denial>,
    /// What the operator was told of and did not allow: nobody is asked the same twice.
    told: HashSet<String>,
    /// The rights by which descriptors and streams of files were opened, by their place in the table.
    origins: HashMap<u32, Granted<FsRule>>,
}

impl Core {
    pub(crate) fn new(
        control: Arc<Control>,
        authority: Arc<Authority>,
        operator: Option<Arc<dyn Operator>>,
        auditor: Auditor,
        epoch: Arc<Epoch>,
        quantum: Fuel,
    ) -> Self {
        Self {
            control,
            authority,
            operator,
            auditor,
            epoch,
            quantum,
            last_denial: None,
            told: HashSet::new(),
            origins: HashMap::new(),
        }
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.auditor.close(&self.control);
    }
}

/// A process whose operator was told of this many denials is denied in silence from then on.
const QUESTIONS: usize = 256;

/// A device of one process, before the door: the type on which WIT's host traits are implemented.
pub(crate) struct Syscall<'a, D: Device> {
    core: &'a mut Core,
    session: &'a mut D::Session,
    table: &'a mut ResourceTable,
}

/// A device of one process, behind the door.
pub(crate) struct Entered<'a, D: Device> {
    /// What the device keeps for this process.
    pub(crate) session: &'a mut D::Session,
    core: &'a mut Core,
    table: &'a mut ResourceTable,
    op: &'static Op,
    charge: Option<Charge>,
    resource: String,
    /// What the call cost beyond its flat price.
    extra: Fuel,
    decision: Option<Decision>,
}

/// A right as a value: only the door makes one, and only after every layer admitted it.
#[derive(Clone, Debug)]
pub(crate) struct Granted<R: Capability> {
    want: R::Want,
    rules: Vec<R>,
    epoch: u64,
}

impl<R: Capability> Granted<R> {
    /// What was admitted.
    pub(crate) fn want(&self) -> &R::Want {
        &self.want
    }

    /// The rules that admitted it, of every layer but ceilings.
    pub(crate) fn rules(&self) -> &[R] {
        &self.rules
    }
}

/// Watches a right that a pollable stands on: pollables outlive the call that made them.
pub(crate) struct Lapse<R: Capability> {
    right: Granted<R>,
    authority: Arc<Authority>,
    epoch: Arc<Epoch>,
}

impl<R: Capability> Lapse<R> {
    /// Waits until the right no longer holds.
    pub(crate) async fn lapsed(&mut self) {
        loop {
            let now = self.epoch.now();
            if self.right.epoch != now && self.authority.admit::<R>(&self.right.want).is_err() {
                return;
            }
            self.right.epoch = now;
            self.epoch.changed(now).await;
        }
    }
}

/// Marks a resource type as belonging to one device, which alone reaches it in the table.
pub(crate) trait Resident<D: Device>: Send + 'static {}

impl<'a, D: Device> Syscall<'a, D> {
    pub(crate) fn new(core: &'a mut Core, session: &'a mut D::Session, table: &'a mut ResourceTable) -> Self {
        Self { core, session, table }
    }

    /// Comes in. Waits where the slice is used up or the account is empty.
    ///
    /// # Errors
    /// None today: a process that is being ended waits here for its end.
    pub(crate) async fn enter(&mut self, op: &'static Op) -> Result<Entered<'_, D>, Refusal> {
        let control = &self.core.control;
        if control.slice_spent() >= self.core.quantum {
            preempt().await;
        }
        let charge = loop {
            match Charge::reserve(&control.account, Fuel(op.fuel)) {
                Ok(charge) => break charge,
                Err(_) => {
                    // The scheduler withholds the next slice until there is more, or ends it.
                    control.starve(true);
                    preempt().await;
                }
            }
        };
        control.starve(false);
        while control.ending().is_some() {
            std::future::pending::<()>().await;
        }
        Ok(self.entered(op, charge))
    }

    /// Comes in where the interface cannot wait: charged and recorded all the same, and what
    /// it owes ends the slice at the next call that can.
    ///
    /// # Errors
    /// The account is empty.
    pub(crate) fn enter_now(&mut self, op: &'static Op) -> Result<Entered<'_, D>, Refusal> {
        let charge = Charge::reserve(&self.core.control.account, Fuel(op.fuel))?;
        Ok(self.entered(op, charge))
    }

    fn entered(&mut self, op: &'static Op, charge: Charge) -> Entered<'_, D> {
        self.core.control.syscalls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Entered {
            session: self.session,
            core: self.core,
            table: self.table,
            op,
            charge: Some(charge),
            resource: String::new(),
            extra: Fuel(0),
            decision: None,
        }
    }

    /// Gives a resource back. Free, always allowed; it checks the handle and nothing else.
    pub(crate) fn release<T: Resident<D>>(&mut self, resource: Resource<T>) -> wasmtime::Result<T> {
        self.table.delete(resource).map_err(|error| wasmtime::Error::new(Fault::BadHandle(error.to_string())))
    }
}

impl<D: WasiDevice> Syscall<'_, D> {
    /// A stream or descriptor is dropped: its right is forgotten.
    pub(crate) fn forget_origin(&mut self, place: u32) {
        self.core.origins.remove(&place);
    }

    /// The session, for what `drop` gives back.
    pub(crate) fn session_for_release(&mut self) -> &mut D::Session {
        self.session
    }

    /// For `drop` of WASI's own resources.
    pub(crate) fn wasi_table(&mut self) -> &mut ResourceTable {
        self.table
    }
}

impl<D: WasiDevice> Entered<'_, D> {
    /// The session and the whole table, for wasmtime-wasi's views.
    pub(crate) fn wasi(&mut self) -> (&mut D::Session, &mut ResourceTable) {
        (self.session, self.table)
    }
}

impl<D: WasiDevice> Entered<'_, D> {
    /// Remembers by which right a descriptor or stream was opened.
    pub(crate) fn set_origin(&mut self, place: u32, right: Granted<FsRule>) {
        self.core.origins.insert(place, right);
    }

    /// The right by which it was opened, if it is a file's.
    pub(crate) fn origin(&self, place: u32) -> Option<&Granted<FsRule>> {
        self.core.origins.get(&place)
    }

    /// Whether it is a file's; if so, its right must still hold.
    ///
    /// # Errors
    /// Denied, if it was revoked.
    pub(crate) fn check_origin(&mut self, place: u32) -> Result<bool, Refusal> {
        let Some(right) = self.core.origins.get(&place) else { return Ok(false) };
        if right.epoch != self.core.epoch.now() {
            let mut right = right.clone();
            self.renew(&mut right)?;
            self.core.origins.insert(place, right);
        }
        Ok(true)
    }
}

impl<D: Device> Entered<'_, D> {
    /// The process's account, for limits.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.core.control.account
    }

    /// Who calls.
    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.core.control
    }

    /// The caller's rights, for what it passes on.
    pub(crate) fn authority(&self) -> &Arc<Authority> {
        &self.core.authority
    }

    /// Who runs it.
    pub(crate) fn operator(&self) -> Option<&Arc<dyn Operator>> {
        self.core.operator.as_ref()
    }

    /// The last denial this process met.
    pub(crate) fn last_denial(&self) -> Option<&Denial> {
        self.core.last_denial.as_ref()
    }

    /// Names in the record what the call is about.
    pub(crate) fn about(&mut self, resource: &str) {
        self.resource.clear();
        self.resource.push_str(resource);
    }

    /// Charges for work that depends on what the call found.
    pub(crate) fn charge(&mut self, fuel: u64) {
        self.extra.0 = self.extra.0.saturating_add(fuel);
    }

    /// Uses up a total.
    ///
    /// # Errors
    /// Quota; the call is recorded so.
    pub(crate) fn take(&mut self, total: Total, amount: u64) -> Result<(), Refusal> {
        let taken = self.core.control.account.take(total, amount);
        taken.map_err(|exceeded| self.over(exceeded))
    }

    /// Records that a limit was reached.
    pub(crate) fn over(&mut self, exceeded: Exceeded) -> Refusal {
        self.decision = Some(Decision::Quota(exceeded.limit.to_owned()));
        Refusal::from(exceeded)
    }

    /// Asks every layer for a right, and the operator where only their grant is lacking.
    ///
    /// # Errors
    /// Denied, with what was asked and which rule decided. The call is recorded so.
    pub(crate) async fn admit<R: Capability>(&mut self, want: R::Want) -> Result<Granted<R>, Refusal> {
        let text = want.to_string();
        self.about(&text);
        // Read first: a change while we look makes us look again at the next call.
        let epoch = self.core.epoch.now();
        let denier = match self.core.authority.admit::<R>(&want) {
            Ok(rules) => return Ok(Granted { want, rules, epoch }),
            Err(denier) => denier,
        };
        let subject = format!("{}={text}", R::NAME);
        if let Some(operator) = self.core.operator.clone()
            && self.core.told.len() < QUESTIONS
            && self.core.told.insert(subject)
        {
            let question = Question {
                pid: self.core.control.pid,
                plugin: self.core.control.plugin.to_string(),
                capability: R::NAME.to_owned(),
                resource: text.clone(),
                rule: denier.rule().to_owned(),
                grantable: denier == Denier::Grant,
            };
            let answer = operator.denied(question).await;
            if denier == Denier::Grant && answer == Answer::Once {
                self.core.authority.allow_once::<R>(&want);
            }
            // The operator may also have granted it for ever meanwhile.
            let epoch = self.core.epoch.now();
            if let Ok(rules) = self.core.authority.admit::<R>(&want) {
                return Ok(Granted { want, rules, epoch });
            }
        }
        Err(self.deny(R::NAME, text, denier.rule()))
    }

    /// Checks a right that was admitted before: at no cost while no grant has changed.
    ///
    /// # Errors
    /// Denied, if it has been revoked.
    pub(crate) fn renew<R: Capability>(&mut self, granted: &mut Granted<R>) -> Result<(), Refusal> {
        let epoch = self.core.epoch.now();
        if granted.epoch == epoch {
            return Ok(());
        }
        match self.core.authority.admit::<R>(&granted.want) {
            Ok(rules) => {
                (granted.rules, granted.epoch) = (rules, epoch);
                Ok(())
            }
            Err(_) => Err(self.deny(R::NAME, granted.want.to_string(), "revoked")),
        }
    }

    /// Tells when a right is revoked.
    pub(crate) fn lapse<R: Capability>(&self, right: &Granted<R>) -> Lapse<R> {
        let (authority, epoch) = (self.core.authority.clone(), self.core.epoch.clone());
        Lapse { right: right.clone(), authority, epoch }
    }

    /// Denies where nobody can be waited for: the operator is told, and not asked.
    pub(crate) fn deny_and_tell(&mut self, capability: &str, resource: String, rule: &str) -> Refusal {
        let subject = format!("{capability}={resource}");
        if let Some(operator) = self.core.operator.clone()
            && self.core.told.len() < QUESTIONS
            && self.core.told.insert(subject)
        {
            let question = Question {
                pid: self.core.control.pid,
                plugin: self.core.control.plugin.to_string(),
                capability: capability.to_owned(),
                resource: resource.clone(),
                rule: rule.to_owned(),
                grantable: false,
            };
            tokio::spawn(async move { operator.denied(question).await });
        }
        self.deny(capability, resource, rule)
    }

    /// Denies, and remembers why for `log.last-denial`.
    pub(crate) fn deny(&mut self, capability: &str, resource: String, rule: &str) -> Refusal {
        self.about(&resource);
        self.decision = Some(Decision::Denied(rule.to_owned()));
        let denial = Denial { capability: capability.to_owned(), resource, rule: rule.to_owned() };
        self.core.last_denial = Some(denial.clone());
        Refusal::Errno(Errno::Denied(denial))
    }

    /// Puts a resource into the table.
    ///
    /// # Errors
    /// Quota: the process holds as many handles as it may.
    pub(crate) fn push<T: Resident<D>>(&mut self, resource: T) -> Result<Resource<T>, Refusal> {
        let maximum = self.core.control.account.limits().handles;
        self.table.push(resource).map_err(|_| self.over(Exceeded { limit: "handles", maximum }))
    }

    /// A resource of this device.
    ///
    /// # Errors
    /// A fault: the guest passed a handle it does not hold.
    pub(crate) fn get<T: Resident<D>>(&mut self, resource: &Resource<T>) -> Result<&mut T, Refusal> {
        self.table.get_mut(resource).map_err(|error| Refusal::Fault(Fault::BadHandle(error.to_string())))
    }

    /// A resource of this device whose right is renewed first.
    ///
    /// # Errors
    /// A fault as [`Entered::get`]; denied, if its right was revoked.
    pub(crate) fn get_granted<T: Resident<D> + Clone, R: Capability>(
        &mut self,
        resource: &Resource<T>,
        right: impl Fn(&mut T) -> &mut Granted<R>,
    ) -> Result<T, Refusal> {
        let mut found = self.get(resource)?.clone();
        let before = right(&mut found).epoch;
        self.renew(right(&mut found))?;
        if right(&mut found).epoch != before {
            *self.get(resource)? = found.clone();
        }
        Ok(found)
    }

    /// Waits for an operation under way, unless its right is revoked meanwhile.
    ///
    /// # Errors
    /// Denied, as soon as it is revoked; the operation is dropped.
    pub(crate) async fn while_granted<R: Capability, T>(
        &mut self,
        right: &mut Granted<R>,
        operation: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        tokio::pin!(operation);
        let epoch = self.core.epoch.clone();
        loop {
            tokio::select! {
                biased;
                done = &mut operation => return Ok(done),
                () = epoch.changed(right.epoch) => self.renew(right)?,
            }
        }
    }

    /// Runs a driver's operation. What is done at once is done here; what waits becomes a task of
    /// its own: a stopped process lets it finish, a killed one aborts it. Its panic is an error here
    /// and nowhere else.
    ///
    /// # Errors
    /// `io`, if the driver panicked; denied, if the right is revoked while it runs.
    pub(crate) async fn drive<R: Capability, T: Send + 'static>(
        &mut self,
        right: &mut Granted<R>,
        operation: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let mut operation = Box::pin(operation);
        let begun = std::future::poll_fn(|context| {
            Poll::Ready(catch_unwind(AssertUnwindSafe(|| operation.as_mut().poll(context))))
        });
        let done = match begun.await {
            Ok(Poll::Ready(value)) => Ok(value),
            Ok(Poll::Pending) => {
                let mut task = AbortOnDrop(tokio::spawn(operation));
                self.while_granted(right, &mut task.0).await?.map_err(|error| error.to_string())
            }
            Err(_) => Err("it panicked".to_owned()),
        };
        done.map_err(|error| {
            tracing::error!(op = self.op.name, device = D::NAME, error, "a driver failed");
            Refusal::Errno(Errno::Io(format!("the {} driver failed", D::NAME)))
        })
    }
}

impl<D: Device> Drop for Entered<'_, D> {
    fn drop(&mut self) {
        let fuel = Fuel(self.op.fuel.saturating_add(self.extra.0));
        if let Some(charge) = self.charge.take() {
            charge.settle_at(fuel);
        }
        let decision = self.decision.take().unwrap_or(Decision::Allowed);
        self.core.auditor.note(&self.core.control, D::NAME, self.op, &self.resource, decision, fuel.0);
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends the slice: ready again at once, behind whoever has run less.
fn preempt() -> impl Future<Output = ()> {
    let mut yielded = false;
    std::future::poll_fn(move |context: &mut std::task::Context<'_>| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A boxed future, as drivers return them.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
