//! Tools for models that know none: they answer in a form that holds either calls or an answer.
//!
//! Put between the kernel and every remote driver; it passes on what needs no help.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use holm_kernel::llm::{
    Attempt, Driver, Embedded, Event, Events, Failure, Message, Part, Request, Role, StopReason, ToolChoice,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::dialect::mint;

/// A driver, and tools where its models have none of their own.
pub(super) struct Emulated {
    pub(super) driver: Arc<dyn Driver>,
    /// Its protocol can demand a tool call.
    pub(super) forces: bool,
}

impl Driver for Emulated {
    fn attempt(&self, mut attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        let forced = matches!(attempt.request.tool_choice, ToolChoice::Required | ToolChoice::Named(_));
        let native = attempt.traits.native_tools && (self.forces || !forced);
        if native || attempt.request.tools.is_empty() {
            return self.driver.attempt(attempt);
        }
        let structured = attempt.request.output_schema.is_some();
        attempt.request = Arc::new(put(&attempt.request));
        let reply = self.driver.attempt(attempt);
        Box::pin(async move { Ok(stream::once(collect(reply.await?, structured)).flat_map(stream::iter).boxed()) })
    }

    fn embed(&self, model: Arc<str>, texts: Vec<String>) -> BoxFuture<'static, Result<Embedded, Failure>> {
        self.driver.embed(model, texts)
    }
}

/// The request with its tools told in words, and the form of the reply as its schema.
fn put(request: &Request) -> Request {
    let mut told = String::from(
        "You can call tools. Reply with one JSON object and nothing else: either \
         {\"tool_calls\":[{\"name\":\"...\",\"arguments\":{...}}]} to call tools and see their results, \
         or {\"answer\":...} when you are done.\n\nThe tools:\n",
    );
    for tool in &request.tools {
        told.push_str(&format!("- {}: {} Arguments: {}\n", tool.name, tool.description, tool.input_schema));
    }
    let mut messages: Vec<Message> = request.messages.iter().map(plain).collect();
    let at = messages.iter().take_while(|message| message.role == Role::System).count();
    messages.insert(at, Message { role: Role::System, content: vec![Part::Text(told)] });
    Request {
        messages,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        output_schema: Some(form(request)),
        ..request.clone()
    }
}

/// Calls and results as text.
fn plain(message: &Message) -> Message {
    let content = message.content.iter().map(|part| match part {
        Part::ToolCall(call) => {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            Part::Text(json!({ "tool_calls": [{ "name": call.name, "arguments": arguments }] }).to_string())
        }
        Part::ToolResult { name, content, is_error, .. } => {
            let word = if *is_error { "failed" } else { "returned" };
            Part::Text(format!("The tool {name} {word}:\n{content}"))
        }
        other => other.clone(),
    });
    Message { role: message.role, content: content.collect() }
}

/// What a reply may be: calls, or an answer, or only what the choice leaves.
fn form(request: &Request) -> Value {
    let only = match &request.tool_choice {
        ToolChoice::Named(name) => Some(name),
        _ => None,
    };
    let offered = request.tools.iter().filter(|tool| only.is_none_or(|name| *name == tool.name));
    let call = |tool: &holm_kernel::llm::Tool| {
        json!({
            "type": "object",
            "properties": { "name": { "const": tool.name }, "arguments": tool.input_schema },
            "required": ["name", "arguments"],
            "additionalProperties": false,
        })
    };
    let calls: Vec<Value> = offered.map(call).collect();
    let calls = json!({
        "type": "object",
        "properties": { "tool_calls": { "type": "array", "minItems": 1, "maxItems": 16, "items": { "anyOf": calls } } },
        "required": ["tool_calls"],
        "additionalProperties": false,
    });
    let answer = json!({
        "type": "object",
        "properties": { "answer": request.output_schema.clone().unwrap_or_else(|| json!({ "type": "string" })) },
        "required": ["answer"],
        "additionalProperties": false,
    });
    match request.tool_choice {
        ToolChoice::Auto => json!({ "anyOf": [calls, answer] }),
        ToolChoice::None => answer,
        ToolChoice::Required | ToolChoice::Named(_) => calls,
    }
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    tool_calls: Vec<Call>,
    answer: Option<Value>,
}

#[derive(Deserialize)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Value,
}

/// The whole reply, its text taken apart.
async fn collect(mut reply: Events, structured: bool) -> Vec<Result<Event, Failure>> {
    let mut text = String::new();
    let mut events = Vec::new();
    while let Some(event) = reply.next().await {
        match event {
            // The kernel bounds what a reply holds only as it is told: so bound what is kept here.
            Ok(Event::Text(more)) if text.len() + more.len() > TEXT_BYTES => {
                events.push(Err(Failure::Malformed(format!("it has more than {TEXT_BYTES} bytes of text"))));
                return events;
            }
            Ok(Event::Text(more)) => text.push_str(&more),
            Ok(Event::Stop(stop)) => {
                finish(&text, stop, structured, &mut events);
                return events;
            }
            Ok(other) => events.push(Ok(other)),
            Err(failure) => {
                events.push(Err(failure));
                return events;
            }
        }
    }
    events
}

/// Bytes of a reply's text. Stops a provider that sends for ever.
const TEXT_BYTES: usize = 4 << 20;

fn finish(text: &str, stop: StopReason, structured: bool, events: &mut Vec<Result<Event, Failure>>) {
    let parsed: Reply = match serde_json::from_str(text.trim()) {
        Ok(parsed) => parsed,
        // It was cut in the middle: what there is of it is the reply.
        Err(_) if stop == StopReason::MaxTokens => {
            events.extend([Ok(Event::Text(text.to_owned())), Ok(Event::Stop(stop))]);
            return;
        }
        Err(error) => {
            events.push(Err(Failure::Malformed(format!("it is neither calls nor an answer: {error}"))));
            return;
        }
    };
    let answer = parsed.answer.map(|answer| match answer {
        Value::String(text) if !structured => text,
        value => value.to_string(),
    });
    events.extend(answer.map(Event::Text).map(Ok));
    let called = !parsed.tool_calls.is_empty();
    for (index, call) in (0_u32..).zip(parsed.tool_calls) {
        events.push(Ok(Event::ToolCall { index, id: mint(index), name: call.name, signature: None }));
        let arguments = if call.arguments.is_null() { json!({}) } else { call.arguments };
        events.push(Ok(Event::Arguments { index, fragment: arguments.to_string() }));
    }
    events.push(Ok(Event::Stop(if called { StopReason::ToolCalls } else { stop })));
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_kernel::llm::{Tool, ToolCall, Traits};
    use parking_lot::Mutex;

    /// Answers with a text, and keeps what it was asked.
    struct Says(&'static str, Mutex<Option<Arc<Request>>>);

    impl Driver for Says {
        fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
            *self.1.lock() = Some(attempt.request);
            let (first, second) = self.0.split_at(self.0.len() / 2);
            let events = [first, second].map(|text| Ok(Event::Text(text.to_owned())));
            let events = events.into_iter().chain([Ok(Event::Stop(StopReason::End))]);
            Box::pin(async move { Ok(stream::iter(events.collect::<Vec<_>>()).boxed()) })
        }
    }

    fn asked() -> Request {
        let call = ToolCall { id: "a".into(), name: "add".into(), arguments: r#"{"x":1}"#.into(), signature: None };
        let result = Part::ToolResult { id: "a".into(), name: "add".into(), content: "2".into(), is_error: false };
        Request {
            messages: vec![
                Message { role: Role::System, content: vec![Part::Text("Be brief.".into())] },
                Message { role: Role::Assistant, content: vec![Part::ToolCall(call)] },
                Message { role: Role::User, content: vec![result] },
            ],
            tools: vec![Tool {
                name: "add".into(),
                description: "Adds.".into(),
                input_schema: json!({"type": "object"}),
            }],
            ..Request::default()
        }
    }

    async fn reply(text: &'static str, request: Request) -> (Arc<Request>, Vec<Result<Event, Failure>>) {
        let says = Arc::new(Says(text, Mutex::new(None)));
        let attempt = Attempt { model: "m".into(), request: Arc::new(request), traits: Traits::default() };
        let events =
            Emulated { driver: says.clone(), forces: true }.attempt(attempt).await.expect("it answers").collect().await;
        let request = says.1.lock().take().expect("it was asked");
        (request, events)
    }

    #[tokio::test]
    async fn calls_come_out_of_a_text() {
        let (put, events) = reply(r#"{"tool_calls":[{"name":"add","arguments":{"x":2}}]}"#, asked()).await;
        assert!(put.tools.is_empty());
        assert_eq!(put.messages.len(), 4);
        assert_eq!(put.messages[1].role, Role::System, "the tools stand after the instructions");
        assert_eq!(put.messages[3].content, [Part::Text("The tool add returned:\n2".into())]);
        let schema = put.output_schema.as_ref().expect("a form");
        assert!(jsonschema::is_valid(schema, &json!({"tool_calls": [{"name": "add", "arguments": {}}]})));
        assert!(!jsonschema::is_valid(schema, &json!({"tool_calls": [{"name": "sub", "arguments": {}}]})));
        assert!(jsonschema::is_valid(schema, &json!({"answer": "3"})));
        assert!(matches!(&events[0], Ok(Event::ToolCall { index: 0, name, .. }) if name == "add"));
        assert_eq!(events[1], Ok(Event::Arguments { index: 0, fragment: r#"{"x":2}"#.into() }));
        assert_eq!(events[2], Ok(Event::Stop(StopReason::ToolCalls)));
    }

    #[tokio::test]
    async fn an_answer_is_text_and_anything_else_malformed() {
        let (_, events) = reply(r#"{"answer":"three"}"#, asked()).await;
        assert_eq!(events, [Ok(Event::Text("three".into())), Ok(Event::Stop(StopReason::End))]);
        let (_, events) = reply("I would rather talk", asked()).await;
        assert!(matches!(events[..], [Err(Failure::Malformed(_))]), "{events:?}");
        let structured = Request { output_schema: Some(json!({"type": "string"})), ..asked() };
        let (_, events) = reply(r#"{"answer":"three"}"#, structured).await;
        assert_eq!(events[0], Ok(Event::Text(r#""three""#.into())), "JSON, as the schema asks");
    }

    #[tokio::test]
    async fn a_call_that_is_demanded_is_put_in_words_where_the_protocol_has_none() {
        for (forces, choice, words) in [
            (false, ToolChoice::Required, true),
            (false, ToolChoice::Named("add".into()), true),
            (false, ToolChoice::Auto, false),
            (true, ToolChoice::Required, false),
        ] {
            let says = Arc::new(Says(r#"{"tool_calls":[{"name":"add","arguments":{}}]}"#, Mutex::new(None)));
            let request = Request { tool_choice: choice.clone(), ..asked() };
            let traits = Traits { native_tools: true, ..Traits::default() };
            let attempt = Attempt { model: "m".into(), request: Arc::new(request), traits };
            let driver = Emulated { driver: says.clone(), forces };
            driver.attempt(attempt).await.expect("it answers").collect::<Vec<_>>().await;
            let put = says.1.lock().take().expect("it was asked");
            assert_eq!(put.tools.is_empty(), words, "{choice:?}");
        }
    }

    #[tokio::test]
    async fn what_needs_no_help_is_passed_on() {
        let (put, events) = reply("plain", Request { tools: Vec::new(), ..asked() }).await;
        assert_eq!(put.messages.len(), 3);
        assert_eq!(events.len(), 3);
    }
}
