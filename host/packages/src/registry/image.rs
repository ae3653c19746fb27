//! An image's manifest: which of its layers are a plugin's files. Pure.

use std::collections::BTreeMap;

use holm_kernel::program::Digest;
use serde::Deserialize;

use crate::{MAXIMUM_COMPONENT_BYTES, digest, manifest, text::printable};

/// Layers that are a component: CNCF's layout of wasm artifacts, and what came before it.
const COMPONENT: &[&str] = &[
    "application/wasm",
    "application/vnd.wasm.content.layer.v1+wasm",
    "application/vnd.module.wasm.content.layer.v1+wasm",
    "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
];
/// Layers of one image.
const LAYERS: usize = 256;
/// Bytes of all of them: they are held in memory until they are known to be what they should be.
const BYTES: u64 = 128 << 20;
const TITLE: &str = "org.opencontainers.image.title";

/// Why an image is not installed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It does not parse.
    #[error("its manifest makes no sense: {0}")]
    Malformed(String),
    /// It lists images of several platforms.
    #[error("it lists images of several platforms; name the one for wasm by its digest")]
    List,
    /// No layer, or more than one, is a component.
    #[error("{0} of its layers are WebAssembly components, and a plugin has one")]
    Components(usize),
    /// It has more, or larger, layers than are taken.
    #[error("it has {0}")]
    TooMuch(&'static str),
    /// A file's name would lie elsewhere.
    #[error("it has a file named `{0}`, which is no name of a file in a folder")]
    Title(String),
}

/// Some bytes in a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blob {
    pub(crate) media_type: String,
    digest: String,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Blob {
    /// What its bytes have to be.
    pub(crate) fn digest(&self) -> Result<Digest, ImageError> {
        let hex = self.digest.strip_prefix("sha256:").and_then(digest::parse);
        hex.ok_or_else(|| ImageError::Malformed(format!("the digest `{}`", printable(&self.digest))))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    pub(crate) layers: Vec<Blob>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The layers that are wanted of an image.
#[derive(Debug)]
pub(crate) enum Layers {
    /// A plugin's folder: each file by its name.
    Folder(Vec<(String, Blob)>),
    /// A component without a manifest.
    Component(Blob),
}

impl Image {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        let image: Self =
            serde_json::from_slice(bytes).map_err(|error| ImageError::Malformed(printable(&error.to_string())))?;
        match image.manifests {
            Some(_) => Err(ImageError::List),
            None => Ok(image),
        }
    }

    /// What of it a plugin consists of.
    pub(crate) fn plugin(&self) -> Result<Layers, ImageError> {
        if self.layers.len() > LAYERS {
            return Err(ImageError::TooMuch("too many layers"));
        }
        let bytes = self.layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
        if bytes > BYTES {
            return Err(ImageError::TooMuch("layers with too many bytes"));
        }
        let is_component = |layer: &&Blob| COMPONENT.contains(&layer.media_type.as_str());
        let components: Vec<_> = self.layers.iter().filter(is_component).collect();
        let [component] = components[..] else { return Err(ImageError::Components(components.len())) };
        if component.size > MAXIMUM_COMPONENT_BYTES {
            return Err(ImageError::TooMuch("a component that is too large"));
        }
        let titled = self.layers.iter().filter_map(|layer| Some((layer.annotations.get(TITLE)?, layer)));
        let titled: Vec<_> = titled.collect();
        if !titled.iter().any(|(title, _)| *title == manifest::FILE) {
            return Ok(Layers::Component(component.clone()));
        }
        let file = |(title, layer): &(&String, &Blob)| match is_path(title) {
            true => Ok(((*title).clone(), (*layer).clone())),
            false => Err(ImageError::Title(printable(title))),
        };
        titled.iter().map(file).collect::<Result<_, _>>().map(Layers::Folder)
    }
}

/// A path below a folder, and nowhere else. What else a name must be is checked with the folder.
fn is_path(path: &str) -> bool {
    path.len() <= crate::MAXIMUM_PATH_BYTES
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && !path.contains(['\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(layers: &str) -> Result<Layers, ImageError> {
        Image::parse(format!(r#"{{"schemaVersion":2,"layers":[{layers}]}}"#).as_bytes())?.plugin()
    }

    fn layer(media: &str, title: &str, size: u64) -> String {
        let digest = "b".repeat(64);
        let annotations = match title {
            "" => String::new(),
            title => format!(r#","annotations":{{"{TITLE}":"{title}"}}"#),
        };
        format!(r#"{{"mediaType":"{media}","digest":"sha256:{digest}","size":{size}{annotations}}}"#)
    }

    #[test]
    fn layers_become_files() {
        let wasm = layer("application/wasm", "", 10);
        for media in COMPONENT {
            assert!(matches!(image(&layer(media, "x.wasm", 10)), Ok(Layers::Component(_))));
        }
        let titled = layer("application/wasm", "jq.wasm", 10);
        let folder = image(&format!("{titled},{}", layer("text/plain", "plugin.toml", 5)));
        let Ok(Layers::Folder(files)) = folder else { panic!("{folder:?}") };
        assert_eq!(files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["jq.wasm", "plugin.toml"]);
        assert_eq!(image("").expect_err("refused"), ImageError::Components(0));
        assert_eq!(
            image(&layer("application/vnd.oci.image.layer.v1.tar", "", 1)).expect_err("refused"),
            ImageError::Components(0)
        );
        assert_eq!(image(&format!("{wasm},{wasm}")).expect_err("refused"), ImageError::Components(2));
        for title in ["../plugin.toml", "/etc/passwd", "a//b", "a/../b", ".", "a\\\\b", "a\\u0000b"] {
            let more = format!("{titled},{},{}", layer("x", "plugin.toml", 1), layer("x", title, 1));
            assert!(matches!(image(&more), Err(ImageError::Title(_))), "{title}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused_before_it_is_fetched() {
        let large = layer("application/wasm", "", MAXIMUM_COMPONENT_BYTES + 1);
        assert_eq!(image(&large).expect_err("refused"), ImageError::TooMuch("a component that is too large"));
        let huge = format!("{},{}", layer("x", "a", u64::MAX), layer("application/wasm", "", 1));
        assert_eq!(image(&huge).expect_err("refused"), ImageError::TooMuch("layers with too many bytes"));
        let many = vec![layer("x", "a", 1); LAYERS + 1].join(",");
        assert_eq!(image(&many).expect_err("refused"), ImageError::TooMuch("too many layers"));
        assert!(matches!(Image::parse(b"{}").map(|image| image.plugin()), Ok(Err(ImageError::Components(0)))));
        assert_eq!(Image::parse(br#"{"manifests":[]}"#).expect_err("refused"), ImageError::List);
        assert!(matches!(Image::parse(b"<html>"), Err(ImageError::Malformed(_))));
        let odd = Image::parse(br#"{"layers":[{"mediaType":"application/wasm","digest":"md5:x","size":1}]}"#);
        let Ok(Layers::Component(blob)) = odd.expect("an image").plugin() else { panic!("no component") };
        assert!(matches!(blob.digest(), Err(ImageError::Malformed(_))));
    }
}
