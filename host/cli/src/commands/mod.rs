//! The commands: one file a verb.

mod answer;
mod ask;
mod audit;
mod build;
mod chat;
mod compile_component;
mod doctor;
mod grant;
mod inspect;
mod install;
mod kernel;
mod key;
mod kill;
mod list;
mod mcp;
mod memory;
mod metrics;
mod model;
mod new;
mod pending;
mod policy;
mod prompt;
mod ps;
mod renice;
mod resource;
mod resume;
mod revoke;
mod run;
mod runtime;
mod secret;
mod server;
mod shutdown;
mod signal;
mod skill;
mod start_server;
mod stop;
mod tool;
mod toolchain;
mod top;
mod topup;
mod uninstall;
mod update;

pub(crate) use run::TermArguments;
pub(crate) use server::pinned;
pub(crate) use start_server::{START_SERVER, VARIABLE as SERVER_VARIABLE};

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

use crate::{
    error::{CODES, CommandError, Result},
    session::Session,
    ui,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// An operating system for AI agents: runs skills that nobody has to trust
#[derive(Parser)]
#[command(name = "holm", version, styles = STYLES, after_help = CODES, max_term_width = 100, disable_help_subcommand = true)]
struct CommandLine {
    /// Where plugins, grants and data are kept [default: $HOLM_HOME, or ~/.holm]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    home: Option<PathBuf>,
    /// Run the kernel within this command; fails while another one runs
    #[arg(long, global = true, help_heading = "Global options")]
    in_process: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::Arguments),
    Build(build::Arguments),
    Install(install::Arguments),
    Update(update::Arguments),
    Uninstall(uninstall::Arguments),
    List(list::Arguments),
    Inspect(inspect::Arguments),
    Grant(grant::Arguments),
    Revoke(revoke::Arguments),
    Secret(secret::Arguments),
    Key(key::Arguments),
    Server(server::Arguments),
    Policy(policy::Arguments),
    Pending(pending::Arguments),
    Answer(answer::Arguments),
    Run(run::Arguments),
    Skill(skill::Arguments),
    Runtime(runtime::Arguments),
    Tool(tool::Arguments),
    Resource(resource::Arguments),
    Memory(memory::Arguments),
    Prompt(prompt::Arguments),
    Mcp(Box<mcp::Arguments>),
    Ask(ask::Arguments),
    Chat(chat::Arguments),
    Model(model::Arguments),
    Ps(ps::Arguments),
    Top(top::Arguments),
    Kill(kill::Arguments),
    Stop(stop::Arguments),
    Continue(resume::Arguments),
    Renice(renice::Arguments),
    #[command(name = "topup")]
    TopUp(topup::Arguments),
    Audit(audit::Arguments),
    Metrics(metrics::Arguments),
    Doctor(doctor::Arguments),
    Kernel(kernel::Arguments),
    Shutdown(shutdown::Arguments),
    #[command(name = crate::compiler::VERB, hide = true)]
    CompileComponent(compile_component::Arguments),
    #[command(name = build::CONFINED, hide = true)]
    BuildConfined(build::Confined),
    #[command(name = START_SERVER, hide = true)]
    StartServer(start_server::Arguments),
}

/// Longer than any kernel runs.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// Parses the command line, does it, and says what came of it.
pub(crate) fn main() -> ExitCode {
    // clap prints usage errors and help itself, with exit code 2 and 0.
    let line = CommandLine::parse();
    match line.command {
        // These confine themselves: no thread may be there before.
        Command::CompileComponent(arguments) => return ExitCode::from(arguments.run()),
        Command::BuildConfined(arguments) => return finish(arguments.run()),
        Command::StartServer(arguments) => return finish(arguments.run()),
        _ => {}
    }
    // Threads that block and once were started stay: a kernel that is full finds no room for another.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(FOR_EVER).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return finish(Err(CommandError::internal(error))),
    };
    let done = runtime.block_on(async {
        let session = Session { home: home(line.home)?, in_process: line.in_process };
        dispatch(line.command, &session).await
    });
    // A thread may be waiting for input that never comes.
    runtime.shutdown_background();
    finish(done)
}

fn finish(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::report(&error);
            error.exit()
        }
    }
}

fn home(given: Option<PathBuf>) -> Result<PathBuf> {
    let set = || std::env::var_os("HOLM_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = given.or_else(set).or_else(|| Some(std::env::home_dir()?.join(".holm")));
    let home =
        home.ok_or_else(|| CommandError::usage("there is no home directory").hint("name a folder with --home"))?;
    std::path::absolute(home).map_err(CommandError::usage)
}

async fn dispatch(command: Command, session: &Session) -> Result<()> {
    match command {
        Command::New(arguments) => arguments.run(),
        Command::Build(arguments) => arguments.run(session),
        Command::Install(arguments) => arguments.run(session).await,
        Command::Update(arguments) => arguments.run(session).await,
        Command::Uninstall(arguments) => arguments.run(session).await,
        Command::List(arguments) => arguments.run(session).await,
        Command::Inspect(arguments) => arguments.run(session).await,
        Command::Grant(arguments) => arguments.run(session).await,
        Command::Revoke(arguments) => arguments.run(session).await,
        Command::Secret(arguments) => arguments.run(session).await,
        Command::Server(arguments) => arguments.run(session).await,
        Command::Key(arguments) => arguments.run(session).await,
        Command::Policy(arguments) => arguments.run(session).await,
        Command::Pending(arguments) => arguments.run(session).await,
        Command::Answer(arguments) => arguments.run(session).await,
        Command::Run(arguments) => arguments.run(session).await,
        Command::Skill(arguments) => arguments.run(session).await,
        Command::Runtime(arguments) => arguments.run(session).await,
        Command::Tool(arguments) => arguments.run(session).await,
        Command::Resource(arguments) => arguments.run(session).await,
        Command::Memory(arguments) => arguments.run(session).await,
        Command::Prompt(arguments) => arguments.run(session).await,
        Command::Mcp(arguments) => arguments.run(session).await,
        Command::Ask(arguments) => arguments.run(session).await,
        Command::Chat(arguments) => arguments.run(session).await,
        Command::Model(arguments) => arguments.run(session).await,
        Command::Ps(arguments) => arguments.run(session).await,
        Command::Top(arguments) => arguments.run(session).await,
        Command::Kill(arguments) => arguments.run(session).await,
        Command::Stop(arguments) => arguments.run(session).await,
        Command::Continue(arguments) => arguments.run(session).await,
        Command::Renice(arguments) => arguments.run(session).await,
        Command::TopUp(arguments) => arguments.run(session).await,
        Command::Audit(arguments) => arguments.run(session).await,
        Command::Metrics(arguments) => arguments.run(session).await,
        Command::Doctor(arguments) => arguments.run(session).await,
        Command::Kernel(arguments) => arguments.run(session).await,
        Command::Shutdown(arguments) => arguments.run(session).await,
        // They were done before there was a runtime.
        Command::CompileComponent(_) | Command::BuildConfined(_) | Command::StartServer(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::CommandLine::command().debug_assert();
    }
}
