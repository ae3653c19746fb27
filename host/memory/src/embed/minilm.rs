//! MiniLM, and any BERT of its kind, on one thread: candle with the weights as they are, the mean of what it says of
//! each word, made one long.

use std::{io::Read, path::Path};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use ring::digest::{SHA256, digest};
use tokenizers::{Tokenizer, TruncationParams};

use super::{Embed, EmbedError};

/// Words, or parts of words, of a text that are looked at: what the model was trained for. The rest of a longer text
/// is found by its words alone.
const TOKENS: usize = 256;
/// Bytes of a text that are taken apart. Stops a text that is split for seconds, of which the first words count.
const TEXT_BYTES: usize = 8 << 10;
/// Bytes of a model's file. Stops a file that fills the memory.
const FILE_BYTES: u64 = 1 << 30;

/// The model, in memory.
pub struct MiniLm {
    model: BertModel,
    tokenizer: Tokenizer,
    dimensions: usize,
    identity: String,
    /// One thread for questions, one for records: neither waits for the other, and neither takes all processors.
    front: rayon::ThreadPool,
    back: rayon::ThreadPool,
}

impl MiniLm {
    /// Opens the model in a folder that has `model.safetensors`, `tokenizer.json` and `config.json`.
    pub fn open(folder: &Path) -> Result<MiniLm, EmbedError> {
        let config: Config = serde_json::from_slice(&read(folder, "config.json")?).map_err(failed)?;
        let mut tokenizer = Tokenizer::from_bytes(read(folder, "tokenizer.json")?).map_err(failed)?;
        let max_length = TOKENS.min(config.max_position_embeddings);
        tokenizer.with_padding(None);
        tokenizer.with_truncation(Some(TruncationParams { max_length, ..Default::default() })).map_err(failed)?;
        let weights = read(folder, "model.safetensors")?;
        let identity = digest(&SHA256, &weights).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu).map_err(failed)?;
        let model = BertModel::load(weights, &config).map_err(failed)?;
        let thread = || rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(failed);
        let (front, back) = (thread()?, thread()?);
        Ok(MiniLm { model, tokenizer, dimensions: config.hidden_size, identity, front, back })
    }

    /// One text at a time: together they would all be as long as the longest.
    fn one(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let text = &text[..text.floor_char_boundary(TEXT_BYTES)];
        let tokens = self.tokenizer.encode_fast(text, true).map_err(failed)?;
        let ids = Tensor::new(tokens.get_ids(), &Device::Cpu).and_then(|ids| ids.unsqueeze(0)).map_err(failed)?;
        let kinds = ids.zeros_like().map_err(failed)?;
        let said = self.model.forward(&ids, &kinds, None).map_err(failed)?;
        let mean = said.mean(1).and_then(|mean| mean.squeeze(0)).and_then(|mean| mean.to_vec1()).map_err(failed)?;
        let length = mean.iter().map(|number: &f32| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        Ok(mean.iter().map(|number| number / length).collect())
    }
}

impl Embed for MiniLm {
    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let pool = if texts.len() == 1 { &self.front } else { &self.back };
        pool.install(|| texts.iter().map(|text| self.one(text)).collect())
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, EmbedError> {
    let path = folder.join(name);
    let told = |error: std::io::Error| EmbedError(format!("{}: {error}", path.display()));
    let file = std::fs::File::open(&path).map_err(told)?;
    let mut bytes = Vec::with_capacity(file.metadata().map_err(told)?.len().min(FILE_BYTES) as usize);
    file.take(FILE_BYTES).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> EmbedError {
    EmbedError(error.to_string())
}
