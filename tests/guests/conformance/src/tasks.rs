//! Tools that take long, fail in each way, or ask meanwhile: what tasks are tried with.

use holm::{
    Block, Content,
    answer::{self, Reply, Wanted},
    serde_json::json,
};
use std::{thread::sleep, time::Duration};

fn confirm(message: &str) -> Wanted {
    let schema =
        json!({ "type": "object", "properties": { "confirm": { "type": "boolean" } }, "required": ["confirm"] });
    Wanted::Form { message: message.to_owned(), schema }
}

/// Greets.
#[holm::tool]
pub(crate) fn greet(
    /// Whom.
    name: String,
) -> Content {
    Block::text(format!("Hello, {name}!")).into()
}

/// Takes as long as it is told.
#[holm::tool]
pub(crate) fn slow_compute(
    /// How long.
    seconds: f64,
    /// What it is called.
    label: Option<String>,
) -> holm::Result<Content> {
    let seconds = Duration::try_from_secs_f64(seconds).map_err(|_| holm::Error::arguments("seconds: no such time"))?;
    sleep(seconds);
    Ok(Block::text(format!("Computed {} in {seconds:?}.", label.unwrap_or_default())).into())
}

/// Fails after a second.
#[holm::tool]
pub(crate) fn failing_job() -> holm::Result<Content> {
    sleep(Duration::from_secs(1));
    Err(holm::Error::new("This job always fails"))
}

/// Ends without an answer, after a while.
#[holm::tool]
pub(crate) fn protocol_error_job() -> Content {
    sleep(Duration::from_secs(1));
    panic!("this job always breaks down")
}

/// Asks before it deletes, and deletes nothing.
#[holm::tool]
pub(crate) fn confirm_delete(
    /// Which file.
    filename: String,
) -> answer::Result<Content> {
    // It looks for it first.
    sleep(Duration::from_millis(800));
    let reply = answer::ask("confirm", confirm(&format!("Delete {filename}?")))?;
    let text = match reply {
        Reply::Accepted(content) if content["confirm"] == true => format!("Deleted {filename}."),
        _ => format!("Left {filename} as it was."),
    };
    Ok(Block::text(text).into())
}

/// Asks two things at once.
#[holm::tool]
pub(crate) fn multi_input() -> answer::Result<Content> {
    sleep(Duration::from_millis(800));
    let replies = answer::ask_all(&[("first", confirm("The first?")), ("second", confirm("The second?"))])?;
    Ok(Block::text(format!("{replies:?}")).into())
}

/// Asks for a name and then takes a while.
#[holm::tool]
pub(crate) fn test_tool_with_task() -> answer::Result<Content> {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
    let reply = answer::ask("user_name", Wanted::Form { message: "What is your name?".to_owned(), schema })?;
    sleep(Duration::from_secs(1));
    let name = match reply {
        Reply::Accepted(content) => content["name"].as_str().unwrap_or_default().to_owned(),
        _ => "nobody".to_owned(),
    };
    Ok(Block::text(format!("Done for {name}.")).into())
}
