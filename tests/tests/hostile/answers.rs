//! What tools tell and ask while they answer, and what they offer beside them: floods, lies, and ends that come
//! before the answer.

use std::{sync::Arc, time::Duration};

use holm_kernel::{
    Calling, Spawn, ToolAnswer, ToolError,
    account::Limits,
    answer::{Listener, Reply, Wanted},
    process::{ExitStatus, Fault},
    program::{ArgumentOf, Fetch, Program},
};
use holm_tests::{Guest, Hearer, Neighbour, component, eventually, guest, machine};

use crate::run;

/// The plugin, installed, with its own tools granted to it.
async fn asker() -> Arc<Program> {
    Guest::new(machine(), "asker", component("asker")).grant("tool=asker/*").install().await
}

fn spawn(program: &Arc<Program>, listener: Option<Arc<dyn Listener>>) -> Spawn {
    Spawn {
        listener,
        limits: Limits { wall_time: Duration::from_secs(60), ..Limits::default() },
        ..Spawn::new(program.clone())
    }
}

async fn start(tool: &str, listener: &Arc<Hearer>) -> Calling {
    let program = asker().await;
    machine().kernel.start_call(spawn(&program, Some(listener.clone())), tool, "{}".to_owned()).await.unwrap()
}

/// Calls a tool beside a neighbour; what it answered.
async fn call(tool: &str, listener: &Arc<Hearer>) -> ToolAnswer {
    let mut neighbour = Neighbour::of(machine(), tool).await;
    neighbour.works().await;
    let answer = start(tool, listener).await.wait().await;
    neighbour.ends().await;
    answer
}

fn said(answer: &ToolAnswer) -> String {
    let text = answer.result.as_ref().unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_question_is_asked_of_whoever_called_and_by_name() {
    run(async {
        let yes = Hearer::agreeing();
        assert_eq!(said(&call("ask", &yes).await), r#"Reply::Accepted("{\"ok\":true}")"#);
        {
            let asked = yes.asked.lock();
            assert_eq!((asked[0].plugin.as_str(), asked[0].root, asked.len()), ("asker", true, 1));
            assert!(matches!(&asked[0].questions[0].wanted, Wanted::Form { message, .. } if message == "May I?"));
        }
        for (reply, expected) in [
            (Reply::Declined, "Reply::Declined"),
            (Reply::Cancelled, "Reply::Cancelled"),
            (Reply::Nobody, "Reply::Nobody"),
            // What does not fit is not passed on.
            (
                Reply::Accepted(r#"{"ok":"yes"}"#.to_owned()),
                "the reply does not fit: it: `ok` is neither true nor false",
            ),
            (Reply::Accepted("no JSON".to_owned()), "the reply does not fit: it: it is no JSON"),
        ] {
            let said = said(&start("ask", &Hearer::replying(reply)).await.wait().await);
            assert!(said.contains(expected), "{said}");
        }
        // Nobody listens.
        let program = asker().await;
        let answer = machine().kernel.call_tool(spawn(&program, None), "ask", "{}".to_owned()).await.unwrap();
        assert_eq!(said(&answer), "Reply::Nobody");
    });
}

#[test]
fn asks_uncalled() {
    run(async {
        let report = guest("asks_uncalled").attack().await;
        report.exits(0).prints("Err(Errno::NotFound)\nOk([Reply::Nobody])\n");
    });
}

#[test]
fn a_flood_of_progress_costs_fuel_and_only_grows() {
    run(async {
        let hearer = Hearer::agreeing();
        let answer = call("flood", &hearer).await;
        // A hundred thousand calls at over two thousand each, and the last of them is known.
        assert!(answer.exit.fuel.0 > 250_000_000, "{:?}", answer.exit);
        assert_eq!(said(&answer), "told");
        assert_eq!(hearer.told.lock().last().map(|told| (told.done, told.total)), Some((99_999.0, Some(1e5))));
        let program = asker().await;
        let little = Limits { fuel: holm_kernel::account::Fuel(20_000_000), ..Limits::default() };
        let spawn = Spawn { limits: little, ..spawn(&program, Some(hearer.clone())) };
        let answer = machine().kernel.call_tool(spawn, "flood", "{}".to_owned()).await.unwrap();
        assert_eq!(answer.result, Err(ToolError::Ended(ExitStatus::Fault(Fault::OutOfFuel))));
        hearer.told.lock().clear();
        start("backwards", &hearer).await.wait().await;
        let told: Vec<_> = hearer.told.lock().iter().map(|told| (told.done, told.total)).collect();
        assert_eq!(told, [(3.0, None), (4.0, None)]);
    });
}

#[test]
fn questions_without_end() {
    run(async {
        let yes = Hearer::agreeing();
        assert_eq!(said(&call("questions", &yes).await), "64 asked, then quota questions 64");
        assert_eq!(yes.asked.lock().len(), 64);
        // Who says no is left in peace.
        let no = Hearer::replying(Reply::Declined);
        assert_eq!(said(&start("questions", &no).await.wait().await), "64 asked, then quota questions 64");
        assert_eq!(no.asked.lock().len(), 16);
        assert_eq!(said(&start("silent", &yes).await.wait().await).matches("invalid").count(), 2);
    });
}

#[test]
fn a_form_of_a_hundred_megabytes() {
    run(async {
        let yes = Hearer::agreeing();
        let answer = call("giant", &yes).await;
        assert_eq!(answer.result, Err(ToolError::Ended(ExitStatus::Fault(Fault::Hostcall))));
        assert!(yes.asked.lock().is_empty());
    });
}

#[test]
fn nothing_is_hidden_in_what_people_read() {
    run(async {
        let yes = Hearer::agreeing();
        let text = said(&call("escapes", &yes).await);
        assert_eq!(text.matches("hidden characters").count(), 5, "{text}");
        assert!(text.ends_with("Ok(())") && yes.asked.lock().is_empty());
        let message = yes.told.lock()[0].message.clone().unwrap();
        assert_eq!(message, "step\u{fffd}]0;title\u{fffd}\u{fffd}fake: denied");
        let text = said(&start("links", &yes).await.wait().await);
        assert_eq!(text.matches("its url is neither https, nor http of this machine").count(), 4, "{text}");
    });
}

#[test]
fn a_question_ends_with_who_asks_and_with_who_is_asked() {
    run(async {
        // Killed while it waits.
        let silent = Hearer::silent();
        let calling = start("ask", &silent).await;
        eventually(|| silent.asked.lock().len() == 1, || "it asks, or ends".to_owned()).await;
        let pid = calling.pid();
        let shown = machine().kernel.snapshot().into_iter().find(|process| process.pid == pid).unwrap();
        assert_eq!((shown.state.as_str(), shown.calling.as_deref()), ("blocked", Some("answer.ask")));
        machine().kernel.kill(pid).unwrap();
        assert!(matches!(calling.wait().await.result, Err(ToolError::Ended(ExitStatus::Killed(_)))));
        // Its caller leaves: nobody waits for the call.
        let calling = start("ask", &silent).await;
        eventually(|| silent.asked.lock().len() == 2, || "it asks, or ends".to_owned()).await;
        let pid = calling.pid();
        drop(calling);
        eventually(|| machine().kernel.find(pid).is_err(), || "it asks, or ends".to_owned()).await;
        // Wall time goes on meanwhile.
        let program = asker().await;
        let short = Limits { wall_time: Duration::from_millis(200), ..Limits::default() };
        let spawn = Spawn { limits: short, ..spawn(&program, Some(silent.clone())) };
        let answer = machine().kernel.call_tool(spawn, "ask", "{}".to_owned()).await.unwrap();
        assert_eq!(answer.result, Err(ToolError::Ended(ExitStatus::Fault(Fault::Deadline))));
    });
}

#[test]
fn who_is_called_by_another_is_named_and_tells_nothing() {
    run(async {
        let yes = Hearer::agreeing();
        let text = said(&call("nested", &yes).await);
        assert!(text.contains("Accepted") && text.contains("Ok(())"), "{text}");
        {
            let asked = yes.asked.lock();
            assert_eq!((asked.len(), asked[0].plugin.as_str(), asked[0].root), (1, "asker", false));
        }
        assert_eq!(yes.told.lock().iter().map(|told| told.done).collect::<Vec<_>>(), [1.0]);
    });
}

async fn fetch(fetch: Fetch, listener: Option<Arc<dyn Listener>>) -> ToolAnswer {
    let program = asker().await;
    machine().kernel.start_fetch(spawn(&program, listener), fetch).await.unwrap().wait().await
}

fn resource(name: &str) -> Fetch {
    Fetch::Resource { uri: format!("asker://{name}") }
}

#[test]
fn resources_that_grow_without_end() {
    run(async {
        let mut neighbour = Neighbour::of(machine(), "resources").await;
        // It asks for more memory than it may have, and gets none.
        let endless = fetch(resource("endless"), None).await;
        assert!(matches!(endless.result, Err(ToolError::Ended(ExitStatus::Fault(_)))), "{:?}", endless.result);
        let large = fetch(resource("large"), None).await;
        assert_eq!(large.result, Err(ToolError::Ended(ExitStatus::Fault(Fault::Hostcall))));
        neighbour.works().await;
        let note = fetch(resource("note"), None).await.result.unwrap();
        assert_eq!(note, r#"{"contents":[{"text":"a note","uri":"asker://note"}]}"#);
        assert_eq!(fetch(resource("absent"), None).await.result, Err(ToolError::NoSuchTool));
        // A read may ask as a call may.
        let asks = fetch(resource("asks"), Some(Hearer::agreeing())).await.result.unwrap();
        assert!(asks.contains("Accepted"), "{asks}");
        neighbour.ends().await;
    });
}

#[test]
fn prompts_and_completions_are_well_formed_or_refused() {
    run(async {
        let prompt =
            |name: &str| Fetch::Prompt { name: name.to_owned(), arguments: vec![("a".to_owned(), "b".to_owned())] };
        let plain = fetch(prompt("plain"), None).await.result.unwrap();
        assert_eq!(plain, r#"{"messages":[{"content":{"text":"1 given","type":"text"},"role":"user"}]}"#);
        let broken = fetch(prompt("broken"), None).await.result;
        assert_eq!(broken, Err(ToolError::Failed("a message of the prompt is no content block".to_owned())));
        let of = ArgumentOf::Template("asker://{x}".to_owned());
        let values = Fetch::Completion { of, argument: "x".to_owned(), value: String::new(), known: Vec::new() };
        let values: serde_json::Value = serde_json::from_str(&fetch(values, None).await.result.unwrap()).unwrap();
        assert_eq!((values["values"].as_array().unwrap().len(), &values["total"]), (100, &1000.into()));
        // What offers none has none.
        let program = Guest::new(machine(), "deputy", component("deputy")).install().await;
        assert!(machine().kernel.describe_offers(program.clone()).await.unwrap().is_empty());
        let answer = machine().kernel.start_fetch(spawn(&program, None), resource("note")).await.unwrap().wait().await;
        assert_eq!(answer.result, Err(ToolError::NoSuchTool));
        let offers = machine().kernel.describe_offers(asker().await).await.unwrap();
        assert_eq!((offers.resources.len(), offers.prompts.len(), offers.templates.len()), (4, 2, 0));
    });
}
