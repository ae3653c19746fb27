//! What is forgotten is on no disk: every file is searched, and what is left opens nothing of it.

use holm_memory::{Change, Draft, Filter, MemoryError, RecordId, SpaceId};

use crate::{ask, by, draft, files, holding, on_disk, open, recall, remember, settle, space, turn};

/// Words that nothing else says, as the index knows them: in lower case, without endings.
const PLANTED: [&str; 3] = ["xylqorvak", "bztmonkrup", "qwvfsummok"];

#[test]
fn no_file_says_what_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let many: Vec<Draft> =
        (0..100).map(|number| draft(&format!("the neighbour number {number} keeps a garden"))).collect();
    remember(&memory, many);
    let [secret, changed, _] = PLANTED;
    let body = Some(PLANTED[0].repeat(5).into_bytes());
    let ids = remember(&memory, vec![Draft { body, ..draft(&format!("the code is {secret}")) }, draft("will change")]);
    let change = Change { text: Some(format!("once it said {changed}")), ..Change::default() };
    memory.update(&space(), ids[1], change, by("agent"), u64::MAX).unwrap();
    // The word comes to disk, and then the record says something else: what it said lies there as a dead document.
    remember(&memory, (0..50).map(|number| draft(&format!("the other neighbour {number} has a cat"))).collect());
    let index = on_disk(folder.path());
    comes(&index, changed);
    let change = Change { text: Some("and now something else".into()), ..Change::default() };
    memory.update(&space(), ids[1], change, by("agent"), u64::MAX).unwrap();
    let derived = Draft { derived_from: vec![ids[0]], ..draft(&format!("in short: {}", PLANTED[2])) };
    let summary = remember(&memory, vec![derived])[0];
    memory.set_note(&space(), "core", Some(b"bztmonkrup noted".to_vec()), u64::MAX).unwrap();
    remember(&memory, (0..100).map(|number| draft(&format!("the later neighbour {number} has a boat"))).collect());
    settle(&memory);
    // They are there before, or the test would look for what is nowhere.
    PLANTED.iter().for_each(|word| comes(&index, word));
    let sealed = holding(folder.path(), PLANTED[0].repeat(2).as_bytes());
    assert!(sealed.is_empty(), "the body lies open in {sealed:?}");
    let vectors = std::fs::read(folder.path().join("spaces/00000000/vectors")).unwrap();
    let row_of = |id: RecordId| {
        vectors.chunks(20 + 64).count() > 0 && vectors[32..].chunks(20 + 64).any(|row| row[8..16] == id.0.to_le_bytes())
    };
    assert!(row_of(ids[0]) && row_of(summary));

    let before_keys = keys(folder.path());
    assert_eq!(memory.forget(&space(), &ids).unwrap(), [ids[0], ids[1], summary]);
    memory.set_note(&space(), "core", None, u64::MAX).unwrap();

    nothing_lies_about(&index);
    for word in PLANTED {
        assert!(!says(&index, word), "the index says {word}");
        for part in [word, &word[..6], &word[4..]] {
            let found = holding(folder.path(), part.as_bytes());
            assert!(found.is_empty(), "{part}: {found:?}");
        }
    }
    let vectors = std::fs::read(folder.path().join("spaces/00000000/vectors")).unwrap();
    for id in [ids[0], ids[1], summary] {
        assert!(!vectors[32..].chunks(20 + 64).any(|row| row.len() > 16 && row[8..16] == id.0.to_le_bytes()));
        assert!(matches!(memory.history(&space(), id), Err(MemoryError::NoSuchRecord(_))));
    }
    // redb may have left pages of them. What opens those is nowhere.
    let after = keys(folder.path());
    let gone: Vec<_> = before_keys.into_iter().filter(|key| !after.contains(key)).collect();
    assert_eq!((gone.len(), after.len()), (4, 250));
    for key in gone {
        assert!(holding(folder.path(), &key).is_empty());
    }
    for word in PLANTED {
        assert!(!recall(&memory, word).iter().any(|text| text.contains(word)));
    }
    assert!(recall(&memory, "neighbour 42 garden").contains(&"the neighbour number 42 keeps a garden".to_owned()));
    drop(memory);
    let memory = open(folder.path());
    assert_eq!(memory.list(&space(), None, 1_000, &Filter::default()).unwrap().records.len(), 250);
    assert!(recall(&memory, "later neighbour 7 boat").contains(&"the later neighbour 7 has a boat".to_owned()));
}

/// Waits until an index on disk says a word.
fn comes(index: &std::path::Path, word: &str) {
    for _ in 0..1_000 {
        if says(index, word) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the index never says {word}");
}

/// Waits until no segment's file lies in an index that is not of it.
fn nothing_lies_about(index: &std::path::Path) {
    let mut lying = Vec::new();
    for _ in 0..500 {
        let known = tantivy::Index::open_in_dir(index).unwrap().searchable_segments().unwrap();
        let names: Vec<String> = known.iter().map(|segment| segment.id().uuid_string()).collect();
        lying = files(index);
        lying.retain(|file| file.extension().is_some_and(|kind| kind == "term"));
        lying.retain(|file| !names.iter().any(|name| file.file_stem().is_some_and(|stem| stem.to_str() == Some(name))));
        if lying.is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{lying:?} are nobody's");
}

/// Whether a segment of an index says a word, be it of a dead document.
fn says(index: &std::path::Path, word: &str) -> bool {
    let known = tantivy::Index::open_in_dir(index).unwrap();
    let segments = known.searchable_segments().unwrap();
    let term = tantivy::Term::from_field_text(known.schema().get_field("text").unwrap(), word);
    segments.iter().any(|segment| {
        let words = tantivy::SegmentReader::open(segment).unwrap().inverted_index(term.field()).unwrap();
        words.get_term_info(&term).unwrap().is_some()
    })
}

/// The keys in the file of keys, those that are not erased.
fn keys(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let keys = std::fs::read(folder.join("keys")).unwrap();
    let whole = keys[32..].chunks_exact(32).filter(|key| key.iter().any(|byte| *byte != 0));
    whole.map(<[u8]>::to_vec).collect()
}

#[test]
fn what_was_begun_to_be_forgotten_is_forgotten_when_the_folder_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let ids = {
        let memory = open(folder.path());
        let ids = remember(&memory, (0..60).map(|number| draft(&format!("{}x{number:02}", PLANTED[0]))).collect());
        settle(&memory);
        ids
    };
    let index = on_disk(folder.path());
    assert!(says(&index, &format!("{}x07", PLANTED[0])));
    // As if the process had ended between the rows and the key: the store says so, and nothing else was done.
    {
        let database = redb::Database::open(folder.path().join("records.redb")).unwrap();
        let change = database.begin_write().unwrap();
        {
            let mut records = change.open_table(redb::TableDefinition::<(u32, u64), &[u8]>::new("records")).unwrap();
            let mut erasing = change.open_table(redb::TableDefinition::<u32, (u32, u64)>::new("erasing")).unwrap();
            for id in &ids[..59] {
                let slot = {
                    let row = records.remove((0, id.0)).unwrap().unwrap();
                    u32::from_le_bytes(row.value()[..4].try_into().unwrap())
                };
                erasing.insert(slot, (0, id.0)).unwrap();
            }
        }
        change.commit().unwrap();
    }
    let before = keys(folder.path()).len();
    let memory = open(folder.path());
    assert_eq!(recall(&memory, &format!("{}x59", PLANTED[0])), [format!("{}x59", PLANTED[0])]);
    for number in 0..59 {
        let word = format!("{}x{number:02}", PLANTED[0]);
        assert!(holding(folder.path(), word.as_bytes()).is_empty() && !says(&index, &word), "{number}");
    }
    assert_eq!((before, keys(folder.path()).len()), (60, 1));
}

#[test]
fn a_space_goes_whole_and_a_plugin_with_all_of_its() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let named = |owner: Option<&str>, name: &str| SpaceId { owner: owner.map(Into::into), name: name.into() };
    let spaces = [
        named(Some("jq"), "a"),
        named(Some("jq"), "b"),
        named(Some("jq@agent"), "a"),
        named(Some("files@jq"), "a"),
        named(Some("jq-2"), "a"),
        named(None, "jq"),
    ];
    for space in &spaces {
        let drafts = (0..50).map(|number| draft(&format!("{} {number}", PLANTED[1]))).collect();
        memory.remember(space, drafts, u64::MAX).unwrap();
        memory.set_note(space, "core", Some(b"a note".to_vec()), u64::MAX).unwrap();
        memory.recall(space, &ask("a note", 3)).unwrap();
    }
    let one = memory.used(&spaces[4]);
    assert_eq!(memory.drop_space(&spaces[0]).unwrap(), one);
    assert_eq!(memory.forget_owner("jq").unwrap(), one * 3);
    let left: Vec<SpaceId> = memory.spaces().into_iter().map(|(space, _)| space).collect();
    assert_eq!(left, [spaces[5].clone(), spaces[4].clone()]);
    assert_eq!(keys(folder.path()).len(), 2 * 51);
    assert_eq!(memory.recall(&spaces[4], &ask(PLANTED[1], 3)).unwrap().hits.len(), 3);
    assert_eq!(std::fs::read_dir(folder.path().join("spaces")).unwrap().count(), 2);
    // Its name is free again, and begins with nothing.
    let made = memory.remember(&spaces[0], vec![draft("anew")], u64::MAX).unwrap();
    assert_eq!(made[0].id, RecordId(1));
    assert_eq!(memory.list(&spaces[0], None, 10, &Filter::default()).unwrap().records.len(), 1);
}

#[test]
fn turns_stay_beside_each_other_where_one_between_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let ids = remember(&memory, ["one", "two", "three"].map(|text| turn("monday", "Ada", text)).into());
    memory.forget(&space(), &ids[1..2]).unwrap();
    let texts = |memory: &holm_memory::Memory| -> Vec<String> {
        memory.session(&space(), "monday", None, 10).unwrap().records.into_iter().map(|record| record.text).collect()
    };
    assert_eq!(texts(&memory), ["one", "three"]);
    assert!(memory.forget(&space(), &ids[1..2]).unwrap().is_empty());
    drop(memory);
    assert_eq!(texts(&open(folder.path())), ["one", "three"]);
}
