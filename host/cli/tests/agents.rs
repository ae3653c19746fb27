//! Agents: tasks, conversations, sub-agents, and what ends them, on a scripted provider.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot be set up fails; its numbers are of interest"
)]

mod common;

use common::Holm;
use expect_test::expect;
use rustix::process::Signal;

const CONFIG: &str = r#"
[kernel]
idle-shutdown = "20s"

[providers.script]
kind = "scripted"
script = "replies.toml"

[models.smart]
targets = ["script/any"]

[models.dear]
targets = [{ target = "script/any", input-price = 1.0, output-price = 1.0 }]
"#;

/// What each plugin comes with.
const AGENT: &[&str] = &["llm=smart", "tool=files/*", "spawn=self"];

fn holm(replies: &str) -> Holm {
    let holm = Holm::new();
    holm.configure(CONFIG);
    std::fs::write(holm.home().join("replies.toml"), replies).unwrap();
    holm.file("notes/a.md", "The harbour froze in 1929.\nBoats stood still.\n");
    holm.file("notes/b.md", "A recipe for soup.\n");
    holm.install_real("files", &["fs=./notes:ro"]);
    holm.install_real("agent", AGENT);
    holm
}

const HARBOUR: &str = r#"
[[reply]]
turn = 0
contains = "harbour"
text = "I look. "
tool-calls = [
    { name = "files__search", arguments = { pattern = "harbour", path = "./notes" } },
    { name = "files__read", arguments = { path = "./notes/a.md", from = 2 } },
    { name = "files__read", arguments = { path = "./secret" } },
]

[[reply]]
turn = 1
contains = "harbour"
text = "Found. The last call said: {{result}}"

[[reply]]
contains = "once more"
text = "Again."

[[reply]]
contains = "long"
text = "one two three four five six seven eight nine ten"
pace = "200ms"
"#;

#[test]
fn a_task_is_done_with_granted_tools() {
    let holm = holm(HARBOUR);
    let said = holm.run(&["ask", "What", "about", "the", "harbour?"]).succeeds();
    assert!(
        said.stdout.starts_with("Found. The last call said: cannot read ./secret: denied"),
        "{}",
        said.transcript()
    );
    for line in [
        "> files/search {\"path\":\"./notes\",\"pattern\":\"harbour\"}",
        "> files/read {\"path\":\"./secret\"}",
        "< files/read failed after ",
        "holm: denied: files may not read ./secret (not granted); to allow it: holm grant files fs=./secret:ro",
        "2 steps, ",
    ] {
        assert!(said.talk.contains(line), "{line}: {}", said.transcript());
    }
    // What is piped in comes with the task, and what comes out is for programs.
    let said = holm.feed(&["ask", "--json", "Say something"], b"once more\n").succeeds();
    let events: Vec<serde_json::Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        events.iter().map(|event| event["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["text", "step", "answer", "exit"]
    );
    assert_eq!(events[2]["text"], "Again.");
    assert_eq!(events[1]["served_by"], "script/any");
    let used = &events[2]["usage"];
    let tokens = used["input"].as_u64().unwrap() + used["output"].as_u64().unwrap();
    assert_eq!((events[3]["tokens"].as_u64().unwrap(), events[3]["model_calls"].as_u64().unwrap()), (tokens, 1));
    assert!(events[3]["turnaround"]["p99"].as_f64().unwrap() > 0.0, "{}", events[3]);
}

#[test]
fn what_is_missing_is_said_with_what_helps() {
    let holm = holm(HARBOUR);
    let commands: [&[&str]; 5] = [
        &["ask", "nothing of the script"],
        &["ask", "--model", "dumb", "harbour"],
        &["ask", "--agent", "nobody", "harbour"],
        &["model", "list"],
        &["model", "test", "dumb"],
    ];
    holm.check(
        &commands,
        expect![[r#"
        $ holm ask nothing of the script
        ! error: the agent gave up: the provider does not take the request: the script has no reply to this
        ? 1

        $ holm ask --model dumb harbour
        ! holm: denied: agent may not ask the model dumb (not granted); to allow it: holm grant agent llm=dumb
        ! error: the agent gave up: denied: llm=dumb (not granted)
        ? 1

        $ holm ask --agent nobody harbour
        ! error: no plugin `nobody` is installed
        ! hint: `holm list` shows what is installed
        ? 4

        $ holm model list
        MODEL  SERVED BY   KIND      KEY   WINDOW  $/M IN, OUT
        dear   script/any  scripted  none       -  1.00 / 1.00
        smart  script/any  scripted  none       -  0.00 / 0.00

        $ holm model test dumb
        ! error: there is no model `dumb`
        ! hint: there are: dear, smart
        ? 4
    "#]],
    );
    holm.run(&["revoke", "agent", "llm"]).succeeds();
    let said = holm.run(&["ask", "once more"]).ends(1);
    assert!(said.talk.contains("holm grant agent llm=smart"), "{}", said.transcript());
}

#[test]
fn a_conversation_goes_on_where_it_was() {
    let holm = holm(HARBOUR);
    let said = holm.feed(&["chat", "--session", "work"], b"What about the harbour?\nTell me once more\n").succeeds();
    assert_eq!(said.stdout.lines().count(), 2, "{}", said.transcript());
    let kept = std::fs::read_to_string(holm.home().join("chats/work.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 4, "{kept}");
    let said = holm.feed(&["chat", "--session", "work"], b"and once more\n").succeeds();
    assert!(said.talk.contains("> What about the harbour?"), "{}", said.transcript());
    // The script's replies differ by turn: the model was told all that was said before.
    assert_eq!(said.stdout, "Again.\n");
}

#[test]
fn an_interruption_stops_the_task_and_not_the_kernel() {
    let holm = holm(HARBOUR);
    let mut ask = holm.start(&["ask", "--json", "something long"]);
    // Its input would come with the task.
    ask.closes();
    assert!(ask.line().unwrap().contains("\"text\""));
    ask.signal(Signal::INT);
    let (rest, talk, code) = ask.ends();
    assert_eq!(answer(&rest)["outcome"], "interrupted", "{rest} {talk}");
    assert!(talk.contains("the task is not finished: it was interrupted"), "{talk}");
    assert_eq!(code, 130);
    holm.until("nobody", <[_]>::is_empty);
    holm.run(&["ask", "once more"]).succeeds();
}

#[test]
fn sub_agents_work_at_once_and_may_fail() {
    let holm = holm(
        r#"
[[reply]]
turn = 0
contains = "compare"
tool-calls = [{ name = "delegate", arguments = { tasks = [
    { task = "part one", context = "read it" }, { task = "part two" }, { task = "part three" },
] } }]

[[reply]]
turn = 1
contains = "compare"
text = "Merged: {{result}}"

[[reply]]
turn = 0
contains = "part one"
tool-calls = [{ name = "files__read", arguments = { path = "./notes/b.md" } }]

[[reply]]
turn = 1
contains = "part one"
text = "one has {{result}}"

[[reply]]
contains = "part two"
fails = "refused"

[[reply]]
contains = "part three"
text = "three"
"#,
    );
    let said = holm.run(&["ask", "compare the parts"]).succeeds();
    let merged = said.stdout.strip_prefix("Merged: ").unwrap_or_else(|| panic!("{}", said.transcript()));
    let merged: serde_json::Value = serde_json::from_str(merged).unwrap();
    assert!(merged[0]["answer"].as_str().unwrap().contains("A recipe for soup."), "{merged}");
    assert!(merged[1]["failed"].as_str().unwrap().contains("refused"), "{merged}");
    assert_eq!(merged[2]["answer"], "three");
    assert!(said.talk.contains("< sub-agent 2 failed: "), "{}", said.transcript());
    // None that begins is none to wait for.
    holm.run(&["revoke", "agent", "spawn"]).succeeds();
    let said = holm.run(&["ask", "compare the parts"]).succeeds();
    assert_eq!(said.stdout.matches("denied: spawn=self").count(), 3, "{}", said.transcript());
}

#[test]
fn a_budget_of_its_grant_ends_a_task() {
    let holm = holm(
        r#"
[[reply]]
contains = "on and on"
text = "More. "
tool-calls = [{ name = "files__list", arguments = { path = "./notes" } }]
"#,
    );
    holm.run(&["revoke", "agent", "llm"]).succeeds();
    holm.run(&["grant", "agent", "llm=smart:tokens=20000/day"]).succeeds();
    let said = holm.run(&["ask", "--json", "on and on"]).ends(8);
    let last = answer(&said.stdout);
    let used = last["usage"]["input"].as_u64().unwrap() + last["usage"]["output"].as_u64().unwrap();
    assert!(["tokens", "stuck"].contains(&last["outcome"].as_str().unwrap()), "{last}");
    assert!(used <= 20_000, "{last}");
}

const ENDLESS: &str = r#"
[[reply]]
contains = "once more"
text = "Again."

[[reply]]
contains = "on and on"
text = "More. "
tool-calls = [{ name = "files__list", arguments = { path = "./notes" } }]

[[reply]]
contains = "long"
text = "one two and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on end"
pace = "250ms"

[[reply]]
turn = 0
contains = "sleep"
text = "I wait. "
tool-calls = [
    { name = "files__read", arguments = { path = "./notes/b.md" } },
    { name = "deputy__sleep", arguments = {} },
    { name = "delegate", arguments = { tasks = [{ task = "something long" }] } },
]
"#;

#[test]
fn a_task_that_is_not_finished_says_so_and_what_to_do() {
    let holm = holm(ENDLESS);
    let unfinished = |arguments: &[&str], why: &str, option: &str| {
        let said = holm.run(arguments).ends(8);
        assert!(said.talk.contains(&format!("error: the task is not finished: {why}")), "{}", said.transcript());
        assert!(said.talk.contains(option), "{}", said.transcript());
        said
    };
    let said = unfinished(&["ask", "--max-steps", "1", "on and on"], "it used all its steps", "--max-steps");
    assert_eq!(said.stdout, "More. \n", "what was done so far is said");
    unfinished(&["ask", "--max-tokens", "5000", "on and on"], "what is left of its tokens", "--max-tokens");
    unfinished(&["ask", "on and on"], "it did the same again and again", "say more exactly");
    let dear = ["ask", "--json", "--grant", "llm=dear", "--model", "dear", "--max-cost", "0.01", "on and on"];
    let said = unfinished(&dear, "what is left of its money", "--max-cost");
    let cost = answer(&said.stdout)["usage"]["cost"].as_u64().unwrap();
    assert!((1..=10_000).contains(&cost), "{cost} of 10000 millionths");
    // One that a pipe talks with goes on, and ends with what the first unfinished task ends with.
    let said = holm.feed(&["chat", "--max-steps", "1"], b"on and on\nonce more\n").ends(8);
    assert_eq!(said.stdout, "More. \nAgain.\n", "{}", said.transcript());
    assert!(said.talk.contains("hint: allow more with --max-steps"), "{}", said.transcript());
    holm.feed(&["chat"], b"nothing of the script\nonce more\n").ends(1);
}

#[test]
fn time_that_runs_out_cuts_off_what_is_under_way() {
    let holm = holm(ENDLESS);
    holm.install("deputy", "deputy", "spawn = [\"*\"]\nstorage = [\"*:rw\"]");
    // A reply, of which some was said.
    let said = holm.run(&["ask", "--max-time", "5s", "something long"]).ends(8);
    assert!(said.stdout.starts_with("one two") && !said.stdout.contains("end"), "{}", said.transcript());
    assert!(said.talk.contains("its time was over"), "{}", said.transcript());
    // Tools and sub-agents: what was done meanwhile is kept.
    let said = holm.run(&["ask", "--json", "--grant", "tool=deputy/*", "--max-time", "5s", "sleep"]).ends(8);
    let last = answer(&said.stdout);
    assert_eq!((&last["outcome"], &last["text"]), (&"time".into(), &"I wait. ".into()), "{last}");
    let ends: Vec<serde_json::Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| ends.iter().find(|event| event["event"] == "tool-result" && event["name"] == name).unwrap();
    assert_eq!(of("files/read")["is_error"], false);
    assert_eq!(of("deputy/sleep")["content"], "cut off: the time of the task is over");
    // A sub-agent has a little less time, so that it is heard what it came to.
    let agent = ends.iter().find(|event| event["event"] == "agent-done").unwrap();
    assert!(agent["content"].as_str().unwrap().starts_with("unfinished (time): one"), "{agent}");
    holm.until("nobody", <[_]>::is_empty);
}

/// The answer among the events of a task.
fn answer(events: &str) -> serde_json::Value {
    let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    events.into_iter().find(|event| event["event"] == "answer").unwrap()
}

/// Sub-agents that go on as long as they may; each call differs, so that none goes in a circle.
const SPENDERS: &str = r#"
[[reply]]
turn = 0
contains = "spend it all"
tool-calls = [{ name = "delegate", arguments = { tasks = [
    { task = "spend one" }, { task = "spend two" }, { task = "spend three" }, { task = "spend four" },
] } }]

[[reply]]
contains = "spend it all"
text = "{{result}}"
tool-calls = [{ name = "delegate", arguments = { tasks = [{ task = "spend five" }, { task = "spend six" }] } }]

[[reply]]
contains = "spend"
text = "More: {{result}}"
tool-calls = [{ name = "files__list", arguments = { path = "./notes" } }]
"#;

#[test]
fn an_agent_spends_no_more_than_its_budget_whatever_it_spawns() {
    let holm = holm(SPENDERS);
    let budget = 30_000;
    let spent = |arguments: &[&str]| {
        let said = holm.run(arguments).ends(8);
        let ends = said.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let ends: Vec<serde_json::Value> = ends.collect();
        // The parent had enough for its next step after the first four, who had a part each.
        let first: Vec<_> = ends.iter().filter(|event| event["event"] == "agent-done").take(4).collect();
        assert!(first.iter().all(|event| event["content"].as_str().unwrap().starts_with("unfinished (")), "{first:?}");
        assert!(ends.iter().filter(|event| event["event"] == "step").count() >= 2, "{}", said.transcript());
        let (answer, exit) = (answer(&said.stdout), ends.last().unwrap().clone());
        let told = answer["usage"]["input"].as_u64().unwrap() + answer["usage"]["output"].as_u64().unwrap();
        assert_eq!(exit["tokens"].as_u64().unwrap(), told, "what the agent tells is what the kernel counted");
        assert!(exit["model_calls"].as_u64().unwrap() > 6, "{exit}");
        (told, exit["cost"].as_u64().unwrap())
    };
    // As a limit of the task, as a budget of its grant, as money.
    let (tokens, _) = spent(&["ask", "--json", "--max-tokens", "30000", "spend it all"]);
    assert!((budget / 2..=budget).contains(&tokens), "{tokens} of {budget}");
    let dear = ["ask", "--json", "--model", "dear", "--grant", "llm=dear", "--max-cost", "0.03", "spend it all"];
    let (_, cost) = spent(&dear);
    assert!((budget / 2..=budget).contains(&cost), "{cost} of {budget}");
    holm.run(&["revoke", "agent", "llm"]).succeeds();
    holm.run(&["grant", "agent", "llm=smart:tokens=30000/run"]).succeeds();
    let (tokens, _) = spent(&["ask", "--json", "spend it all"]);
    assert!((budget / 2..=budget).contains(&tokens), "{tokens} of {budget}");
}

#[test]
fn a_folder_of_documents_is_read_by_many() {
    let holm = holm(
        r#"
[[reply]]
contains = "Give your answer as JSON"
text = '{"relevant":true,"finding":"It froze.","quote":"The harbour froze in 1929."}'

[[reply]]
contains = "Findings:"
text = "It froze [./notes/a.md]."

[[reply]]
contains = "What does this part"
text = "It froze."
"#,
    );
    holm.install_real("researcher", &["llm=smart", "spawn=self", "fs=./notes:ro"]);
    let said = holm.run(&["run", "researcher", "--", "./notes", "What happened?"]).succeeds();
    assert_eq!(said.stdout, "It froze [./notes/a.md].\n");
    assert!(said.talk.contains("2 of 2: read"), "{}", said.transcript());
    // One that may not start sub-agents says so, and nothing is made up.
    holm.run(&["revoke", "researcher", "spawn"]).succeeds();
    let said = holm.run(&["run", "researcher", "--", "./notes", "What happened?"]).ends(1);
    assert!(said.talk.contains("spawn=self"), "{}", said.transcript());
}

#[test]
fn a_text_is_written_until_the_critic_accepts_it() {
    let holm = holm(
        r#"
[[reply]]
contains = "Text:\nbetter"
text = '{"accepted":true,"changes":[]}'

[[reply]]
contains = "Text:"
text = '{"accepted":false,"changes":["be better"]}'

[[reply]]
turn = 1
contains = "be better"
text = "better"

[[reply]]
text = "first"
"#,
    );
    holm.install_real("reviewer", &["llm=smart"]);
    let said = holm.run(&["run", "reviewer", "--", "A greeting"]).succeeds();
    assert_eq!((said.stdout.as_str(), said.talk.as_str()), ("better\n", "round 1: be better\nround 2: accepted\n"));
}

/// What the deputy's imports need.
const DEPUTY: &str = "spawn = [\"*\"]\nstorage = [\"*:rw\"]";

/// Installs tools that nobody asks for, as if their components had told of them.
fn crowd(holm: &Holm, count: usize) {
    for crowd in 0..count / 250 {
        holm.install(&format!("crowd{crowd}"), "deputy", DEPUTY);
    }
    holm.run(&["shutdown"]).succeeds();
    for crowd in 0..count / 250 {
        let record = holm.home().join(format!("plugins/crowd{crowd}/installed.toml"));
        let mut text = std::fs::read_to_string(&record).unwrap();
        for at in 0..245 {
            text.push_str(&format!(
                "\n[[tools]]\nname = \"work_{at}\"\nsummary = \"Works on the things of department {at}.\"\n\
                 description = \"Works on the things of department {at}. In detail.\"\n\
                 input_schema = '{{\"type\":\"object\",\"properties\":{{\"thing\":{{\"type\":\"string\"}}}}}}'\n"
            ));
        }
        std::fs::write(record, text).unwrap();
    }
}

#[test]
fn an_agent_finds_its_tool_among_a_thousand() {
    let holm = holm(
        r#"
[[reply]]
turn = 0
contains = "harbour"
tool-calls = [{ name = "find_tools", arguments = { query = "search text in files" } }]

[[reply]]
turn = 1
contains = "harbour"
tool-calls = [{ name = "load_tools", arguments = { names = ["files__search"] } }]

[[reply]]
turn = 2
contains = "harbour"
tool-calls = [{ name = "files__search", arguments = { pattern = "harbour", path = "./notes" } }]

[[reply]]
turn = 3
contains = "harbour"
text = "Found: {{result}}"

[[reply]]
contains = "hello"
text = "Hello."
"#,
    );
    // What a request costs before anything is done, by the model device's own count.
    let fixed = |tools: usize| {
        let said = holm.run(&["ask", "--json", "hello"]).succeeds();
        let events = said.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let step = events.into_iter().find(|event| event["event"] == "step").unwrap();
        let tokens = step["usage"]["input"].as_u64().unwrap();
        println!("{tools} tools: {tokens} tokens");
        assert!((1..2_000).contains(&tokens), "{tools} tools: {tokens} tokens");
        tokens
    };
    holm.run(&["revoke", "agent", "tool"]).succeeds();
    let none = fixed(0);
    holm.install("clerk", "deputy", DEPUTY);
    holm.run(&["grant", "agent", "tool=files/*", "tool=clerk/*"]).succeeds();
    assert!(fixed(10) > none);
    crowd(&holm, 1_000);
    holm.run(&["grant", "agent", "tool=*/*"]).succeeds();
    fixed(1_000);
    let said = holm.run(&["ask", "Look for the harbour"]).succeeds();
    assert!(said.stdout.contains("froze in 1929"), "{}", said.transcript());
    // As its user finds it.
    let found = holm.run(&["tool", "search", "--json", "search", "text", "in", "files"]).succeeds().json();
    assert_eq!(found[0]["name"], "files/search");
    let said = holm.run(&["tool", "search", "departmnt", "244", "--limit", "2"]).succeeds();
    assert!(said.stdout.contains("crowd0/work_244"), "{}", said.transcript());
    holm.check(
        &[&["tool", "search", "--limit", "1", "put"], &["tool", "search", "xyzzy"], &["tool", "search"]],
        expect![[r#"
            $ holm tool search --limit 1 put
            TOOL       SUMMARY
            clerk/put  put

            $ holm tool search xyzzy
            ! no tool fits these words

            $ holm tool search
            ! error: the following required arguments were not provided:
            !   <WORDS>...
            !
            ! Usage: holm tool search <WORDS>...
            !
            ! For more information, try '--help'.
            ? 2
        "#]],
    );
}
