//! The store is the truth: whatever is done to the indexes, they are made from it again, by themselves.

use std::path::Path;

use holm_memory::{Draft, Filter, Memory, MemoryError, RecordId, Vectors};

use crate::{Hashed, ask, draft, files, on_disk, open, recall, remember, settle, space};

fn fill(folder: &Path) -> Memory {
    let memory = open(folder);
    let drafts: Vec<Draft> =
        (0..200).map(|number| draft(&format!("boat number {number} lies in the harbour"))).collect();
    remember(&memory, drafts);
    settle(&memory);
    on_disk(folder);
    memory
}

fn whole(memory: &Memory, what: &str) {
    for number in [0, 7, 123, 199] {
        let text = format!("boat number {number} lies in the harbour");
        assert_eq!(recall(memory, &format!("boat {number}")).first(), Some(&text), "{what}");
    }
    settle(memory);
    let found = memory.recall(&space(), &ask("boat 7", 3)).unwrap();
    assert_eq!(found.vectors, Vectors::Used, "{what}");
}

#[test]
fn an_index_that_is_gone_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    for gone in ["spaces/00000000/text", "spaces/00000000/vectors", "spaces"] {
        let path = folder.path().join(gone);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap()
        } else {
            std::fs::remove_file(&path).unwrap()
        }
        let memory = open(folder.path());
        whole(&memory, gone);
        assert!(path.exists(), "{gone}");
    }
}

#[test]
fn an_index_that_is_removed_while_it_is_used_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let memory = fill(folder.path());
    std::fs::remove_dir_all(folder.path().join("spaces")).unwrap();
    whole(&memory, "removed");
    let more: Vec<Draft> =
        (200..300).map(|number| draft(&format!("boat number {number} lies in the harbour"))).collect();
    remember(&memory, more);
    memory.forget(&space(), &[RecordId(50)]).unwrap();
    whole(&memory, "removed, then written to");
    assert!(recall(&memory, "boat 299").contains(&"boat number 299 lies in the harbour".to_owned()));
    drop(memory);
    whole(&open(folder.path()), "removed, then opened");
}

#[test]
fn no_file_of_an_index_has_to_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    let index = folder.path().join("spaces");
    let names = files(&index).len();
    assert!(names > 4);
    for which in 0..names {
        for harm in 0..4 {
            let all = files(&index);
            let Some(file) = all.get(which) else { continue };
            let mut bytes = std::fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            match harm {
                0 => bytes.truncate(middle),
                1 => bytes.clear(),
                2 if !bytes.is_empty() => bytes[middle] ^= 0x55,
                _ => bytes.iter_mut().skip(middle / 2).step_by(7).for_each(|byte| *byte = !*byte),
            }
            std::fs::write(file, bytes).unwrap();
            let memory = open(folder.path());
            whole(&memory, &format!("{} harm {harm}", file.display()));
        }
    }
}

#[test]
fn a_file_that_is_cut_short_while_it_is_open_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let memory = fill(folder.path());
    recall(&memory, "boat 7");
    for file in files(&folder.path().join("spaces")) {
        std::fs::write(&file, b"short").unwrap();
    }
    assert_eq!(recall(&memory, "boat 7")[0], "boat number 7 lies in the harbour");
    let more: Vec<Draft> =
        (200..300).map(|number| draft(&format!("boat number {number} lies in the harbour"))).collect();
    remember(&memory, more);
    memory.forget(&space(), &[RecordId(50)]).unwrap();
    assert_eq!(recall(&memory, "boat 7")[0], "boat number 7 lies in the harbour");
    drop(memory);
    whole(&open(folder.path()), "opened again");
}

#[test]
fn another_model_makes_vectors_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    let before = std::fs::read(folder.path().join("spaces/00000000/vectors")).unwrap();
    {
        let memory = Memory::open(folder.path(), None).unwrap();
        assert_eq!(memory.recall(&space(), &ask("boat 7", 3)).unwrap().vectors, Vectors::Absent);
        assert_eq!(recall(&memory, "boat 7")[0], "boat number 7 lies in the harbour");
    }
    let memory = Memory::open(folder.path(), Some(std::sync::Arc::new(Hashed("another")))).unwrap();
    remember(&memory, vec![draft("one more")]);
    settle(&memory);
    let after = std::fs::read(folder.path().join("spaces/00000000/vectors")).unwrap();
    assert_ne!(before[..32], after[..32]);
    assert!(after.len() > before.len());
}

#[test]
fn a_damaged_record_is_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    // A key that is another makes its record unreadable.
    let path = folder.path().join("keys");
    let mut keys = std::fs::read(&path).unwrap();
    keys[32 + 7 * 32] ^= 1;
    std::fs::write(&path, keys).unwrap();
    let memory = open(folder.path());
    let found = memory.get(&space(), &[RecordId(7), RecordId(8), RecordId(9)], true).unwrap();
    assert!(matches!(found[1], Err(MemoryError::DamagedRecord(RecordId(8)))), "{:?}", found[1]);
    assert!(found[0].as_ref().unwrap().is_some() && found[2].as_ref().unwrap().is_some());
    let page = memory.list(&space(), None, 1_000, &Filter::default()).unwrap();
    assert_eq!((page.records.len(), page.damaged), (199, vec![RecordId(8)]));
    assert!(!recall(&memory, "boat 7").is_empty());
    assert!(matches!(memory.history(&space(), RecordId(8)), Err(MemoryError::DamagedRecord(_))));
    assert_eq!(memory.forget(&space(), &[RecordId(8)]).unwrap(), [RecordId(8)]);
    assert!(memory.list(&space(), None, 1_000, &Filter::default()).unwrap().damaged.is_empty());
}

#[test]
fn a_record_that_is_damaged_under_way_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let memory = fill(folder.path());
    let path = folder.path().join("keys");
    let mut keys = std::fs::read(&path).unwrap();
    keys[32 + 7 * 32] ^= 1;
    std::fs::write(&path, keys).unwrap();
    let found = memory.recall(&space(), &ask("boat 7", 3)).unwrap();
    assert_eq!(found.damaged, [RecordId(8)]);
    assert_eq!(found.hits.len(), 3);
}

#[test]
fn a_store_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    for (file, bytes) in [("records.redb", &b"nothing"[..]), ("keys", b"nothing")] {
        let path = folder.path().join(file);
        let kept = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let refused = Memory::open(folder.path(), None).err().unwrap();
        assert!(matches!(refused, MemoryError::Damaged { .. } | MemoryError::Io { .. }), "{refused:?}");
        std::fs::write(&path, kept).unwrap();
    }
    whole(&open(folder.path()), "put back");
}
