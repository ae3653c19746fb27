//! WIT's `tool`, implemented on the door.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{Admits, Arguments, Called, Driver, MAXIMUM_FOUND, QUERY_BYTES, QUERY_WORDS, ToolRule, ToolWant};
use crate::{
    account::Exceeded,
    bindings::holm::sys::{
        tool::{Error, Found, Host},
        tool_types::{Description, Summary, ToolError},
    },
    devices::spawn::{Caller, Refused},
    process::ExitStatus,
    program::ProgramError,
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Run, Syscall,
        budget::Budgeted,
        device::fuel_for_bytes,
        door::Granted,
        ledger::{Amounts, Ledger, Under, hour},
        named::{is_plugin_pattern, is_tool_name, tool_parts},
        policy::{Event, Moment, ToolEnd, ToolUse, Verdict},
    },
};

/// The tool device.
pub(crate) struct Tool;

impl Device for Tool {
    const NAME: &'static str = "tool";
    type Session = Session;
}

/// The catalogue, and what was used of the budgets of grants.
pub(crate) struct Session {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) directory: String,
}

static LIST: Op = Op::query("list", 10_000);
static SEARCH: Op = Op::query("search", 300_000);
static DESCRIBE: Op = Op::query("describe", 2_000);
static CALL: Op = Op::effect("call", 100_000);

/// What hours and days have used is read as the kernel starts; a call waits for it at most this long.
const KNOWN_WITHIN: Duration = Duration::from_secs(10);

/// Fuel for each word that is looked up, as it is and with slips.
const LOOKED_UP: u64 = 20_000;
/// Fuel for each tool that a search looks at: about the time that it takes.
const SEARCHED: u64 = 500;

/// A page of the catalogue.
const PAGE: u32 = 1000;

pub(super) type Result<T> = std::result::Result<T, Interrupt<Error>>;

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::Sys(errno)
    }
}

impl Entered<'_, Tool> {
    /// Both parts of a tool's name.
    fn parts(&mut self, name: &str) -> std::result::Result<(String, String), Refusal> {
        self.charge(fuel_for_bytes(name.len() as u64));
        let is_plugin = |name: &str| is_plugin_pattern(name) && !name.contains('*');
        let parts = tool_parts(name).filter(|(plugin, tool)| is_plugin(plugin) && is_tool_name(tool));
        match parts {
            Some((plugin, tool)) => Ok((plugin.to_owned(), tool.to_owned())),
            None => Err(self.deny(Tool::NAME, name.chars().take(128).collect(), "a tool is named `plugin/tool`")),
        }
    }
}

impl Host for Syscall<'_, Tool> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }

    async fn list(&mut self, prefix: String, cursor: Option<String>, limit: u32) -> Result<Vec<Summary>> {
        let mut call = self.enter(&LIST).await?;
        let mut summaries = Vec::new();
        let all = call.session.driver.list();
        call.charge(100 * all.len() as u64 + fuel_for_bytes(prefix.len() as u64));
        for (name, offer, at) in all {
            let wanted = name.starts_with(&prefix) && cursor.as_ref().is_none_or(|cursor| name > *cursor);
            // What is not granted does not exist for this process: no denial, no question.
            if wanted && call.authority().admit::<ToolRule>(&ToolWant::named(name.clone())).is_ok() {
                summaries.push(Summary { name, description: offer.tools()[at].summary.clone() });
            }
            if summaries.len() >= limit.clamp(1, PAGE) as usize {
                break;
            }
        }
        Ok(summaries)
    }

    async fn search(&mut self, query: String, limit: u32) -> Result<Vec<Found>> {
        let mut call = self.enter(&SEARCH).await?;
        // Before it is done: whoever does not wait for it pays all the same.
        let words = query.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).count();
        call.charge(fuel_for_bytes(query.len() as u64) + LOOKED_UP * words.min(QUERY_WORDS) as u64);
        if query.len() > QUERY_BYTES {
            let reason = format!("a query has at most {QUERY_BYTES} bytes");
            return Err(Interrupt::Guest(Error::Tool(ToolError::InvalidArguments(reason))));
        }
        let authority = call.authority().clone();
        // As in `list`: what is not granted does not exist.
        let admits: Admits = Arc::new(move |name| authority.admit::<ToolRule>(&ToolWant::named(name)).is_ok());
        let driver = call.session.driver.clone();
        let run = call.control().run.clone();
        // One of a tree at a time: the others' turns are not all for it. It is a task, so that a process which is
        // stopped meanwhile holds up none of its tree.
        let looking = tokio::spawn(async move {
            let _turn = run.searching.lock().await;
            driver.search(query, admits, limit.clamp(1, MAXIMUM_FOUND) as usize).await
        });
        let (found, searched) = looking.await.unwrap_or_default();
        call.charge(SEARCHED * searched as u64);
        let told = found.into_iter();
        Ok(told.map(|tool| Found { name: tool.name, description: tool.summary, score: tool.score }).collect())
    }

    async fn describe(&mut self, name: String) -> Result<Description> {
        let mut call = self.enter(&DESCRIBE).await?;
        let (plugin, tool) = call.parts(&name)?;
        call.admit::<ToolRule>(ToolWant::named(&name)).await?;
        let found = call.session.driver.find(&plugin, &tool).ok_or(Refusal::Errno(Errno::NotFound))?;
        let bytes = found.description.len() + found.input_schema.len();
        call.charge(fuel_for_bytes(bytes as u64));
        Ok(Description {
            name,
            description: found.description,
            input_schema: found.input_schema,
            output_schema: found.output_schema,
        })
    }

    async fn call(&mut self, name: String, arguments: String) -> Result<String> {
        let mut call = self.enter(&CALL).await?;
        let mut asked = call.prepare(&name, arguments).await?;
        let answer = asked.driver.call(asked.caller, &asked.plugin, &asked.tool, asked.arguments);
        let answer = call.while_granted(&mut asked.right, answer).await?;
        call.told(&asked.right, answer).await
    }
}

/// A call that may be made.
pub(super) struct Asked {
    pub(super) right: Granted<ToolRule>,
    pub(super) driver: Arc<dyn Driver>,
    pub(super) caller: Caller,
    pub(super) plugin: String,
    pub(super) tool: String,
    pub(super) arguments: String,
}

impl Entered<'_, Tool> {
    /// Checks the form of a call, the right to it, and its terms: from here on it counts.
    pub(super) async fn prepare(&mut self, name: &str, arguments: String) -> Result<Asked> {
        // They are parsed, looked at, and written anew.
        self.charge(fuel_for_bytes(4 * arguments.len() as u64));
        let (plugin, tool) = self.parts(name)?;
        let mut arguments = match Arguments::parse(&arguments) {
            Ok(arguments) => arguments,
            Err(reason) => {
                self.admit::<ToolRule>(ToolWant::named(name)).await?;
                return Err(Interrupt::Guest(Error::Tool(ToolError::InvalidArguments(reason))));
            }
        };
        self.authority().clone().look::<ToolRule>(&mut |rule| {
            rule.paths(name).for_each(|path| arguments.normalise(path));
        });
        let arguments = Arc::new(arguments);
        let mut right = self.admit::<ToolRule>(ToolWant::call(name, arguments.clone())).await?;
        let counted = self.count(right.want()).await?;
        let said = Verdict::of_rule(right.rules().iter().find(|rule| rule.asks()).map(ToString::to_string));
        let text = arguments.to_string();
        let used = || Event::BeforeTool(ToolUse { name: name.to_owned(), arguments: text.clone() });
        self.judge(Moment::BeforeTool, &right.want().to_string(), &text, said, used).await?;
        // It may have been revoked while somebody thought about it.
        self.renew(&mut right)?;
        counted.made();
        let caller = Caller {
            control: self.control().clone(),
            authority: self.authority().clone(),
            operator: self.operator().cloned(),
            directory: self.session.directory.clone(),
        };
        Ok(Asked { right, driver: self.session.driver.clone(), caller, plugin, tool, arguments: text })
    }

    /// Sets one call aside in each budget that it is made under.
    async fn count(&mut self, want: &ToolWant) -> std::result::Result<Counted, Refusal> {
        let under = self.authority().under::<ToolRule>(want).into_iter();
        let under = under.map(|(plugin, rule)| Under { plugin, rule });
        let under: Vec<_> = under.filter(|under| !under.rule.budgets().is_empty()).collect();
        let ledger = self.session.ledger.clone();
        let known = ledger.open(&under, Instant::now() + KNOWN_WITHIN).await;
        known.map_err(|rule| self.deny(Tool::NAME, want.to_string(), rule))?;
        let counted = Counted { ledger, under, run: self.control().run.clone(), hour: hour(SystemTime::now()) };
        counted.reserve().map_err(|exceeded| self.over(exceeded))
    }

    /// What the guest is told of a call's end, where no policy withholds it.
    pub(super) async fn told(
        &mut self,
        right: &Granted<ToolRule>,
        answer: std::result::Result<Called, Refused>,
    ) -> Result<String> {
        let name = right.want().to_string();
        let end = || Event::AfterTool(ToolEnd { name: name.clone(), outcome: outcome(&answer) });
        self.judge(Moment::AfterTool, &name, "", Verdict::default(), end).await?;
        match answer {
            Ok(Called::Answered(Ok(result))) => {
                self.charge(fuel_for_bytes(result.len() as u64));
                Ok(result)
            }
            Ok(Called::Answered(Err(error))) => Err(Interrupt::Guest(Error::Tool(error))),
            Ok(Called::Ended(ExitStatus::Killed(_))) => Err(Refusal::Errno(Errno::Cancelled).into()),
            Ok(Called::Ended(status)) => Err(Interrupt::Guest(Error::Fault(status.to_string()))),
            Err(Refused::Exceeded(exceeded)) => Err(self.over(exceeded).into()),
            Err(Refused::Program(ProgramError::NotFound(_))) => Err(Refusal::Errno(Errno::NotFound).into()),
            Err(Refused::Program(error)) => Err(Refusal::Errno(Errno::Io(error.to_string())).into()),
            Err(Refused::Denied(rule)) => Err(self.deny_and_tell(Tool::NAME, name, &rule).into()),
            Err(Refused::Other(text)) => Err(Refusal::Errno(Errno::Io(text)).into()),
        }
    }
}

/// How a call ended, as policies are told.
fn outcome(answer: &std::result::Result<Called, Refused>) -> std::result::Result<String, String> {
    match answer {
        Ok(Called::Answered(Ok(result))) => Ok(result.clone()),
        Ok(Called::Answered(Err(ToolError::NoSuchTool))) => Err("there is no such tool".to_owned()),
        Ok(Called::Answered(Err(ToolError::InvalidArguments(text) | ToolError::Failed(text)))) => Err(text.clone()),
        Ok(Called::Ended(status)) => Err(status.to_string()),
        Err(refused) => Err(refused.to_string()),
    }
}

const ONE: Amounts = Amounts { calls: 1, tokens: 0, money: 0, bytes: 0 };

/// A call that was set aside in its budgets; dropped before it is made, it is given back.
struct Counted {
    ledger: Arc<Ledger>,
    under: Vec<Under<ToolRule>>,
    run: Arc<Run>,
    hour: u64,
}

impl Counted {
    fn reserve(mut self) -> std::result::Result<Self, Exceeded> {
        let reserved = self.ledger.reserve(&self.under, &self.run, self.hour, ONE);
        if reserved.is_err() {
            self.under.clear();
        }
        reserved.map(|()| self)
    }

    /// It is made, and counts.
    fn made(mut self) {
        self.under.clear();
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.ledger.settle(&self.under, &self.run, self.hour, ONE, Amounts::default());
    }
}
