//! The right to a child: to the plugin that it is, or to the command that it runs.

use super::{super::SpawnRule, ExecRule, Spawn};
use crate::syscall::{
    Entered, Refusal,
    door::{Granted, Lapse},
};

/// The right by which a child was started.
#[derive(Clone)]
pub(super) enum Right {
    Spawn(Granted<SpawnRule>),
    Exec(Granted<ExecRule>),
}

impl Right {
    /// What was started, as policies and records name it. No plugin is called so.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Spawn(right) => right.want().0.clone(),
            Self::Exec(right) => executed(&right.want().0),
        }
    }
}

/// How a command is named where plugins are.
pub(super) fn executed(command: &str) -> String {
    format!("exec/{command}")
}

/// Watches such a right.
pub(super) enum Lapsing {
    Spawn(Lapse<SpawnRule>),
    Exec(Lapse<ExecRule>),
}

impl Lapsing {
    /// Waits until the right no longer holds.
    pub(super) async fn lapsed(&mut self) {
        match self {
            Self::Spawn(lapse) => lapse.lapsed().await,
            Self::Exec(lapse) => lapse.lapsed().await,
        }
    }
}

impl Entered<'_, Spawn> {
    pub(super) fn renew_right(&mut self, right: &mut Right) -> Result<(), Refusal> {
        match right {
            Right::Spawn(right) => self.renew(right),
            Right::Exec(right) => self.renew(right),
        }
    }

    pub(super) fn lapse_of(&self, right: &Right) -> Lapsing {
        match right {
            Right::Spawn(right) => Lapsing::Spawn(self.lapse(right)),
            Right::Exec(right) => Lapsing::Exec(self.lapse(right)),
        }
    }

    pub(super) async fn while_right<T>(
        &mut self,
        right: &mut Right,
        operation: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        match right {
            Right::Spawn(right) => self.while_granted(right, operation).await,
            Right::Exec(right) => self.while_granted(right, operation).await,
        }
    }
}
