//! A plugin that may be installed or run: its folder, or a component alone, checked without running it.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use holm_kernel::{
    account::Limits,
    program::{Digest, LiveGrants, Program, ToolDescription},
};
use semver::Version;

use crate::{
    community::{self, Community},
    component::{ComponentError, Entry, MAXIMUM_COMPONENT_BYTES, Surface},
    digest::FolderDigest,
    files,
    folder::{self, File, Folder, FolderError, Keep},
    interfaces,
    limits::LimitRequest,
    manifest::{self, MAXIMUM_MANIFEST_BYTES, Manifest, ManifestError},
    skill::SkillHead,
};

/// Why a path does not hold a plugin.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// There is nothing, or it cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder without a manifest.
    #[error(
        "`{0}` has neither a plugin.toml nor a SKILL.md: a plugin is a folder with one of them (`holm new` makes it), \
         or a `.wasm` file"
    )]
    NoManifest(PathBuf),
    /// A folder whose `SKILL.md` cannot be read as one.
    #[error("`{path}`: {reason}")]
    Skill {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder whose component is not there.
    #[error("`{folder}` has no file `{component}`, which its plugin.toml names: `holm build` makes it")]
    NoComponent {
        /// The folder.
        folder: PathBuf,
        /// The component's name.
        component: String,
    },
    /// The manifest is not accepted.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The folder's files are not accepted.
    #[error("`{path}`: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: FolderError,
    },
    /// The component is not accepted.
    #[error("`{path}`: {source}")]
    Component {
        /// The component's file.
        path: PathBuf,
        /// Why.
        source: ComponentError,
    },
}

/// A plugin, checked: its manifest, what its component imports and exports, its digest.
#[derive(Debug)]
pub struct Package {
    /// What its author says; made up from the imports where there is none.
    pub manifest: Manifest,
    /// Whether there is a manifest.
    pub declared: bool,
    /// What its component imports and exports.
    pub surface: Surface,
    /// The digest of all its files.
    pub digest: Digest,
    /// The digest of its component.
    pub component: Digest,
    /// What its `SKILL.md` says of itself.
    pub skill: Option<SkillHead>,
    /// What was made out of it, where it is a community skill: what serves it is a runtime, not a part of it.
    pub community: Option<Community>,
    /// The files that belong to it.
    pub files: Vec<File>,
    /// What lies in its folder and does not belong to it.
    pub left_out: Vec<String>,
    /// Where it lies: the folder, or the component's file. Absolute.
    pub source: PathBuf,
    /// What is copied where it is installed.
    pub(crate) files_of: Files,
}

/// Where a plugin's files come from.
#[derive(Debug)]
pub(crate) enum Files {
    /// Its folder.
    Folder(Folder),
    /// A component alone, and the manifest that is written for it.
    Alone(String),
}

const SKILL_FILE: &str = "SKILL.md";
/// Stops texts that nobody could read.
const MAXIMUM_SKILL_BYTES: u64 = 1 << 20;

/// What a component without a manifest is called where it is installed.
const COMPONENT: &str = "component.wasm";

impl Package {
    /// Checks a plugin's folder, or a component file alone. Nothing of it is run.
    ///
    /// # Errors
    /// Its manifest, its files or its component are not accepted.
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        Self::open_beside(path, &BTreeSet::new())
    }

    /// The same, where runtimes offer these commands: what a community skill seems to need depends on it.
    pub(crate) fn open_beside(path: &Path, commands: &BTreeSet<String>) -> Result<Self, PackageError> {
        let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
        let source = path.canonicalize().map_err(unreadable)?;
        match source.is_dir() {
            true => Self::in_folder(source, None, commands),
            false => Self::alone(source),
        }
    }

    /// Checks a folder; an installed one (`expected` is its digest) counts with all its files.
    pub(crate) fn in_folder(
        source: PathBuf,
        expected: Option<Digest>,
        commands: &BTreeSet<String>,
    ) -> Result<Self, PackageError> {
        let broken = |reason| PackageError::Folder { path: source.clone(), source: reason };
        let no_component = |manifest: &Manifest| {
            let component = manifest.component.clone();
            PackageError::NoComponent { folder: source.clone(), component }
        };
        let unreadable = |reason| PackageError::Unreadable { path: source.clone(), source: reason };
        let dir = folder::open(&source).map_err(unreadable)?;
        let text = match folder::read(&dir, manifest::FILE, MAXIMUM_MANIFEST_BYTES as u64) {
            Err(FolderError::Io { source: reason, .. }) if reason.kind() == io::ErrorKind::NotFound => {
                return Self::in_skill(source, dir, None, commands);
            }
            text => text.map_err(broken)?,
        };
        let manifest = Manifest::from_bytes(&text, &source.join(manifest::FILE).to_string_lossy())?;
        let keep = if expected.is_some() { Keep::All } else { Keep::Plugin(&manifest) };
        let mut folder = Folder::list(dir, keep).map_err(broken)?;
        let bytes = folder.size(&manifest.component).ok_or_else(|| no_component(&manifest))?;
        let component_path = source.join(&manifest.component);
        let refused = |reason| PackageError::Component { path: component_path.clone(), source: reason };
        if bytes > MAXIMUM_COMPONENT_BYTES {
            return Err(refused(ComponentError::TooLarge(bytes)));
        }
        let (digest, [digested, component]) = folder.digest([manifest::FILE, &manifest.component]).map_err(broken)?;
        if digested != text {
            return Err(broken(FolderError::Changed(manifest::FILE.into())));
        }
        let surface = Surface::read(&component).map_err(refused)?;
        surface.within(&manifest.ceiling).map_err(refused)?;
        let policy = surface.entries().contains(&Entry::Policy);
        if policy == manifest.judges.is_empty() {
            return Err(refused(ComponentError::Judges(policy)));
        }
        let skill = folder.size("SKILL.md").and_then(|_| folder.read("SKILL.md", 1 << 20).ok());
        Ok(Self {
            skill: skill.and_then(|bytes| SkillHead::parse(&String::from_utf8_lossy(&bytes))),
            files: folder.files.clone(),
            left_out: std::mem::take(&mut folder.left_out),
            component: Digest::of(&component),
            declared: true,
            community: None,
            manifest,
            surface,
            digest,
            source,
            files_of: Files::Folder(folder),
        })
    }

    /// Checks an installed community skill; `kept` is what was made out of it then.
    pub(crate) fn of_skill(source: PathBuf, kept: Community) -> Result<Self, PackageError> {
        let unreadable = |reason| PackageError::Unreadable { path: source.clone(), source: reason };
        let dir = folder::open(&source).map_err(unreadable)?;
        Self::in_skill(source, dir, Some(kept), &BTreeSet::new())
    }

    fn in_skill(
        source: PathBuf,
        dir: cap_std::fs::Dir,
        kept: Option<Community>,
        commands: &BTreeSet<String>,
    ) -> Result<Self, PackageError> {
        let broken = |reason| PackageError::Folder { path: source.clone(), source: reason };
        let bytes = match folder::read(&dir, SKILL_FILE, MAXIMUM_SKILL_BYTES) {
            Err(FolderError::Io { source: reason, .. }) if reason.kind() == io::ErrorKind::NotFound => {
                return Err(PackageError::NoManifest(source));
            }
            bytes => bytes.map_err(broken)?,
        };
        let refused = |reason| PackageError::Skill { path: source.join(SKILL_FILE), reason };
        let keep = if kept.is_some() { Keep::All } else { Keep::Skill };
        let mut folder = Folder::list(dir, keep).map_err(broken)?;
        let (digest, [digested, _]) = folder.digest([SKILL_FILE, ""]).map_err(broken)?;
        if digested != bytes {
            return Err(broken(FolderError::Changed(SKILL_FILE.into())));
        }
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&bytes);
        let (slug, version, community) =
            community::look(&text, &name, folder.dir(), commands, kept).map_err(refused)?;
        let manifest = Manifest {
            name: community::plugin_name(&slug),
            version,
            description: community.description.clone(),
            component: SKILL_FILE.to_owned(),
            include: Vec::new(),
            ceiling: community.ceiling.clone(),
            limits: LimitRequest::default(),
            judges: Vec::new(),
            commands: Vec::new(),
        };
        Ok(Self {
            skill: SkillHead::parse(&text),
            files: folder.files.clone(),
            left_out: std::mem::take(&mut folder.left_out),
            component: Digest::of(&bytes),
            declared: false,
            community: Some(community),
            manifest,
            surface: Surface::default(),
            digest,
            source,
            files_of: Files::Folder(folder),
        })
    }

    fn alone(source: PathBuf) -> Result<Self, PackageError> {
        let refused = |reason| PackageError::Component { path: source.clone(), source: reason };
        let unreadable = |reason| PackageError::Unreadable { path: source.clone(), source: reason };
        let file = files::open(&source).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        if bytes > MAXIMUM_COMPONENT_BYTES {
            return Err(refused(ComponentError::TooLarge(bytes)));
        }
        let component = files::read_from(file, MAXIMUM_COMPONENT_BYTES).map_err(unreadable)?;
        let surface = Surface::read(&component).map_err(refused)?;
        let file_name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest = Manifest {
            name: name_from(&file_name),
            version: Version::new(0, 0, 0),
            description: format!("The component {}", crate::text::printable(&file_name)),
            component: COMPONENT.to_owned(),
            include: Vec::new(),
            ceiling: interfaces::widest(&surface.imports).map_err(refused)?,
            limits: LimitRequest::default(),
            judges: Vec::new(),
            commands: Vec::new(),
        };
        let text = manifest.written().map_err(refused)?;
        let mut digest = FolderDigest::new(2);
        for (path, bytes) in [(COMPONENT, &component[..]), (manifest::FILE, text.as_bytes())] {
            digest.file(path, bytes.len() as u64);
            digest.content(bytes);
        }
        Ok(Self {
            manifest,
            declared: false,
            surface,
            digest: digest.finish(),
            component: Digest::of(&component),
            skill: None,
            community: None,
            files: vec![File { path: file_name, bytes: component.len() as u64 }],
            left_out: Vec::new(),
            source,
            files_of: Files::Alone(text),
        })
    }

    /// The program, to run it without installing it. Its name holds its digest: it is never
    /// taken for the installed plugin of that name, and cannot reach what that one has stored. What serves a
    /// community skill is not known here: see `Plugins::program_of`.
    pub fn program(&self, operator: &Limits, grants: Arc<LiveGrants>, tools: Vec<ToolDescription>) -> Program {
        self.named(format!("{}@{:.16}", self.manifest.name, self.digest.to_string()), operator, grants, tools)
    }

    /// The tools that its component told of, with what it says they are for.
    #[must_use]
    pub fn documented(&self, mut tools: Vec<ToolDescription>) -> Vec<ToolDescription> {
        if self.surface.entries().contains(&Entry::Functions) {
            self.surface.docs.describe(&mut tools);
        }
        if let Some(community) = &self.community {
            community.describe(&mut tools);
        }
        tools
    }

    /// Copies its files into an empty folder of Holm's own and makes them durable; the digest of what was copied.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<Digest, FolderError> {
        let text = match &self.files_of {
            Files::Folder(folder) => return folder.copy_to(target),
            Files::Alone(text) => text,
        };
        let io_at = |path: &str| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        let component = files::read(&self.source, MAXIMUM_COMPONENT_BYTES).map_err(io_at(&self.manifest.component))?;
        let mut digest = FolderDigest::new(2);
        for (path, bytes) in [(COMPONENT, &component[..]), (manifest::FILE, text.as_bytes())] {
            digest.file(path, bytes.len() as u64);
            digest.content(bytes);
            files::write_new(&target.join(path), bytes).map_err(io_at(path))?;
        }
        files::sync_folder(target).map_err(io_at("the store"))?;
        Ok(digest.finish())
    }

    pub(crate) fn named(
        &self,
        name: String,
        operator: &Limits,
        grants: Arc<LiveGrants>,
        tools: Vec<ToolDescription>,
    ) -> Program {
        let path = match &self.files_of {
            Files::Folder(_) => self.source.join(&self.manifest.component),
            Files::Alone(_) => self.source.clone(),
        };
        let ceiling = self.manifest.ceiling.clone();
        // As grants are: links resolved, so that both speak of the same places.
        let ceiling = ceiling.clone().anchored(Path::new("/")).unwrap_or(ceiling);
        let read = Arc::new(move || files::read(&path, MAXIMUM_COMPONENT_BYTES));
        Program {
            own: self.community.as_ref().map(Community::own).unwrap_or_default(),
            mounts: self.community.as_ref().map_or_else(Vec::new, |_| Community::mounts(self.source.clone())),
            grants,
            limits: self.manifest.limits.within(operator),
            tools,
            judges: self.manifest.judges.clone(),
            ..Program::new(name, self.component, read).within(ceiling)
        }
    }
}

pub(crate) fn name_from(file_name: &str) -> String {
    let stem = file_name.strip_suffix(".wasm").unwrap_or(file_name).to_ascii_lowercase();
    let plain = |char: char| if char.is_ascii_lowercase() || char.is_ascii_digit() { char } else { '-' };
    let name: String = stem.chars().map(plain).take(64).collect();
    let name = name.trim_matches('-');
    match manifest::check_name(name) {
        Ok(()) => name.to_owned(),
        Err(_) => "program".to_owned(),
    }
}
