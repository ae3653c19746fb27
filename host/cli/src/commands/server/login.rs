//! `holm server login`: its user's browser goes where the server sends it, and comes back to this machine.

use std::{
    io::{BufRead, IsTerminal},
    process::{Command, Stdio},
    time::Duration,
};

use holm_adapters::control::{Connection, Intent, Reply, Request, Serving};
use holm_packages::{Value, printable};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use super::back;
use crate::{
    error::{CONFLICT, CommandError, Result},
    session::{Session, answer, unexpected},
    settings::Settings,
    terminal::Terminal,
    ui,
};

/// As long as the kernel waits for what the browser comes back with.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// What opens an address, where there is a screen.
const OPENERS: &[&str] = &["xdg-open", "open", "wslview"];

pub(super) async fn run(session: &Session, name: &str, no_browser: bool) -> Result<()> {
    let settings = Settings::read(session.open_home()?.path())?.mcp_servers;
    let port = settings.get(name).and_then(|server| server.authorization.as_ref()?.port);
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or_default())).await.map_err(|error| {
        let port = port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
        CommandError::new(CONFLICT, format!("nothing can listen on {port} of this machine: {error}"))
    })?;
    let port = listener.local_addr().map_err(CommandError::internal)?.port();
    let redirect = format!("http://127.0.0.1:{port}{}", back::PATH);
    // The kernel that begins a login ends it.
    let mut kernel = session.connect_as(Intent::Session).await?;
    let address = match ask(&mut kernel, Serving::Login { name: name.to_owned(), redirect: redirect.clone() }).await? {
        Reply::Login(address) => address,
        reply => return unexpected(&reply),
    };
    let state = back::state(&address).ok_or_else(|| CommandError::internal("the address has no state"))?.to_owned();
    let opened = !no_browser && opens(&address);
    ui::talk(match opened {
        true => format!("log in at {} with your browser; if it does not open, here:", ui::bold(name)),
        false => format!("log in at {} with a browser, here:", ui::bold(name)),
    });
    ui::talk(format_args!("  {}", printable(&address)));
    let (sends, mut came) = mpsc::channel(1);
    tokio::spawn(back::listen(listener, redirect, state, sends.clone()));
    if !opened {
        ui::talk("if that browser is on another machine, give here the address that it ends at:");
        // A thread that nobody waits for: it may read for ever.
        std::thread::spawn(move || typed().map(|address| sends.blocking_send(address)));
    }
    let late = |_| CommandError::new(CONFLICT, "nobody logged in in time").hint(format!("holm server login {name}"));
    let address = timeout(PATIENCE, came.recv()).await.map_err(late)?;
    let address = address.ok_or_else(|| CommandError::internal("nothing listens any more"))?;
    match ask(&mut kernel, Serving::LoggedIn { name: name.to_owned(), back: address }).await? {
        Reply::LoggedIn(scopes) => {
            let may = match scopes.is_empty() {
                true => String::new(),
                false => format!(": {}", printable(&scopes.join(" "))),
            };
            ui::talk(format_args!("{} at {}{may}", ui::good("logged in"), ui::bold(name)));
            Ok(())
        }
        reply => unexpected(&reply),
    }
}

pub(super) async fn out(session: &Session, name: &str) -> Result<()> {
    match session.ask(&Request::Servers(Serving::Logout { name: name.to_owned() })).await? {
        Reply::Done => {
            ui::talk(format_args!("{} at {}", ui::good("logged out"), ui::bold(name)));
            ui::hint("what it gave is forgotten here; where you log in there, it can be taken back, too");
            Ok(())
        }
        reply => unexpected(&reply),
    }
}

async fn ask(kernel: &mut Connection, serving: Serving) -> Result<Reply> {
    kernel.send(&Request::Servers(serving)).await?;
    answer(kernel).await
}

/// An address from the terminal, or from what is piped in where there is none.
fn typed() -> Option<Value> {
    let line = match std::io::stdin().is_terminal() {
        true => Terminal::open()?.line("").ok()??,
        false => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).ok()?;
            line
        }
    };
    let line = line.trim();
    (!line.is_empty()).then(|| Value::new(line.to_owned()))
}

/// Opens an address in a browser, where there is a screen for it. The kernel has looked at where it leads.
fn opens(address: &str) -> bool {
    let has_screen =
        cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|it| std::env::var_os(it).is_some());
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    has_screen
        && is_web
        && OPENERS.iter().any(|opener| {
            let mut command = Command::new(opener);
            command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().is_ok()
        })
}
