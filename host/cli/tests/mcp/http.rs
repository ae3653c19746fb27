//! Over HTTP, and the settings of clients.

use serde_json::json;

use crate::{
    client::{LEGACY, MODERN, Served, text},
    common::Holm,
};

fn holm() -> Holm {
    let holm = Holm::new();
    holm.configure("[kernel]\nidle-shutdown = \"20s\"\n[profiles.none]\ntools = []\n");
    holm.install_real("jq", &[]);
    holm
}

fn token(holm: &Holm, name: &str, options: &[&str]) -> String {
    let command: Vec<_> = ["mcp", "token", "new", name].iter().chain(options).copied().collect();
    holm.run(&command).succeeds().stdout.trim().to_owned()
}

fn call() -> serde_json::Value {
    json!({ "name": "jq__query", "arguments": { "filter": "{n: .a}", "value": { "a": 3 } } })
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#;

#[test]
fn a_token_lets_in_and_chooses_the_profile() {
    let holm = holm();
    let (laptop, poor) = (token(&holm, "laptop", &[]), token(&holm, "poor", &["--profile", "none"]));
    let served = Served::start(&holm, &[]);
    let (status, said) = served.ask(&laptop, "tools/call", Some("jq__query"), call());
    assert_eq!(status, 200, "{said}");
    assert!(text(&said["result"]).contains("\"n\":3"), "{said}");
    let (status, said) = served.ask(&poor, "tools/list", None, json!({}));
    assert_eq!((status, &said["result"]["tools"]), (200, &json!([])), "{said}");
    let (_, said) = served.ask(&poor, "tools/call", Some("jq__query"), call());
    assert_eq!(said["error"]["code"], -32602, "{said}");
    for wrong in ["", "holm_", "holm_AAAA", &laptop[..laptop.len() - 1]] {
        assert_eq!(served.ask(wrong, "tools/list", None, json!({})).0, 401, "{wrong}");
    }
    let (status, head, _) = served.post(&[], INITIALIZE);
    assert!(status == 401 && head.to_lowercase().contains("www-authenticate: bearer"), "{head}");
    // Revoked, it ends with the next request.
    holm.run(&["mcp", "token", "revoke", "laptop"]).succeeds();
    assert_eq!(served.ask(&laptop, "tools/list", None, json!({})).0, 401);
    assert_eq!(served.ask(&poor, "tools/list", None, json!({})).0, 200);
    let said = holm.run(&["mcp", "token", "list"]).succeeds();
    assert!(said.stdout.contains("poor") && !said.stdout.contains(&poor[5..]), "{}", said.transcript());
    holm.run(&["mcp", "token", "revoke", "laptop"]).ends(4);
    holm.run(&["mcp", "token", "new", "poor"]).ends(6);
    holm.run(&["mcp", "token", "new", "x", "--profile", "missing"]).ends(4);
    holm.run(&["mcp", "--http", "0.0.0.0:0", "--open"]).ends(2);
}

#[test]
fn a_session_is_its_owners() {
    let holm = holm();
    let (one, other) = (token(&holm, "one", &[]), token(&holm, "other", &[]));
    let served = Served::start(&holm, &[]);
    let (one, other) = (format!("Bearer {one}"), format!("Bearer {other}"));
    let (status, head, said) = served.post(&[("authorization", &one)], INITIALIZE);
    assert_eq!((status, &said[0]["result"]["protocolVersion"]), (200, &json!(LEGACY)), "{head}");
    let session = head.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).unwrap().trim().to_owned();
    let ask = |token: &str| {
        let headers = [("authorization", token), ("mcp-session-id", &session), ("mcp-protocol-version", LEGACY)];
        served.post(&headers, LIST)
    };
    let (status, _, said) = ask(&one);
    assert_eq!((status, &said[0]["result"]["tools"][0]["name"]), (200, &json!("jq__query")));
    assert_eq!(ask(&other).0, 404);
}

#[test]
fn a_call_that_waits_is_its_clients_and_goes_on_once() {
    let holm = Holm::new();
    holm.install("conformance", "conformance", "");
    let (one, other) = (token(&holm, "one", &[]), token(&holm, "other", &[]));
    let served = Served::start(&holm, &[]);
    let name = "conformance__test_input_required_result_elicitation";
    let ask = |token: &str, more: serde_json::Value| {
        let mut params = json!({ "name": name, "arguments": {} });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        served.ask_as(token, "tools/call", Some(name), params, &json!({ "elicitation": {} })).1
    };
    let said = ask(&one, json!({}));
    let result = &said["result"];
    assert_eq!(result["resultType"], "input_required", "{said}");
    // The process waits, blocked.
    assert_eq!(holm.processes().len(), 1, "{:#?}", holm.processes());
    let question = result["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let state = result["requestState"].as_str().unwrap();
    let answers = json!({ question: { "action": "accept", "content": { "name": "Ada" } } });
    let retry = |state: &str| json!({ "requestState": state, "inputResponses": answers });
    assert_eq!(ask(&other, retry(state))["error"]["code"], -32602);
    let mut tampered = state.to_owned();
    tampered.replace_range(tampered.len() - 2.., "xx");
    assert_eq!(ask(&one, retry(&tampered))["error"]["code"], -32602);
    // Without the answer it is asked again.
    let said = ask(&one, json!({ "requestState": state, "inputResponses": {} }));
    assert_eq!(said["result"]["resultType"], "input_required", "{said}");
    let state = said["result"]["requestState"].as_str().unwrap();
    let said = ask(&one, retry(state));
    assert!(text(&said["result"]).contains("Ada"), "{said}");
    assert_eq!(ask(&one, retry(state))["error"]["code"], -32602);
    assert!(holm.processes().is_empty());
}

#[test]
fn pages_of_strangers_are_kept_out() {
    let holm = holm();
    let served = Served::start(&holm, &["--open", "--host", "tools.example"]);
    let ask = |headers: &[(&str, &str)]| served.post(headers, INITIALIZE).0;
    let local = format!("localhost:{}", served.port);
    for (headers, status) in [
        (vec![], 200),
        (vec![("host", local.as_str())], 200),
        (vec![("host", "tools.example")], 200),
        (vec![("origin", "http://localhost:3000")], 200),
        (vec![("host", "evil.example")], 403),
        (vec![("host", "localhost.evil.example")], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("authorization", "Bearer holm_wrong")], 401),
    ] {
        assert_eq!(ask(&headers), status, "{headers:?}");
    }
    assert_eq!(served.raw(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").0, 404);
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(17 << 20));
    assert_eq!(served.post(&[], &large).0, 413);
    assert_eq!(served.post(&[("mcp-protocol-version", MODERN)], "nonsense").0 / 100, 4);
    // It is still there.
    assert_eq!(ask(&[]), 200);
}

#[test]
fn the_entry_is_written_into_the_settings_of_a_client() {
    let holm = holm();
    let user = holm.work().join("user");
    let run = |arguments: &[&str]| {
        let command: Vec<_> = ["mcp", "config"].iter().chain(arguments).copied().collect();
        let output = holm.command(&command).env("HOME", &user).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    holm.file("user/.claude.json", "{\n  \"theme\": \"dark\"\n}\n");
    // Nobody is there to say yes.
    let (code, _, said) = run(&["claude-code"]);
    assert!(code == Some(6) && said.contains("+     \"holm\": {") && said.contains("--yes"), "{said}");
    let read = |name: &str| std::fs::read_to_string(user.join(name)).unwrap();
    assert!(!read(".claude.json").contains("holm"));
    assert_eq!(run(&["claude-code", "--yes", "--profile", "none"]).0, Some(0));
    let written: serde_json::Value = serde_json::from_str(&read(".claude.json")).unwrap();
    let entry = &written["mcpServers"]["holm"];
    assert!(written["theme"] == "dark" && entry["type"] == "stdio", "{written}");
    let home = holm.home().to_str().unwrap().to_owned();
    assert_eq!(entry["args"], json!(["--home", home, "mcp", "--profile", "none"]));
    assert!(run(&["claude-code", "--yes", "--profile", "none"]).2.contains("already"));
    for (client, file) in [
        ("claude-desktop", ".config/Claude/claude_desktop_config.json"),
        ("codex", ".codex/config.toml"),
        ("cursor", ".cursor/mcp.json"),
        ("gemini", ".gemini/settings.json"),
        ("vscode", ".config/Code/User/mcp.json"),
        ("windsurf", ".codeium/windsurf/mcp_config.json"),
        ("zed", ".config/zed/settings.json"),
    ] {
        let (code, _, said) = run(&[client, "--yes"]);
        assert!(code == Some(0) && read(file).contains("holm"), "{client}: {said}");
    }
    assert_eq!(run(&["cursor", "--project", "--yes"]).0, Some(0));
    assert!(holm.work().join(".cursor/mcp.json").exists());
    let (code, printed, _) = run(&["codex", "--print"]);
    assert!(code == Some(0) && printed.starts_with("[mcp_servers.holm]\n"), "{printed}");
    // A project that somebody else made does not choose what else is written.
    std::fs::remove_dir_all(holm.work().join(".cursor")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), holm.work().join(".cursor")).unwrap();
    let (code, _, said) = run(&["cursor", "--project", "--yes"]);
    assert!(code == Some(6) && said.contains("out of the project"), "{said}");
    holm.file("user/.cursor/mcp.json", "[]");
    assert_eq!(run(&["cursor", "--yes"]).0, Some(6));
    assert_eq!(read(".cursor/mcp.json"), "[]");
    assert_eq!(run(&["claude-code", "--profile", "missing"]).0, Some(4));
}
