//! The resident kernel's socket: one kernel per user, and every command its client.
//!
//! One connection is one command. Both sides greet, the client sends one [`Request`], the kernel
//! answers with [`Reply`]s; a run goes on with [`Input`]s and replies until its process ends.

mod client;
mod connection;
mod failure;
mod frame;
mod home;
mod install;
mod lines;
mod operator;
mod plugins;
mod protocol;
mod run;
mod runs;
mod secrets;
mod server;
mod tool_servers;
mod view;

pub use client::{ClientError, Connection, Replies, Sender, connect, start};
pub use failure::{Failure, Kind};
pub use frame::FrameError;
pub use home::{Claim, ClaimError, Home, HomeError};
pub use lines::Lines;
pub use protocol::{
    Call, Choice, Greeting, Input, Intent, Keeping, PROTOCOL, Reply, Request, Run, STDIN_WINDOW, Serving, Signal,
    Stage, Status, Stream, Target, Terms,
};
pub use server::{Facts, Server};
pub use tool_servers::{ServerTool, ServerView, ToolServers, ToolStanding, ToolText};
pub use view::{Inspected, Installed, Listed, Planned, ToolView};
