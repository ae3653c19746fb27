//! Calls a tool again and again, waits for each answer, and takes none of them until the end.

use hostile::tool::Invocation;

fn main() {
    let arguments = format!("{{\"it\":\"{}\"}}", hostile::argument(1));
    let calls: Vec<Invocation> = (0..64)
        .map_while(|_| {
            let call = Invocation::start("hoard/read", &arguments).ok()?;
            call.subscribe().block();
            Some(call)
        })
        .collect();
    // One at a time: its own memory never shrinks.
    let answers: Vec<_> = calls.iter().map(|call| call.finish().map(drop)).collect();
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    println!("kept some: {}, kept all: {}", kept > 0, kept == 64);
    let refused = answers.iter().find_map(|answer| answer.as_ref().err());
    println!("{}", refused.map_or_else(|| "NONE REFUSED".to_owned(), hostile::tool_word));
    // What was taken is free again.
    let call = Invocation::start("hoard/read", &arguments).map(|call| call.finish().is_ok());
    println!("again: {}", call.is_ok_and(|well| well));
}
