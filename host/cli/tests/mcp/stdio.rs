//! Over standard input and output.

use serde_json::{Value, json};

use crate::{
    client::{Client, text},
    common::{Holm, component},
};

fn holm() -> Holm {
    let holm = Holm::new();
    holm.install_real("jq", &[]);
    holm
}

fn deputy(holm: &Holm) {
    holm.install("deputy", "deputy", "fs = [\"*:ro\"]\nspawn = [\"*\"]\nstorage = [\"*:rw\"]");
}

const QUERY: &str = "jq__query";

fn query() -> Value {
    json!({ "filter": "{n: .a}", "value": { "a": 3 } })
}

#[test]
fn a_client_of_either_era_calls_a_tool_in_a_process_of_its_own() {
    let holm = holm();
    let mut modern = Client::modern(&holm, &[], &json!({}));
    let said = modern.ask("server/discover", json!({}));
    assert_eq!(said["result"]["capabilities"]["tools"]["listChanged"], true, "{said}");
    let said = modern.ask("tools/list", json!({}));
    assert!(said["result"]["ttlMs"].is_u64() && said["result"]["cacheScope"] == "private", "{said}");
    let mut legacy = Client::legacy(&holm, &[], json!({}));
    for client in [&mut modern, &mut legacy] {
        let said = client.ask("tools/list", json!({}));
        let tool = &said["result"]["tools"][0];
        assert_eq!((&tool["name"], &tool["title"]), (&json!(QUERY), &json!("jq: query")), "{said}");
        assert_eq!(tool["inputSchema"]["required"], json!(["filter"]), "{said}");
        assert!(tool["description"].as_str().unwrap().starts_with("Filters and transforms JSON"), "{said}");
        for _ in 0..3 {
            let result = client.call(QUERY, query());
            assert_eq!(result["isError"], false, "{result}");
            assert!(text(&result).contains("\"n\":3"), "{result}");
        }
        assert!(client.ask("tools/call", json!({ "name": "jq/query" }))["error"]["code"] == -32602);
        assert!(client.ask("tools/list", json!({ "cursor": "nonsense" }))["error"]["code"] == -32602);
    }
    assert_eq!(modern.leave(), Some(0));
    // One that says nothing at all may go as well.
    assert_eq!(Client::silent(&holm, &[]).leave(), Some(0));
    assert!(holm.processes().is_empty());
}

#[test]
fn errors_say_what_to_do() {
    let holm = holm();
    holm.file("data.json", "{\"a\": 7}");
    let mut client = Client::legacy(&holm, &[], json!({}));
    let result = client.call(QUERY, json!({ "filter": 3 }));
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("invalid arguments: filter"), "{result}");
    let result = client.call(QUERY, json!({ "filter": ".a", "files": ["data.json"] }));
    assert_eq!(result["isError"], true);
    let said = text(&result).to_owned();
    let command = said.split("to allow it: holm ").nth(1).unwrap_or_else(|| panic!("{said}")).trim();
    // Whole paths: the user types it anywhere.
    let expected = format!("grant jq fs={}:ro", holm.work().canonicalize().unwrap().join("data.json").display());
    assert_eq!(command, expected);
    holm.run(&command.split(' ').collect::<Vec<_>>()).succeeds();
    let result = client.call(QUERY, json!({ "filter": ".a", "files": ["data.json"] }));
    assert!(result["isError"] == false && text(&result).contains('7'), "{result}");
    holm.configure("[kernel]\nidle-shutdown = \"20s\"\n[profiles.poor]\ntools = [\"*\"]\nfuel = \"100k\"\n");
    let mut poor = Client::legacy(&holm, &["--profile", "poor"], json!({}));
    let result = poor.call(QUERY, query());
    assert!(result["isError"] == true && text(&result).contains("fuel"), "{result}");
}

#[test]
fn a_call_ends_with_its_client_or_its_cancellation() {
    let holm = holm();
    deputy(&holm);
    let mut client = Client::legacy(&holm, &[], json!({}));
    let id = client.send("tools/call", json!({ "name": "deputy__sleep", "arguments": {} }));
    let sleeps = |processes: &[Value]| processes.iter().any(|process| process["plugin"] == "deputy");
    holm.until("it sleeps", sleeps);
    // Others go on meanwhile.
    assert!(text(&client.call(QUERY, query())).contains("\"n\":3"));
    client.tell("notifications/cancelled", json!({ "requestId": id, "reason": "no longer wanted" }));
    holm.until("it is killed", <[_]>::is_empty);
    assert!(text(&client.call(QUERY, query())).contains("\"n\":3"));
    client.send("tools/call", json!({ "name": "deputy__sleep", "arguments": {} }));
    holm.until("it sleeps", sleeps);
    assert_eq!(client.leave(), Some(0));
    holm.until("it is killed", <[_]>::is_empty);
}

#[test]
fn a_long_call_is_a_task_for_who_knows_tasks() {
    let holm = holm();
    deputy(&holm);
    let tasks = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let mut client = Client::modern(&holm, &[], &tasks);
    assert_eq!(client.call(QUERY, query())["resultType"], "complete");
    let begun = client.call("deputy__sleep", json!({}));
    assert_eq!((&begun["resultType"], &begun["status"]), (&json!("task"), &json!("working")), "{begun}");
    let id = json!({ "taskId": begun["taskId"] });
    holm.until("it sleeps", |processes| processes.iter().any(|process| process["plugin"] == "deputy"));
    assert_eq!(client.ask("tasks/get", id.clone())["result"]["status"], "working");
    for method in ["tasks/get", "tasks/cancel"] {
        let said = client.ask(method, json!({ "taskId": "0123456789abcdef0123456789abcdef" }));
        assert_eq!(said["error"]["code"], -32602, "{said}");
    }
    let mut plain = Client::modern(&holm, &[], &json!({}));
    assert_eq!(plain.ask("tasks/get", id.clone())["error"]["code"], -32021);
    assert_eq!(client.ask("tasks/cancel", id.clone())["result"]["resultType"], "complete");
    holm.until("it is killed", <[_]>::is_empty);
    assert_eq!(client.ask("tasks/get", id)["result"]["status"], "cancelled");
}

#[test]
fn what_is_installed_is_told() {
    let holm = holm();
    let mut legacy = Client::legacy(&holm, &[], json!({}));
    let mut modern = Client::modern(&holm, &[], &json!({}));
    assert_eq!(legacy.tools(), [QUERY]);
    assert_eq!(modern.tools(), [QUERY]);
    let listening = modern.send("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let told = modern.until("notifications/subscriptions/acknowledged");
    assert_eq!(told["params"]["notifications"]["toolsListChanged"], true, "{told}");
    deputy(&holm);
    legacy.until("notifications/tools/list_changed");
    assert!(legacy.tools().contains(&"deputy__read".to_owned()));
    let told = modern.until("notifications/tools/list_changed");
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], listening, "{told}");
    assert!(modern.tools().contains(&"deputy__read".to_owned()));
    // A kernel that ends is started again by the next call, and not before.
    holm.run(&["shutdown"]).succeeds();
    assert!(text(&legacy.call(QUERY, query())).contains("\"n\":3"));
    holm.run(&["uninstall", "deputy"]).succeeds();
    while legacy.tools().len() > 1 {
        legacy.until("notifications/tools/list_changed");
    }
    assert_eq!(legacy.ask("tools/call", json!({ "name": "deputy__read" }))["error"]["code"], -32602);
}

#[test]
fn a_profile_bounds_its_client() {
    let holm = holm();
    deputy(&holm);
    holm.configure(
        "[kernel]\nidle-shutdown = \"20s\"\n\
         [profiles.narrow]\ntools = [\"deputy/r*\", \"jq/*\"]\nown-names = true\ncalls-per-hour = 2\n",
    );
    let narrow = || Client::legacy(&holm, &["--profile", "narrow"], json!({ "elicitation": {}, "sampling": {} }));
    let mut client = narrow();
    assert_eq!(client.tools(), ["query", "read"]);
    for hidden in ["deputy__put", "put", "deputy/put", "deputy__read"] {
        assert_eq!(client.ask("tools/call", json!({ "name": hidden }))["error"]["code"], -32602, "{hidden}");
    }
    assert_eq!(client.call("query", query())["isError"], false);
    assert_eq!(client.call("query", query())["isError"], false);
    let result = client.call("query", query());
    assert!(result["isError"] == true && text(&result).contains("2 calls of the hour"), "{result}");
    // The kernel counts: another connection has no other hour.
    assert_eq!(narrow().call("query", query())["isError"], true);
    let said = holm.run(&["mcp", "--profile", "wide"]).ends(4);
    assert!(said.talk.contains("there is no profile `wide`"), "{}", said.transcript());
}

#[test]
fn policies_judge_what_a_client_calls_and_records_name_it() {
    let holm = holm();
    holm.file("later/later.wasm", component("judge"));
    let manifest = "name = \"later\"\nversion = \"0.1.0\"\ndescription = \"A guest of the tests\"\n\
                    component = \"later.wasm\"\njudges = [\"before-tool\", \"after-tool\"]\n";
    holm.file("later/plugin.toml", manifest);
    holm.run(&["install", "--yes", "later"]).succeeds();
    holm.run(&["policy", "set", "*", "later"]).succeeds();
    let mut client = Client::legacy(&holm, &[], json!({}));
    assert!(text(&client.call(QUERY, query())).contains("\"n\":3"));
    let mut refused = |filter: &str| {
        let result = client.call(QUERY, json!({ "filter": filter, "value": 1 }));
        assert_eq!(result["isError"], true, "{result}");
        text(&result).to_owned()
    };
    for (filter, said) in [
        ("\"!deny\"", "policy `later`: it says so"),
        ("\"!trap\"", "`later` failed, which denies"),
        // Nobody at this end decides.
        ("\"!ask\"", "asks, and nobody allowed it"),
        // It shows in the result alone.
        ("\"!\" + \"deny\"", "policy `later`: it says so"),
    ] {
        let told = refused(filter);
        assert!(told.contains("denied: policy") && told.contains(said), "{filter}: {told}");
    }
    // Its user's own call is no client's.
    holm.run(&["tool", "call", "jq/query", "{\"filter\":\"\\\"!deny\\\"\",\"value\":1}"]).succeeds();
    let records = holm.run(&["audit", "--json"]).succeeds().stdout;
    let own: Vec<_> = records.lines().filter(|line| line.contains("mcp:stdio")).collect();
    assert!(own.iter().all(|line| line.contains("jq/query")), "{own:#?}");
    assert!(own.len() >= 6 && own.iter().any(|line| line.contains("denied")), "{own:#?}");
}

/// Every method of every revision, and names that somebody might think of.
const METHODS: [&str; 40] = [
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "resources/directory/read",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "tasks/list",
    "tasks/result",
    "skills/list",
    "skills/get",
    "elicitation/create",
    "sampling/createMessage",
    "roots/list",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "holm/install",
    "holm/grant",
    "plugins/install",
    "tools/install",
    "tools/grant",
    "grant",
    "install",
    "Grant",
    "rpc.discover",
    "",
];

#[test]
fn no_method_installs_grants_or_widens_anything() {
    let holm = holm();
    deputy(&holm);
    holm.configure("[kernel]\nidle-shutdown = \"20s\"\n[profiles.narrow]\ntools = [\"jq/*\"]\n");
    holm.plugin("other", "deputy", "fs = [\"*:rw\"]");
    let state = || {
        let files: Vec<_> = ["grants.toml", "policies.toml", "config.toml", "mcp-tokens.toml"]
            .map(|name| std::fs::read_to_string(holm.home().join(name)).ok())
            .into_iter()
            .collect();
        let listed = holm.run(&["list", "--json"]).succeeds().stdout;
        let secrets = holm.run(&["secret", "list", "--json"]).succeeds().stdout;
        (files, listed, secrets, holm.run(&["tool", "list", "--json"]).succeeds().stdout)
    };
    let before = state();
    let path = holm.work().join("other");
    let params = || {
        json!({
            "name": "jq__query", "uri": "holm:grant", "plugin": "jq", "path": path, "profile": "default",
            "lines": ["fs=/:rw"], "grants": ["fs=/:rw"], "level": "debug", "taskId": "1",
            "arguments": { "filter": ".", "grants": ["fs=/:rw"], "profile": "default" },
            "ref": { "type": "ref/prompt", "name": "x" }, "argument": { "name": "a", "value": "" },
            "protocolVersion": "2025-11-25", "clientInfo": { "name": "holm", "version": "1" },
            "capabilities": { "experimental": { "holm": { "profile": "default", "grant": "fs=/:rw" } } },
            "notifications": { "toolsListChanged": true }, "inputResponses": {}, "requestState": "x",
        })
    };
    let widest =
        json!({ "experimental": { "holm": { "profile": "default" } }, "elicitation": {}, "sampling": {}, "roots": {} });
    for method in METHODS {
        let mut legacy = Client::legacy(&holm, &["--profile", "narrow"], widest.clone());
        let mut modern = Client::modern(&holm, &["--profile", "narrow"], &widest);
        for client in [&mut legacy, &mut modern] {
            assert_eq!(client.tools(), [QUERY], "{method}");
            client.send(method, params());
            client.tell(method, params());
            // It is still there, and offers what it did.
            assert_eq!(client.tools(), [QUERY], "{method}");
        }
    }
    // Tools neither: their arguments confer nothing.
    let mut client = Client::legacy(&holm, &[], widest);
    for tool in client.tools() {
        if tool != "deputy__sleep" {
            client.ask("tools/call", json!({ "name": tool, "arguments": { "it": "fs=/:rw", "grants": ["fs=/:rw"] } }));
        }
    }
    assert_eq!(before, state());
}

#[test]
fn what_makes_no_sense_harms_nobody() {
    let holm = holm();
    let mut client = Client::legacy(&holm, &[], json!({}));
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"x\",\"params\":{}1{}}}",
        "[".repeat(9000),
        "]".repeat(9000)
    );
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(17 << 20));
    for line in ["", "nonsense", "{}", "[]", "null", "{\"jsonrpc\":\"2.0\"}", "\u{0}\u{1}", &deep, &long] {
        client.write(line.as_bytes());
    }
    client.write(&[0xff, 0xfe, 0x00]);
    client.tell("notifications/cancelled", json!({ "requestId": "no such" }));
    assert!(text(&client.call(QUERY, query())).contains("\"n\":3"));
    let many = json!({ "filter": ".", "value": "z".repeat(1 << 20) });
    assert_eq!(client.call(QUERY, many)["isError"], false);
    // As many calls at once as a client likes.
    let ids: Vec<_> =
        (0..50).map(|_| client.send("tools/call", json!({ "name": QUERY, "arguments": query() }))).collect();
    let mut answered: Vec<_> = ids.iter().map(|_| client.hear()["id"].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, ids);
}
