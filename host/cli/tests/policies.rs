//! Policies: set over plugins, asked, and answered by whoever sits at another terminal.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{Holm, component};
use expect_test::expect;

const SCRIPTED: &str = "[kernel]\nidle-shutdown = \"20s\"\n[providers.script]\nkind = \"scripted\"\n\
                        script = \"replies.toml\"\n[models.smart]\ntargets = [\"script/any\"]\n";

#[test]
fn a_secret_stays_and_a_change_is_asked_about() {
    let holm = Holm::new();
    holm.configure(SCRIPTED);
    let replies = r#"
[[reply]]
turn = 0
contains = "key"
tool-calls = [{ name = "files__read", arguments = { path = "./notes/key.pem" } }]

[[reply]]
turn = 1
contains = "key"
text = "It said: {{result}}"

[[reply]]
turn = 0
contains = "draft"
tool-calls = [{ name = "files__write", arguments = { path = "./notes/draft.md", text = "x" } }]

[[reply]]
turn = 1
contains = "draft"
text = "It said: {{result}}"
"#;
    std::fs::write(holm.home().join("replies.toml"), replies).unwrap();
    // Put together here: nothing in this file is taken for a key.
    holm.file("notes/key.pem", format!("-----BEGIN {} KEY-----\nMIIabc\n", "PRIVATE"));
    holm.install_real("files", &["fs=./notes:rw"]);
    holm.install_real("agent", &["llm=smart", "tool=files/*"]);
    holm.install_real("guard", &[]);
    holm.run(&["policy", "set", "agent", "guard"]).succeeds();
    let said = holm.run(&["ask", "what is the key?"]).succeeds();
    let withheld = "policy `guard`: the result holds what looks like a private key";
    assert!(said.stdout.contains(withheld) && !said.stdout.contains("MIIabc"), "{}", said.transcript());
    let said = holm.run(&["ask", "write the draft"]).succeeds();
    assert!(said.stdout.contains("policy `guard` (it may change something) asks"), "{}", said.transcript());
    assert!(!holm.work().join("notes/draft.md").exists());
    // It holds for the next version, for a policy that is gone, and until it is cleared.
    holm.run(&["uninstall", "guard"]).succeeds();
    let said = holm.run(&["ask", "write the draft"]).ends(1);
    assert!(said.talk.contains("policy `guard` failed, which denies: no plugin `guard`"), "{}", said.transcript());
    holm.run(&["policy", "clear", "agent"]).succeeds();
    holm.run(&["ask", "write the draft"]).succeeds();
    assert!(holm.work().join("notes/draft.md").exists());
}

/// A policy that does what the events themselves say, asked at these moments.
fn install_judge(holm: &Holm, moments: &str) {
    let manifest = format!(
        "name = \"later\"\nversion = \"0.1.0\"\ndescription = \"A guest of the tests\"\n\
         component = \"later.wasm\"\njudges = [{moments}]\n"
    );
    holm.file("later/later.wasm", component("judge"));
    holm.file("later/plugin.toml", manifest.replace("judges", "# judges"));
    let said = holm.run(&["install", "--yes", "later"]).ends(5);
    assert!(said.talk.contains("name in `judges` of plugin.toml when it is asked"), "{}", said.transcript());
    holm.file("later/plugin.toml", manifest);
    holm.run(&["install", "--yes", "later"]).succeeds();
}

#[test]
fn a_task_ends_when_its_policy_says_so() {
    let holm = Holm::new();
    holm.configure(SCRIPTED);
    let replies =
        "[[reply]]\nturn = 0\ntext = \"!deny, it is done\"\n[[reply]]\nturn = 1\ntext = \"Now it is done.\"\n";
    std::fs::write(holm.home().join("replies.toml"), replies).unwrap();
    holm.install_real("agent", &["llm=smart"]);
    install_judge(&holm, "\"before-stop\"");
    holm.run(&["policy", "set", "agent", "later"]).succeeds();
    let said = holm.run(&["ask", "do it"]).succeeds();
    assert_eq!(said.stdout, "Now it is done.\n", "{}", said.transcript());
    assert!(said.talk.contains("2 steps, "), "{}", said.transcript());
}

#[test]
fn what_a_policy_puts_off_is_answered_elsewhere() {
    let holm = Holm::new();
    install_judge(&holm, "\"before-tool\"");
    holm.install("clerk", "deputy", "storage = [\"*:rw\"]\nspawn = [\"*\"]");
    holm.run(&["grant", "clerk", "storage=notes:rw"]).succeeds();
    holm.install("caller", "confused_deputy", "tool = [\"*/*\"]");
    holm.run(&["grant", "caller", "tool=clerk/*"]).succeeds();
    let commands: [&[&str]; 8] = [
        &["policy", "list"],
        &["policy", "set", "caller", "clerk"],
        &["policy", "set", "nobody", "later"],
        &["policy", "set", "*", "later"],
        &["policy", "list", "--json"],
        &["run", "later"],
        &["pending"],
        &["answer", "7", "yes"],
    ];
    holm.check(
        &commands,
        expect![[r#"
        $ holm policy list
        ! no policy is set
        ! hint: `holm policy set PLUGIN POLICY` sets one, over '*' for all

        $ holm policy set caller clerk
        ! error: `clerk` is no policy: it exports no `holm:sys/policy`; `holm inspect clerk` shows what it is
        ? 2

        $ holm policy set nobody later
        ! error: no plugin `nobody` is installed
        ! hint: `holm list` shows what is installed
        ? 4

        $ holm policy set * later
        PLUGIN   POLICIES
        * (all)  later

        $ holm policy list --json
        {
          "*": [
            "later"
          ]
        }

        $ holm run later
        ! error: it is a policy and cannot be run; `holm policy set` sets it over a plugin
        ? 5

        $ holm pending
        ! nothing waits for a decision

        $ holm answer 7 yes
        ! error: nothing waits by the number 7
        ! hint: `holm pending` lists what does
        ? 4
    "#]],
    );
    for (decision, told) in [("yes", "clerk/get \"nothing\"\n"), ("no", "clerk/get denied ")] {
        let mut run = holm.start(&["run", "caller", "--", "clerk/get", "!defer"]);
        run.closes();
        let mut id = None;
        while id.is_none() {
            let pending = holm.run(&["pending", "--json"]).succeeds().json();
            id = pending[0]["id"].as_u64();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let id = id.unwrap().to_string();
        let table = holm.run(&["pending"]).succeeds();
        assert!(table.stdout.contains("{\"it\":\"!defer\"}"), "{}", table.transcript());
        holm.run(&["answer", &id, decision]).succeeds();
        let (out, talk, _) = run.ends();
        assert!(out.starts_with(told), "{out} {talk}");
        let waiting = format!(
            "holm: waiting: caller wants to call clerk/get with {{\"it\":\"!defer\"}} \
             (policy `later` (it says so)); to decide: holm answer {id} yes|no"
        );
        assert!(talk.contains(&waiting), "{talk}");
    }
}
