//! One attempt: its turn, its reservation, the request, the reply as it is written.

use std::{sync::Arc, time::SystemTime};

use futures_util::StreamExt;

use super::{
    Attempt, Event, Events, Failure, StopReason,
    assemble::Assembly,
    call::Call,
    config::Target,
    lane::{Closed, Permit},
    reply::{Answer, CallError},
    spend::Reservation,
};
use crate::account::Money;

/// Why an attempt gave no reply.
pub(super) enum Miss {
    /// The provider takes no calls for a while; nothing was sent.
    Closed(Closed),
    /// It failed; another may do better.
    Failed(Failure),
    /// No other would do better.
    Final(CallError),
}

/// A reply has begun.
pub(super) struct Begun<'a> {
    /// Which target.
    pub(super) index: usize,
    under_way: UnderWay<'a>,
    first: Event,
    events: Events,
    started: SystemTime,
}

/// What an attempt holds. Dropped at any moment, it settles what is known to be used, or else what
/// was reserved.
struct UnderWay<'a> {
    call: &'a Call<'a>,
    permit: Permit,
    reservation: Reservation<'a>,
    /// Its cost is the reply's own.
    won: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(tokens) = self.reservation.known_tokens() {
            self.permit.used(tokens);
        }
        if !self.won {
            self.call.trail.lose(self.reservation.owed_money());
        }
    }
}

/// Tokens that a reply is expected to have at most, for its place in the queue: what it has in the
/// end is settled.
const EXPECTED_OUTPUT: u32 = 512;
/// A token has at most this many bytes in any tokenizer we know; a reply with more bytes for each
/// token that was set aside is cut.
const TOKEN_BYTES: u64 = 256;

impl Call<'_> {
    /// Waits for a turn, sends the request, and waits for the first piece of the reply.
    pub(super) async fn begin(&self, index: usize) -> Result<Begun<'_>, Miss> {
        let (target, lane) = (&self.routed.model.targets[index], &self.routed.lanes[index]);
        let output = self.output(target).map_err(Miss::Failed)?;
        let expected = self.checked.estimate + u64::from(output.min(EXPECTED_OUTPUT));
        let mut permit = lane.admit(self.caller.flow, expected, self.deadline).await.map_err(Miss::Closed)?;
        let reserved = Reservation::new(&self.models.ledger, self.caller, target, self.checked.bound, output);
        let reservation = match reserved {
            Ok(reservation) => reservation,
            Err(exceeded) => {
                permit.used(0);
                return Err(Miss::Final(exceeded.into()));
            }
        };
        let mut under_way = UnderWay { call: self, permit, reservation, won: false };
        let mut request = self.checked.request.clone();
        request.max_tokens = under_way.reservation.output;
        if !target.traits.sampling {
            request.temperature = None;
        }
        let attempt =
            Attempt { model: target.model.clone(), request: Arc::new(request), traits: target.traits.clone() };
        let started = SystemTime::now();
        under_way.reservation.sent();
        self.trail.sent();
        let mut events = match lane.driver.attempt(attempt).await {
            Ok(events) => events,
            Err(failure) => {
                if !matches!(failure, Failure::TimedOut(_) | Failure::Malformed(_)) {
                    under_way.reservation.unsent();
                }
                return Err(self.missed(under_way, index, failure));
            }
        };
        match events.next().await {
            Some(Ok(first)) => Ok(Begun { index, under_way, first, events, started }),
            Some(Err(failure)) => Err(self.missed(under_way, index, failure)),
            None => Err(self.missed(under_way, index, broke_off())),
        }
    }

    /// Takes the reply in to its end.
    pub(super) async fn finish(&self, begun: Begun<'_>) -> Result<Answer, Miss> {
        let Begun { index, mut under_way, first, events, started } = begun;
        let told = self.take(&mut under_way.reservation, first, events).await;
        let whole = told.and_then(|(assembly, stop)| {
            let (usage, wrote) = (assembly.usage(), assembly.bytes() > 0);
            let counted = under_way.reservation.told_all(usage, wrote);
            Ok((assembly.finish(stop)?, counted))
        });
        let (reply, (usage, exact)) = match whole {
            Ok(whole) => whole,
            Err(failure) => return Err(self.missed(under_way, index, failure)),
        };
        under_way.permit.succeeded();
        under_way.won = true;
        let target = &self.routed.model.targets[index];
        let wanted = self.output(target).unwrap_or(0);
        let clipped = reply.stop == StopReason::MaxTokens && under_way.reservation.output < wanted;
        let cost = Money(under_way.reservation.owed_money().saturating_add(self.trail.lost()));
        drop(under_way);
        if let Some((schema, text)) = self.checked.to_fit(&reply.content) {
            // The model's failing, not its provider's: it was paid for, and another may not do better.
            self.models.checking.fits(self.caller, schema, text).await.map_err(Miss::Final)?;
        }
        let served_by = format!("{}/{}", target.provider, target.model);
        let (created, finished) = (self.created, SystemTime::now());
        Ok(Answer { reply, usage, cost, exact, clipped, served_by, created, started, finished })
    }

    /// What a failure means for the provider, and for the call.
    fn missed(&self, mut under_way: UnderWay<'_>, index: usize, failure: Failure) -> Miss {
        let provider = &self.routed.lanes[index].name;
        let permit = &mut under_way.permit;
        match &failure {
            Failure::RateLimited { retry_after } => permit.limited(*retry_after),
            Failure::Unauthorized(text) => {
                tracing::warn!(provider, "the provider does not take its key");
                permit.unauthorized(text);
            }
            Failure::Unavailable(_) | Failure::TimedOut(_) | Failure::Malformed(_) => {
                tracing::info!(provider, %failure, "an attempt failed");
                permit.failed();
            }
            // The provider is well; it is the request that it does not like.
            Failure::ContextLength(_) | Failure::Refused(_) | Failure::BadRequest(_) => permit.succeeded(),
        }
        match failure {
            Failure::Refused(_) => Miss::Final(failure.into()),
            failure => {
                self.progress.lost();
                Miss::Failed(failure)
            }
        }
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

    async fn take(
        &self,
        reservation: &mut Reservation<'_>,
        first: Event,
        mut events: Events,
    ) -> Result<(Assembly, StopReason), Failure> {
        let mut assembly = Assembly::default();
        let mut next = Some(Ok(first));
        while let Some(event) = next {
            let event = event?;
            if let Event::Stop(stop) = event {
                return Ok((assembly, stop));
            }
            if let Some(delta) = assembly.take(event)? {
                self.progress.tell(delta);
            }
            if let Some(usage) = assembly.usage() {
                reservation.told(&usage);
                if reservation.exceeded_by(&usage) {
                    return Err(too_long());
                }
            }
            if assembly.bytes() as u64 > u64::from(reservation.output).saturating_mul(TOKEN_BYTES) {
                return Err(too_long());
            }
            next = events.next().await;
        }
        Err(broke_off())
    }
}

fn broke_off() -> Failure {
    Failure::Unavailable("its reply broke off".to_owned())
}

fn too_long() -> Failure {
    Failure::Malformed("it is longer than was allowed; it was cut".to_owned())
}
