//! What stands in for a model at scale, and what spares the model the same text twice.

use std::{collections::HashMap, path::PathBuf, sync::Mutex};

use holm_memory::{
    Embed, EmbedError,
    embed::{MINILM, MiniLm},
};

/// A vector for each word, by its bytes; a text is the sum of its words. Texts with the same words lie near.
pub(crate) struct Hashed;

impl Embed for Hashed {
    fn dimensions(&self) -> usize {
        384
    }

    fn identity(&self) -> &str {
        "hashed words"
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| hashed(text)).collect())
    }
}

fn hashed(text: &str) -> Vec<f32> {
    let mut sum = vec![0f32; 384];
    for word in text.split_whitespace() {
        let mut state = word
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        for number in &mut sum {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *number += (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter().map(|number| number / length).collect()
}

/// The model, asked once for each text.
pub(crate) struct Once {
    model: MiniLm,
    known: Mutex<HashMap<String, Vec<f32>>>,
}

impl Embed for Once {
    fn dimensions(&self) -> usize {
        self.model.dimensions()
    }

    fn identity(&self) -> &str {
        self.model.identity()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let one = |text: &&str| {
            if let Some(known) = self.known.lock().unwrap().get(*text) {
                return Ok(known.clone());
            }
            let vector = self.model.embed(&[text])?.remove(0);
            self.known.lock().unwrap().insert((*text).to_owned(), vector.clone());
            Ok(vector)
        };
        texts.iter().map(one).collect()
    }
}

/// The model, where `HOLM_MODELS` names a folder that has it.
pub(crate) fn model() -> Option<Once> {
    let folder = PathBuf::from(std::env::var_os("HOLM_MODELS")?).join(MINILM.model);
    match MiniLm::open(&folder) {
        Ok(model) => Some(Once { model, known: Mutex::default() }),
        Err(error) => {
            println!("!! the model in {} does not open: {error}", folder.display());
            None
        }
    }
}
