//! Asks for tools and plugins by names of megabytes, which a ceiling full of stars would match for minutes.

use hostile::spawn::{Child, Options, Stdio};

fn main() {
    let long = "a".repeat(3 << 20);
    let tool = hostile::tool::describe(&format!("{long}/x")).expect_err("no tool has that name");
    println!("{}", format!("{tool:?}").contains("a tool is named `plugin/tool`"));
    let start = |plugin: &str, grants: Vec<String>| {
        let options = Options {
            plugin: Some(plugin.to_owned()),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            stdin: Stdio::Null,
            stdout: Stdio::Null,
            stderr: Stdio::Null,
            grants: Some(grants),
            fuel: None,
            memory: None,
            tokens: None,
            money: None,
            nice: 0,
        };
        format!("{:?}", Child::start(&options).map(drop))
    };
    println!("{}", start(&long, Vec::new()).contains("not the name of a plugin"));
    println!("{}", start("*", Vec::new()).contains("not the name of a plugin"));
    println!("{}", start("self", vec!["fs=/a:ro".to_owned(); 100_000]).contains("at most 256 grants"));
    // What a path leads to is not told.
    println!("{}", start("self", vec!["fs=/proc/self/cwd:ro".to_owned()]).contains("/proc/self/cwd"));
}
