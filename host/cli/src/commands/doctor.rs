//! `holm doctor`: what this machine can hold, and what is missing.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

use holm_adapters::control::{Home, Intent, Reply, Request, Status};
use holm_drivers::mcp;
use holm_kernel::Capacity;
use serde::Serialize;

use super::toolchain::{TARGET, Toolchain, has_target};
use crate::{
    confine::Landlock,
    error::{CommandError, INTERNAL, Result},
    servers,
    session::{Session, answer},
    settings::{self, Settings},
    telemetry::Telemetry,
    ui,
};

/// What a kernel with many processes needs of memory mappings.
const MAPPINGS: u64 = 1_048_576;

/// Say what this machine can hold, and what is missing
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    Warning,
    Broken,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: State,
    text: String,
    help: Option<String>,
}

impl Check {
    fn good(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: State::Good, text: text.into(), help: None }
    }

    fn warning(name: &'static str, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, state: State::Warning, text: text.into(), help: Some(help.into()) }
    }

    fn broken(name: &'static str, error: CommandError) -> Self {
        Self { name, state: State::Broken, text: error.message, help: error.hints.into_iter().next() }
    }
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let mut checks = Vec::new();
        match session.open_home() {
            Err(error) => checks.push(Check::broken("home", error)),
            Ok(home) => {
                checks.push(self::home(&home));
                let settings = Settings::read(home.path());
                checks.extend(kernel(session, &home).await);
                checks.extend(secrets(&home));
                let settings = settings.and_then(|settings| {
                    // A kernel would not start with these.
                    Telemetry::open(&settings.telemetry, home.path()).map(|_| settings)
                });
                checks.push(match &settings {
                    Ok(_) if !home.path().join(settings::FILE).exists() => {
                        Check::good("settings", "the defaults: there is no config.toml")
                    }
                    Ok(_) => Check::good("settings", home.path().join(settings::FILE).display().to_string()),
                    Err(error) => Check::broken("settings", CommandError::usage(&error.message)),
                });
                if let Ok(settings) = settings {
                    checks.extend(servers(&settings.mcp_servers));
                    checks.push(Check::good("storage", settings.storage.driver));
                    checks.push(capacity(settings.kernel.capacity));
                }
            }
        }
        checks.push(open_files());
        checks.push(landlock());
        checks.push(rust());
        if self.json {
            ui::json(&checks)?;
        } else {
            checks.iter().try_for_each(show)?;
        }
        match checks.iter().any(|check| check.state == State::Broken) {
            true => Err(CommandError::silent(INTERNAL)),
            false => Ok(()),
        }
    }
}

fn show(check: &Check) -> Result<()> {
    let mark = match check.state {
        State::Good => ui::good("ok  "),
        State::Warning => ui::alert("warn"),
        State::Broken => ui::alert("FAIL"),
    };
    ui::data(format_args!("{mark}  {:<9}  {}", check.name, check.text))?;
    check.help.iter().try_for_each(|help| ui::data(ui::dim(format_args!("                 {help}"))))
}

/// Said once there are any.
fn secrets(home: &Home) -> Option<Check> {
    holm_packages::is_protected(home.path()).map(|protected| match protected {
        true => Check::good("secrets", "sealed under a passphrase".to_owned()),
        false => {
            let text = "sealed by a key that lies beside them: who reads both files has them".to_owned();
            Check::warning("secrets", text, "`holm secret protect` seals the key under a passphrase")
        }
    })
}

/// What holds for each server of tools. Said once there are any.
fn servers(table: &mcp::Table) -> Option<Check> {
    let native = |server: &mcp::Server| server.kind() == mcp::Kind::Stdio;
    let named = |unconfined: bool| {
        let servers = table.iter().filter(|(_, server)| native(server) && server.native == unconfined);
        servers.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let (confined, unconfined) = (named(false), named(true));
    let remote = ui::count(table.values().filter(|server| !native(server)).count(), "server");
    if table.is_empty() {
        return None;
    }
    let (held, help) = match servers::confinement() {
        Ok(held) => (format!("by {held}"), None),
        Err(why) if confined.is_empty() => (why.to_owned(), None),
        Err(why) => (format!("and do not start: {why}"), Some("Linux 6.2 or newer with landlock and seccomp")),
    };
    let text = format!("{} confined {held}; {remote} elsewhere", ui::count(confined.len(), "server"));
    Some(match (unconfined.as_slice(), help) {
        ([], None) => Check::good("servers", text),
        ([], Some(help)) => Check::warning("servers", text, help),
        (names, _) => {
            let text = format!("{text}; unconfined, with all that you may do: {}", names.join(", "));
            Check::warning("servers", text, "take `native = true` out of their settings where they do without")
        }
    })
}

fn home(home: &Home) -> Check {
    let mode = home.path().metadata().map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    Check::good("home", format!("{} (mode {mode:o})", home.path().display()))
}

async fn kernel(session: &Session, home: &Home) -> Vec<Check> {
    match status(session).await {
        Ok(None) => vec![Check::good("kernel", "not running; it starts with the first command that needs it")],
        Ok(Some(status)) => {
            let text = format!(
                "running for {} as process {}, holm {}, {}",
                humantime::format_duration(std::time::Duration::from_secs(status.seconds)),
                status.process,
                status.version,
                ui::count(status.processes, "live process").replace("processs", "processes"),
            );
            vec![Check::good("kernel", text), engine(status.pooled)]
        }
        Err(error) => vec![Check::broken("kernel", error.hint(format!("its log is {}", home.log().display())))],
    }
}

/// Which engine the running kernel has.
fn engine(pooled: bool) -> Check {
    match pooled {
        true => Check::good("engine", "instances come from a pool; what does not fit it is made on demand"),
        false => Check::warning(
            "engine",
            "instances are made on demand: the address space of a pool was refused",
            "a higher limit of address space (`ulimit -v unlimited`), then `holm shutdown`",
        ),
    }
}

async fn status(session: &Session) -> Result<Option<Status>> {
    let Some(mut kernel) = session.connect_if_running(Intent::Command).await? else { return Ok(None) };
    kernel.send(&Request::Status).await?;
    match answer(&mut kernel).await? {
        Reply::Status(status) => Ok(Some(*status)),
        reply => crate::session::unexpected(&reply),
    }
}

/// Fewer than this are soon used up: each client, each connection to a provider and each file a guest opens
/// takes one.
const FEW_FILES: u64 = 16_384;

fn open_files() -> Check {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    match most.filter(|most| *most < FEW_FILES) {
        None => Check::good("files", most.map_or_else(|| "no limit".to_owned(), |most| format!("{most} may be open"))),
        Some(most) => {
            let help = "more: raise `nofile` for your user in /etc/security/limits.conf, then log in again";
            Check::warning("files", format!("{most} may be open at once"), help)
        }
    }
}

fn capacity(wanted: u32) -> Check {
    let capacity = Capacity::of_this_machine(wanted);
    let text = format!("{} live processes, bound by {}", capacity.processes, capacity.bound_by);
    match capacity.bound_by {
        "vm.max_map_count" => {
            let text = format!("{text} = {}", capacity.max_map_count);
            Check::warning(
                "capacity",
                text,
                format!("more: sudo sysctl -w vm.max_map_count={MAPPINGS}, then `holm shutdown`"),
            )
        }
        _ => Check::good("capacity", text),
    }
}

fn landlock() -> Check {
    match Landlock::of_this_machine() {
        Landlock::Full => {
            Check::good("landlock", "builds, compilers and servers are confined: files, network and signals")
        }
        Landlock::Network => Check::warning(
            "landlock",
            "builds, compilers and servers are confined to files, without a network; they can end your other processes",
            "Linux 6.12 or newer",
        ),
        Landlock::FilesOnly => Check::warning(
            "landlock",
            "builds, compilers and servers are confined to files; what closes the network to them is seccomp alone, \
             and they can end your other processes",
            "Linux 6.12 or newer",
        ),
        Landlock::NoTruncate => Check::warning(
            "landlock",
            "builds and compilers are confined to files, and can cut off those that they only read; servers do not start",
            "Linux 6.12 or newer",
        ),
        Landlock::None => Check::warning(
            "landlock",
            "this kernel has none: `holm build` runs build scripts unconfined",
            "Linux 5.13 or newer with landlock in its `lsm=` list",
        ),
    }
}

/// What `holm build` needs; nothing else does.
fn rust() -> Check {
    let rustc = Command::new("rustc").arg("--version").stderr(std::process::Stdio::null()).output();
    let version = match rustc {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => return Check::warning("rust", "no Rust toolchain: `holm build` needs one", "https://rustup.rs"),
    };
    match Toolchain::of(Path::new("/")).and_then(|toolchain| toolchain.sysroot()) {
        Ok(sysroot) if has_target(&sysroot) => Check::good("rust", format!("{version}, with {TARGET}")),
        _ => Check::warning(
            "rust",
            format!("{version}, without {TARGET}"),
            format!("rustup target add {TARGET} (`holm build` does it by itself)"),
        ),
    }
}
