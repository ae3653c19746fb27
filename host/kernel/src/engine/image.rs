//! Images: compiled components by digest, in memory and in a cache on disk that cannot be forged.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::Sha256;
use wasmtime::{
    Engine,
    component::{Component, InstancePre, Linker, Type, types::ComponentItem},
};

use super::{
    CompileError, Compiler, Engines, Process,
    capacity::places,
    config::{POOL_MEMORIES, POOL_TABLE_ELEMENTS, POOL_TABLES},
    typed::Typed,
};
use crate::program::{Digest, ToolDescription};

/// A compiled component, linked and ready to start.
pub struct Image {
    /// The digest of the component it was compiled from.
    pub digest: Digest,
    /// How it is started.
    pub kind: Kind,
    pub(crate) pre: InstancePre<Process>,
    pub(crate) tools: Option<crate::bindings::KernelPre<Process>>,
    pub(crate) library: Option<crate::bindings::library::LibraryPre<Process>>,
    pub(crate) prompter: Option<crate::bindings::prompter::PrompterPre<Process>>,
    pub(crate) policy: Option<crate::bindings::policy::JudgePre<Process>>,
    /// Its typed functions, which are tools too. None of an agent, a toolbox or a policy.
    pub(super) typed: Typed,
    /// What it imports, as `package:name/interface@version`.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// How many of the kernel's places a process of it takes.
    pub(crate) places: u32,
}

impl Image {
    /// All tools of its typed functions.
    pub(crate) fn typed_tools(&self) -> Vec<ToolDescription> {
        self.typed.describe()
    }

    /// Its exports that are no tools: what each is called, and why not.
    pub fn refused(&self) -> &[(String, String)] {
        &self.typed.refused
    }
}

/// What a component exports to be run by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `run` of `holm:sys/agent`.
    Agent,
    /// `wasi:cli/run`.
    Command,
    /// Tools, resources or prompts only; it cannot be run.
    Toolbox,
    /// It judges others, and cannot be run.
    Policy,
    /// Functions of its own types, which are tools; it cannot be run.
    Typed,
}

/// Why there is no image.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImageError {
    /// The component does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It imports what the kernel does not offer, or exports nothing to run.
    #[error("{0}")]
    Unsuitable(String),
    /// Its bytes are not those that were promised.
    #[error("the component is not the one that was installed: its digest is {found}, not {expected}")]
    Digest {
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// It cannot be read.
    #[error("the component cannot be read: {0}")]
    Unreadable(String),
}

/// At most this many images stay in memory; the least recently used goes first.
const IN_MEMORY: usize = 256;

/// Larger components are not compiled. Stops compile bombs before they reach the compiler.
const COMPONENT_BYTES: usize = 64 << 20;

/// All images of one kernel.
pub(crate) struct Images {
    engines: Engines,
    reservation: u64,
    compiler: Arc<dyn Compiler>,
    disk: Option<Disk>,
    pooled: Option<Linker<Process>>,
    on_demand: Linker<Process>,
    loaded: Mutex<Loaded>,
    /// By digest: two starts of one component compile it once.
    under_way: Mutex<HashMap<Digest, Flight>>,
}

/// An image that is being made, for all who wait for it.
type Flight = Arc<tokio::sync::OnceCell<Result<Arc<Image>, ImageError>>>;

/// One who waits for an image. The last of them, and whoever finds it made, ends the flight.
struct Passenger<'a> {
    images: &'a Images,
    digest: Digest,
    flight: Flight,
}

impl Drop for Passenger<'_> {
    fn drop(&mut self) {
        let mut under_way = self.images.under_way.lock();
        // Besides the list, this one alone knows of it: the others gave up too.
        let last = Arc::strong_count(&self.flight) <= 2;
        if (last || self.flight.initialized())
            && under_way.get(&self.digest).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight))
        {
            under_way.remove(&self.digest);
        }
    }
}

#[derive(Default)]
struct Loaded {
    images: HashMap<Digest, (u64, Arc<Image>)>,
    clock: u64,
}

impl Images {
    pub(crate) fn new(
        engines: Engines,
        reservation: u64,
        compiler: Arc<dyn Compiler>,
        cache: Option<PathBuf>,
    ) -> wasmtime::Result<Self> {
        let link = |engine: &Engine| -> wasmtime::Result<Linker<Process>> {
            let mut linker = Linker::new(engine);
            super::store::link(&mut linker)?;
            Ok(linker)
        };
        let pooled = engines.pooled.as_ref().map(link).transpose()?;
        let on_demand = link(&engines.on_demand)?;
        let disk = cache.and_then(|directory| Disk::open(directory, &engines.on_demand));
        Ok(Self {
            engines,
            reservation,
            compiler,
            disk,
            pooled,
            on_demand,
            loaded: Mutex::default(),
            under_way: Mutex::default(),
        })
    }

    /// Whether there is a pool.
    pub(crate) fn is_pooled(&self) -> bool {
        self.engines.pooled.is_some()
    }

    /// The image of this digest, if it is in memory.
    pub(crate) fn loaded(&self, digest: &Digest) -> Option<Arc<Image>> {
        let mut loaded = self.loaded.lock();
        loaded.clock += 1;
        let clock = loaded.clock;
        let (used, image) = loaded.images.get_mut(digest)?;
        *used = clock;
        Some(image.clone())
    }

    /// The image of this digest: from memory, from disk, or compiled from what `read` gives. Who
    /// asks while another has it made waits for that; if the other gives up, the next goes on.
    pub(crate) async fn load(
        &self,
        digest: Digest,
        read: impl FnOnce() -> std::io::Result<Vec<u8>>,
    ) -> Result<Arc<Image>, ImageError> {
        if let Some(image) = self.loaded(&digest) {
            return Ok(image);
        }
        let flight = self.under_way.lock().entry(digest).or_default().clone();
        let passenger = Passenger { images: self, digest, flight };
        passenger.flight.get_or_init(|| self.make(digest, read)).await.clone()
    }

    async fn make(
        &self,
        digest: Digest,
        read: impl FnOnce() -> std::io::Result<Vec<u8>>,
    ) -> Result<Arc<Image>, ImageError> {
        // Another may have made it since we looked.
        if let Some(image) = self.loaded(&digest) {
            return Ok(image);
        }
        let code = match self.disk.as_ref().and_then(|disk| disk.get(&digest)) {
            Some(code) => code,
            None => {
                let component = read().map_err(|error| ImageError::Unreadable(error.to_string()))?;
                if component.len() > COMPONENT_BYTES {
                    let bytes = component.len();
                    return Err(CompileError::TooLarge { bytes, maximum: COMPONENT_BYTES }.into());
                }
                let found = Digest::of(&component);
                if found != digest {
                    return Err(ImageError::Digest { expected: digest, found });
                }
                let code = self.compiler.compile(component, self.reservation).await?;
                if let Some(disk) = &self.disk {
                    disk.put(&digest, &code);
                }
                code
            }
        };
        let image = Arc::new(self.link(digest, &code)?);
        let mut loaded = self.loaded.lock();
        if loaded.images.len() >= IN_MEMORY
            && let Some(oldest) = loaded.images.iter().min_by_key(|(_, (used, _))| *used).map(|(digest, _)| *digest)
        {
            loaded.images.remove(&oldest);
        }
        loaded.clock += 1;
        let clock = loaded.clock;
        loaded.images.insert(digest, (clock, image.clone()));
        Ok(image)
    }

    fn link(&self, digest: Digest, code: &[u8]) -> Result<Image, ImageError> {
        let invalid = |error: wasmtime::Error| ImageError::Compile(CompileError::Invalid(format!("{error:#}")));
        if let (Some(engine), Some(linker)) = (&self.engines.pooled, &self.pooled) {
            // What has more instances or memories than a slot is refused here, and made on demand.
            match load_code(engine, code) {
                Ok(component) if fits_pool(&component) => match linker.instantiate_pre(&component) {
                    Ok(pre) => return describe(digest, engine, component, pre, true),
                    Err(error) => return Err(unlinked(&component, engine, &error)),
                },
                _ => tracing::debug!(%digest, "does not fit the pool"),
            }
        }
        let engine = &self.engines.on_demand;
        let component = load_code(engine, code).map_err(invalid)?;
        match self.on_demand.instantiate_pre(&component) {
            Ok(pre) => describe(digest, engine, component, pre, false),
            Err(error) => Err(unlinked(&component, engine, &error)),
        }
    }
}

/// Whether the pool has slots of this shape. What needs more is made on demand.
fn fits_pool(component: &Component) -> bool {
    component.resources_required().is_some_and(|needs| {
        needs.num_memories <= POOL_MEMORIES
            && needs.num_tables <= POOL_TABLES
            && needs.max_initial_table_size.unwrap_or(0) <= POOL_TABLE_ELEMENTS as u64
    })
}

#[expect(unsafe_code, reason = "the code comes from our compiler, or from the cache with a valid tag")]
fn load_code(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` is what `Compiler` gave, now or earlier; a file of the cache carries a tag
    // that only this installation can make, and the bytes checked are the bytes passed here.
    unsafe { Component::deserialize(engine, code) }
}

fn describe(
    digest: Digest,
    engine: &Engine,
    component: Component,
    pre: InstancePre<Process>,
    pooled: bool,
) -> Result<Image, ImageError> {
    let ty = component.component_type();
    let imports: Vec<String> = ty.imports(engine).map(|(name, _)| name.to_owned()).collect();
    let exports: Vec<String> = ty.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let runs = ty.exports(engine).any(|(name, item)| name == "run" && is_agent(&item.ty));
    let tools = exports.iter().any(|name| name.starts_with("holm:sys/tools@"));
    let policy = exports.iter().any(|name| name.starts_with("holm:sys/policy@"));
    let library = exports.iter().any(|name| name.starts_with("holm:sys/resources@"));
    let prompter = exports.iter().any(|name| name.starts_with("holm:sys/prompts@"));
    let kind = match () {
        () if runs => Kind::Agent,
        () if exports.iter().any(|name| name.starts_with("wasi:cli/run@")) => Kind::Command,
        () if tools || library || prompter => Kind::Toolbox,
        () if policy => Kind::Policy,
        () => Kind::Typed,
    };
    let typed = match kind {
        Kind::Agent | Kind::Command if !tools && !policy => Typed::of(&component, engine),
        Kind::Typed => Typed::of(&component, engine),
        _ => Typed::default(),
    };
    if kind == Kind::Typed && typed.is_empty() {
        return Err(ImageError::Unsuitable(nothing(&typed)));
    }
    let tools = match tools {
        true => Some(
            crate::bindings::KernelPre::new(pre.clone())
                .map_err(|error| ImageError::Unsuitable(format!("its tools have another type: {error:#}")))?,
        ),
        false => None,
    };
    let library = match library {
        true => Some(
            crate::bindings::library::LibraryPre::new(pre.clone())
                .map_err(|error| ImageError::Unsuitable(format!("its resources have another type: {error:#}")))?,
        ),
        false => None,
    };
    let prompter = match prompter {
        true => Some(
            crate::bindings::prompter::PrompterPre::new(pre.clone())
                .map_err(|error| ImageError::Unsuitable(format!("its prompts have another type: {error:#}")))?,
        ),
        false => None,
    };
    let policy = match policy {
        true => Some(
            crate::bindings::policy::JudgePre::new(pre.clone())
                .map_err(|error| ImageError::Unsuitable(format!("its policy has another type: {error:#}")))?,
        ),
        false => None,
    };
    let places = places(&component, pooled);
    Ok(Image { digest, kind, pre, tools, library, prompter, policy, typed, imports, exports, places })
}

/// Whether this is `run` of an agent: other functions of that name are tools.
pub(super) fn is_agent(item: &ComponentItem) -> bool {
    let ComponentItem::ComponentFunc(run) = item else { return false };
    let takes = run.params().map(|(_, ty)| ty).collect::<Vec<_>>();
    let takes = matches!(&takes[..], [Type::List(list)] if list.ty() == Type::String);
    takes && run.results().eq([Type::U8])
}

/// Why a component is of no use.
fn nothing(typed: &Typed) -> String {
    let reasons: Vec<String> =
        typed.refused.iter().take(8).map(|(export, reason)| format!("`{export}`: {reason}")).collect();
    match reasons.is_empty() {
        true => {
            "the component exports nothing that Holm runs: neither `run`, nor `wasi:cli/run`, nor `holm:sys/tools`, \
                 `resources` or `prompts`, nor `holm:sys/policy`, nor functions of its own types"
                .to_owned()
        }
        false => format!("the component exports no function that can be a tool: {}", reasons.join("; ")),
    }
}

/// Says which import is not offered, in place of the linker's first complaint.
fn unlinked(component: &Component, engine: &Engine, error: &wasmtime::Error) -> ImageError {
    let offered =
        ["holm:sys/", "wasi:io/", "wasi:cli/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/", "wasi:sockets/"];
    let ty = component.component_type();
    let foreign: Vec<&str> = ty
        .imports(engine)
        .map(|(name, _)| name)
        .filter(|name| !offered.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    ImageError::Unsuitable(match foreign.is_empty() {
        true => format!("the component does not fit this kernel: {error:#}"),
        false => format!("the component imports what Holm does not offer: {}", foreign.join(", ")),
    })
}

type Tag = Hmac<Sha256>;

/// Compiled code on disk. Each file ends in a tag made with a secret of this installation: code
/// that somebody else put there is not loaded, for loading it would be running it.
struct Disk {
    directory: PathBuf,
    secret: [u8; 32],
    /// What the compiler's version and flags hash to: other code is never found.
    compatibility: String,
}

const TAG_BYTES: usize = 32;

impl Disk {
    fn open(directory: PathBuf, engine: &Engine) -> Option<Self> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = format!("{:016x}", hasher.finish());
        match secret(&directory) {
            Ok(secret) => Some(Self { directory, secret, compatibility }),
            Err(error) => {
                tracing::warn!(%error, directory = %directory.display(), "no image cache: each start compiles anew");
                None
            }
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.directory.join(format!("{digest}-{}.image", self.compatibility))
    }

    fn tag(&self, digest: &Digest, code: &[u8]) -> Tag {
        let mut tag = Tag::new_from_slice(&self.secret).expect("a key of any length serves");
        tag.update(self.compatibility.as_bytes());
        tag.update(&digest.0);
        tag.update(code);
        tag
    }

    fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut code = std::fs::read(self.path(digest)).ok()?;
        let tag = code.split_off(code.len().checked_sub(TAG_BYTES)?);
        match self.tag(digest, &code).verify_slice(&tag) {
            Ok(()) => Some(code),
            Err(_) => {
                tracing::warn!(%digest, "an image in the cache was not made by this kernel; it is compiled anew");
                let _ = std::fs::remove_file(self.path(digest));
                None
            }
        }
    }

    fn put(&self, digest: &Digest, code: &[u8]) {
        let tag = self.tag(digest, code).finalize().into_bytes();
        let path = self.path(digest);
        let part = path.with_extension(format!("part-{}", std::process::id()));
        let written = std::fs::write(&part, [code, &tag[..]].concat()).and_then(|()| std::fs::rename(&part, &path));
        if let Err(error) = written {
            tracing::warn!(%error, "an image was not cached");
            let _ = std::fs::remove_file(&part);
        }
    }
}

/// The secret of this installation, made on first use.
fn secret(directory: &Path) -> std::io::Result<[u8; 32]> {
    use std::{
        io::{Read, Write},
        os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let path = directory.join("secret");
    let mut secret = [0; 32];
    let fresh = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match fresh {
        Ok(mut file) => {
            std::fs::File::open("/dev/urandom")?.read_exact(&mut secret)?;
            file.write_all(&secret)?;
            file.sync_all()?;
        }
        Err(_) => std::fs::File::open(&path)?.read_exact(&mut secret)?,
    }
    Ok(secret)
}
