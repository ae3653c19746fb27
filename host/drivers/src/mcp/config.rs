//! A server as its user configures it: the `mcpServers` form that people have, and what is ours.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use holm_kernel::{devices::net::law::Target, program::Digest};
use serde::{Deserialize, Serialize};

/// One server, in `[mcp-servers.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Server {
    /// How it is spoken to, where that does not follow from what is given.
    #[serde(rename = "type", alias = "transport", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// A native program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it finds in its environment beside the little that every server does. `${env:NAME}` and
    /// `${secret:NAME}` stand for what they name, `${home}` for its own folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Where it starts; a folder of its own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathBuf>,
    /// Where a server listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What each request to it carries.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// As whom its user logs in there, where it wants that and does not let everybody register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// It runs unconfined: with all that its user may do.
    #[serde(default, skip_serializing_if = "is_false")]
    pub native: bool,
    /// One for all trees of processes; each has its own otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub share: bool,
    /// Places that it may read, or write with `:rw`; it is told of them as its roots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fs: Vec<Place>,
    /// The longest call, without a word from it.
    #[serde(default = "minute", with = "humantime_serde", skip_serializing_if = "is_minute")]
    pub time: Duration,
    /// The same for one of its tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<String, Time>,
    /// Addresses that it would reach. Refused: a confined server has no network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// It would ask models. Refused: no server does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sampling: bool,
    /// It is not used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
}

/// What a user knows of how to log in at a server: OAuth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Authorization {
    /// A client that was registered beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret, as `${secret:NAME}`. It goes to the `issuer` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Where a document lies that describes the client: `https`, and its own name then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_metadata: Option<String>,
    /// Who gives out tokens for it. Otherwise its own word counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What is asked for, in the place of what it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Where the browser comes back to, on this machine: the port that was registered. Any other one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Over its standard streams.
    Stdio,
    /// Streamable HTTP.
    #[serde(alias = "streamable-http", alias = "streamableHttp")]
    Http,
}

/// A duration as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(#[serde(with = "humantime_serde")] pub Duration);

/// A file, or a folder and all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Place {
    /// Absolute.
    pub path: PathBuf,
    /// To write, too.
    pub writes: bool,
}

/// The servers, by name.
pub type Table = BTreeMap<String, Server>;

/// What is wrong with a server's settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[mcp-servers.{server}]: {reason}")]
pub struct Trouble {
    /// Which server's.
    pub server: String,
    /// What.
    pub reason: String,
}

/// Servers at most. Stops a file that lists for ever.
const SERVERS: usize = 256;
/// A call takes no longer, whatever is configured.
const LONGEST: Duration = Duration::from_secs(60 * 60);

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn is_minute(time: &Duration) -> bool {
    *time == minute()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Authorization {
    /// What does not go together.
    fn trouble(&self) -> Option<&'static str> {
        let is_address = |text: &String| Target::parse(text).is_ok();
        let is_document = |text: &String| Target::parse(text).is_ok_and(|it| it.scheme == "https" && it.path != "/");
        let is_scope = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match self {
            Self { client_id: None, client_secret: Some(_), .. } => Some("a `client-secret` is of a `client-id`"),
            // A server that lies of who gives out its tokens would be told it.
            Self { client_secret: Some(_), issuer: None, .. } => {
                Some("a `client-secret` needs the `issuer` that it is for, like `https://login.example`")
            }
            Self { client_id: Some(_), client_metadata: Some(_), .. } => {
                Some("`client-id` and `client-metadata` do not go together")
            }
            Self { client_metadata: Some(url), .. } if !is_document(url) => {
                Some("`client-metadata` is an address like `https://me.example/client.json`")
            }
            Self { issuer: Some(url), .. } if !is_address(url) => {
                Some("`issuer` is an address like `https://login.example`")
            }
            Self { scopes, .. } if !scopes.iter().all(is_scope) => Some("a scope is one word"),
            Self { port: Some(0), .. } => Some("there is no port 0"),
            _ => None,
        }
    }
}

impl Server {
    /// A server with nothing set, but its defaults.
    pub fn new() -> Self {
        Self { time: minute(), ..Self::default() }
    }

    /// How it is spoken to.
    pub fn kind(&self) -> Kind {
        match (self.kind, &self.url) {
            (Some(kind), _) => kind,
            (None, Some(_)) => Kind::Http,
            (None, None) => Kind::Stdio,
        }
    }

    /// Who it is: another program, or another address, by the same name is somebody else.
    pub fn identity(&self) -> String {
        let kind = if self.kind() == Kind::Http { "http" } else { "stdio" };
        let who = serde_json::json!([kind, self.command, self.args, self.url]);
        Digest::of(who.to_string().as_bytes()).to_string()
    }

    /// What a secret is bound to: the program and what it is given, or the origin where it listens.
    pub fn audience(&self) -> String {
        match &self.url {
            Some(url) => Target::parse(url)
                .map_or_else(|_| url.clone(), |target| format!("{}://{}:{}", target.scheme, target.host, target.port)),
            None => {
                let words: Vec<&String> = self.command.iter().chain(&self.args).collect();
                serde_json::to_string(&words).unwrap_or_default()
            }
        }
    }

    /// Whether its settings say what it is sent for a token: no login counts then.
    pub(super) fn has_token(&self) -> bool {
        self.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))
    }

    /// How long a call of this tool may take without a word.
    pub fn time_of(&self, tool: &str) -> Duration {
        self.times.get(tool).map_or(self.time, |time| time.0)
    }

    /// Looks whether it makes sense as a whole.
    ///
    /// # Errors
    /// What is missing, or does not go together.
    pub fn check(&self, name: &str) -> Result<(), Trouble> {
        let wrong = |reason: String| Err(Trouble { server: name.to_owned(), reason });
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            return wrong("a server is called by 1 to 64 of a-z, 0-9, _ and -".to_owned());
        }
        match (self.kind(), &self.command, &self.url) {
            (Kind::Stdio, None, None) => return wrong("it needs a `command`, or a `url`".to_owned()),
            (Kind::Stdio, None, _) => return wrong("`type = \"stdio\"` needs a `command`".to_owned()),
            (Kind::Http, _, None) => return wrong("`type = \"http\"` needs a `url`".to_owned()),
            (_, Some(_), Some(_)) => return wrong("`command` and `url` do not go together".to_owned()),
            (Kind::Stdio, Some(command), None) if command.is_empty() => {
                return wrong("`command` is empty".to_owned());
            }
            (Kind::Stdio, ..) if !self.headers.is_empty() || self.authorization.is_some() => {
                return wrong("`headers` and `authorization` are for a `url`".to_owned());
            }
            (Kind::Http, ..) if self.native || !self.fs.is_empty() || !self.env.is_empty() || !self.args.is_empty() => {
                return wrong("`args`, `env`, `fs` and `native` are for a `command`".to_owned());
            }
            _ => {}
        }
        if let Some(reason) = self.authorization.as_ref().and_then(|authorization| authorization.trouble()) {
            return wrong(format!("`authorization`: {reason}"));
        }
        if !self.network.is_empty() {
            let reason = "a confined server has no network, and `network` cannot give it one yet: use one over HTTP, \
                or `native = true`";
            return wrong(reason.to_owned());
        }
        if self.sampling {
            return wrong("no server asks models on behalf of a run: take `sampling` out".to_owned());
        }
        if let Some(folder) = self.cwd.as_ref().filter(|folder| !folder.is_absolute()) {
            return wrong(format!("`cwd` has to be an absolute path, and `{}` is none", folder.display()));
        }
        let usable = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
        if let Some(name) = self.env.keys().find(|name| !usable(name)) {
            return wrong(format!("`{name}` is no name of a variable"));
        }
        let times = self.times.values().map(|time| time.0).chain([self.time]);
        match times.into_iter().all(|time| (Duration::from_millis(1)..=LONGEST).contains(&time)) {
            true => Ok(()),
            false => wrong("`time` has to be between `1ms` and `1h`".to_owned()),
        }
    }
}

/// Looks whether each server makes sense, and that none is called like what `taken` knows.
///
/// # Errors
/// The first trouble.
pub(super) fn check(table: &Table, taken: impl Fn(&str) -> bool) -> Result<(), Trouble> {
    for (name, server) in table {
        server.check(name)?;
        let refuse = |reason: String| Err(Trouble { server: name.clone(), reason });
        if table.len() > SERVERS {
            return refuse(format!("there are more than {SERVERS} servers"));
        }
        if taken(name) {
            return refuse(format!("a plugin `{name}` is installed, and one name means one thing: rename the server"));
        }
    }
    Ok(())
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, writes) = match text.rsplit_once(':') {
            Some((path, "ro")) => (path, false),
            Some((path, "rw")) => (path, true),
            _ => (text, false),
        };
        let path = match path.strip_prefix("~/").zip(std::env::home_dir()) {
            Some((below, home)) => home.join(below),
            None => PathBuf::from(path),
        };
        let plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
        match path.is_absolute() && plain && path != Path::new("/") {
            true => Ok(Self { path, writes }),
            false => Err(format!("`{text}` has to be an absolute path to a file or folder, like `/home/ada/notes:ro`")),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        format!("{}:{}", place.path.display(), if place.writes { "rw" } else { "ro" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Server, String> {
        let server: Server = toml::from_str(text).map_err(|error| error.to_string())?;
        server.check("it").map_err(|trouble| trouble.to_string())?;
        Ok(server)
    }

    #[test]
    fn what_people_have_is_read() {
        let server = read("command = \"npx\"\nargs = [\"-y\", \"x\"]\nenv = { A = \"b\" }").expect("stdio");
        assert_eq!((server.kind(), server.time_of("any")), (Kind::Stdio, minute()));
        let server = read("type = \"streamable-http\"\nurl = \"https://x.example/mcp\"").expect("http");
        assert_eq!(server.kind(), Kind::Http);
        let server = read("command = \"x\"\nfs = [\"/data:rw\", \"/y\"]\ntime = \"5s\"\ntimes = { slow = \"5m\" }");
        let server = server.expect("ours");
        assert!(server.fs[0].writes && !server.fs[1].writes);
        assert_eq!(server.time_of("slow"), Duration::from_secs(300));
        let again: Server = toml::from_str(&toml::to_string(&server).expect("written")).expect("read");
        assert_eq!(again, server);
    }

    #[test]
    fn another_program_is_somebody_else() {
        let who = |text: &str| read(text).expect("fine").identity();
        let one = who("command = \"x\"\nargs = [\"a\", \"b\"]");
        assert_eq!(one, who("type = \"stdio\"\ncommand = \"x\"\nargs = [\"a\", \"b\"]\ntime = \"5s\""));
        for other in [
            "command = \"y\"\nargs = [\"a\", \"b\"]",
            "command = \"x\"\nargs = [\"a b\"]",
            "command = \"x\"",
            "url = \"https://x.example/\"",
        ] {
            assert_ne!(one, who(other), "{other}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for text in [
            "",
            "comand = \"x\"",
            "command = \"\"",
            "type = \"sse\"\nurl = \"https://x.example\"",
            "type = \"http\"",
            "type = \"stdio\"\nurl = \"https://x.example\"",
            "command = \"x\"\nurl = \"https://x.example\"",
            "url = \"https://x.example\"\nnative = true",
            "command = \"x\"\nheaders = { a = \"b\" }",
            "command = \"x\"\nauthorization = { client-id = \"b\" }",
            "url = \"https://x.example\"\nauthorization = { client-secret = \"b\" }",
            "url = \"https://x.example\"\nauthorization = { client-id = \"a\", client-secret = \"b\" }",
            "url = \"https://x.example\"\nauthorization = { client-metadata = \"http://me.example/c.json\" }",
            "url = \"https://x.example\"\nauthorization = { scopes = [\"a b\"] }",
            "url = \"https://x.example\"\nauthorization = { issuer = \"login\" }",
            "command = \"x\"\nfs = [\"data\"]",
            "command = \"x\"\nfs = [\"/\"]",
            "command = \"x\"\nfs = [\"/a/../b\"]",
            "command = \"x\"\ncwd = \"here\"",
            "command = \"x\"\nenv = { \"A=B\" = \"c\" }",
            "command = \"x\"\nnetwork = [\"https://x.example/*\"]",
            "command = \"x\"\nsampling = true",
            "command = \"x\"\ntime = \"2h\"",
            "command = \"x\"\ntime = \"0s\"",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let table = Table::from([("jq".to_owned(), read("command = \"x\"").expect("fine"))]);
        assert!(check(&table, |name| name == "jq").is_err() && check(&table, |_| false).is_ok());
        assert!(Server { command: Some("x".to_owned()), ..Server::new() }.check("Big").is_err());
    }
}
