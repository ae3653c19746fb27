//! Looks at tools and calls them: `tool_ok [list PREFIX | describe NAME | call NAME JSON]…`, a line for each.

use guests::{tool, types::Errno};

fn main() {
    let mut arguments = std::env::args().skip(1);
    while let Some(what) = arguments.next() {
        let name = arguments.next().expect("a name");
        let line = match what.as_str() {
            "list" => tool::list(&name, None, 1000)
                .map(|tools| tools.into_iter().map(|tool| tool.name).collect::<Vec<_>>().join(" ")),
            "describe" => tool::describe(&name).map(|tool| tool.description),
            "call" => tool::call(&name, &arguments.next().expect("arguments")),
            other => panic!("no such thing: {other}"),
        };
        println!("{}", line.unwrap_or_else(|error| said(&error)));
    }
}

fn said(error: &tool::Error) -> String {
    match error {
        tool::Error::Sys(Errno::Denied(denial)) => format!("denied: {}", denial.rule),
        tool::Error::Sys(errno) => format!("{errno:?}"),
        tool::Error::Tool(error) => format!("{error:?}"),
        tool::Error::Fault(text) => format!("fault: {text}"),
    }
}
