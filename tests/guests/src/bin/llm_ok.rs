//! Calls models in turn, and prints what comes of each call. Its arguments are the steps, each with the
//! model's name first, where a call is made:
//!
//! - `complete MODEL TEXT`, `cached MODEL TEXT`, `stream MODEL TEXT`
//! - `embed MODEL N`: N texts of ten letters
//! - `within MODEL MILLISECONDS TEXT`: a call with a deadline
//! - `short MODEL TOKENS TEXT`: a call for a reply of so many tokens
//! - `crowd MODEL N TEXT`, `herd MODEL N TEXT`: N calls at once, each told; the herd's from the cache
//! - `left MODEL -`: what calls of it may still use
//! - `carve N`: the rest in a child of its own kind that may spend N tokens, and N millionths of a dollar
//! - `fork`: the rest in a child of its own kind; `fork PLUGIN`: in one of another's

use guests::{
    llm::{Delta, Error, Message, Model, Part, Reply, Request, Role, ToolChoice},
    spawn::{Child, Options, Stdio},
    types::Errno,
};

fn main() {
    let steps: Vec<String> = std::env::args().skip(1).collect();
    for (at, step) in steps.iter().enumerate() {
        if let Some(plugin) = step.strip_prefix("fork") {
            return fork(plugin.trim(), None, &steps[at + 1..]);
        }
        if let Some(most) = step.strip_prefix("carve ") {
            return fork("", Some(most.parse().expect("a number")), &steps[at + 1..]);
        }
        take(step);
    }
}

fn take(step: &str) {
    let (way, rest) = step.split_once(' ').expect("a way and a model");
    let (name, rest) = rest.split_once(' ').expect("a model and a text");
    let model = match Model::open(name) {
        Ok(model) => model,
        Err(error) => return println!("open: {}", word(&error)),
    };
    let number = || {
        let (number, text) = rest.split_once(' ').expect("a number and a text");
        (number.parse::<u64>().expect("a number"), text)
    };
    match way {
        "complete" => println!("{}", one(&model, ask(rest))),
        "cached" => println!("{}", one(&model, Request { cached: true, ..ask(rest) })),
        "within" => println!("{}", one(&model, Request { deadline: Some(number().0), ..ask(number().1) })),
        "short" => {
            let (tokens, text) = number();
            println!("{}", one(&model, Request { max_tokens: Some(tokens as u32), cached: true, ..ask(text) }));
        }
        "crowd" | "herd" => {
            let (count, text) = number();
            let requests = vec![Request { cached: way == "herd", ..ask(text) }; count as usize];
            for reply in model.complete(&requests).expect("it is made") {
                println!("{}", reply.map_or_else(|error| word(&error), |reply| told(&reply)));
            }
        }
        "left" => match model.left() {
            Ok(left) => println!("left: {} calls, {} tokens, {}", left.calls, left.tokens, left.money),
            Err(error) => println!("{}", word(&error)),
        },
        "stream" => stream(&model, rest),
        "embed" => {
            let texts = vec!["abcdefghij".to_owned(); rest.parse().expect("a number")];
            println!(
                "{}",
                model.embed(&texts).map_or_else(|error| word(&error), |vectors| format!("{} vectors", vectors.len()))
            );
        }
        other => panic!("no such way: {other}"),
    }
}

fn ask(text: &str) -> Request {
    Request {
        messages: vec![Message { role: Role::User, content: vec![Part::Text(text.to_owned())] }],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        output_schema: None,
        max_tokens: None,
        temperature: None,
        stop: Vec::new(),
        seed: None,
        effort: None,
        cached: false,
        deadline: None,
    }
}

fn one(model: &Model, request: Request) -> String {
    match model.complete(&[request]).map(|mut replies| replies.remove(0)) {
        Ok(Ok(reply)) => told(&reply),
        Ok(Err(error)) | Err(error) => word(&error),
    }
}

/// Who answered, how many tokens it says it used, and what it cost.
fn told(reply: &Reply) -> String {
    let usage = &reply.usage;
    let exact = if usage.exact { "" } else { " at most" };
    format!("{}: {} in, {} out{exact}, cost {}", reply.served_by, usage.input, usage.output, usage.cost)
}

fn stream(model: &Model, text: &str) {
    let stream = match model.stream(&ask(text)) {
        Ok(stream) => stream,
        Err(error) => return println!("{}", word(&error)),
    };
    // Pieces that nobody read in time are joined: so their text is, too.
    let mut written = String::new();
    loop {
        match stream.next() {
            Ok(Some(Delta::Text(text))) => written.push_str(&text),
            Ok(Some(Delta::Restart)) => written = "restart ".to_owned(),
            Ok(Some(Delta::Done(reply))) => println!("{}| {}", written.trim_end(), told(&reply)),
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => return println!("{}| {}", written.trim_end(), word(&error)),
        }
    }
}

fn fork(plugin: &str, most: Option<u64>, steps: &[String]) {
    let options = Options {
        plugin: (!plugin.is_empty()).then(|| plugin.to_owned()),
        arguments: steps.to_vec(),
        environment: Vec::new(),
        directory: None,
        stdin: Stdio::Null,
        stdout: Stdio::Inherit,
        stderr: Stdio::Inherit,
        fuel: Some(1_000_000_000),
        memory: None,
        tokens: most,
        money: most,
        nice: 0,
        grants: None,
    };
    Child::start(&options).expect("it starts").wait().expect("it ends");
}

fn word(error: &Error) -> String {
    match error {
        Error::Sys(Errno::Denied(denial)) => format!("denied {}: {}", denial.resource, denial.rule),
        Error::Sys(Errno::Quota(excess)) => format!("quota {}", excess.limit),
        Error::Sys(_) => "sys".to_owned(),
        Error::RateLimited(Some(_)) => "rate-limited, and until when".to_owned(),
        Error::RateLimited(None) => "rate-limited".to_owned(),
        Error::ContextLength(_) => "context-length".to_owned(),
        Error::Refused(_) => "refused".to_owned(),
        Error::Unavailable(text) => format!("unavailable: {text}"),
        Error::Malformed(text) => format!("malformed: {text}"),
    }
}
