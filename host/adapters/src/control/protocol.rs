//! What a command and the kernel say to each other: plain values, one frame each.

use std::{collections::BTreeMap, path::PathBuf};

use holm_kernel::{
    Capacity, Exit, Pending, PluginSnapshot, ProcessSnapshot, Question, ToolError,
    account::{Bytes, Fuel, Money, OnEmpty},
    answer::{self, Inquiry, Progress},
    devices::Grants,
    memory::{Block, Conversation, Draft, Filter, Query, Recall, Record, Remembered, SpaceId, SpaceUse},
    process::Pid,
    program::Fetch,
    sched::Nice,
};
use holm_packages::{KnownKey, Login, Policies, Secret, Value};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{
    failure::Failure,
    tool_servers::ServerView,
    view::{FoundTool, Inspected, Installed, Listed, OffersView, Planned, ToolView},
};

/// The version of all that follows. It grows with each change that an older side misreads.
pub const PROTOCOL: u32 = 10;

/// How many bytes of standard input may be under way: more is sent only once some were taken.
pub const STDIN_WINDOW: usize = 256 << 10;

/// The first frame of each side. Its fields never change, so that any two versions understand it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// [`PROTOCOL`] of the side that greets.
    pub protocol: u32,
    /// Its version.
    pub version: String,
    /// Tells builds of one version apart.
    pub build: String,
    /// What the client is here for.
    pub intent: Intent,
    /// Why the kernel does not serve this client. Nothing follows.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// What a client is here for. Ending a kernel works across versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// One command.
    Command,
    /// Commands one after the other, for as long as the client likes: who makes many saves the
    /// greeting of each.
    Session,
    /// The end of the kernel.
    Shutdown,
}

/// What a client asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// How the kernel is. Answered by [`Reply::Status`].
    Status,
    /// Waits until all audit records so far are written. Answered by [`Reply::Done`].
    Audited,
    /// The installed plugins. Answered by [`Reply::Plugins`].
    List,
    /// All about a plugin. Answered by [`Reply::Inspected`].
    Inspect(Target),
    /// Installs a plugin, or puts another version in the place of one. Answered by
    /// [`Reply::Planned`]; after [`Input::Proceed`] by [`Reply::Installed`].
    Install {
        /// What.
        source: Source,
        /// Whether it is installed already.
        update: bool,
        /// As what.
        role: Role,
        /// What to grant to it at once.
        grants: Vec<String>,
        /// By which paths in the grants are read.
        directory: PathBuf,
    },
    /// Removes a plugin, its grants and what it has stored. Answered by [`Reply::Uninstalled`].
    Uninstall {
        /// Its name.
        plugin: String,
        /// Whether what it has stored stays, for whoever is installed by this name next.
        keep_data: bool,
    },
    /// Adds grants. Answered by [`Reply::Grants`].
    Grant {
        /// To whom.
        plugin: String,
        /// Like `fs=./data:ro`.
        lines: Vec<String>,
        /// By which paths in them are read.
        directory: PathBuf,
    },
    /// Takes grants away, from what runs too. Answered by [`Reply::Grants`].
    Revoke {
        /// From whom.
        plugin: String,
        /// Like `fs` or `fs=./data`; none takes all.
        lines: Vec<String>,
        /// By which paths in them are read.
        directory: PathBuf,
    },
    /// The tools of one plugin, or of all. Answered by [`Reply::Tools`].
    Tools {
        /// Whose.
        plugin: Option<String>,
        /// Those of servers as well: they are the operator's own, and grants' to give.
        servers: bool,
    },
    /// The tools that some words fit, the best first. Answered by [`Reply::Found`].
    SearchTools {
        /// Words; there is no query language.
        query: String,
        /// At most so many.
        limit: usize,
    },
    /// Looks at the secrets, or changes them. Answered by [`Reply::Secrets`]: those there are then.
    Secrets(Keeping),
    /// Looks at what is remembered, adds to it, or forgets. Answered by [`Reply::Remembered`].
    Memory(Remembering),
    /// Looks at servers of tools, or changes what is accepted of them. Answered by [`Reply::Servers`] or
    /// [`Reply::Done`].
    Servers(Serving),
    /// Looks at the keys that plugins may be signed by, or changes them. Answered by [`Reply::Keys`].
    Keys(KeyChange),
    /// The policies that are set. Answered by [`Reply::Policies`].
    Policies,
    /// Sets exactly these policies over a plugin, or over all (`*`). Answered by [`Reply::Policies`].
    SetPolicies {
        /// Over whom.
        plugin: String,
        /// Which; none takes them away.
        policies: Vec<String>,
    },
    /// The calls that wait for their user's decision. Answered by [`Reply::Pending`].
    Pending,
    /// Decides about one. Answered by [`Reply::Done`].
    Decide {
        /// Its number.
        id: u64,
        /// Whether it is made.
        allow: bool,
    },
    /// Runs a program. Answered by [`Reply::Started`], what happens, and [`Reply::Exited`].
    Run(Run),
    /// Calls a tool. Answered as a run, and by [`Reply::Answered`] in the end.
    Call(Call),
    /// What one plugin offers beside its tools, or all do. Answered by [`Reply::Offers`].
    Offers {
        /// Whose.
        plugin: Option<String>,
    },
    /// Reads a resource, gets a prompt, or completes an argument. Answered as a call: JSON as MCP writes it.
    Fetch(Fetching),
    /// Tells when something is installed, removed or granted. Answered by [`Reply::Done`], and from
    /// then on by [`Reply::Changed`], until the client goes.
    Watch,
    /// The live processes. Answered by [`Reply::Processes`].
    Processes,
    /// What each plugin's processes have done. Answered by [`Reply::Statistics`].
    Statistics,
    /// The kernel's figures. Answered by [`Reply::Metrics`].
    Metrics,
    /// Does something to processes. Answered by [`Reply::Signalled`], in their order.
    Signal {
        /// Which.
        pids: Vec<Pid>,
        /// What.
        signal: Signal,
    },
}

/// As what a plugin is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// As whatever it is.
    Plugin,
    /// As a runtime: others may execute its commands as themselves.
    Runtime,
    /// As a community skill, and nothing else.
    Skill,
}

/// Where a plugin is installed from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Source {
    /// A folder; absolute.
    Path(PathBuf),
    /// A registry.
    Registry {
        /// Like `oci://ghcr.io/owner/name:1.0.0`.
        reference: String,
        /// As whom; none asks as anybody may.
        login: Option<Login>,
    },
}

/// What is done with the keys that plugins may be signed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyChange {
    /// Nothing.
    List,
    /// Adds one.
    Add {
        /// What to call it.
        name: String,
        /// A public key.
        pem: String,
    },
    /// Removes one.
    Remove {
        /// Its name.
        name: String,
    },
}

/// A plugin, installed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// By its name.
    Installed(String),
    /// A component's file or a built folder; absolute.
    Path(PathBuf),
}

/// What is done with secrets. None of it tells one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Keeping {
    /// Nothing.
    List,
    /// Keeps one, in the place of one of this name.
    Set {
        /// What it is called.
        name: String,
        /// What it is.
        value: Value,
    },
    /// Lets requests of a plugin carry it.
    Bind {
        /// Which secret.
        name: String,
        /// Whose requests.
        plugin: String,
        /// Which of them, like `https://api.example.com/*:get`.
        rule: String,
        /// As what, like `authorization: Bearer {}`.
        header: String,
    },
    /// Lets it go to a server of tools, as that is now.
    BindServer {
        /// Which secret.
        name: String,
        /// Which server.
        server: String,
    },
    /// Lets it go there no longer.
    UnbindServer {
        /// Which secret.
        name: String,
        /// Which server.
        server: String,
    },
    /// Lets them carry it no longer.
    Unbind {
        /// Which secret.
        name: String,
        /// Whose requests.
        plugin: String,
        /// Which of them; none means all.
        rule: Option<String>,
    },
    /// Forgets it.
    Delete {
        /// Which secret.
        name: String,
    },
    /// Seals all of them under a passphrase.
    Protect {
        /// Which.
        passphrase: Value,
    },
    /// Opens them until the kernel ends.
    Unlock {
        /// By which.
        passphrase: Value,
    },
    /// Seals them without a passphrase again.
    Unprotect {
        /// The one that they have.
        passphrase: Value,
    },
}

/// What its user does with memory. No grant binds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Remembering {
    /// Tells of all spaces. Answered by [`Memories::Spaces`].
    Spaces,
    /// The conversations of a space. Answered by [`Memories::Conversations`].
    Conversations(SpaceId),
    /// Records in the order of their ids, their bodies not among it. Answered by [`Memories::Records`].
    List {
        /// Of which space.
        space: SpaceId,
        /// After which.
        after: Option<u64>,
        /// How many at most.
        limit: usize,
        /// Which.
        filter: Filter,
    },
    /// What fits a query best. Answered by [`Memories::Recalled`].
    Recall {
        /// In which space.
        space: SpaceId,
        /// What is looked for.
        query: Query,
    },
    /// A record and the versions before it, the newest first. Answered by [`Memories::Records`].
    History {
        /// In which space.
        space: SpaceId,
        /// Which.
        id: u64,
    },
    /// Remembers. Answered by [`Memories::Written`].
    Remember {
        /// In which space.
        space: SpaceId,
        /// What.
        drafts: Vec<Draft>,
    },
    /// Forgets. Answered by [`Memories::Forgotten`].
    Forget {
        /// In which space.
        space: SpaceId,
        /// Which records.
        ids: Vec<u64>,
    },
    /// One of the two blocks, and changes it where there is another. Answered by [`Memories::Block`].
    Block {
        /// Of which space.
        space: SpaceId,
        /// Which: `memory` or `user`.
        block: Block,
        /// What it says from now on.
        text: Option<String>,
    },
}

/// The answers to [`Remembering`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Memories {
    /// The spaces that hold anything.
    Spaces(Vec<SpaceUse>),
    /// Conversations, the oldest first.
    Conversations(Vec<Conversation>),
    /// Records.
    Records(Vec<Record>),
    /// What was recalled.
    Recalled(Recall),
    /// What came of each draft.
    Written(Vec<Remembered>),
    /// Which are forgotten now.
    Forgotten(Vec<u64>),
    /// What a block says.
    Block(String),
}

/// What is done with servers of tools.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Serving {
    /// Tells of all of them.
    List,
    /// Starts one, and tells of its tools.
    Look {
        /// Which.
        name: String,
    },
    /// Accepts tools of one.
    Accept {
        /// Whose.
        name: String,
        /// Which, and the digest of what was seen of each.
        tools: BTreeMap<String, String>,
    },
    /// Begins a login at one. Answered by [`Reply::Login`].
    Login {
        /// Where.
        name: String,
        /// Where the browser comes back to, on this machine.
        redirect: String,
    },
    /// Ends it. Answered by [`Reply::LoggedIn`].
    LoggedIn {
        /// Where.
        name: String,
        /// The address that the browser came back to.
        back: Value,
    },
    /// Forgets it.
    Logout {
        /// Where.
        name: String,
    },
    /// Forgets what was accepted of one.
    Forget {
        /// Which.
        name: String,
    },
    /// Reads the configuration anew.
    Reload,
}

/// A program to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub target: Target,
    /// Without its own name.
    pub arguments: Vec<String>,
    /// What it finds as its environment.
    pub environment: Vec<(String, String)>,
    /// Goes on without its client; what it writes is dropped.
    pub detach: bool,
    /// Whether its client is told what it needed: [`Reply::Needs`].
    pub record: bool,
    /// Under which terms.
    pub terms: Terms,
}

/// A tool to call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Whose tool.
    pub target: Target,
    /// Its name.
    pub tool: String,
    /// A JSON object.
    pub arguments: String,
    /// Whether it may be a server's: the operator's own calls alone are made without a grant.
    pub servers: bool,
    /// Whether the client hears what the tool says before its end: [`Reply::Told`] and [`Reply::Asked`].
    pub hears: bool,
    /// Under which terms.
    pub terms: Terms,
}

/// Something that a plugin offers, to fetch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetching {
    /// Whose.
    pub target: Target,
    /// What.
    pub fetch: Fetch,
    /// As [`Call::hears`].
    pub hears: bool,
    /// Under which terms.
    pub terms: Terms,
}

/// Under which terms its operator starts a process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Terms {
    /// By which its relative paths are read, and those of `grants`. Absolute.
    pub directory: PathBuf,
    /// Granted to this process only.
    pub grants: Vec<String>,
    /// Less fuel than it would have.
    pub fuel: Option<Fuel>,
    /// Less memory than it would have.
    pub memory: Option<Bytes>,
    /// Fewer tokens of models than it would have.
    pub tokens: Option<u64>,
    /// Less money for models than it would have.
    pub money: Option<Money>,
    /// Its share.
    pub nice: Nice,
    /// What happens when its fuel is gone.
    pub on_empty: Option<OnEmpty>,
    /// Whether the client can ask its user about denials, and, in a run, what tools want to know.
    pub ask: bool,
    /// How often it may be done.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// For which client of Holm's it is done, where it is not its operator's own deed.
    #[serde(default)]
    pub client: Option<String>,
}

/// How often calls may be made that are counted under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The name.
    pub name: String,
    /// Calls an hour.
    pub calls_per_hour: u32,
}

/// What can be done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// Ends it and its descendants.
    Kill,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
    /// Changes its share.
    Renice(Nice),
    /// Gives it more fuel.
    TopUp(Fuel),
}

/// What a client says after its request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Bytes of standard input, at most [`STDIN_WINDOW`] that were not taken.
    Stdin(ByteBuf),
    /// The end of standard input.
    StdinEnd,
    /// The answer to [`Reply::Denied`] or [`Reply::Approve`].
    Answer {
        /// The question's id.
        id: u64,
        /// What the user said.
        choice: Choice,
    },
    /// The answer to [`Reply::Asked`]: one for each question, in their order.
    Replied {
        /// The inquiry's id.
        id: u64,
        /// What came of its questions; what is missing is cancelled.
        replies: Vec<answer::Reply>,
    },
    /// Ends the run.
    Kill,
    /// Does what was planned.
    Proceed {
        /// Whether the grants of the old version go on to hold.
        keep_grants: bool,
    },
}

/// What a user says about a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Allowed until the process ends.
    Once,
    /// Granted from now on.
    Always,
    /// Denied, and not asked again until the process ends.
    Never,
}

/// An output stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// What was asked for.
    Stdout,
    /// What is said about it.
    Stderr,
}

/// What the kernel is doing, where that takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Fetches a plugin from a registry.
    Fetching {
        /// Bytes that have come.
        come: u64,
        /// Of so many.
        whole: u64,
    },
    /// Reads and digests files.
    Checking,
    /// Compiles a component.
    Compiling,
    /// Asks a component for its tools.
    Describing,
    /// Starts a server of tools.
    Starting,
}

/// What the kernel says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It was not done, and why. Nothing follows.
    Failed(Failure),
    /// It was done.
    Done,
    /// What it is doing; an answer follows.
    Progress(Stage),
    /// To be shown to the user; an answer follows.
    Warning(String),
    /// See [`Request::Status`].
    Status(Box<Status>),
    /// See [`Request::Memory`].
    Remembered(Box<Memories>),
    /// See [`Request::List`].
    Plugins(Vec<Listed>),
    /// See [`Request::Inspect`].
    Inspected(Box<Inspected>),
    /// See [`Request::Install`].
    Planned(Box<Planned>),
    /// See [`Request::Install`].
    Installed(Installed),
    /// See [`Request::Uninstall`].
    Uninstalled {
        /// What it had stored, and has no more.
        removed: Bytes,
        /// Over whom it was a policy: their calls are denied until that is changed.
        over: Vec<String>,
    },
    /// What a plugin holds now.
    Grants(Vec<String>),
    /// See [`Request::Tools`].
    Tools(Vec<ToolView>),
    /// See [`Request::SearchTools`].
    Found(Vec<FoundTool>),
    /// See [`Request::Offers`].
    Offers(Vec<OffersView>),
    /// See [`Request::Watch`].
    Changed,
    /// See [`Request::Secrets`].
    Secrets(Vec<Secret>),
    /// See [`Request::Servers`].
    Servers(Vec<ServerView>),
    /// See [`Serving::Login`]: where its user's browser goes.
    Login(String),
    /// See [`Serving::LoggedIn`]: what was granted.
    LoggedIn(Vec<String>),
    /// These tools of a server were accepted as they are, since a grant names them; an answer follows.
    Pinned(ServerView),
    /// See [`Request::Keys`]: those there are then.
    Keys(Vec<KnownKey>),
    /// See [`Request::Policies`].
    Policies(Policies),
    /// See [`Request::Pending`].
    Pending(Vec<Pending>),
    /// See [`Request::Processes`].
    Processes(Vec<ProcessSnapshot>),
    /// See [`Request::Statistics`].
    Statistics(Vec<PluginSnapshot>),
    /// See [`Request::Metrics`]: as text that Prometheus reads.
    Metrics(String),
    /// For each process, how many were reached, or why none.
    Signalled(Vec<Result<usize, Failure>>),
    /// A process was started.
    Started {
        /// Its id.
        pid: Pid,
    },
    /// It wrote something.
    Output {
        /// Where.
        stream: Stream,
        /// What.
        bytes: ByteBuf,
    },
    /// It took this much of its standard input; as much may be sent again.
    StdinTaken(usize),
    /// It was denied something.
    Denied {
        /// What.
        question: Question,
        /// The id to answer with, if the process waits for an answer.
        ask: Option<u64>,
        /// Whether a grant can be kept: its plugin is installed.
        installed: bool,
    },
    /// It waits for a yes or no to one call; answered by [`Choice::Once`] or [`Choice::Never`].
    Approve {
        /// Which call.
        question: Question,
        /// The id to answer with.
        ask: u64,
    },
    /// It waits until its user decides, whoever they are and wherever: `holm answer`.
    Deferred {
        /// What it waits for.
        question: Question,
        /// Its number.
        id: u64,
    },
    /// It logged a line.
    Line {
        /// Who.
        pid: Pid,
        /// Its plugin.
        plugin: String,
        /// How grave.
        level: String,
        /// The line, without control characters.
        message: String,
    },
    /// How far a call has come. What came in between may have been left out.
    Told(Progress),
    /// A tool waits for the answers to these questions: [`Input::Replied`]. Who cannot ask them says so.
    Asked {
        /// The id to answer with.
        id: u64,
        /// What is asked, and by whom.
        inquiry: Inquiry,
    },
    /// Nobody waits for the answer to this inquiry any more.
    Withdrawn {
        /// Its id.
        id: u64,
    },
    /// It ended. Nothing follows.
    Exited(Exit),
    /// What a run needed, by plugin; before its end is told.
    Needs(BTreeMap<String, Grants>),
    /// A tool answered, or did not. Nothing follows.
    Answered {
        /// JSON, or why there is none.
        result: Result<String, ToolError>,
        /// How its process ended.
        exit: Exit,
    },
}

/// How the kernel is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Its version.
    pub version: String,
    /// The process that it is.
    pub process: u32,
    /// For how long it has been running.
    pub seconds: u64,
    /// Live processes.
    pub processes: usize,
    /// The most there may be.
    pub capacity: u32,
    /// What bounds it.
    pub bound_by: String,
    /// Whether instances come from a pool, or are made on demand.
    pub pooled: bool,
    /// Its storage driver.
    pub storage: String,
}

impl Status {
    /// Takes over what the machine can hold.
    pub(crate) fn with_capacity(mut self, capacity: &Capacity) -> Self {
        self.capacity = capacity.processes;
        self.bound_by = capacity.bound_by.to_owned();
        self
    }
}
