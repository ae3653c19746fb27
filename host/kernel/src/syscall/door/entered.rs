//! Behind the door: rights, limits, resources, drivers. What is done here is charged and recorded.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
};

use wasmtime::component::{Resource, ResourceTable};

use super::{Core, Entered, Granted, Lapse, Origin, QUESTIONS, REFUSALS, Resident, TOLD_BYTES};
use crate::{
    account::{Account, Exceeded, Fuel, Hold, Total},
    bindings::Denial,
    devices::{Capability, fs::FsRule},
    process::Fault,
    syscall::{
        Answer, Approval, Authority, Control, Device, Errno, Op, Operator, Question, Refusal,
        audit::Decision,
        authority::Denier,
        device::WasiDevice,
        policy::{Event, Judged, Moment, Verdict},
        trace,
    },
};

/// Fuel for asking a policy, beside what its own process burns: about what starting it takes.
const JUDGEMENT: u64 = 100_000;

impl<D: WasiDevice> Entered<'_, D> {
    /// The session and the whole table, for wasmtime-wasi's views.
    pub(crate) fn wasi(&mut self) -> (&mut D::Session, &mut ResourceTable) {
        (self.session, self.table)
    }
}

impl<D: WasiDevice> Entered<'_, D> {
    /// Remembers by which right a descriptor or stream was opened, and what it holds open.
    pub(crate) fn set_origin(&mut self, place: u32, right: Granted<FsRule>, hold: Arc<Hold>) {
        self.core.origins.insert(place, Origin { right, hold });
    }

    /// The right by which it was opened, if it is a file's.
    pub(crate) fn origin(&self, place: u32) -> Option<&Granted<FsRule>> {
        self.core.origins.get(&place).map(|origin| &origin.right)
    }

    /// What it holds open, if it is a file's.
    pub(crate) fn origin_hold(&self, place: u32) -> Option<Arc<Hold>> {
        self.core.origins.get(&place).map(|origin| origin.hold.clone())
    }

    /// Whether it is a file's; if so, its right must still hold, and the record names the file.
    ///
    /// # Errors
    /// Denied, if it was revoked.
    pub(crate) fn check_origin(&mut self, place: u32) -> Result<bool, Refusal> {
        let Some(origin) = self.core.origins.get(&place) else { return Ok(false) };
        self.resource.clear();
        self.resource.push_str(&origin.right.want.path.to_string_lossy());
        if origin.right.epoch != self.core.epoch.now() {
            let mut origin = origin.clone();
            self.renew(&mut origin.right)?;
            self.core.origins.insert(place, origin);
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
            Ok(rules) => return Ok(self.noted(Granted { want, rules, epoch })),
            Err(denier) => denier,
        };
        let spelled = self.core.authority.spelled::<R>(&want);
        let text = spelled.as_ref().unwrap_or(&text).clone();
        // A policy is not asked about either: its ward, who has it judge, would be asking.
        let asked = denier == Denier::Grant && !self.core.control.judges;
        let grantable = asked && spelled.is_some() && text.len() <= TOLD_BYTES;
        if let Some((operator, question)) = self.first_telling(R::NAME, &text, denier.rule(), grantable) {
            let answer = operator.denied(question).await;
            if grantable && answer == Answer::Once {
                self.core.authority.allow_once::<R>(&text);
            }
            // The operator may also have granted it for ever meanwhile.
            let epoch = self.core.epoch.now();
            if let Ok(rules) = self.core.authority.admit::<R>(&want) {
                return Ok(self.noted(Granted { want, rules, epoch }));
            }
        }
        Err(self.deny(R::NAME, text, denier.rule()))
    }

    /// Writes it down, where its run wants that.
    fn noted<R: Capability>(&self, granted: Granted<R>) -> Granted<R> {
        if let Some(needs) = self.core.control.run.needs.get() {
            self.core.authority.note::<R>(&granted.want, self.op.name != "stat", needs);
        }
        granted
    }

    /// Asks the policies over this process about an event, and then its operator where one of them
    /// wants that, or `said` does: what the rule of a grant says. Nobody to ask is a no. `detail` is
    /// shown with the question. Where there is no policy the event is not even made.
    ///
    /// # Errors
    /// Denied: by a policy, by one that failed, or by the operator.
    pub(crate) async fn judge(
        &mut self,
        moment: Moment,
        resource: &str,
        detail: &str,
        said: Verdict,
        event: impl FnOnce() -> Event,
    ) -> Result<(), Refusal> {
        let mut verdict = said;
        let policies = self.policies(moment);
        if !policies.is_empty() {
            let event = event();
            let (judges, judged) = (self.core.judges.clone(), self.judged());
            for policy in policies {
                self.charge(JUDGEMENT);
                verdict.add(&policy, judges.judge(judged.clone(), &policy, event.clone()).await);
                if let Some(rule) = verdict.denied {
                    return Err(self.deny(D::NAME, resource.to_owned(), &rule));
                }
            }
        }
        let Some(rule) = verdict.asks() else { return Ok(()) };
        let question = self.question(D::NAME, resource, &rule, false);
        let question = Question { approval: Some(Approval::new(detail)), ..question };
        // Who is killed while it waits was not allowed either.
        let run = self.core.control.run.clone();
        if run.refused.fetch_add(1, Relaxed) >= REFUSALS {
            run.refused.fetch_sub(1, Relaxed);
            let rule = format!("{rule} asks, and {REFUSALS} calls of its tree were not allowed already");
            return Err(self.deny(D::NAME, resource.to_owned(), &rule));
        }
        let allowed = match self.core.operator.clone() {
            operator if verdict.deferred => {
                let tree = self.core.control.tree;
                self.core.judges.clone().defer(tree, question, operator).await
            }
            Some(operator) => operator.approve(question).await,
            None => false,
        };
        if !allowed {
            return Err(self.deny(D::NAME, resource.to_owned(), &format!("{rule} asks, and nobody allowed it")));
        }
        run.refused.fetch_sub(1, Relaxed);
        Ok(())
    }

    /// Whether any policy is asked at this moment.
    pub(crate) fn is_judged(&self, moment: Moment) -> bool {
        !self.policies(moment).is_empty()
    }

    fn policies(&self, moment: Moment) -> Vec<String> {
        match self.core.control.judges {
            true => Vec::new(),
            false => self.core.judges.over(&self.core.authority, moment),
        }
    }

    fn judged(&self) -> Judged {
        let Core { control, authority, operator, .. } = &*self.core;
        Judged { control: control.clone(), authority: authority.clone(), operator: operator.clone(), client: None }
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

    /// The operator, and what they are told of a denial; none where there is nobody, or they know.
    fn first_telling(
        &mut self,
        capability: &str,
        resource: &str,
        rule: &str,
        grantable: bool,
    ) -> Option<(Arc<dyn Operator>, Question)> {
        let operator = self.core.operator.clone()?;
        let resource = told(resource);
        if self.core.told.len() >= QUESTIONS || !self.core.told.insert(format!("{capability}={resource}")) {
            return None;
        }
        let question = self.question(capability, &resource, rule, grantable);
        Some((operator, question))
    }

    fn question(&self, capability: &str, resource: &str, rule: &str, grantable: bool) -> Question {
        let control = &self.core.control;
        Question {
            // Of a policy's many processes its operator is told once in a run.
            pid: if control.judges { control.tree } else { control.pid },
            root: control.parent.is_none(),
            plugin: control.plugin.to_string(),
            capability: capability.to_owned(),
            resource: told(resource),
            rule: rule.to_owned(),
            grantable,
            approval: None,
        }
    }

    /// Denies where nobody can be waited for: the operator is told, and not asked.
    pub(crate) fn deny_and_tell(&mut self, capability: &str, resource: String, rule: &str) -> Refusal {
        if let Some((operator, question)) = self.first_telling(capability, &resource, rule, false) {
            operator.told(question);
        }
        self.deny(capability, resource, rule)
    }

    /// Denies what had been let in before, in a record of its own. The operator is told all of it;
    /// the guest only `shown`.
    pub(crate) fn deny_late(
        &mut self,
        op: &'static Op,
        capability: &'static str,
        resource: String,
        rule: &str,
        shown: &str,
    ) {
        if let Some((operator, question)) = self.first_telling(capability, &resource, rule, false) {
            operator.told(question);
        }
        let resource = told(&resource);
        self.core.note_late(D::NAME, op, &resource, rule);
        self.core.last_denial = Some(Denial { capability: capability.to_owned(), resource, rule: shown.to_owned() });
    }

    /// Denies, and remembers why for `log.last-denial`.
    pub(crate) fn deny(&mut self, capability: &str, resource: String, rule: &str) -> Refusal {
        let resource = told(&resource);
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
        self.core.control.end_call();
        let fuel = Fuel(self.op.price().saturating_add(self.extra.0));
        if let Some(charge) = self.charge.take() {
            charge.settle_at(fuel);
        }
        let decision = self.decision.take().unwrap_or(Decision::Allowed);
        trace::end_call(&self.span, &self.resource, &decision);
        self.core.auditor.note(&self.core.control, D::NAME, self.op, &self.resource, decision, fuel.0);
    }
}

/// As much of a resource's name as anybody is told.
fn told(resource: &str) -> String {
    match resource.len() > TOLD_BYTES {
        true => format!("{}…", &resource[..resource.floor_char_boundary(TOLD_BYTES)]),
        false => resource.to_owned(),
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
