//! What is found, and why.

use holm_memory::{Draft, Filter, Memory, MemoryError, Query, SpaceId, Vectors};

use crate::{ask, by, draft, open, recall, remember, settle, space, turn};

#[test]
fn what_is_acknowledged_is_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    // Through tails, indexes, and merges of them.
    for number in 0..500 {
        remember(&memory, vec![draft(&format!("ship{number} sails"))]);
        // Not always first: to the embedder of these tests one ship is much like another.
        assert!(recall(&memory, &format!("ship{number}")).contains(&format!("ship{number} sails")), "{number}");
    }
}

#[test]
fn terms_are_terms() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    remember(&memory, vec![draft("the title of the book is Dune"), draft("a field of corn")]);
    for query in ["text:dune", "\"dune", "dune AND NOT", "+(dune", "dune^9 ~", "id:[0 TO 9] dune", "\\ dune", "dune*"] {
        assert_eq!(recall(&memory, query)[0], "the title of the book is Dune", "{query}");
    }
    let empty = memory.recall(&space(), &ask("  ", 3));
    assert!(matches!(empty, Err(MemoryError::Empty { .. })));
    let long = memory.recall(&space(), &ask(&"dune ".repeat(100_000), 3));
    assert!(matches!(long, Err(MemoryError::TooMuch { .. })));
}

#[test]
fn filters_say_what_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let mut drafts = Vec::new();
    for number in 0..60u32 {
        drafts.push(Draft {
            kind: ["fact", "preference", "decision"][number as usize % 3].into(),
            tags: vec![format!("t{}", number % 4), "all".into()],
            metadata: vec![("parity".into(), ["even", "odd"][number as usize % 2].into())],
            said_by: Some(["Ada", "Ben"][number as usize % 2].into()),
            origin: ["user", "tool:web"][number as usize % 2].into(),
            session: Some(format!("day {}", number / 10)),
            time: Some(i64::from(number) * 100),
            provenance: by(["one", "two"][number as usize / 30]),
            ..draft(&format!("garden number {number}"))
        });
    }
    remember(&memory, drafts);
    let check = |name: &str, filter: Filter, fits: &dyn Fn(u32) -> bool| {
        let query = Query { filter: filter.clone(), ..ask("garden", 100) };
        let number = |text: &str| text.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
        let mut found: Vec<u32> =
            memory.recall(&space(), &query).unwrap().hits.iter().map(|hit| number(&hit.record.text)).collect();
        found.sort_unstable();
        let expected: Vec<u32> = (0..60).filter(|number| fits(*number)).collect();
        assert_eq!(found, expected, "{name}");
        let page = memory.list(&space(), None, 100, &filter).unwrap();
        assert_eq!(page.records.iter().map(|record| number(&record.text)).collect::<Vec<_>>(), expected, "{name}");
    };
    let none = Filter::default;
    check("none", none(), &|_| true);
    check("kinds", Filter { kinds: vec!["fact".into(), "decision".into()], ..none() }, &|number| number % 3 != 1);
    check("tags", Filter { tags: vec!["t1".into(), "all".into()], ..none() }, &|number| number % 4 == 1);
    check("metadata", Filter { metadata: vec![("parity".into(), "odd".into())], ..none() }, &|number| number % 2 == 1);
    check("speaker", Filter { said_by: Some("Ada".into()), ..none() }, &|number| number % 2 == 0);
    check("origin", Filter { origin: Some("tool:web".into()), ..none() }, &|number| number % 2 == 1);
    check("plugin", Filter { plugin: Some("two".into()), ..none() }, &|number| number >= 30);
    check("session", Filter { session: Some("day 2".into()), ..none() }, &|number| number / 10 == 2);
    check("time", Filter { since: Some(1_000), until: Some(2_000), ..none() }, &|number| (10..20).contains(&number));
    check("nobody", Filter { said_by: Some("Cleo".into()), ..none() }, &|_| false);
    check("no tag", Filter { tags: vec!["t9".into()], ..none() }, &|_| false);
    let both = Filter { kinds: vec!["fact".into()], metadata: vec![("parity".into(), "even".into())], ..none() };
    check("both", both, &|number| number % 6 == 0);
}

#[test]
fn what_stands_around_a_turn_speaks_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let mut turns = vec![
        turn("monday", "Ada", "Where did you buy the yellow lamp?"),
        turn("monday", "Ben", "At the flea market, from an old sailor."),
        turn("tuesday", "Ada", "The market was closed."),
        turn("tuesday", "Ben", "A sailor told me so."),
    ];
    turns.extend(
        (0..60).map(|number| turn(&format!("day {number}"), "Cleo", &format!("nothing of note, {number} times"))),
    );
    remember(&memory, turns);
    let found = memory.recall(&space(), &ask("Where is the yellow lamp from?", 3)).unwrap();
    let texts: Vec<_> = found.hits.iter().map(|hit| hit.record.text.as_str()).collect();
    assert_eq!(texts[..2], ["Where did you buy the yellow lamp?", "At the flea market, from an old sailor."]);
    assert!(found.hits[1].parts.neighbours > 0.0);
    for hit in &found.hits {
        assert!((hit.parts.sum() - hit.score).abs() < 1e-6, "{hit:?}");
    }
    let found = memory.recall(&space(), &ask("what did Ben say of the market?", 3)).unwrap();
    let ben = found.hits.iter().find(|hit| hit.record.said_by.as_deref() == Some("Ben")).unwrap();
    assert!(ben.parts.speaker > 0.0);
    let other = found.hits.iter().find(|hit| hit.record.said_by.as_deref() == Some("Ada")).unwrap();
    assert_eq!(other.parts.speaker, 0.0);
}

#[test]
fn a_day_that_is_named_speaks_for_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), None).unwrap();
    let on = |days: i64, text: &str| Draft { time: Some(days * 86_400_000), ..draft(text) };
    // 2023-05-08 and 2023-06-08.
    remember(
        &memory,
        vec![on(19_485, "we went sailing, she said"), on(19_516, "we went sailing, he said"), draft("other")],
    );
    assert_eq!(recall(&memory, "sailing in May 2023")[0], "we went sailing, she said");
    assert_eq!(recall(&memory, "sailing in June 2023")[0], "we went sailing, he said");
    assert_eq!(memory.recall(&space(), &ask("sailing", 3)).unwrap().vectors, Vectors::Absent);
}

#[test]
fn an_old_text_is_not_found_by_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open_with(folder.path(), None, 20).unwrap();
    let ids = remember(&memory, (0..100).map(|number| draft(&format!("boat{number} in the harbour"))).collect());
    settle_words(&memory);
    for id in &ids[..50] {
        let change = holm_memory::Change { text: Some(format!("plane{} in the air", id.0)), ..Default::default() };
        memory.update(&space(), *id, change, by("agent"), u64::MAX).unwrap();
        assert!(recall(&memory, &format!("boat{}", id.0 - 1)).is_empty(), "{id:?}");
        assert_eq!(recall(&memory, &format!("plane{}", id.0)), [format!("plane{} in the air", id.0)]);
    }
    drop(memory);
    let memory = Memory::open_with(folder.path(), None, 20).unwrap();
    assert!(recall(&memory, "boat3").is_empty());
    assert_eq!(recall(&memory, "boat77").len(), 1);
}

fn settle_words(memory: &Memory) {
    for _ in 0..500 {
        let progress = memory.progress(&space()).unwrap();
        if progress.indexed == progress.records {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_thousand_spaces_take_no_thousand_of_anything() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), None).unwrap();
    let named =
        |number: usize| SpaceId { owner: Some(format!("plugin {}", number % 10)), name: format!("space {number}") };
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // Other tests run beside this one: a hundred of theirs, but no thousand of ours.
    let (threads_before, files_before) = (threads(), files());
    for number in 0..1_000 {
        let drafts = (0..10).map(|fact| draft(&format!("space {number} knows fact {fact}"))).collect();
        memory.remember(&named(number), drafts, u64::MAX).unwrap();
    }
    for number in (0..1_000).step_by(50) {
        let hits = memory.recall(&named(number), &ask("fact 7", 1)).unwrap().hits;
        assert_eq!(hits[0].record.text, format!("space {number} knows fact 7"));
    }
    assert!(threads() < threads_before + 100 && files() < files_before + 100, "{} {}", threads(), files());
    assert_eq!(memory.spaces().len(), 1_000);
}

#[test]
fn a_plugin_has_no_more_spaces_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), None).unwrap();
    let named = |number: usize| SpaceId { owner: Some("greedy".into()), name: format!("{number}") };
    for number in 0..holm_memory::limits::SPACES {
        memory.set_note(&named(number), "n", Some(vec![1]), u64::MAX).unwrap();
    }
    let refused = memory.set_note(&named(holm_memory::limits::SPACES), "n", Some(vec![1]), u64::MAX);
    assert!(matches!(refused, Err(MemoryError::TooMuch { .. })), "{refused:?}");
    let other = SpaceId { owner: Some("modest".into()), name: "1".into() };
    memory.set_note(&other, "n", Some(vec![1]), u64::MAX).unwrap();
}

#[test]
fn vectors_come_behind_and_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    {
        let memory = Memory::open(folder.path(), None).unwrap();
        remember(&memory, (0..100).map(|number| draft(&format!("boat {number}"))).collect());
    }
    let memory = open(folder.path());
    // Asking alone is enough to set it going.
    recall(&memory, "boat 7");
    settle(&memory);
    assert_eq!(memory.recall(&space(), &ask("boat 7", 1)).unwrap().vectors, Vectors::Used);
}
