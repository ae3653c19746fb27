//! The resident kernel's socket: one kernel per user, and every command its client.
//!
//! One connection is one command. Both sides greet, the client sends one [`Request`], the kernel
//! answers with [`Reply`]s; a run goes on with [`Input`]s and replies until its process ends. A client
//! that greets with [`Intent::Session`] may then send its next request.

mod client;
mod connection;
mod ear;
mod failure;
mod frame;
mod home;
mod install;
mod lines;
mod memory;
mod operator;
mod plugins;
mod protocol;
mod rates;
mod run;
mod runs;
mod secrets;
mod server;
mod tool_servers;
mod view;
mod voice;

pub use client::{ClientError, Connection, Replies, Sender, connect, start};
pub use failure::{Failure, Kind};
pub use frame::FrameError;
pub use home::{Claim, ClaimError, Home, HomeError};
pub use lines::Lines;
pub use protocol::{
    Call, Choice, Fetching, Greeting, Input, Intent, Keeping, KeyChange, Memories, PROTOCOL, Rate, Remembering, Reply,
    Request, Role, Run, STDIN_WINDOW, Serving, Signal, Source, Stage, Status, Stream, Target, Terms,
};
pub use server::{Facts, Server};
pub use tool_servers::{ServerTool, ServerView, ToolServers, ToolStanding, ToolText};
pub use view::{FoundTool, Inspected, Installed, Listed, OffersView, Planned, ToolView};
