//! Does what policies judge: `judged WAY TEXT…`, in turn.
//!
//! - `spawn TEXT`: a child of its own kind that does what the text says, as one more way
//! - `stop TEXT`, `stopped TEXT`: asks whether it may end with this, or tells that it has
//! - `die TEXT`: traps

use hostile::task;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for step in arguments.chunks(2) {
        let (way, text) = (step[0].as_str(), step[1].as_str());
        match way {
            "spawn" => println!("spawn {}", spawn(text)),
            "stop" => println!("stop {}", said(task::stopping(text))),
            "stopped" => println!("stopped {}", said(task::stopped(text))),
            "die" => std::process::abort(),
            _ => panic!("no way"),
        }
    }
}

fn said(result: Result<(), hostile::types::Errno>) -> String {
    result.map_or_else(|errno| hostile::word(&errno), |()| "ok".to_owned())
}

fn spawn(text: &str) -> String {
    let (way, text) = text.split_once(' ').expect("a way and a text");
    let child = match hostile::again(&[way, text], None, None) {
        Ok(child) => child,
        Err(error) => return format!("not started: {}", hostile::spawn_word(&error)),
    };
    child.wait().map_or_else(|error| hostile::spawn_word(&error), |exit| hostile::exit_word(&exit))
}
