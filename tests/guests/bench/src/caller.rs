//! Calls a model as often as its first argument says, one call after the other, once it is told to begin.

use std::io::Read;

use holm::sys::llm::{Message, Model, Part, Request, Role, ToolChoice};

wit_bindgen::generate!({
    path: "../../../wit",
    world: "imports",
    generate_all,
});

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    // All of them wait here, so that what is measured is the calls and not how they were started.
    let _ = std::io::stdin().read(&mut [0]);
    let model = Model::open("bench").expect("the model is granted");
    for _ in 0..count {
        let replies = model.complete(&[request()]).expect("the call is taken");
        assert!(matches!(&replies[..], [Ok(_)]), "{replies:?}");
    }
}

fn request() -> Request {
    let text = "How is the weather at the harbour?".to_owned();
    Request {
        messages: vec![Message { role: Role::User, content: vec![Part::Text(text)] }],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        output_schema: None,
        max_tokens: Some(64),
        temperature: None,
        stop: Vec::new(),
        seed: None,
        effort: None,
        cached: false,
        deadline: None,
    }
}
