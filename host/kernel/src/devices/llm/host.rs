//! WIT's `llm`, implemented on the door.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::Semaphore, task::JoinHandle};
use wasmtime::component::Resource;
use wasmtime_wasi::{
    async_trait,
    p2::{DynPollable, Pollable},
};

use super::{
    LlmRule, LlmWant,
    check::Checked,
    convert, judged,
    models::{Models, Routed},
    progress::{Pieces, Progress},
    queue::Flow,
    reply::{Answer, CallError, Delta},
    spend::{Caller, left},
};
use crate::{
    account::{Hold, Level},
    bindings::holm::sys::llm::{self as wit, Error, Host, HostModel, HostReplyStream},
    process::Pid,
    sched::Nice,
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::{WasiDevice, fuel_for_bytes},
        door::{Granted, Lapse, Resident},
        ledger::Under,
        named::is_exact_name,
        policy::{Event, ModelUse, Moment, Verdict},
    },
};

/// The llm device.
pub(crate) struct Llm;

impl Device for Llm {
    const NAME: &'static str = "llm";
    type Session = Session;
}

impl WasiDevice for Llm {}

/// What the kernel tells the device of its processes.
pub(crate) trait Shares: Send + Sync + 'static {
    /// The nice of a live process.
    fn nice(&self, pid: Pid) -> Nice;
}

/// All models, and the shares of those that call them.
pub(crate) struct Session {
    pub(crate) models: Arc<Models>,
    pub(crate) shares: Arc<dyn Shares>,
    /// One check of a schema at a time.
    checking: Arc<Semaphore>,
}

impl Session {
    pub(crate) fn new(models: Arc<Models>, shares: Arc<dyn Shares>) -> Self {
        Self { models, shares, checking: Arc::new(Semaphore::new(1)) }
    }
}

/// An open model.
#[derive(Clone)]
pub struct Model {
    right: Granted<LlmRule>,
    routed: Arc<Routed>,
}

/// A reply that is being written.
#[derive(Clone)]
pub struct ReplyStream {
    right: Granted<LlmRule>,
    written: Arc<Written>,
}

/// The pieces of a reply, and the task that makes it.
struct Written {
    state: Mutex<State>,
    pieces: Arc<Pieces>,
    task: JoinHandle<()>,
    /// Its place among the calls under way.
    _place: Hold,
}

struct State {
    peeked: Option<Delta>,
    end: Arc<Mutex<Option<Result<Answer, CallError>>>>,
    done: bool,
}

impl Drop for Written {
    /// Nobody reads it any more: the call is cancelled, and costs what it may have used.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Resident<Llm> for Model {}
impl Resident<Llm> for ReplyStream {}
impl Resident<Llm> for Readable {}

static OPEN: Op = Op::query("open", 1_000);
static DESCRIBE: Op = Op::query("describe", 200);
static COMPLETE: Op = Op::effect("complete", 50_000);
static STREAM: Op = Op::effect("stream", 50_000);
static EMBED: Op = Op::effect("embed", 50_000);
static LEFT: Op = Op::query("left", 500);
static COUNT: Op = Op::query("count-tokens", 1_000);
static NEXT: Op = Op::query("next", 500);
static LOOK: Op = Op::query("look", 200);

/// Requests of one call.
const REQUESTS: usize = 32;
/// Texts of one `embed`.
const TEXTS: usize = 256;

/// What came of a call.
type Came = std::result::Result<Answer, CallError>;

type Outcome<T> = std::result::Result<T, Interrupt<Error>>;

fn malformed<T>(text: impl Into<String>) -> Outcome<T> {
    Err(Interrupt::Guest(Error::Malformed(text.into())))
}

fn bytes(request: &wit::Request) -> u64 {
    let parts = request.messages.iter().flat_map(|message| &message.content).map(|part| match part {
        wit::Part::Text(text) => text.len(),
        wit::Part::Image(image) => image.data.len(),
        wit::Part::Thinking(thinking) => thinking.text.len(),
        wit::Part::ToolCall(call) => call.arguments.len(),
        wit::Part::ToolResult(result) => result.content.len(),
    });
    let tools = request.tools.iter().map(|tool| tool.input_schema.len() + tool.description.len());
    let schema = request.output_schema.as_ref().map_or(0, String::len);
    (parts.sum::<usize>() + tools.sum::<usize>() + schema + 64 * request.messages.len()) as u64
}

impl Syscall<'_, Llm> {
    /// Enters with an open model whose grant still holds.
    async fn model(&mut self, op: &'static Op, model: &Resource<Model>) -> Outcome<(Entered<'_, Llm>, Model)> {
        let mut call = self.enter(op).await?;
        let found = call.get_granted(model, |model| &mut model.right)?;
        call.about(&found.routed.model.name);
        Ok((call, found))
    }
}

impl Entered<'_, Llm> {
    fn caller(&self, want: &LlmWant) -> Caller {
        let control = self.control().clone();
        let weight = |pid| (pid, self.session.shares.nice(pid).weight());
        let flow = Flow { tree: weight(control.tree), process: weight(control.pid) };
        let under = self.authority().under::<LlmRule>(want);
        let under = under.into_iter().map(|(plugin, rule)| Under { plugin, rule }).collect();
        Caller { under, flow, control, checking: self.session.checking.clone() }
    }

    /// Records that a budget had no more, which shows only once a call is made.
    fn met(&mut self, error: &CallError) {
        if let CallError::Quota(exceeded) = error {
            self.over(*exceeded);
        }
    }

    /// Asks the policies about what goes to a model.
    async fn judge_use(&mut self, used: impl Fn() -> ModelUse) -> std::result::Result<(), Refusal> {
        if !self.is_judged(Moment::BeforeModel) {
            return Ok(());
        }
        let used = used();
        let (model, said) = (used.model.clone(), judged::shortly(&used.turns));
        self.judge(Moment::BeforeModel, &model, &said, Verdict::default(), || Event::BeforeModel(used)).await
    }

    /// Asks the policies about what a model replied, and withholds it if they say so.
    async fn judge_end(&mut self, model: &str, came: &Came) -> std::result::Result<(), Refusal> {
        if !self.is_judged(Moment::AfterModel) {
            return Ok(());
        }
        let Some(end) = judged::end(model, came) else { return Ok(()) };
        let said = judged::shortly(&end.turns);
        self.judge(Moment::AfterModel, model, &said, Verdict::default(), || Event::AfterModel(end)).await
    }

    /// A place among the calls under way.
    fn place(&mut self, calls: u64) -> std::result::Result<Hold, Refusal> {
        let held = self.account().hold(Level::ModelStreams, calls);
        held.map_err(|exceeded| self.over(exceeded))
    }
}

impl crate::bindings::holm::sys::llm_types::Host for Syscall<'_, Llm> {}

impl Host for Syscall<'_, Llm> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }
}

impl HostModel for Syscall<'_, Llm> {
    async fn open(&mut self, name: String) -> Outcome<Resource<Model>> {
        let mut call = self.enter(&OPEN).await?;
        call.charge(fuel_for_bytes(name.len() as u64));
        if !is_exact_name(&name) {
            return Err(call.deny(Llm::NAME, name.chars().take(128).collect(), "not the name of a model").into());
        }
        let right = call.admit::<LlmRule>(LlmWant(name.clone())).await?;
        let routed = call.session.models.find(&name).ok_or(Refusal::Errno(Errno::NotFound))?;
        Ok(call.push(Model { right, routed })?)
    }

    async fn describe(&mut self, model: Resource<Model>) -> Outcome<wit::Description> {
        let (_, model) = self.model(&DESCRIBE, &model).await?;
        let targets = &model.routed.model.targets;
        // What every target holds, since any of them may answer.
        let most = |pick: fn(&super::Target) -> u64| targets.iter().map(pick).max().unwrap_or(0);
        Ok(wit::Description {
            context_window: targets.iter().map(|target| target.context_window).min().flatten(),
            max_output: targets.iter().map(|target| target.max_output).min(),
            images: targets.iter().all(|target| target.images),
            input_price: most(|target| target.prices.input.0),
            output_price: most(|target| target.prices.output.0),
        })
    }

    async fn complete(
        &mut self,
        model: Resource<Model>,
        requests: Vec<wit::Request>,
    ) -> Outcome<Vec<Result<wit::Reply, Error>>> {
        let (mut call, mut model) = self.model(&COMPLETE, &model).await?;
        if !(1..=REQUESTS).contains(&requests.len()) {
            return malformed(format!("1 to {REQUESTS} requests"));
        }
        call.charge(fuel_for_bytes(requests.iter().map(bytes).sum()));
        let name = model.routed.model.name.clone();
        for request in &requests {
            call.judge_use(|| judged::request(&name, request)).await?;
        }
        call.renew(&mut model.right)?;
        let place = call.place(requests.len() as u64)?;
        let caller = Arc::new(call.caller(model.right.want()));
        let (models, routed) = (call.session.models.clone(), model.routed.clone());
        let answers = call.drive(&mut model.right, async move {
            let _place = place;
            let one = |request: wit::Request| {
                let (models, routed, caller) = (models.clone(), routed.clone(), caller.clone());
                // A call is large, and the list it waits in moves it twice.
                Box::pin(async move {
                    let (cached, deadline) = (request.cached, request.deadline.map(Duration::from_millis));
                    let checked = convert::request(request).await.map_err(CallError::Malformed)?;
                    models.call(&caller, &routed, &checked, cached, deadline, &Progress::default()).await
                })
            };
            futures_util::future::join_all(requests.into_iter().map(one)).await
        });
        let answers = answers.await?;
        answers.iter().filter_map(|answer| answer.as_ref().err()).for_each(|error| call.met(error));
        let bytes: usize = answers.iter().flatten().map(|answer| answer.reply.bytes()).sum();
        call.charge(fuel_for_bytes(bytes as u64));
        let mut replies = Vec::with_capacity(answers.len());
        for answer in answers {
            replies.push(match call.judge_end(&name, &answer).await {
                Ok(()) => answer.map(convert::reply).map_err(Error::from),
                Err(Refusal::Errno(errno)) => Err(errno.into()),
                Err(fault) => return Err(fault.into()),
            });
        }
        Ok(replies)
    }

    async fn stream(&mut self, model: Resource<Model>, request: wit::Request) -> Outcome<Resource<ReplyStream>> {
        let (mut call, mut model) = self.model(&STREAM, &model).await?;
        call.charge(fuel_for_bytes(bytes(&request)));
        let name = model.routed.model.name.clone();
        call.judge_use(|| judged::request(&name, &request)).await?;
        call.renew(&mut model.right)?;
        // A reply that is judged is told whole: what was read cannot be taken back.
        let whole = call.is_judged(Moment::AfterModel);
        let place = call.place(1)?;
        let caller = call.caller(model.right.want());
        let (models, routed) = (call.session.models.clone(), model.routed.clone());
        let (progress, pieces) = Progress::read();
        let silent = Progress::default();
        let end = Arc::new(Mutex::new(None));
        let told = end.clone();
        let (cached, deadline) = (request.cached, request.deadline.map(Duration::from_millis));
        let task = tokio::spawn(async move {
            let answer = match convert::request(request).await {
                Ok(checked) => {
                    let told = if whole { &silent } else { &progress };
                    models.call(&caller, &routed, &checked, cached, deadline, told).await
                }
                Err(text) => Err(CallError::Malformed(text)),
            };
            *told.lock() = Some(answer);
            // The pieces end with `progress`: whoever reads looks at the end.
            drop(progress);
        });
        let state = State { peeked: None, end, done: false };
        let written = Written { state: Mutex::new(state), pieces, task, _place: place };
        Ok(call.push(ReplyStream { right: model.right, written: Arc::new(written) })?)
    }

    async fn embed(&mut self, model: Resource<Model>, texts: Vec<String>) -> Outcome<Vec<Vec<f32>>> {
        let (mut call, mut model) = self.model(&EMBED, &model).await?;
        let bytes: u64 = texts.iter().map(|text| text.len() as u64).sum();
        call.charge(fuel_for_bytes(bytes));
        if !(1..=TEXTS).contains(&texts.len()) {
            return malformed(format!("1 to {TEXTS} texts"));
        }
        call.judge_use(|| judged::texts(&model.routed.model.name, &texts)).await?;
        call.renew(&mut model.right)?;
        let place = call.place(1)?;
        let caller = call.caller(model.right.want());
        let (models, routed) = (call.session.models.clone(), model.routed.clone());
        let vectors = call.drive(&mut model.right, async move {
            let _place = place;
            models.embed(&caller, &routed, texts).await
        });
        let vectors = vectors.await?.inspect_err(|error| call.met(error));
        let vectors = vectors.map_err(|error| Interrupt::Guest(Error::from(error)))?;
        call.charge(fuel_for_bytes(vectors.iter().map(|vector| 4 * vector.len() as u64).sum()));
        Ok(vectors)
    }

    async fn left(&mut self, model: Resource<Model>) -> Outcome<wit::Left> {
        let (call, model) = self.model(&LEFT, &model).await?;
        Ok(left(&call.session.models.ledger, &call.caller(model.right.want())))
    }

    async fn count_tokens(&mut self, model: Resource<Model>, request: wit::Request) -> Outcome<wit::TokenCount> {
        let (mut call, _) = self.model(&COUNT, &model).await?;
        call.charge(fuel_for_bytes(bytes(&request)));
        match convert::request(request).await {
            Ok(Checked { bound, .. }) => Ok(wit::TokenCount { tokens: bound, exact: false }),
            Err(text) => malformed(text),
        }
    }

    async fn drop(&mut self, model: Resource<Model>) -> wasmtime::Result<()> {
        self.release(model).map(drop)
    }
}

/// What comes next in a reply.
enum Next {
    Delta(Delta),
    End(Result<Answer, CallError>),
    Over,
}

impl Written {
    /// Waits until there is something to read. Only its process reads it, one call at a time.
    async fn ready(&self) {
        std::future::poll_fn(|context| {
            let mut state = self.state.lock();
            if state.done || state.peeked.is_some() {
                return std::task::Poll::Ready(());
            }
            self.pieces.poll_next(context).map(|delta| state.peeked = delta)
        })
        .await;
    }

    async fn next(&self) -> Next {
        self.ready().await;
        let mut state = self.state.lock();
        if let Some(delta) = state.peeked.take() {
            return Next::Delta(delta);
        }
        if std::mem::replace(&mut state.done, true) {
            return Next::Over;
        }
        let end = state.end.lock().take();
        Next::End(end.unwrap_or_else(|| Err(CallError::Unavailable("the llm driver failed".to_owned()))))
    }
}

/// Ready when a piece of a reply is there, or its end, or the right to it has lapsed.
struct Readable(Arc<Written>, Lapse<LlmRule>);

#[async_trait]
impl Pollable for Readable {
    async fn ready(&mut self) {
        tokio::select! {
            () = self.0.ready() => {}
            () = self.1.lapsed() => {}
        }
    }
}

impl HostReplyStream for Syscall<'_, Llm> {
    async fn next(&mut self, stream: Resource<ReplyStream>) -> Outcome<Option<wit::Delta>> {
        let mut call = self.enter(&NEXT).await?;
        let mut found = call.get_granted(&stream, |stream| &mut stream.right)?;
        call.about(&found.right.want().0.clone());
        let written = found.written.clone();
        match call.while_granted(&mut found.right, written.next()).await? {
            Next::Delta(delta) => {
                call.charge(4);
                Ok(Some(convert::delta(delta)))
            }
            Next::End(answer) => {
                let answer = answer.inspect_err(|error| call.met(error));
                call.judge_end(&found.right.want().0, &answer).await?;
                let answer = answer.map_err(|error| Interrupt::Guest(Error::from(error)))?;
                call.charge(fuel_for_bytes(answer.reply.bytes() as u64));
                Ok(Some(wit::Delta::Done(convert::reply(answer))))
            }
            Next::Over => Ok(None),
        }
    }

    async fn subscribe(&mut self, stream: Resource<ReplyStream>) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&LOOK).await.map_err(crate::devices::wasi_trap)?;
        let found = call.get(&stream).map_err(crate::devices::wasi_trap)?.clone();
        let readable = Readable(found.written.clone(), call.lapse(&found.right));
        let pollable = call.push(readable).map_err(crate::devices::wasi_trap)?;
        wasmtime_wasi::p2::subscribe(call.wasi().1, pollable)
    }

    async fn drop(&mut self, stream: Resource<ReplyStream>) -> wasmtime::Result<()> {
        self.release(stream).map(drop)
    }
}
