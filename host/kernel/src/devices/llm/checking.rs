//! Schemas are compiled, and replies checked against them, off the workers: few at once, and at
//! their caller's cost.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::{check::Checked, reply::CallError, schema, spend::Caller};
use crate::account::{Charge, Fuel};

/// Checks under way at once. Stops a crowd of schemas that would take every core.
const AT_ONCE: usize = 2;

/// Whose turn it is to be checked.
pub(super) struct Checking {
    turns: Arc<Semaphore>,
}

impl Default for Checking {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

fn failed() -> CallError {
    CallError::Unavailable("the check of the schema failed".to_owned())
}

impl Checking {
    /// Whether the schema of the reply is one. Nothing of it is kept: a call under way holds no
    /// patterns in memory.
    ///
    /// # Errors
    /// Malformed: it is none. Quota: its caller has too little fuel.
    pub(super) async fn compiles(&self, caller: &Caller, checked: &Checked) -> Result<(), CallError> {
        let Some(schema) = checked.request.output_schema.clone() else { return Ok(()) };
        charge(caller, schema::price(&schema))?;
        self.run(caller, move || schema::compile(&schema).map(drop)).await?.map_err(CallError::Malformed)
    }

    /// Whether a reply's text fits the schema that was asked for.
    ///
    /// # Errors
    /// Malformed: it does not, or would take too long to check. Quota: its caller has too little fuel.
    pub(super) async fn fits(&self, caller: &Caller, schema: &Value, text: String) -> Result<(), CallError> {
        charge(caller, schema::price(schema).saturating_add(text.len() as u64))?;
        let schema = schema.clone();
        let paying = caller.clone();
        let fits = move || {
            let (value, steps) = schema::parsed(&schema, &text).map_err(CallError::Malformed)?;
            charge(&paying, steps.saturating_mul(schema::STEP_FUEL))?;
            schema::fits(&schema, &value, steps).map_err(CallError::Malformed)
        };
        self.run(caller, fits).await?
    }

    /// Waits for a turn: one check of each process at a time, so that one with many does not keep
    /// the others waiting.
    async fn run<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let own = caller.checking.clone().acquire_owned().await.map_err(|_| failed())?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| failed())?;
        // The turns go with the work: it ends by itself, also where nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let _turns = (own, turn);
            work()
        });
        done.await.map_err(|_| failed())
    }
}

fn charge(caller: &Caller, fuel: u64) -> Result<(), CallError> {
    Charge::reserve(&caller.control.account, Fuel(fuel))?.settle();
    Ok(())
}
