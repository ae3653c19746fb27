//! From a reference to files, each checked against its digest. Nothing of it is written or run here.

use std::path::Path;

use futures_core::future::BoxFuture;
use holm_kernel::program::Digest;
use serde::{Deserialize, Serialize};

use super::{
    Reference,
    image::{Blob, Image, ImageError, Layers},
};
use crate::{
    component::{ComponentError, Surface},
    files, interfaces,
    manifest::{self, Manifest},
    secrets::Value,
    signatures::{COSIGN_MEDIA_TYPE, COSIGN_SIGNATURE, CosignSignature},
    text::{is_hidden, printable},
};

/// Bytes of a manifest. Stops one of a hundred megabytes.
const MANIFEST_BYTES: u64 = 1 << 20;
/// Bytes of what cosign signs.
const PAYLOAD_BYTES: u64 = 64 << 10;
/// Signatures of one image that are looked at.
const SIGNATURES: usize = 16;

/// A registry, as whoever dials reaches it.
pub trait Remote: Send + Sync {
    /// The manifest of a tag or `sha256:…`: the bytes, at most so many.
    fn manifest<'a>(&'a self, version: &'a str, maximum: u64) -> BoxFuture<'a, Result<Vec<u8>, RemoteError>>;
    /// Bytes by their `sha256:…`, at most so many; `progress` is told how many have come.
    fn blob<'a>(
        &'a self,
        digest: &'a str,
        maximum: u64,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, RemoteError>>;
}

/// Told how many bytes have come.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// A user of a registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// Who.
    pub user: String,
    /// What only they know.
    pub password: Value,
}

/// All registries.
pub trait Registries: Send + Sync {
    /// The one where a component lies.
    ///
    /// # Errors
    /// It cannot be asked at all.
    fn open(&self, reference: &Reference, login: Option<Login>) -> Result<Box<dyn Remote>, RemoteError>;
}

/// Why a registry gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Anything else; the text says what.
    #[error("{0}")]
    Failed(String),
}

/// Why a reference is not installed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The registry.
    #[error("`{reference}` is not fetched: {source}")]
    Remote {
        /// What was asked for.
        reference: String,
        /// Why.
        source: RemoteError,
    },
    /// What it gave.
    #[error("`{reference}` is not installed: {source}")]
    Image {
        /// What was asked for.
        reference: String,
        /// Why.
        source: ImageError,
    },
    /// It gave something else than was asked for.
    #[error("`{reference}` is not installed: the registry gave other bytes than it named ({expected} became {found})")]
    Digest {
        /// What was asked for.
        reference: String,
        /// What it should have been.
        expected: String,
        /// What it was.
        found: String,
    },
    /// Its component, where it has no manifest.
    #[error("`{reference}` is not installed: {source}")]
    Component {
        /// What was asked for.
        reference: String,
        /// Why.
        source: ComponentError,
    },
    /// The disk.
    #[error("`{reference}` cannot be written: {source}")]
    Io {
        /// What was asked for.
        reference: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// What was asked for, with the digest that it was resolved to.
    pub reference: Reference,
    /// The digest of its manifest: what signatures of it sign.
    pub digest: Digest,
    /// What cosign put beside it.
    pub signatures: Vec<CosignSignature>,
    files: Vec<(String, Vec<u8>)>,
}

/// Fetches an image. `progress` is told how many bytes have come, of how many.
///
/// # Errors
/// The registry does not give it, or it is not what it says.
pub async fn fetch(
    remote: &dyn Remote,
    reference: &Reference,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Fetched, FetchError> {
    let named = reference.to_string();
    let remote_failed = |source| FetchError::Remote { reference: named.clone(), source };
    let image_failed = |source| FetchError::Image { reference: named.clone(), source };
    let version = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => format!("sha256:{digest}"),
        (None, tag) => tag.clone().unwrap_or_else(|| "latest".to_owned()),
    };
    let bytes = remote.manifest(&version, MANIFEST_BYTES).await.map_err(remote_failed)?;
    let digest = Digest::of(&bytes);
    if reference.digest.is_some_and(|pinned| pinned != digest) {
        let found = format!("sha256:{digest}");
        return Err(FetchError::Digest { reference: named, expected: version, found });
    }
    let image = Image::parse(&bytes).map_err(image_failed)?;
    let layers = image.plugin().map_err(image_failed)?;
    let (whole, mut come) = (image.layers.iter().map(|layer| layer.size).sum(), 0);
    progress(0, whole);
    let mut files = Vec::new();
    let wanted = match layers {
        Layers::Folder(files) => files,
        Layers::Component(blob) => vec![(String::new(), blob)],
    };
    for (name, blob) in wanted {
        let bytes = checked(remote, reference, &blob, &mut |part| progress(come + part, whole)).await?;
        come += bytes.len() as u64;
        files.push((name, bytes));
    }
    if let [(name, component)] = &mut files[..]
        && name.is_empty()
    {
        let manifest = derive(reference, &image, component)
            .map_err(|source| FetchError::Component { reference: named.clone(), source })?;
        *name = manifest.0;
        files.push((manifest::FILE.to_owned(), manifest.1.into_bytes()));
    }
    let signatures = signatures(remote, reference, digest).await?;
    Ok(Fetched { reference: reference.pinned(digest), digest, signatures, files })
}

async fn checked(
    remote: &dyn Remote,
    reference: &Reference,
    blob: &Blob,
    progress: Progress<'_>,
) -> Result<Vec<u8>, FetchError> {
    let named = reference.to_string();
    let expected = blob.digest().map_err(|source| FetchError::Image { reference: named.clone(), source })?;
    let bytes = remote.blob(&format!("sha256:{expected}"), blob.size, progress).await;
    let bytes = bytes.map_err(|source| FetchError::Remote { reference: named.clone(), source })?;
    let found = Digest::of(&bytes);
    match found == expected {
        true => Ok(bytes),
        false => Err(FetchError::Digest {
            reference: named,
            expected: format!("sha256:{expected}"),
            found: format!("sha256:{found}"),
        }),
    }
}

/// What cosign keeps beside an image: another image, tagged by the digest of the first.
async fn signatures(
    remote: &dyn Remote,
    reference: &Reference,
    digest: Digest,
) -> Result<Vec<CosignSignature>, FetchError> {
    let beside = remote.manifest(&format!("sha256-{digest}.sig"), MANIFEST_BYTES).await;
    // Registries do not agree on what they say where there is nothing. Where a signature is wanted, none is a no.
    let Ok(bytes) = beside else { return Ok(Vec::new()) };
    // What makes no sense there is no signature; whether one is wanted is decided later.
    let Ok(image) = Image::parse(&bytes) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let signed = image.layers.iter().filter(|layer| layer.media_type == COSIGN_MEDIA_TYPE);
    for layer in signed.filter(|layer| layer.size <= PAYLOAD_BYTES).take(SIGNATURES) {
        let Some(signature) = layer.annotations.get(COSIGN_SIGNATURE) else { continue };
        let payload = checked(remote, reference, layer, &mut |_| ()).await?;
        found.push(CosignSignature { payload, signature: signature.clone() });
    }
    Ok(found)
}

/// The manifest of a component that has none: its name by the repository, its version by what the
/// image says, and by the tag where it says none, and all that its imports could use as its ceiling. It grants
/// nothing.
fn derive(reference: &Reference, image: &Image, component: &[u8]) -> Result<(String, String), ComponentError> {
    let surface = Surface::read(component)?;
    let ceiling = interfaces::widest(&surface.imports)?;
    let last = reference.repository.rsplit('/').next().unwrap_or_default();
    let name = crate::package::name_from(last);
    let annotated = |key: &str| image.annotations.get(&format!("org.opencontainers.image.{key}"));
    // What the image says of itself is part of what is signed; a tag is set by whoever may write to the registry.
    let versions = annotated("version").into_iter().chain(reference.tag.iter());
    let version = versions.filter_map(|text| text.trim_start_matches('v').parse::<semver::Version>().ok()).next();
    let description =
        annotated("description").map(|text| text.chars().filter(|char| !is_hidden(*char)).take(500).collect());
    let description = description.filter(|text: &String| !text.trim().is_empty());
    let file = format!("{name}.wasm");
    let mut table = toml::Table::new();
    let mut put = |key: &str, value: String| table.insert(key.to_owned(), value.into());
    put("name", name);
    put("version", version.unwrap_or(semver::Version::new(0, 0, 0)).to_string());
    put("description", description.unwrap_or_else(|| format!("The component {}", reference.name())));
    put("component", file.clone());
    let broken = |error: &dyn std::fmt::Display| ComponentError::Malformed(printable(&error.to_string()));
    let ceiling = toml::Value::try_from(&ceiling).map_err(|error| broken(&error))?;
    table.insert("ceiling".to_owned(), ceiling);
    let text = toml::to_string(&table).map_err(|error| broken(&error))?;
    Manifest::parse(&text, manifest::FILE).map_err(|error| broken(&error))?;
    Ok((file, text))
}

impl Fetched {
    /// Writes the files into a folder that is made for them.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, folder: &Path) -> Result<(), FetchError> {
        let failed = |source| FetchError::Io { reference: self.reference.to_string(), source };
        files::make_folder(folder).map_err(failed)?;
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            files::make_folder(path.parent().unwrap_or(folder)).map_err(failed)?;
            let mut file = files::create(&path).map_err(failed)?;
            std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
        }
        Ok(())
    }
}
