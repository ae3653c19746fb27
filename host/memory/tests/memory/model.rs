//! The real model, where `HOLM_MODELS` names a folder that has it.

use std::{path::PathBuf, sync::Arc};

use holm_memory::{
    Embed, Memory, Vectors,
    embed::{MINILM, MiniLm},
};

use crate::{ask, draft, remember, settle, space};

#[test]
fn the_model_finds_what_shares_no_word() {
    let Some(folder) = std::env::var_os("HOLM_MODELS") else {
        eprintln!("!! the model is not tested: HOLM_MODELS names no folder");
        return;
    };
    let model = MiniLm::open(&PathBuf::from(folder).join(MINILM.model)).unwrap();
    assert_eq!((model.dimensions(), model.identity()), (384, MINILM.parts[0].sha256));
    let alike = |one: &str, other: &str| -> f32 {
        let vectors = model.embed(&[one, other]).unwrap();
        vectors[0].iter().zip(&vectors[1]).map(|(one, other)| one * other).sum()
    };
    assert!((alike("a boat", "a boat") - 1.0).abs() < 1e-4);
    // As sentence-transformers says of these: 0.62 and more for what means the same, hardly anything for what does not.
    assert!(alike("The cat sits outside", "A feline is resting outdoors") > 0.5);
    assert!(alike("The cat sits outside", "Interest rates were raised again") < 0.15);
    assert_eq!(model.embed(&["", &"word ".repeat(50_000)]).unwrap().len(), 2);

    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), Some(Arc::new(model))).unwrap();
    remember(
        &memory,
        [
            "Ada adopted a kitten from the shelter",
            "Ben repaired his bicycle",
            "Interest rates went up",
            "It rained all day",
        ]
        .map(draft)
        .into(),
    );
    settle(&memory);
    let found = memory.recall(&space(), &ask("Which pet does she have?", 1)).unwrap();
    assert_eq!(found.vectors, Vectors::Used);
    assert_eq!(found.hits[0].record.text, "Ada adopted a kitten from the shelter");
}
