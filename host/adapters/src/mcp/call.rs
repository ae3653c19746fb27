//! One call of a plugin, for a tool or what else it offers: a process in the kernel, which ends with this value.

use std::sync::Arc;

use holm_kernel::{
    ToolError,
    answer::{self, Inquiry, Progress},
};
use holm_packages::printable;

use super::{
    kernel::{Kernel, gone},
    share::Place,
};
use crate::control::{Connection, Failure, Input, Kind, Reply, Request};

/// Denials that a call's answer tells of. A guest may ask for much.
const DENIALS: usize = 8;

/// A call under way. Dropping it ends its process.
pub(crate) struct Call {
    kernel: Arc<Kernel>,
    connection: Connection,
    /// Its client's.
    _place: Place,
    denials: Vec<String>,
    /// Whether something was asked, answered or denied, or came unexpected: its connection may still hold
    /// what belongs to that, and is not kept.
    disturbed: bool,
}

/// What happens in a call.
pub(crate) enum Event {
    /// It said something on the way.
    Line {
        /// Who: its plugin.
        logger: String,
        /// How grave, as the kernel spells it.
        level: String,
        /// What, without control characters.
        text: String,
    },
    /// It tells how far it is.
    Told(Progress),
    /// It waits for answers: [`Call::reply`].
    Asked {
        /// The number to answer with.
        id: u64,
        /// What it asks.
        inquiry: Inquiry,
    },
    /// It waits for them no longer.
    Withdrawn,
    /// It is over, and this came of it.
    Ended(Result<String, Failed>),
}

/// Why a call has no result.
pub(crate) enum Failed {
    /// It was not made.
    Kernel(Failure),
    /// It was made.
    Tool {
        /// Why it has none.
        error: ToolError,
        /// What it was denied, with the commands that would allow it.
        denials: Vec<String>,
    },
}

impl Failed {
    /// Whether a tool said so itself: it is a result then, though not a good one.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Self::Tool { error: ToolError::Failed(_) | ToolError::InvalidArguments(_), .. })
    }

    /// Whether there is no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Kernel(failure) => failure.kind == Kind::NotFound,
            Self::Tool { error, .. } => matches!(error, ToolError::NoSuchTool),
        }
    }
}

impl Call {
    /// Makes a call: [`Request::Call`] or [`Request::Fetch`].
    ///
    /// # Errors
    /// The kernel does not answer.
    pub(crate) async fn begin(kernel: Arc<Kernel>, place: Place, request: Request) -> Result<Self, Failure> {
        let connection = kernel.begin(&request).await?;
        Ok(Self { kernel, connection, _place: place, denials: Vec::new(), disturbed: false })
    }

    /// What happens next. Safe to drop while it waits. Nothing follows [`Event::Ended`].
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let reply = match self.connection.next().await {
                Ok(reply) => reply,
                Err(error) => {
                    self.disturbed = true;
                    return Event::Ended(Err(Failed::Kernel(gone(&error))));
                }
            };
            let usual = matches!(
                reply,
                Reply::Answered { .. }
                    | Reply::Failed(_)
                    | Reply::Started { .. }
                    | Reply::Progress(_)
                    | Reply::Warning(_)
                    | Reply::Line { .. }
                    | Reply::Output { .. }
                    | Reply::Told(_)
            );
            self.disturbed |= !usual;
            match reply {
                Reply::Answered { result, .. } => {
                    let denials = std::mem::take(&mut self.denials);
                    return Event::Ended(result.map_err(|error| Failed::Tool { error, denials }));
                }
                Reply::Failed(failure) => return Event::Ended(Err(Failed::Kernel(failure))),
                Reply::Denied { question, installed, .. } => {
                    let denial = self.kernel.machine.denial(&question, installed);
                    if self.denials.len() < DENIALS && !self.denials.contains(&denial) {
                        self.denials.push(denial);
                    }
                }
                Reply::Deferred { question, id } => {
                    let text = format!(
                        "waits until its user decides about {} ({}): holm answer {id} yes|no",
                        printable(&question.resource),
                        printable(&question.rule)
                    );
                    return Event::Line { logger: "holm".to_owned(), level: "warn".to_owned(), text };
                }
                Reply::Line { plugin, level, message, .. } => {
                    return Event::Line { logger: plugin, level, text: printable(&message) };
                }
                Reply::Output { bytes, .. } => {
                    let text = printable(String::from_utf8_lossy(&bytes).trim_end());
                    return Event::Line { logger: "stderr".to_owned(), level: "info".to_owned(), text };
                }
                Reply::Told(progress) => return Event::Told(progress),
                Reply::Asked { id, inquiry } => return Event::Asked { id, inquiry },
                Reply::Withdrawn { .. } => return Event::Withdrawn,
                // What the kernel is doing, and warnings about limits that its operator set.
                _ => {}
            }
        }
    }

    /// Lets the next call have the connection. Only after [`Event::Ended`].
    pub(crate) fn done(self) {
        if !self.disturbed {
            self.kernel.keep(self.connection);
        }
    }

    /// Answers [`Event::Asked`]. A call that is over by now does not mind.
    pub(crate) async fn reply(&mut self, id: u64, replies: Vec<answer::Reply>) {
        // A kernel that is gone is noticed where it is read from.
        let _ = self.connection.send(&Input::Replied { id, replies }).await;
    }
}
