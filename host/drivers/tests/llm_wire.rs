//! Every dialect on the wire: replies cut anywhere, and servers that do all that servers do wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod wire;

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use futures_util::StreamExt;
use holm_drivers::llm::{Key, Provider, open};
use holm_kernel::llm::{
    Attempt, Driver, Effort, Event, Failure, Message, Part, Request, Role, StopReason, Tool, ToolCall, Traits,
};
use serde_json::{Value, json};
use wire::{Act, Server, head, status};

const KEY: &str = "sk-very-secret-0123456789";

/// The dialects, each with a reply that holds what it can hold.
const DIALECTS: &[(&str, &str, &str)] = &[
    ("openai", "text/event-stream", include_str!("wire/openai.txt")),
    ("openai-responses", "text/event-stream; charset=utf-8", include_str!("wire/responses.txt")),
    ("anthropic", "text/event-stream", include_str!("wire/anthropic.txt")),
    ("gemini", "text/event-stream", include_str!("wire/gemini.txt")),
    ("ollama", "application/x-ndjson", include_str!("wire/ollama.txt")),
];

fn driver(kind: &str, url: &str) -> Arc<dyn Driver> {
    open(&Provider {
        kind: kind.to_owned(),
        base_url: Some(url.to_owned()),
        key: Some(Key::new(KEY)),
        connect_timeout: Duration::from_secs(2),
        first_byte_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        ..Provider::default()
    })
    .unwrap()
}

fn traits() -> Traits {
    Traits { sampling: true, native_tools: true, effort: true, prompt_cache: true }
}

fn attempt() -> Attempt {
    Attempt { model: "model-1".into(), request: Arc::new(request()), traits: traits() }
}

/// A conversation with everything in it.
fn request() -> Request {
    let call = ToolCall {
        id: "call_1".into(),
        name: "files__read".into(),
        arguments: r#"{"path":"a"}"#.into(),
        signature: Some("gemini:seal".into()),
    };
    let result =
        Part::ToolResult { id: "call_1".into(), name: "files__read".into(), content: "ä".into(), is_error: true };
    let image = Part::Image { media_type: "image/png".into(), data: vec![1, 2, 3] };
    // Each provider is shown its own reasoning.
    let thinking = |maker: &str, seal: &str| Part::Thinking {
        text: format!("by {maker}"),
        signature: Some(format!("{maker}:{seal}")),
    };
    let said = vec![
        thinking("openai-responses", "{\"type\":\"reasoning\",\"id\":\"r\"}"),
        thinking("anthropic", "sealed by anthropic"),
        thinking("gemini", "sealed by gemini"),
        Part::Text("I will.".into()),
        Part::ToolCall(call),
    ];
    Request {
        messages: vec![
            Message { role: Role::System, content: vec![Part::Text("Be brief.".into())] },
            Message { role: Role::User, content: vec![Part::Text("Look.".into()), image] },
            Message { role: Role::Assistant, content: said },
            Message { role: Role::User, content: vec![result, Part::Text("Go on.".into())] },
        ],
        tools: vec![Tool {
            name: "files__read".into(),
            description: "Reads.".into(),
            input_schema: json!({"type": "object"}),
        }],
        output_schema: Some(json!({"type": "object"})),
        max_tokens: 100,
        temperature: Some(0.5),
        seed: Some(7),
        effort: Some(Effort::Low),
        ..Request::default()
    }
}

/// All events up to the end, or to the failure.
async fn events(driver: &Arc<dyn Driver>) -> Result<Vec<Event>, (Vec<Event>, Failure)> {
    let mut stream = driver.attempt(attempt()).await.map_err(|failure| (Vec::new(), failure))?;
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(failure) => return Err((events, failure)),
        }
    }
    Ok(events)
}

async fn failure(driver: &Arc<dyn Driver>) -> Failure {
    let ended = tokio::time::timeout(Duration::from_secs(10), events(driver)).await.expect("it hangs");
    let (told, failure) = ended.expect_err("it fails");
    assert!(!told.iter().any(|event| matches!(event, Event::Stop(_))), "{told:?}");
    assert!(!failure.to_string().contains(KEY), "{failure}");
    failure
}

fn told(content_type: &str, pieces: Vec<&[u8]>) -> Vec<Act> {
    let chunks = pieces.into_iter().map(|piece| Act::Chunk(piece.to_vec()));
    [head(content_type)].into_iter().chain(chunks).chain([Act::End]).collect()
}

/// Ids that the driver made up, and pieces that belong together, made alike.
fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Text(text)), Event::Text(more)) | (Some(Event::Thinking(text)), Event::Thinking(more)) => {
                text.push_str(&more);
            }
            (_, Event::ToolCall { index, id, name, signature }) => {
                let id = if id.starts_with(&format!("call_{index}_")) { "made".to_owned() } else { id };
                joined.push(Event::ToolCall { index, id, name, signature });
            }
            (_, event) => joined.push(event),
        }
    }
    joined
}

/// What all five replies say.
#[track_caller]
fn check_whole(kind: &str, events: &[Event]) {
    let text: String = events
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, "Grüße, 🦀 \u{4f60}\u{597d}\n", "{kind}");
    let thinking: String = events
        .iter()
        .filter_map(|event| match event {
            Event::Thinking(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(thinking, "Let me see", "{kind}");
    let mut calls: Vec<(u32, String, String)> = Vec::new();
    for event in events {
        match event {
            Event::ToolCall { index, name, id, .. } => {
                assert!(!id.is_empty(), "{kind}");
                calls.push((*index, name.clone(), String::new()));
            }
            Event::Arguments { index, fragment } => {
                calls.iter_mut().find(|call| call.0 == *index).expect("it was begun").2.push_str(fragment);
            }
            _ => {}
        }
    }
    let calls: Vec<(String, Value)> =
        calls.into_iter().map(|(_, name, text)| (name, serde_json::from_str(&text).expect("JSON"))).collect();
    let expected = [
        ("files__read".to_owned(), json!({ "path": "ä.md" })),
        ("files__list".to_owned(), json!({ "path": ".", "depth": 2 })),
    ];
    assert_eq!(calls, expected, "{kind}");
    let usage = events.iter().rev().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    });
    let usage = usage.expect("usage");
    assert_eq!((usage.input, usage.output), (120, 30), "{kind}");
    assert_eq!(events.last(), Some(&Event::Stop(StopReason::ToolCalls)), "{kind}");
}

#[tokio::test]
async fn a_reply_is_the_same_however_it_is_cut() {
    for (kind, content_type, reply) in DIALECTS {
        let bytes = reply.as_bytes();
        let server = Server::each(move |request| match request {
            0 => told(content_type, vec![bytes]),
            1 => told(content_type, bytes.chunks(1).collect()),
            at => told(content_type, vec![&bytes[..at - 1], &bytes[at - 1..]]),
        })
        .await;
        let driver = driver(kind, &server.url);
        let whole = joined(events(&driver).await.unwrap_or_else(|error| panic!("{kind}: {error:?}")));
        check_whole(kind, &whole);
        for at in 0..bytes.len() {
            let cut = events(&driver).await.unwrap_or_else(|error| panic!("{kind}, cut at {at}: {error:?}"));
            assert_eq!(joined(cut), whole, "{kind}, cut at {at}");
        }
    }
}

#[tokio::test]
async fn lines_may_end_as_windows_ends_them() {
    for (kind, content_type, reply) in DIALECTS {
        let reply = reply.replace('\n', "\r\n");
        let server = Server::always(told(content_type, vec![reply.as_bytes()])).await;
        check_whole(kind, &events(&driver(kind, &server.url)).await.unwrap());
    }
}

#[tokio::test]
async fn a_reply_that_ends_early_is_never_whole() {
    for (kind, content_type, reply) in DIALECTS {
        let bytes = reply.as_bytes();
        // What ends a reply stands in its last line with anything in it.
        let last = reply.trim_end().rfind('\n').unwrap();
        let server = Server::each(move |request| {
            let (at, cleanly) = (request / 2, request % 2 == 0);
            let mut acts = told(content_type, vec![&bytes[..at]]);
            if !cleanly {
                acts.pop();
            }
            acts
        })
        .await;
        let driver = driver(kind, &server.url);
        for at in 0..=last {
            for end in ["as if it were whole", "with the connection"] {
                let ended = tokio::time::timeout(Duration::from_secs(10), events(&driver)).await.expect("it hangs");
                let (told, failure) = ended.expect_err(&format!("{kind}: cut at {at}, ending {end}"));
                assert!(!told.iter().any(|event| matches!(event, Event::Stop(_))), "{kind}, {at}: {told:?}");
                let typed = matches!(failure, Failure::Unavailable(_) | Failure::TimedOut(_) | Failure::Malformed(_));
                assert!(typed, "{kind}, cut at {at}: {failure:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_sent_is_what_each_protocol_says() {
    for (kind, content_type, reply) in DIALECTS {
        let server = Server::always(told(content_type, vec![reply.as_bytes()])).await;
        let driver = driver(kind, &server.url);
        events(&driver).await.unwrap();
        events(&driver).await.unwrap();
        let asked = server.asked.lock().clone();
        assert_eq!(asked[0].body, asked[1].body, "{kind}: what is asked twice is the same, byte for byte");
        let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
        let line = asked[0].head.lines().next().unwrap();
        let shown = format!("{line}\n{}\n", serde_json::to_string_pretty(&body).unwrap());
        expect_test::expect_file![format!("wire/{kind}.request.txt")].assert_eq(&shown);
        assert_eq!(asked[0].head.matches(KEY).count(), 1, "{kind}: the key is in one header");
        assert!(!shown.contains(KEY), "{kind}");
    }
}

/// Reasoning that Anthropic's models do not show, before some that they do: each comes whole, with its own
/// seal, and goes back as it came.
#[tokio::test]
async fn hidden_thinking_goes_back_as_it_came() {
    const REPLY: &str = include_str!("wire/anthropic.redacted.txt");
    let bytes = REPLY.as_bytes();
    let server = Server::each(move |request| match request {
        0 => told("text/event-stream", vec![bytes]),
        at => told("text/event-stream", vec![&bytes[..at - 1], &bytes[at - 1..]]),
    })
    .await;
    let driver = driver("anthropic", &server.url);
    let whole = events(&driver).await.unwrap();
    let sealed: Vec<&Event> = whole.iter().filter(|event| matches!(event, Event::ThinkingSignature(_))).collect();
    assert_eq!(
        sealed,
        [
            &Event::ThinkingSignature("anthropic:redacted:EmwKAhgBEgy3va3pzix".into()),
            &Event::ThinkingSignature("anthropic:EqQBCgIYAhIM".into())
        ]
    );
    for at in 0..bytes.len() {
        assert_eq!(joined(events(&driver).await.unwrap()), joined(whole.clone()), "cut at {at}");
    }
    let seals = sealed.into_iter().map(|event| match event {
        Event::ThinkingSignature(seal) => seal.clone(),
        other => panic!("{other:?}"),
    });
    let texts = ["", "Let me see"].into_iter().zip(seals);
    let content = texts.map(|(text, seal)| Part::Thinking { text: text.into(), signature: Some(seal) }).collect();
    let user = |text: &str| Message { role: Role::User, content: vec![Part::Text(text.into())] };
    let messages = vec![user("Look."), Message { role: Role::Assistant, content }, user("Go on.")];
    let request = Request { messages, max_tokens: 100, ..Request::default() };
    let again = Attempt { model: "model-1".into(), request: Arc::new(request), traits: traits() };
    drop(driver.attempt(again.clone()).await.unwrap());
    let sent: Value = serde_json::from_slice(&server.asked.lock().last().unwrap().body).unwrap();
    let expected = json!([
        { "type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix" },
        { "type": "thinking", "thinking": "Let me see", "signature": "EqQBCgIYAhIM" },
    ]);
    assert_eq!(sent["messages"][1]["content"], expected);
    // What one maker sealed is nobody else's.
    for (kind, content_type, reply) in DIALECTS.iter().filter(|(kind, ..)| *kind != "anthropic") {
        let server = Server::always(told(content_type, vec![reply.as_bytes()])).await;
        drop(self::driver(kind, &server.url).attempt(again.clone()).await.unwrap());
        let sent = String::from_utf8(server.asked.lock()[0].body.clone()).unwrap();
        assert!(!sent.contains("EmwKAhgBEgy3va3pzix") && !sent.contains("EqQBCgIYAhIM"), "{kind}: {sent}");
    }
}

#[tokio::test]
async fn only_openai_is_told_where_to_look_in_its_cache() {
    for (kind, content_type, reply) in DIALECTS {
        let server = Server::always(told(content_type, vec![reply.as_bytes()])).await;
        events(&driver(kind, &server.url)).await.unwrap();
        let sent = String::from_utf8(server.asked.lock()[0].body.clone()).unwrap();
        assert!(!sent.contains("prompt_cache_key"), "{kind}: some refuse a field that they do not know: {sent}");
    }
}

#[tokio::test]
async fn servers_that_do_not_answer() {
    let second = Duration::from_secs(1);
    for (kind, content_type, reply) in DIALECTS {
        let nobody = driver(kind, "http://127.0.0.1:9");
        assert!(matches!(failure(&nobody).await, Failure::Unavailable(_)), "{kind}");
        let silent = Server::always(vec![Act::Wait(second), head(content_type), Act::End]).await;
        assert!(matches!(failure(&driver(kind, &silent.url)).await, Failure::TimedOut(_)), "{kind}");
        let half = Act::Send(b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec());
        let slow = Server::always(vec![half, Act::Wait(second), Act::Send(b"pe: x\r\n\r\n".to_vec())]).await;
        assert!(matches!(failure(&driver(kind, &slow.url)).await, Failure::TimedOut(_)), "{kind}");
        let some = Act::Chunk(reply.as_bytes()[..reply.len() / 2].to_vec());
        let stalls = Server::always(vec![head(content_type), some.clone(), Act::Wait(second), Act::End]).await;
        assert!(matches!(failure(&driver(kind, &stalls.url)).await, Failure::TimedOut(_)), "{kind}");
        stalls.is_let_go_of().await;
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let limited = |headers: &str| status("429 Too Many Requests", headers, "{}");
    type Case = (Vec<Act>, fn(&Failure) -> bool);
    let cases: Vec<Case> = vec![
        (limited(""), |failure| *failure == Failure::RateLimited { retry_after: None }),
        (limited("retry-after: 3\r\n"), |failure| {
            *failure == Failure::RateLimited { retry_after: Some(Duration::from_secs(3)) }
        }),
        (limited("retry-after-ms: 250\r\nretry-after: 3\r\n"), |failure| {
            *failure == Failure::RateLimited { retry_after: Some(Duration::from_millis(250)) }
        }),
        // A moment that is over says nothing of when.
        (limited("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), |failure| {
            *failure == Failure::RateLimited { retry_after: None }
        }),
        (status("500 Internal Server Error", "", "<html>oops</html>"), |failure| {
            matches!(failure, Failure::Unavailable(_))
        }),
        (
            status("529 Overloaded", "", r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#),
            |failure| matches!(failure, Failure::Unavailable(_)),
        ),
        (
            status("401 Unauthorized", "", &format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#)),
            |failure| matches!(failure, Failure::Unauthorized(text) if text.contains("bad key [key]")),
        ),
        (
            status("302 Found", "location: http://169.254.169.254/latest\r\n", ""),
            |failure| matches!(failure, Failure::Unavailable(text) if text.contains("169.254.169.254")),
        ),
        (
            status("400 Bad Request", "", r#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#),
            |failure| matches!(failure, Failure::ContextLength(_)),
        ),
        (
            status("400 Bad Request", "", r#"{"error":{"message":"no such field"}}"#),
            |failure| matches!(failure, Failure::BadRequest(text) if text.contains("no such field")),
        ),
        (status("404 Not Found", "", ""), |failure| matches!(failure, Failure::BadRequest(_))),
    ];
    for (acts, expected) in cases {
        let server = Server::always(acts).await;
        for (kind, ..) in DIALECTS {
            let failure = failure(&driver(kind, &server.url)).await;
            assert!(expected(&failure), "{kind}: {failure:?}");
        }
        assert_eq!(server.asked.lock().len(), DIALECTS.len(), "nothing is followed, nothing asked twice");
    }
}

#[tokio::test]
async fn replies_that_are_none() {
    for (kind, content_type, reply) in DIALECTS {
        let answers: [(&str, Vec<u8>); 5] = [
            ("text/html", reply.as_bytes().to_vec()),
            ("", reply.as_bytes().to_vec()),
            (content_type, b"data: {\"choices\": [}\n\n{\"message\"]\n".to_vec()),
            (content_type, b"data: [1, 2]\n\n[1, 2]\n".to_vec()),
            (content_type, b"data: \xff\xfe\n\n\xff\xfe\n".to_vec()),
        ];
        for (content_type, bytes) in answers {
            let server = Server::always(told(content_type, vec![&bytes])).await;
            let failure = failure(&driver(kind, &server.url)).await;
            let expected = matches!(failure, Failure::Malformed(_) | Failure::Unavailable(_));
            assert!(expected, "{kind}, {content_type}: {failure:?}");
        }
        // Packed bytes are not unpacked: a bomb stays small.
        let packed = Act::Send(
            format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
                .into_bytes(),
        );
        let server = Server::always(vec![packed, Act::Chunk(vec![0x1f, 0x8b, 8, 0]), Act::End]).await;
        assert!(
            matches!(failure(&driver(kind, &server.url)).await, Failure::Malformed(_) | Failure::Unavailable(_)),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_server_that_never_stops_sending() {
    for (kind, content_type, _) in DIALECTS {
        // An event without end.
        let server = Server::always(vec![head(content_type), Act::Chunk(b"data: ".to_vec()), Act::Flood]).await;
        assert!(matches!(failure(&driver(kind, &server.url)).await, Failure::Malformed(_)), "{kind}");
        let flooded = server.flooded.load(SeqCst);
        assert!(flooded < 20 << 20, "{kind}: {flooded} bytes were taken");
        // An error without end.
        let head = Act::Send(b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n".to_vec());
        let server = Server::always(vec![head, Act::Flood]).await;
        assert!(matches!(failure(&driver(kind, &server.url)).await, Failure::Unavailable(_)), "{kind}");
        let flooded = server.flooded.load(SeqCst);
        assert!(flooded < 20 << 20, "{kind}: {flooded} bytes were taken");
    }
}

#[tokio::test]
async fn a_reply_that_is_dropped_is_broken_off() {
    for (kind, content_type, reply) in DIALECTS {
        let some = Act::Chunk(reply.as_bytes()[..reply.len() * 2 / 3].to_vec());
        let server = Server::always(vec![head(content_type), some, Act::Wait(Duration::from_secs(20)), Act::End]).await;
        let mut stream = driver(kind, &server.url).attempt(attempt()).await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        server.is_let_go_of().await;
    }
}

#[tokio::test]
async fn vectors_come_back_in_order() {
    let answers = [
        ("openai", r#"{"data":[{"embedding":[1.0,2.5]},{"embedding":[3]}],"usage":{"prompt_tokens":5}}"#, Some(5)),
        ("gemini", r#"{"embeddings":[{"values":[1.0,2.5]},{"values":[3]}]}"#, None),
        ("ollama", r#"{"embeddings":[[1.0,2.5],[3]],"prompt_eval_count":5}"#, Some(5)),
    ];
    for (kind, answer, tokens) in answers {
        let server = Server::always(status("200 OK", "content-type: application/json\r\n", answer)).await;
        let vectors = driver(kind, &server.url).embed("model-1".into(), vec!["a".into(), "b".into()]).await;
        assert_eq!(vectors.unwrap(), (vec![vec![1.0, 2.5], vec![3.0]], tokens), "{kind}");
    }
    let server = Server::always(status("200 OK", "", "{}")).await;
    let vectors = driver("openai", &server.url).embed("model-1".into(), vec!["a".into()]).await;
    assert!(matches!(vectors, Err(Failure::Malformed(_))));
    let vectors = driver("anthropic", &server.url).embed("model-1".into(), vec!["a".into()]).await;
    assert!(matches!(vectors, Err(Failure::BadRequest(_))));
}
