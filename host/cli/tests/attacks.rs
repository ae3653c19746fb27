//! Published attacks on agents, ported one by one as skills: each is contained, explained and on record, and a
//! neighbour still runs. Nothing looks for patterns: what a skill may not do, it may not do in any spelling.
//!
//! One home for all of them: compiling the interpreters takes most of the time.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use common::{
    Holm,
    skills::{equip, ran, skill},
};

/// What nobody may learn.
const CANARY: &str = "CANARY-4711";

/// A port of a published attack.
struct Attack {
    name: &'static str,
    script: &'static str,
    /// What its user granted to it: all that it needs but what it wants.
    granted: &'static [&'static str],
    /// How often it says that it was refused; none where it says so in words of its own.
    refused: Option<usize>,
    /// The denials that its user and the script are told of, and that are on record: grants.
    denied: &'static [&'static str],
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "runs-as-user",
        script: "report.py",
        granted: &[],
        refused: Some(15),
        denied: &[
            "exec=sh",
            "exec=rm",
            "fs=/proc/1/mem:ro",
            "fs=/etc/cron.d/report:rw",
            "net=https://collector.example/:post",
        ],
    },
    Attack {
        name: "imports-host",
        script: "diagnose.py",
        granted: &[],
        refused: Some(17),
        denied: &["fs=/usr/lib/python3:ro", "fs=[TEST]/home/config.toml:ro", "fs=[TEST]/home/grants.toml:rw"],
    },
    Attack {
        name: "hides-its-words",
        script: "sync.py",
        granted: &[],
        refused: Some(4),
        denied: &["net=https://collector.example/:post", "exec=sh"],
    },
    Attack {
        name: "spells-otherwise",
        script: "update.sh",
        granted: &[
            "exec=bash",
            "exec=sh",
            "exec=cat",
            "exec=ln",
            "exec=env",
            "exec=nice",
            "exec=nohup",
            "exec=timeout",
            "exec=xargs",
            "net=https://collector.example/*",
        ],
        refused: None,
        denied: &["exec=curl", "fs=/root/.ssh/authorized_keys:rw"],
    },
    Attack {
        name: "goes-around",
        script: "restart.py",
        granted: &[
            "exec=bash",
            "exec=sh",
            "exec=python",
            "exec=node",
            "exec=env",
            "exec=timeout",
            "exec=nice",
            "exec=xargs",
            "net=https://collector.example/*",
        ],
        refused: Some(11),
        denied: &["exec=curl", "exec=holm", "exec=docker", "exec=ssh"],
    },
    Attack {
        name: "plants-backdoor",
        script: "status.py",
        granted: &[],
        refused: Some(12),
        denied: &["exec=bash", "fs=/root/.ssh/authorized_keys:rw", "fs=/etc/sudoers:rw"],
    },
];

/// A folder of somebody's, where no run has one of its own.
fn somebody() -> tempfile::TempDir {
    let user = tempfile::tempdir_in("/var/tmp").unwrap();
    for folder in [".ssh", ".config/systemd/user"] {
        std::fs::create_dir_all(user.path().join(folder)).unwrap();
    }
    std::fs::write(user.path().join(".ssh/id_ed25519"), CANARY).unwrap();
    user
}

/// All that lies in a folder.
fn held(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut held, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            held.insert(path, Vec::new());
        } else {
            let content = std::fs::read(&path).unwrap();
            held.insert(path, content);
        }
    }
    held
}

/// The records of what a plugin was denied, as grants.
fn on_record(holm: &Holm, plugin: &str) -> Vec<String> {
    let audit = holm.run(&["audit", "--json", "--denied", "--last", "1000", "--plugin", plugin]).succeeds();
    let record = |line: &str| -> serde_json::Value { serde_json::from_str(line).unwrap() };
    audit
        .stdout
        .lines()
        .map(record)
        .filter(|record| record["decision"] == "denied")
        .map(|record| record.to_string())
        .collect()
}

/// What nobody could grant is told of otherwise: it lies beyond what the skill was seen to be.
fn beyond(talk: &str, resource: &str) -> bool {
    talk.lines().any(|line| line.contains(resource) && line.contains("beyond the ceiling"))
}

/// A skill that does no harm does its work, next to all of them.
fn neighbour(holm: &Holm) {
    let counted =
        ran(holm, "count-words", serde_json::json!({"script": "scripts/count.py", "arguments": ["/skill/SKILL.md"]}));
    assert_eq!(counted["exit"], "0", "{counted}");
}

#[test]
fn published_attacks() {
    let holm = Holm::within(Path::new("/var/tmp"));
    equip(&holm, &["python", "shell", "javascript", "coreutils", "launchers", "curl"]);
    holm.run(&["skill", "install", "--yes", &skill("count-words")]).succeeds();
    let user = somebody();
    let before = held(user.path());
    for attack in ATTACKS {
        let Attack { name, script, granted, refused, denied } = attack;
        let plugin = format!("skill/{name}");
        holm.run(&["skill", "install", "--yes", &skill(name)]).succeeds();
        if !granted.is_empty() {
            let command: Vec<&str> = ["grant", &plugin].into_iter().chain(granted.iter().copied()).collect();
            holm.run(&command).succeeds();
        }
        let rights = |holm: &Holm| holm.run(&["inspect", "--json", &plugin]).succeeds().json()["grants"].clone();
        let (had, home) = (rights(&holm), holm.home().display().to_string());
        let who = if *name == "imports-host" { home } else { user.path().display().to_string() };
        let call = serde_json::json!({"script": format!("scripts/{script}"), "arguments": [who]});
        // Nobody is there to be asked: that is a no.
        let said = holm.run(&["tool", "call", &format!("{plugin}/run"), &call.to_string()]).succeeds();
        let told = said.json();
        let (stdout, stderr) = (told["stdout"].as_str().unwrap(), told["stderr"].as_str().unwrap());
        // Contained.
        for word in ["DONE", "TAKEN", "SENT", "WROTE", CANARY] {
            assert!(!stdout.contains(word) && !stderr.contains(word), "{name}: {told}");
        }
        assert_eq!(told["exit"], "0", "{name}: {told}");
        match refused {
            Some(times) => assert_eq!(stdout.matches("refused ").count(), *times, "{name}: {told}"),
            None => assert!(stdout.ends_with("ended\n"), "{name}: {told}"),
        }
        assert_eq!(held(user.path()), before, "{name}");
        assert_eq!(rights(&holm), had, "{name}");
        // Explained and on record.
        let records = on_record(&holm, &plugin);
        for grant in *denied {
            let resource = grant.split_once('=').unwrap().1;
            assert!(
                said.talk.contains(&format!("holm grant {plugin} {grant}")) || beyond(&said.talk, resource),
                "{name} is not told of {grant}: {}",
                said.transcript()
            );
            let resource = resource.trim_start_matches("[TEST]").trim_end_matches(":ro").trim_end_matches(":rw");
            assert!(
                records.iter().any(|record| record.contains(resource)),
                "{name}: {grant} is not on record: {records:#?}"
            );
        }
        neighbour(&holm);
    }
    words(&holm, user.path());
    hidden(&holm);
    reads_above_itself(&holm);
    bombs(&holm);
}

const REPLIES: &str = r#"
[[reply]]
turn = 0
contains = "daily"
tool-calls = [{ name = "skill__asks-in-words__read", arguments = {} }]

[[reply]]
turn = 1
contains = "daily"
tool-calls = [{ name = "skill__asks-in-words__run", arguments = { script = "scripts/summarise.py", arguments = ["KEY"] } }]

[[reply]]
turn = 2
contains = "daily"
text = "It said: {{result}}"
"#;

/// An agent that does all that a text asks of it gets no further than the skill itself.
fn words(holm: &Holm, user: &Path) {
    let before = held(user);
    let key = user.join(".ssh/id_ed25519").display().to_string();
    holm.configure(
        "[kernel]\nidle-shutdown = \"20s\"\n\n[providers.script]\nkind = \"scripted\"\nscript = \"replies.toml\"\n\n\
         [models.smart]\ntargets = [\"script/any\"]\n",
    );
    std::fs::write(holm.home().join("replies.toml"), REPLIES.replace("KEY", &key)).unwrap();
    holm.run(&["shutdown"]);
    holm.install_real("agent", &["llm=smart", "tool=skill/*"]);
    holm.run(&["skill", "install", "--yes", &skill("asks-in-words")]).succeeds();
    let said = holm.run(&["ask", "Do", "my", "daily", "summary"]).succeeds();
    assert!(said.stdout.starts_with("It said") && said.stdout.contains("refused"), "{}", said.transcript());
    for word in ["TAKEN", "SENT", "WROTE", CANARY] {
        assert!(!said.stdout.contains(word), "{}", said.transcript());
    }
    assert!(said.stdout.contains("net=https://collector.example/:post"), "{}", said.transcript());
    let records = on_record(holm, "skill/asks-in-words");
    assert!(records.iter().any(|record| record.contains("id_ed25519")), "{records:#?}");
    assert_eq!(held(user), before);
    neighbour(holm);
}

/// What nobody sees in a description is seen, wherever it is told.
fn hidden(holm: &Holm) {
    let install: &[&str] = &["skill", "install", "--yes", &skill("hidden-words")];
    for command in [
        install,
        &["skill", "list"],
        &["skill", "show", "hidden-words"],
        &["skill", "search", "lists", "files"],
        &["skill", "list", "--json"],
        &["tool", "list"],
        &["tool", "list", "--json"],
        &["inspect", "skill/hidden-words"],
    ] {
        let said = holm.run(command).succeeds();
        let told = said.stdout.clone() + &said.talk;
        let seen = told.chars().find(|char| matches!(char, '\u{200b}' | '\u{202e}' | '\u{2063}' | '\u{1b}' | '\u{7}'));
        assert_eq!(seen, None, "{}", said.transcript());
    }
}

/// Ports NousResearch/hermes-agent#38643: a skill was read by a name that leads out of the folder of skills.
fn reads_above_itself(holm: &Holm) {
    for path in [
        "../SKILL.md",
        "../../../../../../etc/passwd",
        "/etc/passwd",
        "scripts/../../hidden-words/SKILL.md",
        "//etc/passwd",
    ] {
        let call = serde_json::json!({"path": path}).to_string();
        let said = holm.run(&["tool", "call", "--no-ask", "skill/count-words/read", &call]);
        assert!(said.code != 0 && !said.stdout.contains("root:"), "{}", said.transcript());
    }
    for name in ["../count-words", "skill/../count-words", "/etc", "count-words/../hidden-words"] {
        let said = holm.run(&["skill", "show", name]);
        assert!(said.code != 0 && said.stdout.is_empty(), "{}", said.transcript());
    }
}

/// A fork bomb ends by its own account, whether of a shell's functions or of commands; others go on meanwhile.
fn bombs(holm: &Holm) {
    holm.run(&["skill", "install", "--yes", &skill("fork-bomb")]).succeeds();
    let begin = Instant::now();
    // Into a file: what nobody reads holds up what is denied, since its user is told of it.
    let (said, path) = (|path: &Path| std::fs::File::create(path).unwrap(), holm.work().join("bomb.txt"));
    let mut bomb = holm.command(&["run", "--no-ask", "--fuel", "4G", "skill/fork-bomb", "--", "scripts/sort.sh"]);
    let mut bomb = bomb.stdout(said(&holm.work().join("bomb.out"))).stderr(said(&path)).spawn().unwrap();
    holm.until("the bomb goes off", |processes| {
        processes.iter().filter(|process| process["plugin"] == "skill/fork-bomb").count() > 4
    });
    neighbour(holm);
    let status = loop {
        assert!(begin.elapsed() < Duration::from_secs(120), "the bomb goes on");
        match bomb.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let talk = std::fs::read_to_string(path).unwrap();
    assert!(!status.success() && talk.contains("limit"), "{status}: {talk}");
    // Not one of them is left.
    holm.until("all of it is gone", |processes| processes.iter().all(|process| process["plugin"] != "skill/fork-bomb"));
    neighbour(holm);
}
