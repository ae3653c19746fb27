//! The loop, with a world that replays replies and answers tools as it is told.

use super::{
    End, Limits, NoHooks,
    hooks::{Decision, Hooks},
    limits::{Price, Share},
    protocol::Event,
    toolset::{Full, Line, Toolset},
    turn::Turn,
    world::{Cut, Done, Job, Task, Tell, Wanted, Word, World},
};
use crate::llm::{self, Error, Message, Part, Reply, Request, Role, StopReason, ToolCall, ToolChoice, Usage, Wait};
use std::collections::VecDeque;
use std::time::Duration;

#[derive(Default)]
struct Fake {
    replies: VecDeque<llm::Result<Reply>>,
    asked: Vec<Request>,
    /// Pieces that come before the first reply is there.
    pieces: Vec<Event>,
    called: Vec<Vec<Wanted>>,
    delegated: Vec<Task>,
    /// What was left when jobs were done.
    left: Vec<Share>,
    heard: VecDeque<Vec<Word>>,
    /// What policies say to each end; nothing once these are used up.
    objections: VecDeque<&'static str>,
    stopped: Vec<String>,
    price: Price,
    paused: Duration,
    /// What waits is cut off, once the replies are used up or a job is done.
    cut: Option<Cut>,
    now: Duration,
    /// How long each reply takes.
    thinks: Duration,
}

impl World for Fake {
    fn think(&mut self, request: &Request, tell: Tell<'_>) -> Result<llm::Result<Reply>, Cut> {
        self.asked.push(request.clone());
        self.now += self.thinks;
        self.pieces.drain(..).for_each(tell);
        if let (true, Some(cut)) = (self.replies.is_empty(), self.cut) {
            return Err(cut);
        }
        Ok(self.replies.pop_front().unwrap_or_else(|| Ok(says("nothing more"))))
    }

    fn stopping(&mut self, _: &str) -> Result<(), String> {
        self.objections.pop_front().map_or(Ok(()), |why| Err(why.to_owned()))
    }

    fn stopped(&mut self, answer: &str) {
        self.stopped.push(answer.to_owned());
    }

    fn price(&mut self, _: &Request) -> Price {
        self.price
    }

    fn act(&mut self, jobs: &[Job], left: Share, _: Tell<'_>) -> (Vec<Done>, Option<Cut>) {
        self.left.push(left);
        let calls = jobs.iter().filter_map(|job| match job {
            Job::Call(call) => Some(call.clone()),
            Job::Agent(_) => None,
        });
        self.called.push(calls.collect());
        let mut done = Vec::new();
        for job in jobs {
            done.push(match (job, self.cut) {
                // The first is done, the others are not.
                (_, Some(cut)) if !done.is_empty() => Done { answer: Err(cut.why().into()), usage: Usage::default() },
                (Job::Call(call), _) => {
                    let answer = match call.name.as_str() {
                        "files/read" => Ok(format!("read {}", call.arguments)),
                        _ => Err("no such file".to_owned()),
                    };
                    Done { answer, usage: Usage::default() }
                }
                (Job::Agent(task), _) => {
                    self.delegated.push(task.clone());
                    let bad = task.text.contains("bad");
                    let answer = if bad { Err("it was bad".to_owned()) } else { Ok(task.text.clone()) };
                    Done { answer, usage: Usage { input: 10, ..Usage::default() } }
                }
            });
        }
        (done, self.cut)
    }

    fn catalogue(&mut self) -> Vec<Line> {
        ["files/read", "files/write"].map(|name| Line { name: name.into(), description: "Works.".into() }).to_vec()
    }

    fn search(&mut self, _: &str, _: usize) -> Result<Vec<Line>, String> {
        Ok(self.catalogue())
    }

    fn describe(&mut self, _: &str) -> Option<Full> {
        Some(Full { description: "Works.".into(), schema: "{\"type\":\"object\"}".into() })
    }

    fn heard(&mut self) -> Vec<Word> {
        self.heard.pop_front().unwrap_or_default()
    }

    fn pause(&mut self, time: Duration) -> Result<(), Cut> {
        self.paused += time;
        Ok(())
    }

    fn now(&mut self) -> Duration {
        self.now
    }
}

fn reply(content: Vec<Part>, stop: StopReason) -> Reply {
    let usage = Usage { input: 30, output: 10, ..Usage::default() };
    Reply { content, stop, usage, served_by: "fake/model".into() }
}

fn says(text: &str) -> Reply {
    reply(vec![Part::Text(text.into())], StopReason::End)
}

fn calls(calls: &[(&str, &str)]) -> Reply {
    let part = |(at, (name, arguments)): (usize, &(&str, &str))| {
        let (name, arguments) = ((*name).to_owned(), (*arguments).to_owned());
        Part::ToolCall(ToolCall { id: format!("call{at}"), name, arguments, signature: None })
    };
    reply(calls.iter().enumerate().map(part).collect(), StopReason::ToolCalls)
}

struct Run {
    world: Fake,
    messages: Vec<Message>,
    outcome: llm::Result<super::Outcome>,
    events: Vec<Event>,
}

fn run(replies: Vec<llm::Result<Reply>>, limits: Limits) -> Run {
    run_in(Fake { replies: replies.into(), ..Fake::default() }, limits, &mut NoHooks, None)
}

fn run_in(mut world: Fake, limits: Limits, hooks: &mut dyn Hooks, output_schema: Option<String>) -> Run {
    let mut messages = vec![
        Message::text(Role::System, "Be brief."),
        Message::text(Role::User, "before"),
        Message::text(Role::Assistant, "of another task"),
        Message::text(Role::User, "go"),
    ];
    let from = messages.len();
    let catalogue = world.catalogue();
    let toolset = Toolset::new(catalogue, |name| world.describe(name));
    let mut events: Vec<Event> = Vec::new();
    let outcome = Turn {
        world: &mut world,
        hooks,
        limits: &limits,
        delegates: true,
        messages: &mut messages,
        from,
        toolset,
        output_schema,
        max_reply: None,
        used: Usage::default(),
        steps: 0,
        begun: Duration::ZERO,
    }
    .run(&mut |event| events.push(event));
    let steps = events.iter().filter(|event| matches!(event, Event::Step { .. })).count();
    assert_eq!(steps, outcome.as_ref().map_or(steps, |outcome| outcome.steps as usize), "each step is told");
    Run { world, messages, outcome, events }
}

fn results(message: &Message) -> Vec<(&str, bool)> {
    let result = |part: &'_ Part| matches!(part, Part::ToolResult { .. });
    let results = message.content.iter().filter(|part| result(part));
    results
        .map(|part| match part {
            Part::ToolResult { content, is_error, .. } => (content.as_str(), *is_error),
            _ => unreachable!(),
        })
        .collect()
}

#[test]
fn calls_of_one_reply_are_made_at_once_and_wrong_ones_are_told() {
    let first =
        calls(&[("files__read", "{\"p\":1}"), ("rm", "{}"), ("files__read", "{\"p\":2}"), ("files__write", "{}")]);
    let run = run(vec![Ok(first), Ok(says("done"))], Limits::default());
    let outcome = run.outcome.expect("an outcome");
    assert_eq!((outcome.text.as_str(), outcome.end, outcome.steps), ("done", End::Answered, 2));
    assert_eq!(outcome.usage.tokens(), 80);
    assert_eq!(run.world.called.len(), 1);
    assert_eq!(run.world.called[0].len(), 3);
    let told = results(&run.messages[5]);
    assert_eq!(told[0], ("read {\"p\":1}", false));
    assert_eq!(told[1], ("there is no tool `rm`", true));
    assert_eq!(told[3], ("no such file", true));
}

#[test]
fn limits_end_a_task_with_what_there_is() {
    let more = || Ok(calls(&[("files__read", "{}")]));
    let run_steps = run(vec![more(), Ok(says("so far"))], Limits { steps: 2, ..Limits::default() });
    let outcome = run_steps.outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str()), (End::Steps, "so far"));
    assert_eq!(run_steps.world.asked[1].tool_choice, ToolChoice::None, "the last step is for an answer");

    let limits = Limits { tokens: Some(70), ..Limits::default() };
    let run_tokens = run(vec![more(), more(), more()], limits);
    assert_eq!(run_tokens.outcome.expect("an outcome").end, End::Tokens);
    assert_eq!(run_tokens.world.asked.iter().map(|asked| asked.max_tokens).collect::<Vec<_>>(), [Some(70), Some(30)]);

    let excess = crate::Excess { limit: "tokens".into(), maximum: 10 };
    let run_budget = run(vec![more(), Err(Error::Quota(excess))], Limits::default());
    assert_eq!(run_budget.outcome.expect("an outcome").end, End::Tokens);

    let excess = crate::Excess { limit: "calls/hour".into(), maximum: 1 };
    let run_calls = run(vec![Ok(calls(&[("files__read", "{}")])), Err(Error::Quota(excess))], Limits::default());
    assert_eq!(run_calls.outcome.expect("an outcome").end, End::Calls);
}

#[test]
fn time_cuts_off_what_is_under_way_and_keeps_what_was_done() {
    let limits = || Limits { time: Some(Duration::from_secs(9)), ..Limits::default() };
    let late = |replies: Vec<llm::Result<Reply>>| Fake {
        replies: replies.into(),
        cut: Some(Cut::Time),
        now: Duration::from_secs(2),
        ..Fake::default()
    };
    // In the middle of a reply.
    let text = |text: &str| Event::Text { text: text.into() };
    let pieces = vec![text("lost"), Event::Restart, text("half of "), text("it")];
    let run = run_in(Fake { pieces, ..late(vec![]) }, limits(), &mut NoHooks, None);
    assert_eq!(run.world.asked[0].deadline, Some(Duration::from_secs(8)));
    let outcome = run.outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str(), outcome.steps), (End::Time, "half of it", 0));
    assert_eq!(run.messages.last(), Some(&Message::text(Role::Assistant, "half of it")));

    // While tools and sub-agents are at work.
    let mut reply = calls(&[("files__read", "1"), ("delegate", r#"{"tasks":[{"task":"good"}]}"#)]);
    reply.content.insert(0, Part::Text("I look.".into()));
    let run = run_in(late(vec![Ok(reply)]), limits(), &mut NoHooks, None);
    let outcome = run.outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str(), outcome.steps), (End::Time, "I look.", 1));
    let told = results(run.messages.last().expect("a message"));
    let cut = r#"[{"failed":"cut off: the time of the task is over","task":"1"}]"#;
    assert_eq!(told, [("read 1", false), (cut, false)]);
    every_call_has_its_result(&run.messages);

    // The deadline of a call may be told just before the alarm rings.
    let unavailable = Err(Error::Unavailable("no provider answered within 7 s".into()));
    let (replies, pieces) = (vec![unavailable].into(), vec![text("half")]);
    let slow = Fake { replies, pieces, thinks: Duration::from_secs(9), ..Fake::default() };
    let outcome = run_in(slow, limits(), &mut NoHooks, None).outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str()), (End::Time, "half"));
}

#[test]
fn a_request_that_may_cost_more_than_is_left_is_not_made() {
    let price = Price { tokens: 40, input: 1_000_000, output: 1_000_000 };
    let priced = |replies: Vec<llm::Result<Reply>>| Fake { replies: replies.into(), price, ..Fake::default() };
    let more = || Ok(calls(&[("files__read", "{}")]));
    let limits = Limits { tokens: Some(100), ..Limits::default() };
    let run = run_in(priced(vec![more(), more(), more()]), limits, &mut NoHooks, None);
    // 60 were left for the first reply, and 20 for the second; the third has no room.
    let asked = |run: &Run| run.world.asked.iter().map(|asked| asked.max_tokens).collect::<Vec<_>>();
    assert_eq!((asked(&run), run.outcome.as_ref().expect("an outcome").end), (vec![Some(60), Some(20)], End::Tokens));
    every_call_has_its_result(&run.messages);
    let limits = Limits { cost: Some(39), ..Limits::default() };
    let run = run_in(priced(vec![]), limits, &mut NoHooks, None);
    assert_eq!((asked(&run), run.outcome.expect("an outcome").end), (vec![], End::Money));
}

#[test]
fn a_circle_is_warned_of_and_ended() {
    let same = || Ok(calls(&[("files__read", "{}")]));
    let run = run((0..9).map(|_| same()).collect(), Limits::default());
    assert_eq!(run.outcome.expect("an outcome").end, End::Stuck);
    assert_eq!(run.world.asked.len(), 6);
    let warned = run.messages.iter().flat_map(|message| &message.content);
    assert_eq!(
        warned.filter(|part| matches!(part, Part::Text(text) if text.starts_with("You are repeating"))).count(),
        1
    );
}

#[test]
fn it_waits_for_providers_and_makes_room() {
    let wait = |seconds| Err(Error::RateLimited(Wait(Some(Duration::from_secs(seconds)))));
    let patient = run(vec![wait(3), wait(5_000), Ok(says("done"))], Limits::default());
    assert_eq!(patient.outcome.expect("an outcome").text, "done");
    assert_eq!(patient.world.paused, Duration::from_secs(93));
    let given_up = run((0..9).map(|_| wait(1)).collect(), Limits::default());
    assert!(matches!(given_up.outcome, Err(Error::RateLimited(_))));
    // There is nothing to shorten: the error is the user's to see, and what was said is kept.
    let full = run(vec![Err(Error::ContextLength("too long".into()))], Limits::default());
    assert!(matches!(full.outcome, Err(Error::ContextLength(_))));
    assert_eq!(full.messages.len(), 4);
}

#[test]
fn sub_agents_share_what_is_left_and_may_fail_one_by_one() {
    let tasks = r#"{"tasks":[{"task":"good","context":"c"},{"task":"bad","output_schema":{"type":"object"}}]}"#;
    let limits = Limits { tokens: Some(1_000), ..Limits::default() };
    let run = run(vec![Ok(calls(&[("delegate", tasks)])), Ok(says("merged"))], limits);
    assert_eq!(run.world.delegated[0].text, "good\n\nContext:\nc");
    assert_eq!(run.world.left, [Share { tokens: Some(960), cost: None }], "of which each gets a part");
    assert!(run.world.delegated[1].output_schema.is_some());
    let told = results(&run.messages[5])[0].0.to_owned();
    assert_eq!(told, r#"[{"answer":"good\n\nContext:\nc","task":"1"},{"failed":"it was bad","task":"2"}]"#);
    assert_eq!(run.outcome.expect("an outcome").usage.tokens(), 100, "theirs included");
}

#[test]
fn the_user_steers_between_steps_and_stops() {
    let steered = Fake {
        replies: vec![Ok(calls(&[("files__read", "{}")])), Ok(says("in French"))].into(),
        heard: vec![vec![], vec![Word::Message("in French".into())]].into(),
        ..Fake::default()
    };
    let run = run_in(steered, Limits::default(), &mut NoHooks, None);
    assert!(run.events.contains(&Event::Heard { text: "in French".into() }));
    let last = run.world.asked[1].messages.last().expect("a message");
    assert_eq!(last.content.last(), Some(&Part::Text("in French".into())));

    let two = || calls(&[("files__read", "1"), ("files__read", "2")]);
    let stopped = Fake { replies: vec![Ok(two())].into(), cut: Some(Cut::Interrupted), ..Fake::default() };
    let run = run_in(stopped, Limits::default(), &mut NoHooks, None);
    assert_eq!(run.outcome.expect("an outcome").end, End::Interrupted);
    assert_eq!(
        results(run.messages.last().expect("a message")),
        [("read 1", false), ("stopped by the user", true)],
        "each call has a result"
    );
}

#[test]
fn hooks_may_say_no_and_the_model_hears_why() {
    struct ReadOnly(Option<End>);
    impl Hooks for ReadOnly {
        fn before_tool(&mut self, name: &str, _: &str) -> Decision {
            if name.ends_with("/write") { Decision::Deny("read only".into()) } else { Decision::Allow }
        }
        fn stop(&mut self, end: End) {
            self.0 = Some(end);
        }
    }
    let replies = vec![Ok(calls(&[("files__write", "{}"), ("files__read", "{}")])), Ok(says("done"))];
    let mut hooks = ReadOnly(None);
    let run = run_in(Fake { replies: replies.into(), ..Fake::default() }, Limits::default(), &mut hooks, None);
    assert_eq!(run.world.called[0].len(), 1);
    assert_eq!(results(&run.messages[5])[0], ("not allowed: read only", true));
    assert_eq!(hooks.0, Some(End::Answered));
}

#[test]
fn a_policy_sends_it_back_to_work_so_often_and_no_more() {
    let replies = || vec![Ok(says("too early")), Ok(says("done"))];
    let held = |objections: &[&'static str]| {
        let world = Fake { replies: replies().into(), objections: objections.to_vec().into(), ..Fake::default() };
        run_in(world, Limits::default(), &mut NoHooks, None)
    };
    let run = held(&["policy `p`: the tests did not run"]);
    let outcome = run.outcome.expect("an outcome");
    assert_eq!((outcome.text.as_str(), outcome.end, outcome.steps), ("done", End::Answered, 2));
    let told = format!("{:?}", run.messages);
    assert!(told.contains("You are not done: policy `p`: the tests did not run"), "{told}");
    assert_eq!(run.world.stopped, ["done"]);
    let outcome = held(&["no"; 9]).outcome.expect("an outcome");
    assert_eq!((outcome.text.as_str(), outcome.end, outcome.steps), ("nothing more", End::Stuck, 4));
}

#[test]
fn an_answer_takes_the_form_that_was_asked_for() {
    let world = Fake { replies: vec![Ok(says("it is 3")), Ok(says("{\"n\":3}"))].into(), ..Fake::default() };
    let run = run_in(world, Limits::default(), &mut NoHooks, Some("{\"type\":\"object\"}".into()));
    assert_eq!(run.outcome.expect("an outcome").text, "{\"n\":3}");
    assert!(run.world.asked[0].output_schema.is_none() && !run.world.asked[0].tools.is_empty());
    assert!(run.world.asked[1].output_schema.is_some() && run.world.asked[1].tools.is_empty());
}

/// Most providers refuse a conversation in which a call has no result, right after the reply that made it.
fn every_call_has_its_result(messages: &[Message]) {
    for (at, message) in messages.iter().enumerate() {
        let calls = message.content.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call.id.as_str()),
            _ => None,
        });
        let results = messages.get(at + 1).into_iter().flat_map(|next| &next.content).filter_map(|part| match part {
            Part::ToolResult { id, .. } => Some(id.as_str()),
            _ => None,
        });
        let (calls, results): (Vec<_>, Vec<_>) = (calls.collect(), results.collect());
        assert!(calls.is_empty() || calls == results, "{calls:?} and {results:?}");
    }
}

#[test]
fn a_conversation_can_go_on_however_a_task_ended() {
    let tasks = r#"{"tasks":[{"task":"good"}]}"#;
    let both = || Ok(calls(&[("delegate", tasks), ("files__read", "{}")]));
    let stopped = Fake { replies: vec![both()].into(), cut: Some(Cut::Interrupted), ..Fake::default() };
    let run_stopped = run_in(stopped, Limits::default(), &mut NoHooks, None);
    assert_eq!(run_stopped.outcome.expect("an outcome").end, End::Interrupted);
    every_call_has_its_result(&run_stopped.messages);

    // A provider that knows no tool choice calls tools in the last step as well.
    let limits = Limits { steps: 2, ..Limits::default() };
    let run_last = run(vec![both(), both()], limits);
    assert_eq!(run_last.outcome.expect("an outcome").end, End::Steps);
    every_call_has_its_result(&run_last.messages);
    assert_eq!(run_last.world.called.len(), 1, "what is called after the last step is not made");

    // A reply that was cut may hold a call that is whole.
    let cut = reply(calls(&[("files__read", "{}")]).content, StopReason::MaxTokens);
    let run_cut = run(vec![Ok(cut)], Limits::default());
    assert_eq!(run_cut.outcome.expect("an outcome").end, End::Tokens);
    every_call_has_its_result(&run_cut.messages);

    // A form is asked for after a last step that called tools.
    let limits = Limits { steps: 2, ..Limits::default() };
    let world = Fake { replies: vec![both(), both(), both()].into(), ..Fake::default() };
    let run_formed = run_in(world, limits, &mut NoHooks, Some("{\"type\":\"object\"}".into()));
    every_call_has_its_result(&run_formed.messages);

    // Some providers say that they are done, and call tools; or that they call tools, and do not.
    let done = reply(calls(&[("files__read", "{}")]).content, StopReason::End);
    let nothing = reply(vec![Part::Text("done".into())], StopReason::ToolCalls);
    let run_odd = run(vec![Ok(done), Ok(nothing)], Limits::default());
    let outcome = run_odd.outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str(), run_odd.world.called.len()), (End::Answered, "done", 1));
    every_call_has_its_result(&run_odd.messages);
}

#[test]
fn a_cut_answer_is_not_a_finished_one() {
    let cut = |text: &str| Ok(reply(vec![Part::Text(text.into())], StopReason::MaxTokens));
    let outcome = run(vec![cut("half of wh")], Limits::default()).outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str()), (End::Tokens, "half of wh"));
    let world = Fake { replies: vec![Ok(says("it is 3")), cut("{\"n\":")].into(), ..Fake::default() };
    let run = run_in(world, Limits::default(), &mut NoHooks, Some("{\"type\":\"object\"}".into()));
    let outcome = run.outcome.expect("an outcome");
    assert_eq!((outcome.end, outcome.text.as_str()), (End::Tokens, "{\"n\":"));
}
