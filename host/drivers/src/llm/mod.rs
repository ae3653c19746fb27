//! Who answers for models: one file per dialect, one line each in the table below.
//!
//! A dialect says where a request goes, how it is written, and how the pieces of its reply are
//! read (`Dialect`, `Reader`); `remote` does what is the same for all: connections, bounds,
//! time limits, failures by status. A new provider of a known dialect is configuration; a new
//! dialect is one file and one line in [`open`].

mod anthropic;
mod dialect;
mod emulate;
mod gemini;
mod key;
mod ollama;
mod openai;
mod remote;
mod responses;
mod scripted;
mod scrub;
mod seal;
mod status;

use std::{path::PathBuf, sync::Arc, time::Duration};

use holm_kernel::llm::Driver;

pub use self::key::{Key, KeyError};
use self::{dialect::Dialect, emulate::Emulated, remote::Remote};

/// The kinds that [`open`] knows.
pub const KINDS: &[&str] = &["openai", "openai-responses", "anthropic", "gemini", "ollama", "scripted"];

/// A provider, as its user configures it.
#[derive(Clone, Debug)]
pub struct Provider {
    /// One of [`KINDS`].
    pub kind: String,
    /// Where it listens, up to and without the part that its dialect adds (`https://api.openai.com/v1`,
    /// `http://localhost:11434`); none is the dialect's own provider.
    pub base_url: Option<String>,
    /// What it is paid by; local servers need none.
    pub key: Option<Key>,
    /// Sent with each request besides.
    pub headers: Vec<(String, String)>,
    /// Until the connection stands.
    pub connect_timeout: Duration,
    /// Until the reply begins.
    pub first_byte_timeout: Duration,
    /// Between two pieces of the reply.
    pub idle_timeout: Duration,
    /// The file that `scripted` replays.
    pub script: Option<PathBuf>,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            kind: String::new(),
            base_url: None,
            key: None,
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(60),
            script: None,
        }
    }
}

/// A provider cannot be spoken to as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its kind is none of [`KINDS`].
    #[error("there is no kind of provider `{0}`: there are {list}", list = KINDS.join(", "))]
    UnknownKind(String),
    /// The address is no address.
    #[error("`{0}` is no address of a provider: write it like `http://localhost:8080/v1`")]
    BaseUrl(String),
    /// The address holds a name or a password.
    #[error(
        "the address of `{0}` holds a name or a password, which would show: put it in a file, and name that as `key-file`"
    )]
    Userinfo(String),
    /// A header is no header.
    #[error("the header `{0}` cannot be sent: its name or value has characters that HTTP does not allow")]
    Header(String),
    /// The key has characters that a header cannot hold.
    #[error("the key cannot be sent: it holds characters that HTTP does not allow in a header")]
    Key,
    /// The HTTP client does not start.
    #[error("the HTTP client does not start: {0}")]
    Client(String),
    /// `scripted` without a file, or with one that cannot be read.
    #[error("the script cannot be replayed: {0}")]
    Script(String),
}

/// The driver of a provider.
///
/// # Errors
/// It cannot be spoken to as it is configured. Nothing is sent yet.
pub fn open(provider: &Provider) -> Result<Arc<dyn Driver>, OpenError> {
    match provider.kind.as_str() {
        "openai" => remote(provider, openai::Chat),
        "openai-responses" => remote(provider, responses::Responses),
        "anthropic" => remote(provider, anthropic::Messages),
        "gemini" => remote(provider, gemini::Generate),
        "ollama" => remote(provider, ollama::Ollama),
        "scripted" => Ok(Arc::new(scripted::Scripted::open(provider.script.as_deref())?)),
        kind => Err(OpenError::UnknownKind(kind.to_owned())),
    }
}

fn remote<D: Dialect>(provider: &Provider, dialect: D) -> Result<Arc<dyn Driver>, OpenError> {
    Ok(Arc::new(Emulated { driver: Arc::new(Remote::new(provider, dialect)?), forces: D::FORCES_TOOLS }))
}
