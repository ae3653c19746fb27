//! `holm kernel`: serves a home, until nobody needs it.

use std::{io::IsTerminal, time::Duration};

use holm_adapters::control::{Claim, ClaimError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    boot,
    error::{CONFLICT, CommandError, Result},
    session::Session,
    settings::Settings,
    telemetry::Telemetry,
    ui,
};

/// How long a kernel that is ending may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// They say in full what servers and clients of MCP send, secrets and all.
const QUIET: &[&str] = &["rmcp=off"];

/// Run the kernel in the foreground; other commands start one by themselves
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Leave the terminal, and say nothing if another kernel runs
    #[arg(long, hide = true)]
    detached: bool,
    /// End when nobody needed it for this long [default: 15m, or config.toml]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    idle: Option<Duration>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        raise_open_files();
        if self.detached {
            // Fails only where it leads a session already.
            let _ = rustix::process::setsid();
        }
        let home = session.open_home()?;
        let claim = match Claim::take(&home, PATIENCE).await {
            Ok(claim) => claim,
            Err(ClaimError::Running(_)) if self.detached => return Ok(()),
            Err(error) => return Err(CommandError::new(CONFLICT, error).hint("`holm shutdown` ends it")),
        };
        let settings = Settings::read(home.path())?;
        let idle = self.idle.unwrap_or(settings.kernel.idle_shutdown);
        let mut telemetry = Telemetry::open(&settings.telemetry, home.path())?;
        log(&telemetry);
        let boot::Board { server, numbers } = boot::boot(&home, settings)?;
        telemetry.start(&numbers).await;
        let stopped = server.clone();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("told to end");
            stopped.stop();
        });
        tracing::info!(home = %home.path().display(), version = env!("CARGO_PKG_VERSION"), "the kernel serves");
        if !self.detached && std::io::stderr().is_terminal() {
            ui::talk("the kernel serves; Ctrl-C ends it and its processes");
        }
        let served = server.listen(&claim, idle).await;
        telemetry.finish().await;
        // Held until this process is gone, and its store is closed with it: who comes next opens the same one.
        std::mem::forget(claim);
        served.map_err(|error| CommandError::internal(format!("the socket: {error}")))
    }
}

/// As many open files as this user may have: a thousand agents that call models hold a thousand
/// connections, and most shells allow fewer.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // It goes on with those it has.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// What the kernel says goes to stderr; spans, which it does not say, to a collector if there is one.
fn log(telemetry: &Telemetry) {
    let filter = EnvFilter::try_from_env("HOLM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = QUIET.iter().filter_map(|quiet| quiet.parse().ok()).fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(filter);
    // Another subscriber would be there in tests only.
    let _ = tracing_subscriber::registry().with(telemetry.layer()).with(log).try_init();
}
