//! Asks models for more than it may: its first argument says in which way.

use hostile::{
    again, argument, exit_word,
    llm::{Delta, Model, StopReason},
    llm_word, options, say,
    spawn::{Child, Exit, Options},
};

fn main() {
    let (way, model) = (argument(1), argument(2));
    let number: usize = argument(3).parse().unwrap_or(0);
    let model = match Model::open(&model) {
        Ok(model) => model,
        Err(error) => return println!("open: {}", llm_word(&error)),
    };
    match way.as_str() {
        // Calls until it is refused.
        "calls" => println!("{}", calls(&model, "say 1", number)),
        // Spends until it is refused: tokens, and why it ended.
        "spend" => println!("{}", spend(&model)),
        "race" => race(&model, number),
        "tree" => tree(&model, number, argument(4).parse().expect("a depth")),
        "prompt" => println!("{}", outcome(&model, &say(&"x".repeat(number)))),
        "messages" => {
            let mut request = say("say 1");
            request.messages = vec![request.messages[0].clone(); number];
            println!("{}", outcome(&model, &request));
        }
        "schema" => {
            let mut request = say("say 1");
            request.output_schema = Some(format!("{}true{}", "{\"not\":".repeat(number), "}".repeat(number)));
            println!("{}", outcome(&model, &request));
        }
        // Begins replies and reads none.
        "unread" => {
            let mut begun = Vec::new();
            let refused = loop {
                match model.stream(&say("hang")) {
                    Ok(stream) => begun.push(stream),
                    Err(error) => break llm_word(&error),
                }
            };
            println!("{} begun, then {refused}", begun.len());
        }
        "opens" => {
            let mut open = vec![model];
            let refused = loop {
                match Model::open(&argument(2)) {
                    Ok(model) => open.push(model),
                    Err(error) => break llm_word(&error),
                }
            };
            // Writing takes a handle too.
            let count = open.len();
            drop(open);
            println!("{count} open, then {refused}");
        }
        // Reads some of a long reply, and lets go of it.
        "cancel" => {
            let stream = model.stream(&say("drip 100000")).expect("it begins");
            for _ in 0..number {
                stream.next().expect("a piece");
            }
            drop(stream);
            println!("let go");
            hostile::sleep();
        }
        "stream" => {
            let stream = model.stream(&say("say 2")).expect("it begins");
            while let Ok(Some(delta)) = stream.next() {
                match delta {
                    Delta::Text(text) => println!("text {text}"),
                    Delta::Restart => println!("restart"),
                    Delta::Done(reply) => println!("done by {}, {} tokens", reply.served_by, reply.usage.output),
                    _ => println!("something else"),
                }
            }
        }
        "order" => println!("{}", outcome(&model, &say(&argument(3)))),
        "hang" => println!("{}", outcome(&model, &say("hang"))),
        other => panic!("no such way: {other}"),
    }
}

fn outcome(model: &Model, request: &hostile::llm::Request) -> String {
    match model.complete(std::slice::from_ref(request)).map(|mut replies| replies.remove(0)) {
        Ok(Ok(_)) => "a reply".to_owned(),
        Ok(Err(error)) | Err(error) => llm_word(&error),
    }
}

fn calls(model: &Model, text: &str, most: usize) -> String {
    for made in 0..most {
        let said = outcome(model, &say(text));
        if said != "a reply" {
            return format!("{made} made, then {said}");
        }
    }
    format!("{most} made")
}

fn spend(model: &Model) -> String {
    let mut spent = 0;
    loop {
        match model.complete(&[say("say 50")]).map(|mut replies| replies.remove(0)) {
            Ok(Ok(reply)) => {
                spent += reply.usage.input + reply.usage.output;
                // What is left no longer suffices for a whole reply.
                if reply.stop == StopReason::MaxTokens && reply.usage.output <= 1 {
                    return spent.to_string();
                }
            }
            Ok(Err(error)) | Err(error) => return format!("{spent} {}", llm_word(&error)),
        }
    }
}

/// Itself and generations below it spend out of one budget. Every other child is given a part of its own,
/// far more than there is.
fn tree(model: &Model, width: usize, depth: usize) {
    let below = depth.saturating_sub(1).to_string();
    let arguments = ["tree", &argument(2), &argument(3), &below];
    // Of four parts, three are its children's.
    let fuel = 20_000_000 * 4_u64.pow(depth as u32);
    let start = |at: usize| {
        let most = (at % 2 == 1).then_some(1_000_000_000);
        Child::start(&Options { tokens: most, money: most, fuel: Some(fuel), ..options(&arguments) })
    };
    let width = if depth == 0 { 0 } else { width };
    let children: Vec<Child> = (0..width).map(start).map(|child| child.expect("it starts")).collect();
    println!("{}", spend(model));
    for child in &children {
        let exit = child.wait().expect("it ends");
        assert!(matches!(exit, Exit::Code(0)), "{}", exit_word(&exit));
    }
}

/// Itself and its children spend out of one budget, all at once. Their sums go to stdout.
fn race(model: &Model, children: usize) {
    let start = |_| again(&["spend", &argument(2)], None, Some(1_000_000_000));
    let children: Vec<Child> = (0..children).map(start).map(|child| child.expect("it starts")).collect();
    println!("{}", spend(model));
    for child in &children {
        let exit = child.wait().expect("it ends");
        assert!(matches!(exit, Exit::Code(0)), "{}", exit_word(&exit));
    }
}
