//! The client's side: connect to the kernel, or start one.

use std::{
    io,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use serde::Serialize;

use super::{
    frame::{FrameError, Io, Reader, Writer, split},
    home::Home,
    protocol::{Greeting, Intent, Reply},
};

/// How long a kernel may take to start: it reads images and opens its store.
const PATIENCE: Duration = Duration::from_secs(30);

/// Before another one is started.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a kernel may take to greet.
const GREETING: Duration = Duration::from_secs(10);

/// A connection to a kernel, for one command, or for several one after the other.
pub struct Connection {
    reader: Reader,
    writer: Writer,
    /// How the kernel greeted.
    pub kernel: Greeting,
}

/// The half of a connection that speaks.
pub struct Sender(Writer);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No kernel answers.
    #[error("no kernel is running")]
    NotRunning,
    /// The one that runs speaks another protocol.
    #[error("the running kernel is holm {running}, and this is holm {own}: they do not understand each other")]
    Version {
        /// The kernel's version.
        running: String,
        /// This side's version.
        own: String,
    },
    /// It does not serve us.
    #[error("the kernel refuses: {0}")]
    Refused(String),
    /// It was started and ended, or does not answer.
    #[error("the kernel does not start: {0}")]
    Start(String),
    /// It answers, and then does not.
    #[error("the kernel does not answer: {0}")]
    Frame(#[from] FrameError),
    /// The socket.
    #[error("the kernel's socket cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Connects to the running kernel.
///
/// # Errors
/// None is running, or it speaks another protocol.
pub async fn connect(home: &Home, greeting: &Greeting) -> Result<Connection, ClientError> {
    match home.connect().await {
        Ok(stream) => Connection::over(stream, greeting).await,
        Err(error) => match error.kind() {
            // The last is said by one that is being killed.
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
                Err(ClientError::NotRunning)
            }
            _ => Err(error.into()),
        },
    }
}

/// Connects to the running kernel; where none runs, starts one with `command`, which has to serve
/// `home`. Two who do this at once get the same kernel.
///
/// # Errors
/// It does not start or answer in time, or speaks another protocol.
pub async fn start(home: &Home, greeting: &Greeting, command: impl Fn() -> Command) -> Result<Connection, ClientError> {
    let deadline = Instant::now() + PATIENCE;
    let mut starting: Option<Child> = None;
    loop {
        match connect(home, greeting).await {
            // One that is ending may accept and not greet.
            Err(ClientError::NotRunning | ClientError::Frame(FrameError::Closed)) => {}
            connected => return connected,
        }
        let ended = match &mut starting {
            Some(child) => child.try_wait()?,
            None => {
                starting = Some(spawn(home, command())?);
                None
            }
        };
        match ended {
            Some(status) if !status.success() => return Err(ClientError::Start(status.to_string())),
            // Another kernel serves the home; if that one is gone by now, this one is needed.
            Some(_) => {
                starting = None;
                tokio::time::sleep(PAUSE).await;
            }
            None => {}
        }
        if Instant::now() > deadline {
            return Err(ClientError::Start(format!("it did not answer within {} s", PATIENCE.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn spawn(home: &Home, mut command: Command) -> io::Result<Child> {
    let log = home.open_log()?;
    command.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
}

impl Connection {
    /// Greets over a socket or a pipe within this process.
    ///
    /// # Errors
    /// The other side does not greet, or speaks another protocol.
    pub async fn over(
        io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
        greeting: &Greeting,
    ) -> Result<Self, ClientError> {
        let io: Box<dyn Io> = Box::new(io);
        let (mut reader, mut writer) = split(io);
        writer.send(greeting).await?;
        let kernel = tokio::time::timeout(GREETING, reader.next::<Greeting>());
        let kernel = kernel.await.map_err(|_| FrameError::Io(io::ErrorKind::TimedOut.into()))??;
        if let Some(refusal) = kernel.refusal {
            return Err(ClientError::Refused(refusal));
        }
        if kernel.protocol != greeting.protocol && greeting.intent != Intent::Shutdown {
            return Err(ClientError::Version { running: kernel.version, own: greeting.version.clone() });
        }
        Ok(Self { reader, writer, kernel })
    }

    /// Says something: a request, or an input.
    ///
    /// # Errors
    /// The kernel is gone.
    pub async fn send(&mut self, value: &impl Serialize) -> Result<(), FrameError> {
        self.writer.send(value).await
    }

    /// The next reply. Safe to drop while it waits.
    ///
    /// # Errors
    /// The kernel is gone.
    pub async fn next(&mut self) -> Result<Reply, FrameError> {
        self.reader.next().await
    }

    /// Whether it is open, and nothing came that was not waited for.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.reader.next::<serde::de::IgnoredAny>().now_or_never().is_none()
    }

    /// Both halves: what is left here reads.
    pub fn into_sender(self) -> (Replies, Sender) {
        (Replies(self.reader), Sender(self.writer))
    }
}

/// The half of a connection that listens.
pub struct Replies(Reader);

impl Replies {
    /// The next reply. Safe to drop while it waits.
    ///
    /// # Errors
    /// The kernel is gone.
    pub async fn next(&mut self) -> Result<Reply, FrameError> {
        self.0.next().await
    }
}

impl Sender {
    /// Says something.
    ///
    /// # Errors
    /// The kernel is gone.
    pub async fn send(&mut self, value: &impl Serialize) -> Result<(), FrameError> {
        self.0.send(value).await
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientError, Connection};
    use crate::control::{Greeting, Intent, PROTOCOL, frame::split};

    fn greeting(protocol: u32, intent: Intent, refusal: Option<&str>) -> Greeting {
        Greeting {
            protocol,
            version: protocol.to_string(),
            build: String::new(),
            intent,
            refusal: refusal.map(str::to_owned),
        }
    }

    async fn meet(kernel: Greeting, intent: Intent) -> Result<Connection, ClientError> {
        let (ours, theirs) = tokio::io::duplex(1024);
        let (mut reader, mut writer) = split(Box::new(theirs));
        tokio::spawn(async move {
            let greeted = reader.next::<Greeting>().await;
            assert!(greeted.is_ok() && writer.send(&kernel).await.is_ok());
            std::future::pending::<()>().await;
        });
        Connection::over(ours, &greeting(PROTOCOL, intent, None)).await
    }

    #[tokio::test]
    async fn another_version_is_told_apart_and_can_be_ended() {
        assert!(meet(greeting(PROTOCOL, Intent::Command, None), Intent::Command).await.is_ok());
        let other = || greeting(PROTOCOL + 1, Intent::Command, None);
        assert!(matches!(meet(other(), Intent::Command).await, Err(ClientError::Version { .. })));
        assert!(meet(other(), Intent::Shutdown).await.is_ok());
        let refused = greeting(PROTOCOL, Intent::Command, Some("no"));
        assert!(matches!(meet(refused, Intent::Command).await, Err(ClientError::Refused(_))));
    }
}
