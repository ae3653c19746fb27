//! One command's way to the kernel: the resident one, or one of its own.

use std::{os::unix::process::CommandExt, path::PathBuf, process::Command, sync::Arc};

use holm_adapters::control::{self, Claim, Connection, Greeting, Home, Intent, PROTOCOL, Reply, Request, Target};

use crate::{
    boot, commands,
    error::{CommandError, INTERNAL, NOT_FOUND, Result},
    settings::Settings,
    ui::{self, Spinner},
};

/// Bytes that wait between a command and a kernel in the same process.
const DUPLEX_BYTES: usize = 64 << 10;

/// Where Holm's home is, and how its kernel is reached.
pub(crate) struct Session {
    pub(crate) home: PathBuf,
    pub(crate) in_process: bool,
}

impl Session {
    /// Opens the home; it is made if need be.
    ///
    /// # Errors
    /// It cannot be made, or others may write to it.
    pub(crate) fn open_home(&self) -> Result<Home> {
        Home::open(&self.home).map_err(|error| {
            let failed = CommandError::new(INTERNAL, &error);
            match error {
                control::HomeError::Exposed { path, .. } => {
                    failed.hint(format!("chmod 700 {}, or choose another with --home", path.display()))
                }
                control::HomeError::Io { .. } => failed,
            }
        })
    }

    /// Connects to the kernel; it is started if none runs.
    ///
    /// # Errors
    /// It does not start, does not answer, or is another version.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        self.connect_as(Intent::Command).await
    }

    /// Connects to the kernel for one command or several; it is started if none runs.
    ///
    /// # Errors
    /// It does not start, does not answer, or is another version.
    pub(crate) async fn connect_as(&self, intent: Intent) -> Result<Connection> {
        let home = self.open_home()?;
        if self.in_process {
            return within(&home).await;
        }
        // What is wrong with the settings is said here, and not in the log.
        Settings::read(home.path())?;
        let path = home.path().to_owned();
        let connection = control::start(&home, &greeting(intent), || kernel_command(&path)).await;
        let connection = connection.map_err(|error| {
            let log = home.log();
            match error {
                control::ClientError::Start(_) => {
                    let failed = CommandError::from(error).hint(format!("its log is {}", log.display()));
                    last_error(&log).into_iter().fold(failed, CommandError::hint)
                }
                error => error.into(),
            }
        })?;
        if connection.kernel.build != greeting(Intent::Command).build {
            ui::warn("the running kernel is another build of this version; `holm shutdown` lets this one start");
        }
        Ok(connection)
    }

    /// Connects to the kernel if one runs.
    ///
    /// # Errors
    /// It does not answer, or is another version.
    pub(crate) async fn connect_if_running(&self, intent: Intent) -> Result<Option<Connection>> {
        match control::connect(&self.open_home()?, &greeting(intent)).await {
            Ok(connection) => Ok(Some(connection)),
            Err(control::ClientError::NotRunning) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One request and its answer.
    ///
    /// # Errors
    /// The kernel says so, or does not answer.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Reply> {
        let mut connection = self.connect().await?;
        connection.send(request).await?;
        answer(&mut connection).await
    }
}

/// The next answer. What is said on the way is shown.
///
/// # Errors
/// The kernel says so, or is gone.
pub(crate) async fn answer(connection: &mut Connection) -> Result<Reply> {
    let mut spinner = Spinner::new();
    loop {
        match connection.next().await? {
            Reply::Progress(stage) => spinner.show(stage),
            Reply::Warning(text) => {
                spinner.clear();
                ui::warn(text);
            }
            Reply::Pinned(server) => {
                spinner.clear();
                commands::pinned(&server);
            }
            Reply::Failed(failure) => return Err(failure.into()),
            reply => return Ok(reply),
        }
    }
}

/// An answer to another question than was asked.
pub(crate) fn unexpected<T>(reply: &Reply) -> Result<T> {
    tracing::debug!(?reply, "unexpected");
    Err(CommandError::internal("the kernel answered something else than was asked")
        .hint("`holm shutdown`, then try again"))
}

/// How this build greets.
pub(crate) fn greeting(intent: Intent) -> Greeting {
    Greeting {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: build(),
        intent,
        refusal: None,
    }
}

/// Tells builds apart: the size and the time of the executable.
pub(crate) fn build() -> String {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata("/proc/self/exe");
    metadata.map_or_else(|_| String::new(), |file| format!("{:x}-{:x}-{:x}", file.size(), file.mtime(), file.ino()))
}

/// This very executable, whatever lies under its name by now.
pub(crate) fn this_program() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("holm");
    command
}

fn kernel_command(home: &std::path::Path) -> Command {
    let mut command = this_program();
    command.arg("--home").arg(home).args(["kernel", "--detached"]);
    command
}

/// A kernel in this process, with this command as its only client.
async fn within(home: &Home) -> Result<Connection> {
    let claim = Claim::take(home, std::time::Duration::ZERO).await.map_err(|error| {
        CommandError::new(crate::error::CONFLICT, error).hint("`holm shutdown` ends it; or leave out --in-process")
    })?;
    let server = boot::boot(home, Settings::read(home.path())?)?.server;
    let (ours, theirs) = tokio::io::duplex(DUPLEX_BYTES);
    tokio::spawn(async move {
        Arc::clone(&server).serve(theirs).await;
        drop(claim);
    });
    Ok(Connection::over(ours, &greeting(Intent::Command)).await?)
}

/// The last thing that the kernel's log calls an error.
fn last_error(log: &std::path::Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    let line = text.lines().rev().take(20).find(|line| line.starts_with("error"))?;
    Some(format!("it says: {}", holm_packages::printable(line)))
}

/// What a person means by a plugin: a path if it looks like one, a name otherwise.
pub(crate) fn target(text: &str) -> Result<Target> {
    // A skill is named with a slash; the path is `./skill/…`.
    let own = text.strip_prefix(holm_kernel::SKILL).unwrap_or(text);
    if !own.contains('/') && !own.is_empty() && !text.ends_with(".wasm") && text != "." && text != ".." {
        return Ok(Target::Installed(text.to_owned()));
    }
    let absolute = std::path::absolute(text);
    absolute.map(Target::Path).map_err(|error| CommandError::usage(format!("`{text}`: {error}")))
}

/// The folder that the command was given in.
pub(crate) fn directory() -> Result<PathBuf> {
    std::env::current_dir()
        .map_err(|error| CommandError::usage(format!("the working directory cannot be found: {error}")))
}

/// Adds to "not found" that there is a file of that name.
pub(crate) fn meant_path(given: &str, target: &Target, error: CommandError) -> CommandError {
    match target {
        Target::Installed(_) if error.code == NOT_FOUND && std::path::Path::new(given).exists() => {
            CommandError::new(error.code, error.message).hint(format!("if you mean the path: ./{given}"))
        }
        _ => error,
    }
}
