//! The door: the one way into a device. Alive? affordable? recorded? Then, and only then,
//! the device's session, its resources in the table, and the means to ask for a grant.
//!
//! The fields of [`Core`], [`Syscall`] and [`Entered`] are private to this module: a device that
//! forgets to enter has no state to work on, and does not compile.

mod entered;

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use tracing::Span;
use wasmtime::component::{Resource, ResourceTable};

use super::{
    audit::{Auditor, Decision},
    authority::{Authority, Epoch},
    control::Control,
    device::{Device, Op, WasiDevice},
    errno::Refusal,
    operator::Operator,
    policy::Judges,
    trace,
};
use crate::{
    account::{Charge, Fuel, Hold},
    bindings::Denial,
    devices::{Capability, fs::FsRule},
    process::Fault,
};

/// What the door keeps for one process.
pub(crate) struct Core {
    control: Arc<Control>,
    authority: Arc<Authority>,
    operator: Option<Arc<dyn Operator>>,
    judges: Arc<dyn Judges>,
    auditor: Auditor,
    epoch: Arc<Epoch>,
    quantum: Fuel,
    /// Calls that could not wait, made since the slice was over.
    overdue: u32,
    last_denial: Option<Denial>,
    /// What the operator was told of and did not allow: nobody is asked the same twice.
    told: HashSet<String>,
    /// The rights by which descriptors and streams of files were opened, by their place in the table.
    origins: HashMap<u32, Origin>,
}

impl Core {
    pub(crate) fn new(
        control: Arc<Control>,
        authority: Arc<Authority>,
        operator: Option<Arc<dyn Operator>>,
        judges: Arc<dyn Judges>,
        auditor: Auditor,
        epoch: Arc<Epoch>,
        quantum: Fuel,
    ) -> Self {
        Self {
            control,
            authority,
            operator,
            judges,
            auditor,
            epoch,
            quantum,
            overdue: 0,
            last_denial: None,
            told: HashSet::new(),
            origins: HashMap::new(),
        }
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// Records a denial of what had been let in before, by the name of the call that let it in.
    fn note_late(&mut self, device: &'static str, op: &'static Op, resource: &str, rule: &str) {
        let decision = Decision::Denied(rule.to_owned());
        self.auditor.note(&self.control, device, op, resource, decision, 0);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.auditor.close(&self.control);
    }
}

/// A process whose operator was told of this many denials is denied in silence from then on.
const QUESTIONS: usize = 256;

/// An operator who did not allow this many calls of a tree is asked about no more of them: one that asks
/// for ever, or has its children ask, would wear down whoever answers.
const REFUSALS: u32 = 16;

/// Calls that cannot wait and are let in after the slice was over. A guest yields at the next loop
/// or function that it comes to; a hundred thousand calls written one after the other hold neither.
const OVERDUE: u32 = 64;

/// What is told of a resource is cut here. Stops names of 4 MiB that are kept for each of [`QUESTIONS`];
/// what was cut is told and never asked, since nobody allows what they cannot read.
const TOLD_BYTES: usize = 8_192;

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
    span: Span,
}

/// Where a descriptor or stream comes from: the right it was opened by, and its place among the
/// open files. A stream shares its file's place, since it keeps the file open.
#[derive(Clone)]
struct Origin {
    right: Granted<FsRule>,
    hold: Arc<Hold>,
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
        self.core.overdue = 0;
        let control = &self.core.control;
        if control.slice_spent() >= self.core.quantum {
            preempt().await;
        }
        let charge = loop {
            match Charge::reserve(&control.account, Fuel(op.price())) {
                Ok(charge) => break charge,
                Err(_) => {
                    // The scheduler withholds the next slice until there is more, or ends it.
                    control.need(Fuel(op.price()));
                    preempt().await;
                }
            }
        };
        control.need(Fuel(0));
        while control.ending().is_some() {
            std::future::pending::<()>().await;
        }
        Ok(self.entered(op, charge))
    }

    /// Comes in where the interface cannot wait: charged and recorded all the same. What it owes
    /// ends the slice as soon as the call is over (see `engine::run`), also where the account is
    /// empty then: the one call that it had too little for is let in on credit.
    ///
    /// # Errors
    /// A fault: [`OVERDUE`] calls came one after the other since then, and no branch between them.
    pub(crate) fn enter_now(&mut self, op: &'static Op) -> Result<Entered<'_, D>, Refusal> {
        let (control, quantum) = (&self.core.control, self.core.quantum.0.max(1));
        let over = control.slice_spent().0 >= quantum || control.empty();
        self.core.overdue = if over { self.core.overdue + 1 } else { 0 };
        if self.core.overdue > OVERDUE {
            return Err(Refusal::Fault(Fault::Limit("its slice is over, and it calls on without a branch".to_owned())));
        }
        let account = &control.account;
        let charge = Charge::reserve(account, Fuel(op.price())).unwrap_or_else(|_| Charge::credit(account));
        Ok(self.entered(op, charge))
    }

    fn entered(&mut self, op: &'static Op, charge: Charge) -> Entered<'_, D> {
        self.core.control.begin_call::<D>(op);
        let span = trace::begin_call(&self.core.control, D::NAME, op);
        Entered {
            session: self.session,
            core: self.core,
            table: self.table,
            op,
            charge: Some(charge),
            resource: String::new(),
            extra: Fuel(0),
            decision: None,
            span,
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

    /// For `drop` of WASI's own resources.
    pub(crate) fn wasi_table(&mut self) -> &mut ResourceTable {
        self.table
    }

    /// Records a denial of what had been let in before.
    pub(crate) fn note_late(&mut self, op: &'static Op, resource: &str, rule: &str) {
        self.core.note_late(D::NAME, op, resource, rule);
    }

    /// For `drop` of WASI's own resources: what the session keeps beside them.
    pub(crate) fn wasi_session(&mut self) -> &mut D::Session {
        self.session
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
