//! Uses a space and a window in every way.

use guests::{
    llm_types::{Message, Part, Role, ToolCall, ToolResult},
    memory::{Access, Block, Change, Draft, Error, Filter, Origin, Space, Window},
};

fn draft(kind: &str, text: &str) -> Draft {
    Draft {
        text: text.into(),
        kind: kind.into(),
        tags: vec![],
        metadata: vec![],
        origin: Origin::User,
        said_by: None,
        session: None,
        time: None,
        valid_from: None,
        valid_until: None,
        expires: None,
        supersedes: vec![],
        derived_from: vec![],
    }
}

fn any() -> Filter {
    Filter {
        kinds: vec![],
        tags: vec![],
        metadata: vec![],
        session: None,
        said_by: None,
        since: None,
        until: None,
        at: None,
        past: false,
    }
}

fn say(role: Role, text: &str) -> Message {
    Message { role, content: vec![Part::Text(text.into())] }
}

fn text(message: &Message) -> String {
    let said = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::ToolResult(result) => result.content.clone(),
        _ => String::new(),
    };
    message.content.iter().map(said).collect()
}

fn main() {
    let space = Space::open("diary", Access::Write).expect("the space is granted");
    recalls(&space);
    changes(&space);
    forgets(&space);
    shows(&space);
}

fn recalls(space: &Space) {
    let drafts = [
        draft("preference", "Ada reads her mail before nine."),
        draft("fact", "The harbour of Trieste freezes never."),
        draft("preference", "Ada reads her mail before nine."),
    ];
    let done = space.remember(&drafts).expect("remember");
    assert!(done[2].known && done[2].id == done[0].id, "what is said once more is merged");
    let found = space.recall("when does Ada read mail", 5, &any()).expect("recall");
    assert_eq!(found.hits[0].entry.id, done[0].id);
    assert!(!found.by_meaning && found.hits[0].entry.repeats == 1);
    let facts = Filter { kinds: vec!["fact".into()], ..any() };
    let found = space.recall("when does Ada read mail in the harbour", 5, &facts).expect("recall");
    assert!(found.hits.iter().all(|hit| hit.entry.content.kind == "fact"));
    let quoted = space.quote("Ada mail", 400, &any()).expect("quote");
    assert!(quoted.contains("on-the-word-of=\"user\"") && quoted.contains("before nine"), "{quoted}");
    assert_eq!(space.quote("nothing of the kind xyzzy", 400, &any()).expect("quote"), "");
}

fn changes(space: &Space) {
    let old = space.remember(&[draft("fact", "Ada lives in Berlin.")]).expect("remember")[0].id;
    let change = Change {
        text: Some("Ada lives in Berlin, in the third floor.".into()),
        kind: None,
        tags: Some(vec!["home".into()]),
        metadata: None,
        valid_from: None,
        valid_until: None,
        expires: None,
    };
    assert_eq!(space.update(old, &change).expect("update").version, 2);
    assert_eq!(space.history(old).expect("history").iter().map(|entry| entry.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(space.undo(old).expect("undo").content.text, "Ada lives in Berlin.");
    let new = Draft { supersedes: vec![old], ..draft("fact", "Ada lives in Porto.") };
    let new = space.remember(&[new]).expect("remember")[0].id;
    let now = space.recall("where does Ada live", 9, &any()).expect("recall");
    assert!(now.hits.iter().any(|hit| hit.entry.id == new) && now.hits.iter().all(|hit| hit.entry.id != old));
    let past = space.recall("where does Ada live", 9, &Filter { past: true, ..any() }).expect("recall");
    assert!(past.hits.iter().any(|hit| hit.entry.id == old && hit.entry.superseded_by == Some(new)));
    space.set_core(Block::User, "Ada\n§\nlikes tea").expect("set-core");
    assert_eq!(space.core(Block::User).expect("core"), "Ada\n§\nlikes tea");
    assert!(matches!(space.set_core(Block::User, &"x".repeat(1_376)), Err(Error::Invalid(_))));
}

fn forgets(space: &Space) {
    let id = space.remember(&[draft("fact", "The code of the safe is 4711.")]).expect("remember")[0].id;
    let sum = Draft { derived_from: vec![id], ..draft("note", "There is a code of a safe.") };
    let sum = space.remember(&[sum]).expect("remember")[0].id;
    let mut gone = space.forget(&[id]).expect("forget");
    gone.sort_unstable();
    assert_eq!(gone, [id, sum], "what was derived goes with it");
    assert!(space.get(&[id, sum]).expect("get").iter().all(Option::is_none));
    assert!(space.recall("code of the safe", 9, &any()).expect("recall").hits.iter().all(|hit| hit.entry.id != id));
    assert!(matches!(space.update(id, &nothing()), Err(Error::Sys(guests::types::Errno::NotFound))));
    assert!(matches!(space.remember(&[draft("message", "forged")]), Err(Error::Invalid(_))));
}

fn nothing() -> Change {
    Change { text: None, kind: None, tags: None, metadata: None, valid_from: None, valid_until: None, expires: None }
}

fn shows(space: &Space) {
    let window = Window::open(space, "monday").expect("open");
    let call =
        Part::ToolCall(ToolCall { id: "1".into(), name: "read".into(), arguments: "{}".into(), signature: None });
    let result = Part::ToolResult(ToolResult {
        id: "1".into(),
        name: "read".into(),
        content: format!("the magic word is swordfish {}", "blah ".repeat(2_000)),
        is_error: false,
    });
    window
        .append(&[
            say(Role::User, "What does the file say?"),
            Message { role: Role::Assistant, content: vec![call] },
            Message { role: Role::User, content: vec![result] },
            say(Role::Assistant, "It names a word."),
        ])
        .expect("append");
    for turn in 0..40 {
        let question = format!("Question {turn}: tell me of the city number {turn}.");
        let answer =
            format!("City {turn} has {} lamps. {}", turn * 7, "It is a fine city with many streets. ".repeat(4));
        window.append(&[say(Role::User, &question), say(Role::Assistant, &answer)]).expect("append");
    }
    let whole = window.render(100_000, None).expect("render");
    assert_eq!((whole.messages.len(), whole.left_out), (84, 0));
    let small = window.render(1_500, None).expect("render");
    assert!(small.tokens <= 1_500 && small.left_out > 40, "{} tokens", small.tokens);
    assert!(text(&small.messages[0]).starts_with("<paged-out"), "{}", text(&small.messages[0]));
    assert!(text(small.messages.last().expect("some")).contains("City 39"));
    let again = window.render(1_500, None).expect("render");
    assert_eq!(again.stable as usize, again.messages.len(), "nothing changed");
    window.append(&[say(Role::User, "One more?"), say(Role::Assistant, "Yes.")]).expect("append");
    let more = window.render(1_500, None).expect("render");
    assert_eq!(more.stable as usize, again.messages.len(), "the beginning stays for a while");

    // What is paged out comes back by what it is about.
    let asked = window.render(1_500, Some("how many lamps has city 3")).expect("render");
    assert!(asked.tokens <= 1_500);
    assert!(asked.messages.iter().any(|message| text(message).contains("City 3 has 21 lamps")));
    let back = window.page_in_about("lamps of city 5", 1).expect("page-in-about");
    assert_eq!(back.len(), 1);
    let shown = window.render(4_000, None).expect("render");
    assert!(shown.messages.iter().any(|message| text(message).starts_with("City 5 has 35 lamps")));

    // A summary stands for what is paged out, and goes with it.
    let digest = window.digest(2_000).expect("digest").expect("there is much to sum up");
    assert!(text(&digest.request.messages[1]).contains("swordfish"));
    window.summarise(&digest.ids, "The magic word was swordfish.").expect("summarise");
    let summed = window.render(1_500, None).expect("render");
    assert!(text(&summed.messages[0]).contains("magic word was swordfish"), "{}", text(&summed.messages[0]));
    let log = window.messages(None, 256).expect("messages");
    assert_eq!(log.len(), 86);
    let secret = log.iter().find(|line| text(&line.message).contains("swordfish")).expect("it is in the log").id;
    space.forget(&[secret]).expect("forget");
    let clean = window.render(1_500, None).expect("render");
    assert!(clean.messages.iter().all(|message| !text(message).contains("swordfish")), "it is forgotten everywhere");

    // Snapshots, forks, pins.
    window.snapshot("then").expect("snapshot");
    window.append(&[say(Role::User, "Regretted."), say(Role::Assistant, "Indeed.")]).expect("append");
    window.restore("then").expect("restore");
    let back = window.render(1_500, None).expect("render");
    assert!(back.messages.iter().all(|message| !text(message).contains("Regretted")));
    assert!(matches!(window.restore("never"), Err(Error::Sys(guests::types::Errno::NotFound))));
    let fork = window.fork("monday, with the child").expect("fork");
    fork.append(&[say(Role::User, "Only in the fork.")]).expect("append");
    let (ours, theirs) = (window.render(9_000, None).expect("render"), fork.render(9_000, None).expect("render"));
    assert!(theirs.messages.iter().any(|message| text(message) == "Only in the fork."));
    assert!(ours.messages.iter().all(|message| text(message) != "Only in the fork."));
    assert!(matches!(window.fork("monday, with the child"), Err(Error::Invalid(_))));
    let first = window.messages(None, 1).expect("messages")[0].id;
    window.pin(&[first], true).expect("pin");
    let pinned = window.render(1_500, None).expect("render");
    assert!(pinned.messages.iter().any(|message| text(message) == "What does the file say?"));
    assert!(matches!(window.append(&[say(Role::System, "obey")]), Err(Error::Invalid(_))));
    assert!(matches!(window.render(1, None), Err(Error::Invalid(_))));
    // Messages stay as they were said.
    assert!(matches!(space.update(first, &nothing()), Err(Error::Invalid(_))));

    // Another handle to the same conversation finds all of it.
    drop(window);
    let again = Window::open(space, "monday").expect("open");
    let found = again.messages(None, 256).expect("messages");
    assert!(found.len() == 87 && found[0].pinned, "{}", found.len());
}
