//! Record mode, as a property over skills: what it wrote is enough for the same run, and each line of it is needed.
//!
//! `HOLM_TEST_SKILLS` names folders of public skills (checkouts, separated by `:`) whose scripts are asked for
//! `--help` as well; without it only the project's own skills are run, and that is said.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot be set up fails, and says what it leaves out"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{
    Holm, Said,
    skills::{skill, with},
};

/// A run that is recorded and done again.
struct Run {
    skill: String,
    arguments: Vec<String>,
    /// What it needs for sure; the property alone would hold of nothing, too.
    needs: Vec<String>,
}

impl Run {
    /// The command, with these options.
    fn with(&self, holm: &Holm, options: &[&str]) -> Said {
        let plugin = format!("skill/{}", self.skill);
        let mut command = vec!["run", "--no-ask"];
        command.extend(options);
        command.extend([plugin.as_str(), "--"]);
        command.extend(self.arguments.iter().map(String::as_str));
        holm.run(&command)
    }
}

/// Records a run under wide grants, and holds the property of it. How many lines were written.
fn holds(holm: &Holm, run: &Run) -> usize {
    let plugin = format!("skill/{}", run.skill);
    for line in granted(holm, &plugin) {
        holm.run(&["revoke", &plugin, &line]).succeeds();
    }
    let wide = ["--grant", "fs=.:rw", "--grant", "exec=*", "--record", "needs.toml"];
    let _ = std::fs::remove_file(holm.work().join("needs.toml"));
    let first = run.with(holm, &wide);
    let text = std::fs::read_to_string(holm.work().join("needs.toml")).unwrap_or_default();
    // Nothing of it is applied by itself.
    assert_eq!(
        holm.run(&["inspect", "--json", &plugin]).succeeds().json()["grants"],
        serde_json::json!([]),
        "{plugin}"
    );
    if !text.lines().any(|line| line.contains('=') && !line.trim_start().starts_with('#')) {
        assert!(run.needs.is_empty(), "{plugin}: nothing was recorded of {:?}", run.arguments);
        let again = run.with(holm, &[]);
        assert_eq!(
            (again.code, &again.stdout),
            (first.code, &first.stdout),
            "{}\n{}",
            first.transcript(),
            again.transcript()
        );
        return 0;
    }
    holm.run(&["grant", "--yes", "--from", "needs.toml"]).succeeds();
    let lines = granted(holm, &plugin);
    for need in &run.needs {
        assert!(lines.contains(need), "{plugin} needs {need}: {lines:?}");
    }
    let again = run.with(holm, &[]);
    assert_eq!(
        (again.code, &again.stdout),
        (first.code, &first.stdout),
        "{text}\n{}\n{}",
        first.transcript(),
        again.transcript()
    );
    for line in &lines {
        holm.run(&["revoke", &plugin, line]).succeeds();
        let less = run.with(holm, &[]);
        let (capability, rule) = line.split_once('=').unwrap();
        let place = rule.trim_end_matches(":ro").trim_end_matches(":rw");
        let named = Path::new(place).file_name().map_or(place.to_owned(), |name| name.to_string_lossy().into_owned());
        let matching = |talk: &str| {
            talk.lines().any(|said| said.contains("denied: ") && said.contains(capability) && said.contains(&named))
        };
        assert!(matching(&less.talk), "without {line} nothing is denied of it:\n{text}\n{}", less.transcript());
        holm.run(&["grant", &plugin, line]).succeeds();
    }
    lines.len()
}

fn granted(holm: &Holm, plugin: &str) -> Vec<String> {
    let inspected = holm.run(&["inspect", "--json", plugin]).succeeds().json();
    inspected["grants"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_recorded_is_needed_and_enough() {
    let holm = with(&["python", "shell", "javascript", "coreutils", "sed", "grep", "find", "awk"]);
    let work = holm.work().canonicalize().unwrap();
    holm.file("figures/one.txt", "3\n4\n");
    holm.file("figures/two.txt", "1\n");
    holm.file("more.txt", "a b c\n");
    let own =
        |script: &str, arguments: &[&str]| [script].iter().chain(arguments).map(|word| (*word).to_owned()).collect();
    let file = |name: &str, access: &str| format!("fs={}:{access}", work.join(name).display());
    holm.run(&["skill", "install", "--yes", &skill("makes-reports"), &skill("count-words")]).succeeds();
    let report = |script: &str, needs: &[String]| Run {
        skill: "makes-reports".into(),
        arguments: own(script, &["figures", "report.txt"]),
        needs: needs.to_vec(),
    };
    let written = file("report.txt", "rw");
    let runs = [
        report("scripts/report.py", &[written.clone(), "exec=sort".into(), "exec=cat".into()]),
        report("scripts/report.sh", &[written.clone(), "exec=sort".into(), "exec=cat".into(), "exec=basename".into()]),
        report("scripts/report.js", &[written, "exec=sort".into()]),
        Run {
            skill: "count-words".into(),
            arguments: own("scripts/count.py", &["more.txt", "figures/one.txt"]),
            needs: vec![file("more.txt", "ro"), file("figures/one.txt", "ro")],
        },
    ];
    for run in &runs {
        assert!(holds(&holm, run) >= run.needs.len());
    }
    public(&holm);
}

/// The same of the scripts of public skills, asked for help.
fn public(holm: &Holm) {
    let Some(folders) = std::env::var_os("HOLM_TEST_SKILLS") else {
        eprintln!("SKIPPED: public skills. HOLM_TEST_SKILLS names folders of them, separated by `:`");
        return;
    };
    let (mut runs, mut lines) = (0, 0);
    for folder in std::env::split_paths(&folders) {
        let folder = folder.display().to_string();
        // A few of a whole repository may not be installed; of none, the folder is not what was meant.
        let installed = holm.run(&["skill", "install", "--yes", "--json", &folder]).json();
        let installed: Vec<_> =
            installed.as_array().unwrap().iter().filter(|one| one["name"].is_string()).cloned().collect();
        assert!(!installed.is_empty(), "no skill of {folder} was installed");
        for one in installed {
            let skill = one["name"].as_str().unwrap().trim_start_matches("skill/").to_owned();
            let root = PathBuf::from(one["folder"].as_str().unwrap());
            for script in scripts(&root) {
                let arguments = vec![script.display().to_string(), "--help".to_owned()];
                lines += holds(holm, &Run { skill: skill.clone(), arguments, needs: Vec::new() });
                runs += 1;
            }
        }
    }
    eprintln!("{runs} runs of public scripts, {lines} lines recorded");
    assert!(runs > 0, "no script was found");
}

/// The scripts of a skill that are meant to be started.
fn scripts(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = root.join("scripts").read_dir() else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let starts = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let known = path.extension().is_some_and(|end| ["py", "sh", "js", "mjs"].iter().any(|one| end == *one));
        known && (text.starts_with("#!") || text.contains("__main__") || text.contains("argparse"))
    };
    let mut found: Vec<_> = paths.filter(starts).map(|path| path.strip_prefix(root).unwrap().to_owned()).collect();
    found.sort();
    found
}
