//! Servers of tools on this machine: confined, given what their settings name, and operated.

mod operated;
mod places;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use holm_drivers::mcp::{Launch, Pins, Server, Servers, Table};
use holm_kernel::{
    audit::{Decision, Record, Sink},
    process::Pid,
};
use holm_packages::{ForServer, Plugins, Protected, Value};

pub(crate) use operated::Operated;

use crate::{
    commands::{SERVER_VARIABLE, START_SERVER},
    confine::Landlock,
    error::{CommandError, Result},
    seccomp, session, system,
};

/// What a server finds as its path where Holm itself has none.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where what is known of servers is kept, and the folder of each, below Holm's home.
const FOLDER: &str = "servers";

/// The servers of a home.
///
/// # Errors
/// Its settings make no sense.
pub(crate) fn open(home: &Path, table: Table, plugins: &Arc<Plugins>, audit: Arc<dyn Sink>) -> Result<Servers> {
    let names = plugins.store().names().map_err(CommandError::internal)?;
    let taken = |name: &str| names.iter().any(|known| known == name);
    // The kernel boots without it: a line of settings is no reason for all else to stand still.
    let mut table = table;
    for (name, _) in table.extract_if(.., |name, _| taken(name)) {
        tracing::warn!(server = name, "a plugin has this name, and the server is not used: rename it in config.toml");
    }
    let launch = Machine { home: home.to_owned(), plugins: plugins.clone(), audit };
    let pins = Pins::new(home.join(FOLDER));
    Servers::new(table, taken, pins, Arc::new(launch)).map_err(CommandError::usage)
}

/// What would confine a server on this machine; why none can be confined.
pub(crate) fn confinement() -> std::result::Result<&'static str, &'static str> {
    match (Landlock::of_this_machine(), seccomp::is_possible()) {
        (Landlock::None, _) => Err("this kernel has no landlock"),
        (Landlock::NoTruncate, _) => Err("this kernel's landlock lets files be cut off that may not be written"),
        (_, false) => Err("there is no seccomp filter for this machine"),
        (Landlock::Full | Landlock::Network | Landlock::FilesOnly, true) => Ok("landlock, seccomp, no network"),
    }
}

/// What a native server would read of its program and arguments, beside the system's own: for its user to see.
pub(crate) fn places_of(home: &Path, server: &Server) -> Vec<PathBuf> {
    let (Some(command), false) = (&server.command, server.native) else { return Vec::new() };
    let (protected, user) = (Protected::new([home.to_owned()]), std::env::home_dir());
    let private = |place: &Path| {
        protected.touched_by(place).is_some() || user.as_ref().is_some_and(|user| user.starts_with(place))
    };
    let writes: Vec<&Path> = written(server).collect();
    places::of_command(command, &server.args, &search_path(), &writes, private)
}

/// Where its settings let it write.
fn written(server: &Server) -> impl Iterator<Item = &Path> {
    server.fs.iter().filter(|place| place.writes).map(|place| place.path.as_path())
}

/// Where programs are found.
fn search_path() -> OsString {
    std::env::var_os("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| OsString::from(PATH))
}

/// This machine, as servers have it.
struct Machine {
    home: PathBuf,
    plugins: Arc<Plugins>,
    audit: Arc<dyn Sink>,
}

impl Machine {
    /// Folders that no server gets for its program alone: Holm's own, or its user's whole home.
    fn is_private(&self, place: &Path) -> bool {
        let home = std::env::home_dir();
        self.plugins.protected().touched_by(place).is_some() || home.is_some_and(|home| home.starts_with(place))
    }

    /// Said in the audit log: it has all that its user has.
    fn record_native(&self, name: &str) {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.audit.record(Record {
            time: u64::try_from(time.as_millis()).unwrap_or_default(),
            pid: Pid::from(0),
            plugin: "holm".to_owned(),
            device: "tool".to_owned(),
            operation: "start-unconfined".to_owned(),
            resource: name.to_owned(),
            decision: Decision::Allowed,
            count: 1,
            fuel: 0,
        });
    }
}

impl Launch for Machine {
    fn command(
        &self,
        name: &str,
        server: &Server,
        variables: &BTreeMap<String, String>,
    ) -> std::result::Result<Command, String> {
        let own = self.home.join(FOLDER).join(name);
        let temporary = own.join("tmp");
        std::fs::create_dir_all(&temporary).map_err(|error| format!("`{}`: {error}", temporary.display()))?;
        let path = search_path();
        let program = server.command.clone().unwrap_or_default();
        let mut command = session::this_program();
        command.arg(START_SERVER).arg("--parent").arg(std::process::id().to_string());
        if server.native {
            tracing::warn!(server = name, "a server starts unconfined: `native = true`");
            self.record_native(name);
            command.arg("--native");
        } else {
            confinement().map_err(|why| {
                format!("{why}, and an unconfined server starts only with `native = true` in its settings")
            })?;
            let writes: Vec<&Path> = written(server).chain([own.as_path()]).collect();
            let private = |place: &Path| self.is_private(place);
            let of_program = places::of_command(&program, &server.args, &path, &writes, private);
            let of_system = system::READ.iter().map(PathBuf::from);
            for place in of_system.chain(of_program) {
                command.arg("--read").arg(place);
            }
            for place in system::WRITTEN {
                command.arg("--write").arg(place);
            }
            command.arg("--write").arg(&own);
            for place in &server.fs {
                if let Some(holms) = self.plugins.protected().touched_by(&place.path) {
                    return Err(format!(
                        "`fs = [\"{}\"]` reaches `{}`, which is Holm's own and given to nobody",
                        place.path.display(),
                        holms.display()
                    ));
                }
                let real = place.path.canonicalize().unwrap_or_else(|_| place.path.clone());
                if real != place.path {
                    return Err(format!(
                        "`fs = [\"{}\"]` leads to `{}`: name that there, if it is meant",
                        place.path.display(),
                        real.display()
                    ));
                }
                command.arg(if place.writes { "--given-to-write" } else { "--given" }).arg(&place.path);
            }
        }
        command.arg("--").arg(program).args(&server.args);
        command.env_clear().env("PATH", path).env("HOME", &own).env("TMPDIR", &temporary);
        command.env("LANG", std::env::var_os("LANG").unwrap_or_else(|| OsString::from("C.UTF-8")));
        // Not as they are: this command is Holm, and not confined yet.
        command.envs(variables.iter().map(|(variable, value)| (format!("{SERVER_VARIABLE}{variable}"), value)));
        command.current_dir(server.cwd.as_deref().unwrap_or(&own));
        Ok(command)
    }

    fn value(&self, kind: &str, name: &str, server: (&str, &Server)) -> std::result::Result<String, String> {
        match kind {
            "secret" => {
                let value = self.plugins.secrets().value(name, &for_server(server));
                value.map(|value| value.expose().to_owned()).map_err(|error| error.to_string())
            }
            "home" => Ok(self.home.join(FOLDER).join(name).display().to_string()),
            _ => std::env::var(name).map_err(|_| {
                format!("the environment has no `{name}`; set it where the kernel is started, then `holm shutdown`")
            }),
        }
    }

    fn login(&self, server: (&str, &Server)) -> std::result::Result<Option<String>, String> {
        let login = self.plugins.secrets().login(&for_server(server)).map_err(|error| error.to_string())?;
        Ok(login.map(|login| login.expose().to_owned()))
    }

    fn keep_login(&self, server: (&str, &Server), login: Option<String>) -> std::result::Result<(), String> {
        let kept = self.plugins.secrets().keep_login(&for_server(server), login.map(Value::new));
        kept.map_err(|error| error.to_string())
    }
}

/// A server, as secrets and logins are bound to it.
fn for_server((name, settings): (&str, &Server)) -> ForServer {
    ForServer { server: name.to_owned(), target: settings.audience() }
}
