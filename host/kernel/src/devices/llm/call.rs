//! One call: target after target, attempt after attempt, until one answers.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, future::Either};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Attempt, Event, Failure, Usage,
    assemble::Assembly,
    check::Checked,
    config::{Choice, Target},
    lane::{Closed, Permit},
    models::{Models, Routed},
    reply::{Answer, CallError, Delta},
    spend::{Caller, Reservation},
};
use crate::account::Money;

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) models: &'a Models,
    pub(super) caller: &'a Caller,
    pub(super) routed: &'a Routed,
    pub(super) checked: &'a Checked,
    pub(super) progress: &'a Progress,
    pub(super) created: SystemTime,
}

/// Where the pieces of a reply go, if anybody wants them. What is sent is bounded by what a reply may hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(pub(super) Option<UnboundedSender<Delta>>);

impl Progress {
    pub(super) fn tell(&self, delta: Delta) {
        if let Some(sender) = &self.0 {
            // Whoever wanted it may have gone.
            let _ = sender.send(delta);
        }
    }
}

/// Why an attempt gave no reply.
enum Miss {
    /// The provider takes no calls for a while; nothing was sent.
    Closed(Closed),
    /// It failed; another may do better.
    Failed(Failure),
    /// No other would do better.
    Final(CallError),
}

/// The longest that a call waits for a provider that takes none.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two rounds through all targets; doubled each time, and jittered.
const BACK_OFF: Duration = Duration::from_millis(250);
const BACK_OFF_MOST: Duration = Duration::from_secs(8);
/// A provider that does not take our key is left alone for this long.
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(60);
/// A token has at most this many bytes in any tokenizer we know; a reply with more bytes for each
/// token that was set aside is cut.
const TOKEN_BYTES: u64 = 256;

impl Call<'_> {
    /// # Errors
    /// Why there is no reply.
    pub(super) async fn make(&self) -> Result<Answer, CallError> {
        let mut order = order(&self.routed.model.targets, self.routed.model.choice, fastrand::f64);
        let mut spent = Money(0);
        let mut left = self.routed.model.attempts.max(1);
        let mut last = None;
        for round in 0.. {
            let mut closed: Option<Closed> = None;
            let (mut shut, mut place) = (0, 0);
            while place < order.len() && left > 0 {
                let index = order[place];
                place += 1;
                let missed = match self.routed.lanes[index].open() {
                    Err(closed) => Err(Miss::Closed(closed)),
                    Ok(()) => {
                        left -= 1;
                        let second = order.get(place).copied().filter(|_| left > 0);
                        self.hedged(index, second, &mut spent).await
                    }
                };
                match missed {
                    Ok(answer) => return Ok(Answer { cost: Money(answer.cost.0.saturating_add(spent.0)), ..answer }),
                    Err(Miss::Final(error)) => return Err(error),
                    Err(Miss::Failed(failure)) => {
                        let hopeless = matches!(failure, Failure::ContextLength(_) | Failure::BadRequest(_));
                        last = Some(failure);
                        if hopeless {
                            place -= 1;
                            order.remove(place);
                        }
                    }
                    Err(Miss::Closed(found)) => {
                        shut += 1;
                        closed = Some(closed.filter(|before| before.wait <= found.wait).unwrap_or(found));
                    }
                }
            }
            let pause = jitter((BACK_OFF * 2_u32.pow(round.min(5))).min(BACK_OFF_MOST));
            let pause = match closed {
                Some(closed) if shut == order.len() => {
                    if closed.wait > PATIENCE {
                        return Err(turned_away(closed, last));
                    }
                    closed.wait + jitter(Duration::from_millis(50))
                }
                _ => pause,
            };
            if left == 0 || order.is_empty() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(last.map_or_else(|| CallError::Unavailable("no provider answered".to_owned()), CallError::from))
    }

    /// An attempt, and another beside it where the first takes too long to begin. Pieces that were
    /// shown cannot be taken back by another reply, so calls whose pieces are wanted are not hedged.
    async fn hedged(&self, first: usize, second: Option<usize>, spent: &mut Money) -> Result<Answer, Miss> {
        let (Some(delay), Some(second), None) = (self.routed.model.hedge, second, &self.progress.0) else {
            return self.attempt(first, spent).await;
        };
        let (mut spent_first, mut spent_second) = (Money(0), Money(0));
        let outcome = {
            let attempt = self.attempt(first, &mut spent_first);
            tokio::pin!(attempt);
            match tokio::time::timeout(delay, &mut attempt).await {
                Ok(done) => done,
                Err(_) => {
                    let other = self.attempt(second, &mut spent_second);
                    tokio::pin!(other);
                    match futures_util::future::select(attempt, other).await {
                        Either::Left((Ok(answer), _)) | Either::Right((Ok(answer), _)) => Ok(answer),
                        Either::Left((Err(_), other)) => other.await,
                        Either::Right((Err(_), attempt)) => attempt.await,
                    }
                }
            }
        };
        spent.0 = spent.0.saturating_add(spent_first.0).saturating_add(spent_second.0);
        outcome
    }

    async fn attempt(&self, index: usize, spent: &mut Money) -> Result<Answer, Miss> {
        let (target, lane) = (&self.routed.model.targets[index], &self.routed.lanes[index]);
        let output = self.output(target).map_err(Miss::Failed)?;
        let expected = self.checked.estimate + u64::from(output.min(EXPECTED_OUTPUT));
        let mut permit = lane.admit(self.caller.flow, expected).await.map_err(Miss::Closed)?;
        let reserved = Reservation::new(&self.models.ledger, self.caller, target, self.checked.bound, output);
        let mut reservation = match reserved {
            Ok(reservation) => reservation,
            Err(exceeded) => {
                permit.used(0);
                return Err(Miss::Final(exceeded.into()));
            }
        };
        let started = SystemTime::now();
        let told = self.exchange(target, lane, &mut reservation).await;
        permit.used(reservation.owed_tokens());
        match told {
            Ok((assembly, stop)) => {
                let (usage, exact) = match assembly.usage() {
                    Some(usage) => (usage, true),
                    None => (reservation.bound(), false),
                };
                let cost = Money(reservation.owed_money());
                drop(reservation);
                let reply = assembly.finish(stop).map_err(Miss::Failed);
                let reply = reply.inspect_err(|_| self.failed(&mut permit, cost, spent))?;
                permit.succeeded();
                // The model's failing, not its provider's: it was paid for, and another may not do better.
                self.checked.fits(&reply.content).map_err(|text| Miss::Final(CallError::Malformed(text)))?;
                let served_by = format!("{}/{}", target.provider, target.model);
                let (created, finished) = (self.created, SystemTime::now());
                Ok(Answer { reply, usage, cost, exact, served_by, created, started, finished })
            }
            Err(failure) => {
                let cost = Money(reservation.owed_money());
                drop(reservation);
                match &failure {
                    Failure::RateLimited { retry_after } => permit.limited(*retry_after),
                    Failure::Unauthorized(_) => {
                        tracing::warn!(provider = lane.name, "the provider does not take its key");
                        permit.limited(Some(UNAUTHORIZED_PAUSE));
                    }
                    Failure::Unavailable(_) | Failure::TimedOut(_) | Failure::Malformed(_) => {
                        tracing::info!(provider = lane.name, %failure, "an attempt failed");
                        self.failed(&mut permit, cost, spent);
                    }
                    // The provider is well; it is the request that it does not like.
                    Failure::ContextLength(_) | Failure::Refused(_) | Failure::BadRequest(_) => permit.succeeded(),
                }
                match failure {
                    Failure::Refused(_) => Err(Miss::Final(failure.into())),
                    failure => Err(Miss::Failed(failure)),
                }
            }
        }
    }

    fn failed(&self, permit: &mut Permit, cost: Money, spent: &mut Money) {
        permit.failed();
        spent.0 = spent.0.saturating_add(cost.0);
        // Pieces of it may have been shown.
        self.progress.tell(Delta::Restart);
    }

    /// Tokens that the reply may have, where the model's context window allows any.
    fn output(&self, target: &Target) -> Result<u32, Failure> {
        if self.checked.images && !target.images {
            return Err(Failure::BadRequest(format!("`{}` takes no images", target.model)));
        }
        let wanted = self.checked.max_tokens.unwrap_or(target.max_output).min(target.max_output);
        let Some(window) = target.context_window else { return Ok(wanted) };
        match u64::from(window).checked_sub(self.checked.estimate) {
            None | Some(0) => {
                let text = format!("about {} tokens for a window of {window}", self.checked.estimate);
                Err(Failure::ContextLength(text))
            }
            Some(room) => Ok(wanted.min(u32::try_from(room).unwrap_or(u32::MAX))),
        }
    }

    /// Sends the request, and takes the reply in to its end.
    async fn exchange(
        &self,
        target: &Target,
        lane: &super::lane::Lane,
        reservation: &mut Reservation<'_>,
    ) -> Result<(Assembly, super::StopReason), Failure> {
        let mut request = self.checked.request.clone();
        request.max_tokens = reservation.output;
        if !target.traits.sampling {
            request.temperature = None;
        }
        let attempt =
            Attempt { model: target.model.clone(), request: Arc::new(request), traits: target.traits.clone() };
        reservation.sent();
        let mut events = match lane.driver.attempt(attempt).await {
            Ok(events) => events,
            Err(failure) => {
                if !matches!(failure, Failure::TimedOut(_) | Failure::Malformed(_)) {
                    reservation.unsent();
                }
                return Err(failure);
            }
        };
        let mut assembly = Assembly::default();
        while let Some(event) = events.next().await {
            let event = event?;
            if let Event::Stop(stop) = event {
                if let Some(usage) = assembly.usage() {
                    reservation.owe(&usage);
                }
                return Ok((assembly, stop));
            }
            if let Some(delta) = assembly.take(event)? {
                self.progress.tell(delta);
            }
            if let Some(usage) = assembly.usage() {
                reservation.told(&usage);
                if reservation.exceeded_by(&usage) {
                    return Err(Failure::Malformed("it is longer than was allowed; it was cut".to_owned()));
                }
            }
            if assembly.bytes() as u64 > u64::from(reservation.output).saturating_mul(TOKEN_BYTES) {
                return Err(Failure::Malformed("it is longer than was allowed; it was cut".to_owned()));
            }
        }
        Err(Failure::Unavailable("its reply broke off".to_owned()))
    }
}

/// Tokens that a reply is expected to have at most, for its place in the queue: what it has in the
/// end is settled.
const EXPECTED_OUTPUT: u32 = 512;

fn turned_away(closed: Closed, last: Option<Failure>) -> CallError {
    match (closed.limited, last) {
        (_, Some(Failure::Unauthorized(text))) => Failure::Unauthorized(text).into(),
        (true, _) => CallError::RateLimited(Some(closed.wait)),
        (false, Some(failure)) => failure.into(),
        (false, None) => CallError::Unavailable(format!(
            "its providers failed too often; the next attempt is allowed in {} s",
            closed.wait.as_secs().max(1)
        )),
    }
}

/// Half to all of it.
fn jitter(time: Duration) -> Duration {
    time.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// Makes vectors of texts by the first target that does.
///
/// # Errors
/// Why there are none.
pub(super) async fn embed(
    models: &Models,
    caller: &Caller,
    routed: &Routed,
    texts: Vec<String>,
) -> Result<Vec<Vec<f32>>, CallError> {
    let bound: u64 = texts.iter().map(|text| text.len() as u64 + EMBEDDING_OVERHEAD).sum();
    let mut last = None;
    for (target, lane) in routed.model.targets.iter().zip(&routed.lanes) {
        let mut permit = match lane.admit(caller.flow, bound / 4).await {
            Ok(permit) => permit,
            Err(closed) => {
                last.get_or_insert(turned_away(closed, None));
                continue;
            }
        };
        let mut reservation = Reservation::new(&models.ledger, caller, target, bound, 0)?;
        reservation.sent();
        match lane.driver.embed(target.model.clone(), texts.clone()).await {
            Ok((vectors, _)) if vectors.len() != texts.len() => {
                permit.failed();
                last = Some(CallError::Malformed("it gave another number of vectors than of texts".to_owned()));
            }
            Ok((vectors, tokens)) => {
                reservation.owe(&Usage { input: tokens, ..Usage::default() });
                permit.used(tokens);
                permit.succeeded();
                return Ok(vectors);
            }
            Err(failure) => {
                reservation.unsent();
                match &failure {
                    Failure::RateLimited { retry_after } => permit.limited(*retry_after),
                    Failure::BadRequest(_) | Failure::Refused(_) | Failure::ContextLength(_) => permit.succeeded(),
                    _ => permit.failed(),
                }
                last = Some(failure.into());
            }
        }
    }
    Err(last.unwrap_or_else(|| CallError::Unavailable("it embeds nothing".to_owned())))
}

/// Tokens that a provider adds to each text it embeds.
const EMBEDDING_OVERHEAD: u64 = 8;

/// The order in which targets are tried. `chance` gives 0 to 1.
fn order(targets: &[Target], choice: Choice, chance: impl Fn() -> f64) -> Vec<usize> {
    let mut left: Vec<usize> = (0..targets.len()).collect();
    if choice == Choice::Ordered {
        return left;
    }
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let total: u64 = left.iter().map(|index| u64::from(targets[*index].weight)).sum();
        let mut mark = chance() * total as f64;
        let place = left.iter().position(|index| {
            mark -= f64::from(targets[*index].weight);
            mark < 0.0
        });
        order.push(left.remove(place.unwrap_or(0)));
    }
    order
}
