//! Agents on servers that others wrote: aimock speaks all five dialects, llama.cpp runs a real model,
//! LiteLLM stands between.
//!
//! The servers come from npm and PyPI into `target/servers`. Where that fails the tests say so and are
//! skipped; with `HOLM_TEST_SERVERS=required` they fail.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../common/mod.rs"]
mod common;
mod foreign;
mod install;

use common::{Holm, Said};
use install::{Aimock, LiteLlm, Llama};
use serde_json::Value;

/// What each dialect is called in the configuration, and where below its address aimock speaks it.
const DIALECTS: [(&str, &str); 5] =
    [("openai", "/v1"), ("openai-responses", "/v1"), ("anthropic", "/v1"), ("gemini", "/v1beta"), ("ollama", "")];

/// Works on real files with the tools it is given, delegates, and tells what came of it.
const FIXTURES: &str = r#"{"fixtures":[
    {"match":{"userMessage":"compare","hasToolResult":false},"response":{"toolCalls":[
        {"name":"delegate","arguments":"{\"tasks\":[{\"task\":\"part one\"},{\"task\":\"part two\"}]}"}]}},
    {"match":{"userMessage":"compare","hasToolResult":true},"response":{"content":"Both parts agree."}},
    {"match":{"userMessage":"part","hasToolResult":false},"response":{"toolCalls":[
        {"name":"files__read","arguments":"{\"path\":\"./notes/a.md\"}"}]}},
    {"match":{"userMessage":"part","hasToolResult":true},"response":{"content":"It froze."}},
    {"match":{"userMessage":"harbour","hasToolResult":false},"response":{"toolCalls":[
        {"name":"files__search","arguments":"{\"pattern\":\"harbour\",\"path\":\"./notes\"}"},
        {"name":"files__list","arguments":"{\"path\":\"./notes\"}"}]}},
    {"match":{"userMessage":"harbour","hasToolResult":true},"response":{"content":"The harbour froze in the year 1929."}},
    {"match":{"userMessage":"ready"},"response":{"content":"ready"}}
]}"#;

/// A home whose model `smart` is served by these providers in their order, and an agent with hands.
fn holm(providers: &[(&str, &str, String)], terms: &str) -> Holm {
    let holm = Holm::new();
    let mut config = "[kernel]\nidle-shutdown = \"20s\"\n".to_owned();
    for (name, kind, url) in providers {
        config.push_str(&format!("[providers.{name}]\nkind = \"{kind}\"\nbase-url = \"{url}\"\n"));
    }
    let targets: Vec<_> =
        providers.iter().map(|(name, ..)| format!("{{ target = \"{name}/any\", {terms} }}")).collect();
    config.push_str(&format!("[models.smart]\ntargets = [{}]\n", targets.join(", ")));
    holm.configure(&config);
    holm.file("notes/a.md", "The harbour froze in 1929.\n");
    holm.install_real("files", &["fs=./notes:ro"]);
    holm.install_real("agent", &["llm=smart", "tool=files/*", "spawn=self"]);
    holm
}

fn events(said: &Said) -> Vec<Value> {
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

#[test]
fn agents_with_tools_and_sub_agents_in_each_dialect() {
    let Some(server) = Aimock::start(FIXTURES, &["--strict"]) else { return };
    for (kind, path) in DIALECTS {
        let holm = holm(&[("mock", kind, format!("{}{path}", server.url))], "context-window = 100000");
        let said = holm.run(&["model", "test", "smart"]).succeeds();
        assert!(said.stdout.contains("smart"), "{kind}: {}", said.transcript());

        let said = holm.run(&["ask", "--json", "What about the harbour?"]).succeeds();
        let heard = events(&said);
        let results = of(&heard, "tool-result");
        assert_eq!(results.len(), 2, "{kind}: {}", said.transcript());
        // As they came.
        let found = |result: &Value| result["content"].as_str().unwrap().contains("froze in 1929");
        assert!(results.iter().any(|result| found(result)), "{kind}: {}", said.transcript());
        let answer = of(&heard, "answer")[0];
        assert_eq!(answer["text"], "The harbour froze in the year 1929.", "{kind}");
        assert!(answer["usage"]["output"].as_u64().unwrap() > 0, "{kind}: {answer}");

        let said = holm.run(&["ask", "--json", "Please compare"]).succeeds();
        let heard = events(&said);
        let done = of(&heard, "agent-done");
        assert!(done.len() == 2 && done.iter().all(|done| done["ok"] == true), "{kind}: {}", said.transcript());
        assert_eq!(of(&heard, "answer")[0]["text"], "Both parts agree.", "{kind}");
    }
}

#[test]
fn a_conversation_in_each_dialect() {
    let Some(server) = Aimock::start(FIXTURES, &["--strict"]) else { return };
    for (kind, path) in DIALECTS {
        let holm = holm(&[("mock", kind, format!("{}{path}", server.url))], "context-window = 100000");
        // The tools' results of the first task go back to the model with the second.
        let said = holm.feed(&["chat", "--session", "s"], b"What about the harbour?\nAre you ready?\n").succeeds();
        assert_eq!(said.stdout, "The harbour froze in the year 1929.\nready\n", "{kind}: {}", said.transcript());
    }
}

#[test]
fn a_provider_that_is_killed_in_the_middle_is_replaced() {
    let Some(frail) = Aimock::start(FIXTURES, &["--strict", "--latency", "300", "--chunk-size", "4"]) else { return };
    let Some(steady) = Aimock::start(FIXTURES, &["--strict"]) else { return };
    let providers =
        [("frail", "openai", format!("{}/v1", frail.url)), ("steady", "anthropic", format!("{}/v1", steady.url))];
    let holm = holm(&providers, "context-window = 100000");
    let mut ask = holm.start(&["ask", "--json", "What about the harbour?"]);
    ask.closes();
    let mut heard = Vec::new();
    while let Some(line) = ask.line() {
        let event: Value = serde_json::from_str(&line).unwrap();
        // The first piece of the answer has come from the first provider, and there are more.
        let begun = event["event"] == "text";
        heard.push(event);
        if begun {
            break;
        }
    }
    drop(frail);
    let (rest, talk, code) = ask.ends();
    assert_eq!(code, 0, "{rest} {talk}");
    heard.extend(rest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    assert_eq!(of(&heard, "restart").len(), 1, "{heard:#?}");
    let served: Vec<_> = of(&heard, "step").iter().map(|step| step["served_by"].as_str().unwrap()).collect();
    assert_eq!(served, ["frail/any", "steady/any"], "{heard:#?}");
    assert_eq!(of(&heard, "answer")[0]["text"], "The harbour froze in the year 1929.");
    // And from then on without it.
    let said = holm.run(&["ask", "Are you ready?"]).succeeds();
    assert_eq!(said.stdout, "ready\n");
}

#[test]
fn a_provider_in_chaos_fails_nothing() {
    let chaos =
        ["--chaos-drop", "0.3", "--chaos-malformed", "0.2", "--chaos-disconnect", "0.2", "--chaos-ratelimit", "0.2"];
    let Some(chaotic) = Aimock::start(FIXTURES, &chaos) else { return };
    let Some(steady) = Aimock::start(FIXTURES, &["--strict"]) else { return };
    for (kind, path) in DIALECTS {
        let chaotic = ("chaotic", kind, format!("{}{path}", chaotic.url));
        let holm = holm(&[chaotic, ("steady", kind, format!("{}{path}", steady.url))], "context-window = 100000");
        for _ in 0..5 {
            let said = holm.run(&["ask", "What about the harbour?"]).succeeds();
            assert_eq!(said.stdout, "The harbour froze in the year 1929.\n", "{kind}: {}", said.transcript());
        }
    }
}

#[test]
#[ignore = "what it installs takes 750 MB: `just nightly` runs it"]
fn a_gateway_before_the_provider() {
    let Some(provider) = Aimock::start(FIXTURES, &["--strict"]) else { return };
    let Some(gateway) = LiteLlm::start(&provider.url) else { return };
    for (kind, path) in [("openai", "/v1"), ("openai-responses", "/v1"), ("anthropic", "/v1")] {
        let holm = holm(&[("gateway", kind, format!("{}{path}", gateway.url))], "context-window = 100000");
        let said = holm.run(&["ask", "--json", "What about the harbour?"]).succeeds();
        let heard = events(&said);
        assert_eq!(of(&heard, "tool-result").len(), 2, "{kind}: {}", said.transcript());
        assert_eq!(of(&heard, "answer")[0]["text"], "The harbour froze in the year 1929.", "{kind}");
    }
}

#[test]
fn a_real_model_in_its_three_dialects() {
    let Some(server) = Llama::start() else { return };
    for kind in ["openai", "openai-responses", "anthropic"] {
        let holm = holm(
            &[("llama", kind, format!("{}/v1", server.url))],
            "context-window = 4096, max-output = 64, tools = false",
        );
        holm.run(&["model", "test", "smart"]).succeeds();
        let plain = holm.run(&["ask", "--json", "--sub-agents", "0", "--max-tokens", "9000", "Say hello."]);
        holm.run(&["revoke", "agent", "tool"]).succeeds();
        let bare = holm.run(&["ask", "--json", "--sub-agents", "0", "--max-tokens", "9000", "Say hello."]);
        for said in [plain, bare] {
            // Its reply may be cut off.
            assert!([0, 1, 8].contains(&said.code), "{kind}: {}", said.transcript());
            let heard = events(&said);
            for step in of(&heard, "step") {
                assert!(step["usage"]["input"].as_u64().unwrap() > 10, "{kind}: {step}");
                assert_eq!(step["served_by"], "llama/any", "{kind}");
            }
            // What so small a model says is its own affair: it may write no form of a call, or no end of one.
            let last = heard.iter().rfind(|event| event["event"] != "exit");
            let last = last.unwrap_or_else(|| panic!("{kind}: {}", said.transcript()));
            match last["event"].as_str().unwrap() {
                "answer" => assert!(last["usage"]["output"].as_u64().unwrap() > 0, "{kind}: {last}"),
                "error" => assert_eq!(last["kind"], "malformed", "{kind}: {last}"),
                other => panic!("{kind}: it ends with {other}: {}", said.transcript()),
            }
        }
    }
}
