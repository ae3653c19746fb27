//! What goes wrong, as the other side is told: a kind for programs, a message for people.

use holm_kernel::{CompileError, ImageError, NoSuchProcess, SpawnError, program::ProgramError};
use holm_packages::{
    FetchError, GrantError, KeysError, PackageError, PolicyError, RemoteError, SealError, SecretsError, StoreError,
    UpdateError,
};
use serde::{Deserialize, Serialize};

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What failed and why.
    pub message: String,
    /// What helps, if that is known.
    pub hint: Option<String>,
}

/// Kinds of failures. Each has an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The request makes no sense.
    Usage,
    /// It is not allowed.
    Denied,
    /// There is no such thing.
    NotFound,
    /// A component is at fault: it does not compile, or was ended by the kernel.
    Fault,
    /// Something is not, or no longer, what it should be.
    Conflict,
    /// There is no room for it now.
    Busy,
    /// The machine or Holm itself failed.
    Internal,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl ToString) -> Self {
        Self { kind, message: message.to_string(), hint: None }
    }

    /// A failure of the machine or of Holm itself.
    pub fn internal(message: impl ToString) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// With what helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

macro_rules! kinds {
    ($($error:ty { $($pattern:pat => $kind:ident,)* })*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let kind = match &error {
                    $($pattern => Kind::$kind,)*
                };
                Failure::new(kind, error)
            }
        }
    )*};
}

kinds! {
    NoSuchProcess { NoSuchProcess(_) => NotFound, }
    ImageError {
        ImageError::Compile(CompileError::Failed(_)) | ImageError::Unreadable(_) => Internal,
        ImageError::Digest { .. } => Conflict,
        ImageError::Compile(_) | ImageError::Unsuitable(_) => Fault,
    }
    PackageError {
        PackageError::Unreadable { .. } => NotFound,
        PackageError::NoManifest(_) | PackageError::NoComponent { .. } | PackageError::Manifest(_) | PackageError::Skill { .. }
            | PackageError::Folder { .. } => Usage,
        PackageError::Component { .. } => Fault,
    }
    SecretsError {
        SecretsError::Seal(SealError::WrongPassphrase) => Denied,
        SecretsError::Seal(SealError::Locked) => Conflict,
        SecretsError::Seal(SealError::Passphrase | SealError::NotProtected) => Usage,
        SecretsError::Seal(_) => Internal,
        SecretsError::NotFound(_) | SecretsError::NotBound { .. } | SecretsError::NotForServer { .. } => NotFound,
        SecretsError::Binding(_) | SecretsError::Name(_) | SecretsError::Value | SecretsError::TooMany(_) | SecretsError::Login(_) => Usage,
    }
    FetchError {
        FetchError::Remote { source: RemoteError::NotFound(_), .. } => NotFound,
        FetchError::Image { .. } | FetchError::Component { .. } => Fault,
        FetchError::Digest { .. } => Conflict,
        FetchError::Remote { .. } | FetchError::Io { .. } => Internal,
    }
    KeysError {
        KeysError::NotFound(_) => NotFound,
        KeysError::Taken(_) => Conflict,
        KeysError::Io { .. } => Internal,
        KeysError::Name(_) | KeysError::Key(_) | KeysError::TooMany => Usage,
    }
    StoreError {
        StoreError::NotFound(_) => NotFound,
        StoreError::Changed(_) => Conflict,
        _ => Internal,
    }
}

impl From<ProgramError> for Failure {
    fn from(error: ProgramError) -> Self {
        match error {
            ProgramError::NotFound(name) => Failure::new(Kind::NotFound, format!("no plugin `{name}` is installed")),
            ProgramError::NoCommand(_) => Failure::new(Kind::NotFound, error),
            ProgramError::Changed { .. } => Failure::new(Kind::Conflict, error),
            ProgramError::Unreadable { .. } => Failure::internal(error),
        }
    }
}

impl From<SpawnError> for Failure {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Image(error) => error.into(),
            SpawnError::Program(error) => error.into(),
            SpawnError::BeyondCeiling { .. } => Failure::new(Kind::Denied, error),
            SpawnError::Full(_) => Failure::new(Kind::Busy, error),
            SpawnError::Exceeded(_) => Failure::new(Kind::Fault, error),
        }
    }
}

impl From<UpdateError> for Failure {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Store(StoreError::NotFound(name)) => ProgramError::NotFound(name).into(),
            UpdateError::Store(error) => error.into(),
            UpdateError::Secrets(error) => error.into(),
            UpdateError::Tools(error) => Failure::new(Kind::Fault, error),
            UpdateError::Offers(error) => Failure::new(Kind::Fault, error),
            UpdateError::Policy(_) => Failure::new(Kind::Usage, error),
            UpdateError::Outdated(_) | UpdateError::Taken { .. } => Failure::new(Kind::Conflict, error),
            UpdateError::Grants(_) => Failure::internal(error),
        }
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Program(error) => error.into(),
            PolicyError::NoneSet(_) => Failure::new(Kind::NotFound, error),
            PolicyError::NoPolicy(_) | PolicyError::TooMany(_) => Failure::new(Kind::Usage, error),
            _ => Failure::internal(error),
        }
    }
}

impl From<GrantError> for Failure {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Program(error) => error.into(),
            GrantError::Line(_) | GrantError::Everything(_) => Failure::new(Kind::Usage, error),
            GrantError::Beyond { .. } | GrantError::Protected { .. } => Failure::new(Kind::Denied, error),
            GrantError::NotGranted { ref name, .. } => {
                let hint = format!("`holm inspect {name}` shows what it may do");
                Failure::new(Kind::NotFound, error).hint(hint)
            }
            GrantError::File(_) => Failure::internal(error),
        }
    }
}
