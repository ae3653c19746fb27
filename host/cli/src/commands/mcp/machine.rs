//! The way from a client of `holm mcp` to the kernel.

use std::path::PathBuf;

use async_trait::async_trait;
use holm_adapters::{
    control::{Connection, Failure, Intent, Kind, Target},
    mcp::Machine,
};
use holm_kernel::Question;

use crate::{
    denial::Denials,
    error::{CONFLICT, CommandError, DENIED, NOT_FOUND, USAGE},
    session::Session,
};

/// The resident kernel of a home.
pub(super) struct Kernel {
    session: Session,
}

impl Kernel {
    pub(super) fn of(session: &Session) -> Self {
        let session = Session { home: session.home.clone(), in_process: false };
        Self { session }
    }
}

#[async_trait]
impl Machine for Kernel {
    async fn connect(&self) -> Result<Connection, Failure> {
        self.session.connect_as(Intent::Session).await.map_err(failure)
    }

    async fn connect_if_running(&self) -> Result<Option<Connection>, Failure> {
        self.session.connect_if_running(Intent::Session).await.map_err(failure)
    }

    fn denial(&self, question: &Question, installed: bool) -> String {
        let target = Target::Installed(question.plugin.clone());
        // With whole paths: who reads it is in no folder.
        Denials::new(&question.plugin, target, PathBuf::from("/")).said(question, installed)
    }
}

/// An error of a command as a client is told it.
fn failure(error: CommandError) -> Failure {
    let kind = match error.code {
        USAGE => Kind::Usage,
        DENIED => Kind::Denied,
        NOT_FOUND => Kind::NotFound,
        CONFLICT => Kind::Conflict,
        _ => Kind::Internal,
    };
    let failure = Failure::new(kind, error.message);
    error.hints.into_iter().fold(failure, |failure, hint| match failure.hint.clone() {
        Some(before) => failure.hint(format!("{before}; {hint}")),
        None => failure.hint(hint),
    })
}
