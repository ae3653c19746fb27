//! What so many agents keep in memory while each waits for a reply. Each side in a process of its
//! own, so that neither sees the other's.

use std::{
    net::SocketAddr,
    process::{Command, ExitCode},
    time::Duration,
};

use wasmtime::{Result, bail, ensure};

use crate::{holm::Holm, plain::Plain, process};

/// The first argument of a process that measures one side.
pub(crate) const CHILD: &str = "--memory";

/// Nobody waits for these replies.
const LATENCY: Duration = Duration::from_secs(120);

/// Bytes of all agents of a side.
pub(crate) fn measure(side: &str, server: SocketAddr, agents: usize) -> Result<u64> {
    let arguments = [CHILD, side, &server.to_string(), &agents.to_string()];
    let output = Command::new(std::env::current_exe()?).args(arguments).output()?;
    ensure!(output.status.success(), "{agents} on {side}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// Measures one side, and prints it for the parent.
pub(crate) fn child(side: &str, server: &str, agents: &str) -> ExitCode {
    let measured = process::runtime().and_then(|runtime| {
        let (server, agents) = (server.parse()?, agents.parse()?);
        runtime.block_on(async {
            match side {
                "holm" => on_holm(server, agents).await,
                "plain" => on_plain(server, agents).await,
                _ => bail!("there is no side `{side}`"),
            }
        })
    });
    match measured {
        Ok(bytes) => {
            println!("{bytes}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn on_holm(server: SocketAddr, agents: usize) -> Result<u64> {
    let concurrency = u32::try_from(agents)?;
    let holm = Holm::new(server, concurrency, concurrency, LATENCY)?;
    let program = holm.program("parked")?;
    holm.kernel.inspect(&program).await?;
    let before = process::resident()?;
    let mut all = holm.start(&program, agents, 1, 0).await?;
    all.begin();
    let calling = || holm.kernel.providers().iter().map(|provider| provider.under_way as usize).sum::<usize>();
    while calling() < agents {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    settled(before).await
}

async fn on_plain(server: SocketAddr, agents: usize) -> Result<u64> {
    let plain = Plain::new(server, LATENCY)?;
    let before = process::resident()?;
    let tasks = plain.start(agents, 1);
    tasks.begin();
    let bytes = settled(before).await?;
    tasks.abort();
    Ok(bytes)
}

/// Once all connections stand and nothing moves any more.
async fn settled(before: u64) -> Result<u64> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(process::resident()?.saturating_sub(before))
}
