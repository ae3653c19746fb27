//! Remembers, recalls and renders what its standard input says, a line each, fields between tabs.
//!
//! `R session speaker time text` remembers a turn; `W` waits until meanings are compared; `Q k text` recalls, and
//! prints the ids; `M role text` adds a message to the window; `V tokens query parts…` renders it, and prints its
//! tokens and how many of the parts are in it.

use std::{
    io::{BufRead, Write, stdin, stdout},
    time::Duration,
};

wit_bindgen::generate!({
    path: "../../../wit",
    world: "imports",
    generate_all,
});

use holm::sys::{
    llm_types::{Message, Part, Role},
    memory::{Access, Draft, Filter, Origin, Space, Window},
};

/// Turns that one call remembers.
const BATCH: usize = 500;

fn any() -> Filter {
    Filter {
        kinds: Vec::new(),
        tags: Vec::new(),
        metadata: Vec::new(),
        session: None,
        said_by: None,
        since: None,
        until: None,
        at: None,
        past: false,
    }
}

fn draft(line: &str) -> Draft {
    let mut fields = line.splitn(4, '\t').map(str::to_owned);
    let mut next = || fields.next().expect("four fields");
    let (session, speaker, time) = (next(), next(), next());
    Draft {
        text: next(),
        kind: "turn".to_owned(),
        tags: Vec::new(),
        metadata: Vec::new(),
        origin: Origin::User,
        said_by: Some(speaker),
        session: Some(session),
        time: time.parse().ok(),
        valid_from: None,
        valid_until: None,
        expires: None,
        supersedes: Vec::new(),
        derived_from: Vec::new(),
    }
}

fn text(message: &Message) -> String {
    let said = |part: &Part| match part {
        Part::Text(text) => text.replace('\n', " "),
        _ => String::new(),
    };
    message.content.iter().map(said).collect::<Vec<_>>().join(" ")
}

fn main() {
    let space = Space::open("bench", Access::Write).expect("granted");
    // Of its own, so that neither finds what the other keeps.
    let talks = Space::open("talks", Access::Append).expect("granted");
    let window = Window::open(&talks, "bench").expect("open");
    let (mut drafts, mut messages) = (Vec::new(), Vec::new());
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line.expect("a line");
        let (verb, rest) = line.split_once('\t').unwrap_or((&line, ""));
        if verb != "R" || drafts.len() == BATCH {
            let ids = space.remember(&std::mem::take(&mut drafts)).expect("remembered");
            ids.iter().for_each(|id| writeln!(out, "{}", id.id).expect("written"));
        }
        if verb != "M" || messages.len() == 200 {
            window.append(&std::mem::take(&mut messages)).expect("appended");
        }
        match verb {
            "R" => drafts.push(draft(rest)),
            "M" => {
                let (role, text) = rest.split_once('\t').expect("two fields");
                let role = if role == "user" { Role::User } else { Role::Assistant };
                messages.push(Message { role, content: vec![Part::Text(text.to_owned())] });
            }
            "W" => {
                while !(space.recall("anything", 1, &any()).expect("recalled").by_meaning
                    && talks.recall("anything", 1, &any()).expect("recalled").by_meaning)
                {
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            "Q" => {
                let (k, text) = rest.split_once('\t').expect("two fields");
                let found = space.recall(text, k.parse().expect("a number"), &any()).expect("recalled");
                let ids: Vec<String> = found.hits.iter().map(|hit| hit.entry.id.to_string()).collect();
                writeln!(out, "{}", ids.join(" ")).expect("written");
            }
            "V" => {
                let mut fields = rest.split('\t');
                let tokens = fields.next().expect("a number");
                let query = fields.next().filter(|query| !query.is_empty());
                let shown = window.render(tokens.parse().expect("a number"), query).expect("rendered");
                let texts: String = shown.messages.iter().map(text).collect();
                let kept = fields.filter(|part| texts.contains(part)).count();
                writeln!(out, "{} {kept}", shown.tokens).expect("written");
            }
            _ => panic!("{line}"),
        }
    }
}
