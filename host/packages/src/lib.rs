//! Installed software: manifests, component files, the store, and the file of grants.
//!
//! A plugin is a folder. [`Package::open`] checks one without running it, [`Plugins`] installs it,
//! pins it by digest and hands it to the kernel as a program.

mod community;
mod component;
mod digest;
mod docs;
mod files;
mod folder;
mod grant;
mod grants_file;
mod interfaces;
mod limits;
mod manifest;
mod offers;
mod package;
mod plan;
mod plugins;
mod policies;
mod protected;
mod registry;
mod secrets;
mod signatures;
mod skill;
mod stamp;
mod store;
mod text;
mod tokens;
mod tools;

pub use community::{Community, FOLDER, Proposed, RUNNER, TEMPORARY, WORK};
pub use component::ComponentError;
pub use component::{Entry, MAXIMUM_COMPONENT_BYTES, Surface};
pub use folder::{File, FolderError, MAXIMUM_BYTES, MAXIMUM_DEPTH, MAXIMUM_FILES, MAXIMUM_PATH_BYTES};
pub use grant::{GrantError, settle, take};
pub use grants_file::{Granted, GrantsFile, GrantsFileError};
pub use interfaces::{required_capabilities, widest};
pub use limits::LimitRequest;
pub use manifest::{Manifest, ManifestError};
pub use offers::{OffersError, check_offers};
pub use package::{Package, PackageError};
pub use plan::{Difference, InstallPlan, LimitChange, Origin};
pub use plugins::{OpenError, Plugins, UpdateError};
pub use policies::{EVERYONE, Policies, PolicyError};
pub use protected::Protected;
pub use registry::{
    FetchError, Fetched, ImageError, Login, Progress, Reference, ReferenceError, Registries, Remote, RemoteError, fetch,
};
pub use secrets::{
    Binding, BindingError, Carried, ForServer, SealError, Secret, Secrets, SecretsError, Template, Value, is_protected,
};
pub use signatures::{
    CosignSignature, Key, KeyError, Keys, KeysError, KnownKey, SIGNATURE_FILE, SignatureError, SignatureRules,
    signed_text,
};
pub use skill::SkillHead;
pub use store::{Installed, Store, StoreError, Told};
pub use text::{At, TextError, printable, visible};
pub use tokens::{Token, Tokens, TokensError, whose};
pub use tools::{ToolsError, check_tools};
