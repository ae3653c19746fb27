//! Content blocks: what a tool's rich result, and a message of a prompt, is made of.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// One piece of content, as MCP knows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Block {
    /// A text.
    Text(String),
    /// A picture.
    Image {
        /// Like `image/png`.
        mime_type: String,
        /// Its file.
        bytes: Vec<u8>,
    },
    /// A sound.
    Audio {
        /// Like `audio/wav`.
        mime_type: String,
        /// Its file.
        bytes: Vec<u8>,
    },
    /// A resource with what it holds.
    Resource(crate::Contents),
    /// A resource that can be read.
    Link {
        /// Its address.
        uri: String,
        /// What people call it.
        name: String,
    },
}

impl Block {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A picture.
    pub fn image(mime_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Image { mime_type: mime_type.into(), bytes: bytes.into() }
    }

    /// A sound.
    pub fn audio(mime_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Audio { mime_type: mime_type.into(), bytes: bytes.into() }
    }

    /// A resource that can be read.
    pub fn link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Link { uri: uri.into(), name: name.into() }
    }

    /// As MCP writes it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "type": "text", "text": text }),
            Self::Image { mime_type, bytes } => {
                json!({ "type": "image", "mimeType": mime_type, "data": BASE64_STANDARD.encode(bytes) })
            }
            Self::Audio { mime_type, bytes } => {
                json!({ "type": "audio", "mimeType": mime_type, "data": BASE64_STANDARD.encode(bytes) })
            }
            Self::Resource(contents) => json!({ "type": "resource", "resource": contents.to_json() }),
            Self::Link { uri, name } => json!({ "type": "resource_link", "uri": uri, "name": name }),
        }
    }
}

impl From<String> for Block {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Block {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<crate::Contents> for Block {
    fn from(contents: crate::Contents) -> Self {
        Self::Resource(contents)
    }
}

impl crate::Contents {
    /// As MCP writes it.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::from_iter([("uri".to_owned(), self.uri.clone().into())]);
        object.extend(self.mime_type.clone().map(|kind| ("mimeType".to_owned(), kind.into())));
        match &self.body {
            crate::offers::Body::Text(text) => object.insert("text".to_owned(), text.clone().into()),
            crate::offers::Body::Blob(bytes) => object.insert("blob".to_owned(), BASE64_STANDARD.encode(bytes).into()),
        };
        object.into()
    }
}

/// A tool's rich result: several blocks, and the same as plain data where a caller wants that.
///
/// ```
/// /// Draws a dot.
/// #[holm::tool]
/// fn dot() -> holm::Content {
///     let picture: Vec<u8> = vec![0x89];
///     holm::Content::new().with("A dot:").with(holm::Block::image("image/png", picture))
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// The blocks, in order.
    pub blocks: Vec<Block>,
    /// The same as data: an object.
    pub structured: Option<Map<String, Value>>,
}

impl Content {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more block.
    #[must_use]
    pub fn with(mut self, block: impl Into<Block>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// The same as data.
    #[must_use]
    pub fn structured(mut self, object: Map<String, Value>) -> Self {
        self.structured = Some(object);
        self
    }
}

impl From<Block> for Content {
    fn from(block: Block) -> Self {
        Self { blocks: vec![block], structured: None }
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("content", &self.blocks.iter().map(Block::to_json).collect::<Vec<_>>())?;
        if let Some(structured) = &self.structured {
            map.serialize_entry("structuredContent", structured)?;
        }
        map.end()
    }
}

/// It promises nothing of the data beside the blocks.
impl JsonSchema for Content {
    fn schema_name() -> Cow<'static, str> {
        "Content".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Content};
    use crate::Contents;
    use serde_json::{Map, json};

    #[test]
    fn blocks_are_written_as_mcp_writes_them() {
        let content = Content::new()
            .with("a")
            .with(Block::image("image/png", *b"abc"))
            .with(Block::audio("audio/wav", *b"\0"))
            .with(Contents::text("x://y", "z").mime_type("text/plain"))
            .with(Contents::blob("x://b", *b"q"))
            .with(Block::link("x://y", "why"));
        assert_eq!(
            serde_json::to_value(content).expect("it serializes"),
            json!({ "content": [
                { "type": "text", "text": "a" },
                { "type": "image", "mimeType": "image/png", "data": "YWJj" },
                { "type": "audio", "mimeType": "audio/wav", "data": "AA==" },
                { "type": "resource", "resource": { "uri": "x://y", "mimeType": "text/plain", "text": "z" } },
                { "type": "resource", "resource": { "uri": "x://b", "blob": "cQ==" } },
                { "type": "resource_link", "uri": "x://y", "name": "why" },
            ] })
        );
        let both = Content::from(Block::text("1")).structured(Map::from_iter([("one".to_owned(), json!(1))]));
        let both = serde_json::to_value(both).expect("it serializes");
        assert_eq!(both, json!({ "content": [{ "type": "text", "text": "1" }], "structuredContent": { "one": 1 } }));
        assert_eq!(crate::__private::output_schema::<Content>(), None);
    }
}
