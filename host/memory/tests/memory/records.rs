//! Records, versions, validity, repeats, quotas, sessions and notes.

use holm_memory::{Change, Draft, Filter, Memory, MemoryError, Query, RecordId, SpaceId, Usage, limits};

use crate::{ask, by, draft, open, recall, remember, space, turn};

#[test]
fn what_is_remembered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Draft {
        tags: vec!["drink".into()],
        metadata: vec![("where".into(), "home".into())],
        said_by: Some("Ada".into()),
        session: Some("monday".into()),
        time: Some(1_000),
        valid_from: Some(500),
        body: Some(b"{\"role\":\"user\"}".to_vec()),
        ..draft("Ada prefers tea")
    };
    let id = {
        let memory = open(folder.path());
        remember(&memory, vec![whole.clone()])[0]
    };
    let memory = open(folder.path());
    let record = memory.get(&space(), &[id], true).unwrap().remove(0).unwrap().unwrap();
    assert_eq!((record.id, record.version, record.text), (RecordId(1), 1, whole.text));
    assert_eq!((record.tags, record.metadata, record.said_by), (whole.tags, whole.metadata, whole.said_by));
    assert_eq!((record.session, record.time, record.valid_from), (whole.session, 1_000, Some(500)));
    assert_eq!((record.body, record.provenance, record.repeats), (whole.body, by("agent"), 0));
    assert!(memory.get(&space(), &[RecordId(2)], true).unwrap().remove(0).unwrap().is_none());
    assert_eq!(recall(&memory, "what does Ada prefer?"), ["Ada prefers tea"]);
    assert!(matches!(Memory::open(folder.path(), None), Err(MemoryError::Locked(_))));
}

#[test]
fn all_drafts_of_a_call_are_remembered_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let wrong = Draft { supersedes: vec![RecordId(99)], ..draft("two") };
    let refused = memory.remember(&space(), vec![draft("one"), wrong], u64::MAX);
    assert!(matches!(refused, Err(MemoryError::NoSuchRecord(RecordId(99)))), "{refused:?}");
    let refused = memory.remember(&space(), vec![draft("one"), draft("two")], limits::RECORD_OVERHEAD * 2);
    assert!(matches!(refused, Err(MemoryError::Quota { .. })), "{refused:?}");
    assert_eq!(memory.list(&space(), None, 10, &Filter::default()).unwrap().records.len(), 0);
    assert_eq!(memory.used(&space()), 0);
}

#[test]
fn a_quota_is_met_exactly_and_shared_by_the_spaces_of_an_owner() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let other = SpaceId { name: "other".into(), ..space() };
    let shared = SpaceId { owner: None, name: "team".into() };
    remember(&memory, vec![draft("one")]);
    let one = memory.used(&space());
    assert_eq!(memory.used(&other), one);
    assert_eq!(memory.used(&shared), 0);
    memory.remember(&other, vec![draft("two")], one * 2).unwrap();
    let refused = memory.remember(&space(), vec![draft("six")], one * 3 - 1);
    assert!(matches!(refused, Err(MemoryError::Quota { left, .. }) if left == one - 1), "{refused:?}");
    memory.remember(&space(), vec![draft("six")], one * 3).unwrap();
    memory.remember(&shared, vec![draft("six")], one).unwrap();
    memory.forget(&space(), &[RecordId(1), RecordId(2)]).unwrap();
    assert_eq!(memory.used(&space()), one);
    assert_eq!(
        memory.spaces(),
        [
            (shared, Usage { records: 1, bytes: one }),
            (space(), Usage { records: 0, bytes: 0 }),
            (other, Usage { records: 1, bytes: one })
        ]
    );
}

#[test]
fn the_same_again_is_a_repeat_and_turns_never_are() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let first =
        memory.remember(&space(), vec![draft("Ada prefers tea."), draft("ada prefers  the tea")], u64::MAX).unwrap();
    assert_eq!((first[0].id, first[1].id, first[1].repeated), (RecordId(1), RecordId(1), true));
    let again =
        Draft { provenance: holm_memory::Provenance { run: "2".into(), ..by("agent") }, ..draft("Ada prefers tea!") };
    assert!(memory.remember(&space(), vec![again], u64::MAX).unwrap()[0].repeated);
    let record = memory.get(&space(), &[RecordId(1)], true).unwrap().remove(0).unwrap().unwrap();
    assert_eq!((record.text.as_str(), record.repeats, record.provenance.run.as_str()), ("Ada prefers tea.", 2, "2"));
    let others = vec![
        draft("Ada does not prefer tea"),
        Draft { provenance: by("stranger"), ..draft("Ada prefers tea.") },
        turn("monday", "Ada", "Hello"),
        turn("monday", "Ada", "Hello"),
    ];
    assert!(memory.remember(&space(), others, u64::MAX).unwrap().iter().all(|made| !made.repeated));
    drop(memory);
    let memory = open(folder.path());
    assert!(memory.remember(&space(), vec![draft("Ada prefers tea")], u64::MAX).unwrap()[0].repeated);
    memory.forget(&space(), &[RecordId(1)]).unwrap();
    assert!(!memory.remember(&space(), vec![draft("Ada prefers tea")], u64::MAX).unwrap()[0].repeated);
}

#[test]
fn what_is_superseded_stands_for_the_time_when_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let berlin = Draft { time: Some(1_000), valid_from: Some(1_000), ..draft("Ada lives in Berlin") };
    let bern = Draft { valid_from: Some(2_000), supersedes: vec![RecordId(1)], ..draft("Ada lives in Bern") };
    remember(&memory, vec![berlin]);
    remember(&memory, vec![bern]);
    for again in [false, true] {
        let memory = if again { None } else { Some(&memory) };
        let Some(memory) = memory else { continue };
        let with = |filter| {
            let query = Query { filter, ..ask("where does Ada live?", 10) };
            let mut texts: Vec<_> =
                memory.recall(&space(), &query).unwrap().hits.into_iter().map(|hit| hit.record.text).collect();
            texts.sort();
            texts
        };
        assert_eq!(with(Filter::default()), ["Ada lives in Bern"]);
        assert_eq!(with(Filter { at: Some(1_500), ..Filter::default() }), ["Ada lives in Berlin"]);
        assert_eq!(with(Filter { at: Some(500), ..Filter::default() }), [""; 0]);
        assert_eq!(with(Filter { past: true, ..Filter::default() }), ["Ada lives in Berlin", "Ada lives in Bern"]);
    }
    let old = memory.get(&space(), &[RecordId(1)], true).unwrap().remove(0).unwrap().unwrap();
    assert_eq!((old.valid_until, old.superseded_by, old.version), (Some(2_000), Some(RecordId(2)), 2));
    // What was said before may be said again: it is no repeat of what holds no longer.
    assert_eq!(remember(&memory, vec![draft("Ada lives in Berlin")]), [RecordId(3)]);
}

#[test]
fn versions_are_kept_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let id = remember(&memory, vec![draft("The harbour opens at nine")])[0];
    let text = |text: &str| Change { text: Some(text.into()), ..Change::default() };
    let second = memory.update(&space(), id, text("The harbour opens at ten"), by("editor"), u64::MAX).unwrap();
    assert_eq!((second.version, second.provenance.plugin.as_str()), (2, "editor"));
    memory
        .update(&space(), id, Change { tags: Some(vec!["port".into()]), ..Change::default() }, by("agent"), u64::MAX)
        .unwrap();
    let said: Vec<_> = memory
        .history(&space(), id)
        .unwrap()
        .into_iter()
        .map(|version| (version.version, version.record.unwrap().text))
        .collect();
    assert_eq!(
        said,
        [
            (1, "The harbour opens at nine".into()),
            (2, "The harbour opens at ten".into()),
            (3, "The harbour opens at ten".into())
        ]
    );
    assert_eq!(recall(&memory, "ten"), ["The harbour opens at ten"]);
    let back = memory.undo(&space(), id, by("agent")).unwrap();
    assert_eq!((back.version, back.tags.len(), back.text.as_str()), (4, 0, "The harbour opens at ten"));
    let back = memory.undo(&space(), id, by("agent")).unwrap();
    assert_eq!((back.version, back.text.as_str()), (5, "The harbour opens at nine"));
    assert!(matches!(memory.undo(&space(), id, by("agent")), Err(MemoryError::NoEarlierVersion(_))));
    let before = memory.used(&space());
    for number in 0..limits::VERSIONS + 5 {
        memory.update(&space(), id, text(&format!("The harbour opens at {number:02}")), by("agent"), u64::MAX).unwrap();
    }
    assert_eq!(memory.history(&space(), id).unwrap().len(), limits::VERSIONS + 1);
    let bound = (limits::VERSIONS as u64 + 1) * (limits::VERSION_OVERHEAD + 200);
    assert!(memory.used(&space()) <= before + bound, "{} {before}", memory.used(&space()));
    memory.forget(&space(), &[id]).unwrap();
    assert_eq!(memory.used(&space()), 0);
    assert!(matches!(memory.history(&space(), id), Err(MemoryError::NoSuchRecord(_))));
    let change = memory.update(&space(), id, text("x"), by("agent"), u64::MAX);
    assert!(matches!(change, Err(MemoryError::NoSuchRecord(_))));
}

#[test]
fn sessions_are_read_in_order_and_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let at = |time, draft| Draft { time: Some(time), ..draft };
    let turns: Vec<Draft> = (0..30)
        .map(|number| {
            at(1_000 + number, turn(["monday", "tuesday"][number as usize % 2], "Ada", &format!("turn {number}")))
        })
        .collect();
    remember(&memory, turns);
    remember(&memory, vec![draft("no turn")]);
    let sessions = memory.sessions(&space()).unwrap();
    let short: Vec<_> = sessions.iter().map(|one| (one.name.as_str(), one.first, one.last, one.records)).collect();
    assert_eq!(short, [("monday", 1_000, 1_028, 15), ("tuesday", 1_001, 1_029, 15)]);
    let (mut after, mut texts) = (None, Vec::new());
    loop {
        let page = memory.session(&space(), "tuesday", after, 4).unwrap();
        texts.extend(page.records.into_iter().map(|record| record.text));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(texts, (0..15).map(|number| format!("turn {}", number * 2 + 1)).collect::<Vec<_>>());
    assert_eq!(memory.session(&space(), "sunday", None, 4).unwrap(), Default::default());
    let listed = memory.list(&space(), Some(RecordId(29)), 10, &Filter::default()).unwrap();
    assert_eq!(listed.records.iter().map(|record| record.id.0).collect::<Vec<_>>(), [30, 31]);
}

#[test]
fn what_has_expired_is_shown_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let soon = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64 + 500;
    let gone = Draft { expires: Some(soon), ..draft("the old code of the door is 7") };
    let id = remember(&memory, vec![gone, draft("the door is green")])[0];
    assert!(recall(&memory, "door code").contains(&"the old code of the door is 7".to_owned()));
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(recall(&memory, "door code"), ["the door is green"]);
    assert!(memory.get(&space(), &[id], true).unwrap().remove(0).unwrap().is_none());
    assert!(matches!(memory.history(&space(), id), Err(MemoryError::NoSuchRecord(_))));
    assert!(matches!(memory.undo(&space(), id, by("agent")), Err(MemoryError::NoSuchRecord(_))));
    let longer = Change { expires: Some(None), ..Change::default() };
    assert!(memory.update(&space(), id, longer, by("agent"), u64::MAX).is_err());
    let all = Filter { past: true, ..Filter::default() };
    assert_eq!(memory.list(&space(), None, 10, &all).unwrap().records.len(), 1);
    let used = memory.used(&space());
    // Whoever writes next sweeps it out.
    remember(&memory, vec![draft("the door is blue now")]);
    assert!(memory.used(&space()) < used + limits::RECORD_OVERHEAD);
    assert!(memory.forget_expired(&space()).unwrap().is_empty());
}

#[test]
fn notes_are_set_read_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    assert_eq!(memory.note(&space(), "core").unwrap(), None);
    memory.set_note(&space(), "core", Some(b"likes tea".to_vec()), u64::MAX).unwrap();
    memory.set_note(&space(), "core", Some(b"likes coffee".to_vec()), u64::MAX).unwrap();
    memory.set_note(&space(), "pins", Some(vec![0; limits::NOTE_BYTES]), u64::MAX).unwrap();
    assert_eq!(memory.notes(&space()).unwrap(), ["core", "pins"]);
    let long = memory.set_note(&space(), "pins", Some(vec![0; limits::NOTE_BYTES + 1]), u64::MAX);
    assert!(matches!(long, Err(MemoryError::TooMuch { .. })));
    let refused = memory.set_note(&space(), "more", Some(vec![0; 100]), memory.used(&space()));
    assert!(matches!(refused, Err(MemoryError::Quota { .. })));
    drop(memory);
    let memory = open(folder.path());
    assert_eq!(memory.note(&space(), "core").unwrap().unwrap(), b"likes coffee");
    for key in ["core", "pins", "none"] {
        memory.set_note(&space(), key, None, u64::MAX).unwrap();
    }
    assert_eq!((memory.notes(&space()).unwrap().len(), memory.used(&space())), (0, 0));
}

#[test]
fn spaces_know_nothing_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    let other = SpaceId { owner: Some("stranger".into()), ..space() };
    remember(&memory, vec![draft("the key lies under the mat")]);
    assert!(memory.recall(&other, &ask("key mat", 10)).unwrap().hits.is_empty());
    assert!(memory.get(&other, &[RecordId(1)], true).unwrap().remove(0).unwrap().is_none());
    assert!(memory.forget(&other, &[RecordId(1)]).unwrap().is_empty());
    assert!(memory.sessions(&other).unwrap().is_empty() && memory.notes(&other).unwrap().is_empty());
    // Asking makes nothing.
    assert_eq!(memory.spaces().len(), 1);
    // Their numbers say nothing of others either.
    assert_eq!(memory.remember(&other, vec![draft("mine")], u64::MAX).unwrap()[0].id, RecordId(1));
}

#[test]
fn many_calls_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let memory = &memory;
            scope.spawn(move || {
                for number in 0..20 {
                    let id = remember(memory, vec![draft(&format!("thread {thread} says {number}"))])[0];
                    // The same from all, so that all but one are repeats.
                    remember(memory, vec![draft(&format!("all say {number}"))]);
                    let found = recall(memory, &format!("thread {thread} says {number}"));
                    assert!(found.contains(&format!("thread {thread} says {number}")), "{found:?}");
                    if number % 5 == 0 {
                        assert_eq!(memory.forget(&space(), &[id]).unwrap(), [id]);
                    }
                }
            });
        }
    });
    let page = memory.list(&space(), None, 1_000, &Filter::default()).unwrap();
    assert_eq!(page.records.len(), 8 * 16 + 20);
    let repeats: u32 = page.records.iter().map(|record| record.repeats).sum();
    assert_eq!(repeats, 20 * 7);
}
