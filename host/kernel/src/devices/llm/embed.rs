//! Vectors of texts, by the first target that makes some.

use std::time::Instant;

use super::{
    Failure, Usage,
    call::{Trail, turned_away},
    models::{Models, Routed},
    reply::CallError,
    spend::{Caller, Reservation},
};

/// Tokens that a provider adds to each text it embeds.
const EMBEDDING_OVERHEAD: u64 = 8;

/// # Errors
/// Why there are none.
pub(super) async fn embed(
    models: &Models,
    caller: &Caller,
    routed: &Routed,
    texts: Vec<String>,
    deadline: Instant,
    trail: &Trail,
) -> Result<Vec<Vec<f32>>, CallError> {
    let bound: u64 = texts.iter().map(|text| text.len() as u64 + EMBEDDING_OVERHEAD).sum();
    let mut last = None;
    for (target, lane) in routed.model.targets.iter().zip(&routed.lanes) {
        let mut permit = match lane.admit(caller.flow, bound / 4, deadline).await {
            Ok(permit) => permit,
            Err(closed) => {
                last.get_or_insert(turned_away(closed, None));
                continue;
            }
        };
        let mut reservation = Reservation::new(&models.ledger, caller, target, bound, 0)?;
        reservation.sent();
        trail.sent();
        match lane.driver.embed(target.model.clone(), texts.clone()).await {
            Ok((vectors, tokens)) => {
                // Where it told none, they cost what was set aside.
                reservation.told_all(tokens.map(|input| Usage { input, ..Usage::default() }), false);
                reservation.known_tokens().into_iter().for_each(|tokens| permit.used(tokens));
                if vectors.len() == texts.len() {
                    permit.succeeded();
                    return Ok(vectors);
                }
                permit.failed();
                last = Some(CallError::Malformed("it gave another number of vectors than of texts".to_owned()));
            }
            Err(failure) => {
                // The others mean that it was not taken in.
                if !matches!(failure, Failure::TimedOut(_) | Failure::Malformed(_)) {
                    reservation.unsent();
                    permit.used(0);
                }
                match &failure {
                    Failure::RateLimited { retry_after } => permit.limited(*retry_after),
                    Failure::Unauthorized(text) => permit.unauthorized(text),
                    Failure::BadRequest(_) | Failure::Refused(_) | Failure::ContextLength(_) => permit.succeeded(),
                    _ => permit.failed(),
                }
                last = Some(failure.into());
            }
        }
    }
    Err(last.unwrap_or_else(|| CallError::Unavailable("it embeds nothing".to_owned())))
}
