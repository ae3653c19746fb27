//! The command line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

/// Bytes that are sent: `-d @` of an endless file.
const BODY: u64 = 64 << 20;

pub(crate) const HELP: &str = " -d, --data <data>          HTTP POST data
 -f, --fail                 Fail fast with no output on HTTP errors
 -F, --form <name=content>  Specify multipart MIME data
 -G, --get                  Put the post data in the URL and use GET
 -H, --header <header/@file> Pass custom header(s) to server
 -I, --head                 Show document info only
 -i, --include              Include response headers in output
 -L, --location             Follow redirects
 -m, --max-time <seconds>   Maximum time allowed for transfer
 -o, --output <file>        Write to file instead of stdout
 -O, --remote-name          Write output to file named as remote file
 -s, --silent               Silent mode
 -S, --show-error           Show error even when -s is used
 -u, --user <user:password> Server user and password
 -w, --write-out <format>   Output FORMAT after completion
 -X, --request <method>     Specify request method to use";

/// Where a response goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    File(String),
    /// A file of the name at the address's end.
    Remote,
}

/// What a command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) addresses: Vec<String>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) method: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// The parts of a form, in the order in which they were given.
    pub(crate) form: Vec<u8>,
    pub(crate) follow: bool,
    pub(crate) redirects: usize,
    pub(crate) fail: bool,
    pub(crate) fail_with_body: bool,
    pub(crate) silent: bool,
    pub(crate) show_errors: bool,
    pub(crate) include: bool,
    pub(crate) head: bool,
    pub(crate) get: bool,
    pub(crate) verbose: bool,
    pub(crate) write_out: Option<String>,
    pub(crate) time: Option<Duration>,
    pub(crate) create_folders: bool,
    pub(crate) retries: u32,
    pub(crate) help: bool,
    pub(crate) version: bool,
    pub(crate) dump_headers: Option<String>,
}

/// What divides the parts of a form.
pub(crate) const BOUNDARY: &str = "------------------------7f3a9c51d2e84b06";

/// Options with a value, by letter and name.
const VALUED: [(&str, &str); 28] = [
    ("A", "user-agent"),
    ("b", "cookie"),
    ("", "cacert"),
    ("", "connect-timeout"),
    ("d", "data"),
    ("", "data-ascii"),
    ("", "data-binary"),
    ("", "data-raw"),
    ("", "data-urlencode"),
    ("D", "dump-header"),
    ("e", "referer"),
    ("F", "form"),
    ("", "form-string"),
    ("H", "header"),
    ("", "json"),
    ("", "max-redirs"),
    ("m", "max-time"),
    ("o", "output"),
    ("", "oauth2-bearer"),
    ("X", "request"),
    ("", "retry"),
    ("", "retry-delay"),
    ("", "retry-max-time"),
    ("T", "upload-file"),
    ("", "url"),
    ("u", "user"),
    ("w", "write-out"),
    ("c", "cookie-jar"),
];

/// Options without one.
const PLAIN: [(&str, &str); 28] = [
    ("#", "progress-bar"),
    ("f", "fail"),
    ("", "fail-with-body"),
    ("G", "get"),
    ("h", "help"),
    ("I", "head"),
    ("i", "include"),
    ("k", "insecure"),
    ("L", "location"),
    ("", "location-trusted"),
    ("", "no-progress-meter"),
    ("O", "remote-name"),
    ("S", "show-error"),
    ("s", "silent"),
    ("V", "version"),
    ("v", "verbose"),
    ("", "compressed"),
    ("", "create-dirs"),
    ("", "http1.1"),
    ("", "http2"),
    ("", "retry-all-errors"),
    ("", "retry-connrefused"),
    ("", "tlsv1.2"),
    ("N", "no-buffer"),
    ("g", "globoff"),
    ("4", "ipv4"),
    ("6", "ipv6"),
    ("q", "disable"),
];

/// Reads a command line.
pub(crate) fn read(arguments: Vec<String>) -> Result<Wish, String> {
    let mut wish = Wish { redirects: 50, ..Wish::default() };
    let mut words = arguments.into_iter();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
            wish.addresses.push(word);
            continue;
        };
        if option == "-" {
            wish.addresses.extend(words);
            break;
        }
        if let Some(name) = option.strip_prefix('-') {
            if VALUED.iter().any(|(_, own)| *own == name) {
                let value = words.next().ok_or_else(|| format!("option --{name}: requires parameter"))?;
                wish.valued(name, value)?;
            } else if PLAIN.iter().any(|(_, own)| *own == name) {
                wish.plain(name);
            } else if !name.starts_with("no-") {
                return Err(format!("option --{name}: is unknown"));
            }
            continue;
        }
        let mut rest = option;
        while let Some(letter) = rest.chars().next() {
            let text = letter.to_string();
            rest = &rest[letter.len_utf8()..];
            if let Some((_, name)) = VALUED.iter().find(|(own, _)| *own == text) {
                let value = match rest {
                    "" => words.next().ok_or_else(|| format!("option -{letter}: requires parameter"))?,
                    rest => rest.to_owned(),
                };
                wish.valued(name, value)?;
                break;
            }
            match PLAIN.iter().find(|(own, _)| *own == text) {
                Some((_, name)) => wish.plain(name),
                None => return Err(format!("option -{letter}: is unknown")),
            }
        }
    }
    if wish.addresses.is_empty() && !wish.help && !wish.version {
        return Err("no URL specified".to_owned());
    }
    if wish.get
        && let Some(body) = wish.body.take()
    {
        let query = String::from_utf8_lossy(&body).into_owned();
        for address in &mut wish.addresses {
            let sign = if address.contains('?') { '&' } else { '?' };
            address.push(sign);
            address.push_str(&query);
        }
    }
    Ok(wish)
}

impl Wish {
    fn plain(&mut self, name: &str) {
        match name {
            "fail" => self.fail = true,
            "fail-with-body" => self.fail_with_body = true,
            "get" => self.get = true,
            "head" => self.head = true,
            "help" => self.help = true,
            "include" => self.include = true,
            "insecure" => eprintln!("curl: -k changes nothing: the host checks certificates"),
            "location" | "location-trusted" => self.follow = true,
            "remote-name" => self.outputs.push(Output::Remote),
            "show-error" => self.show_errors = true,
            "silent" => self.silent = true,
            "verbose" => self.verbose = true,
            "version" => self.version = true,
            "create-dirs" => self.create_folders = true,
            _ => {}
        }
    }

    fn valued(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "url" => self.addresses.push(value),
            "output" => self.outputs.push(Output::File(value)),
            "request" => self.method = Some(value),
            "write-out" => self.write_out = Some(value),
            "dump-header" => self.dump_headers = Some(value),
            "max-time" | "connect-timeout" => {
                let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                let time = seconds.ok_or_else(|| format!("option --{name}: expected a proper numerical parameter"))?;
                self.time = Some(self.time.map_or(time, |own| own.min(time))).filter(|time| !time.is_zero());
            }
            "max-redirs" => {
                self.redirects =
                    value.parse().map_err(|_| "option --max-redirs: expected a proper numerical parameter")?
            }
            "retry" => self.retries = value.parse::<u32>().unwrap_or(0).min(10),
            "user-agent" => self.header("User-Agent", &value),
            "referer" => self.header("Referer", &value),
            "cookie" => self.header("Cookie", &value),
            "oauth2-bearer" => self.header("Authorization", &format!("Bearer {value}")),
            "user" => self.header("Authorization", &format!("Basic {}", BASE64_STANDARD.encode(value))),
            "header" => self.header_line(&value)?,
            "data" | "data-ascii" => {
                let mut bytes = from_file(&value)?;
                if value.starts_with('@') {
                    bytes.retain(|byte| !matches!(byte, b'\n' | b'\r' | 0));
                }
                self.add(bytes, "&");
            }
            "data-binary" => self.add(from_file(&value)?, "&"),
            "data-raw" => self.add(value.into_bytes(), "&"),
            "data-urlencode" => {
                let (name, text) = match value.split_once('=') {
                    Some((name, text)) => (name.to_owned(), text.as_bytes().to_vec()),
                    None => match value.split_once('@') {
                        Some((name, path)) => (name.to_owned(), from_file(&format!("@{path}"))?),
                        None => (String::new(), value.clone().into_bytes()),
                    },
                };
                let sign = if name.is_empty() { "" } else { "=" };
                self.add(format!("{name}{sign}{}", encoded(&text)).into_bytes(), "&");
            }
            "json" => {
                self.add(from_file(&value)?, "");
                self.header("Content-Type", "application/json");
                self.header("Accept", "application/json");
            }
            "form" | "form-string" => self.part(&value, name == "form")?,
            "upload-file" => {
                self.body = Some(from_file(&if value == "-" { "@-".to_owned() } else { format!("@{value}") })?);
                self.method.get_or_insert_with(|| "PUT".to_owned());
                self.header("Content-Type", "");
            }
            // There are no certificates, no jars and no waiting of its own.
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn header_line(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with('@') {
            let text = String::from_utf8_lossy(&from_file(line)?).into_owned();
            return text.lines().filter(|line| !line.is_empty()).try_for_each(|line| self.header_line(line));
        }
        match line.split_once(':') {
            Some((name, value)) => self.header(name.trim(), value.trim()),
            // `Name;` is a header without a value.
            None => self.header(line.trim_end_matches(';'), ""),
        }
        Ok(())
    }

    fn add(&mut self, bytes: Vec<u8>, between: &str) {
        match &mut self.body {
            Some(body) => {
                body.extend(between.bytes());
                body.extend(bytes);
            }
            None => self.body = Some(bytes),
        }
    }

    /// One part of a form: `name=text`, `name=@file`, `name=<file`, with `;type=…`.
    fn part(&mut self, text: &str, special: bool) -> Result<(), String> {
        let (name, value) = text.split_once('=').ok_or("option --form: expects name=content")?;
        let (value, kind) = match value.split_once(";type=") {
            Some((value, kind)) if special => (value, Some(kind)),
            _ => (value, None),
        };
        let (bytes, file) = match (special, value.strip_prefix('@'), value.strip_prefix('<')) {
            (true, Some(path), _) => {
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                (from_file(value)?, Some(name))
            }
            (true, _, Some(path)) => (from_file(&format!("@{path}"))?, None),
            _ => (value.as_bytes().to_vec(), None),
        };
        let quoted = |text: &str| text.replace('"', "%22").replace(['\r', '\n'], " ");
        let mut head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(name));
        if let Some(file) = &file {
            head.push_str(&format!("; filename=\"{}\"", quoted(file)));
        }
        let kind = kind.or(file.as_ref().map(|_| "application/octet-stream"));
        if let Some(kind) = kind {
            head.push_str(&format!("\r\nContent-Type: {}", quoted(kind)));
        }
        self.form.extend(head.bytes());
        self.form.extend(b"\r\n\r\n");
        self.form.extend(bytes);
        self.form.extend(b"\r\n");
        Ok(())
    }
}

/// A value, or what the file of `@path` holds.
fn from_file(value: &str) -> Result<Vec<u8>, String> {
    let Some(path) = value.strip_prefix('@') else { return Ok(value.as_bytes().to_vec()) };
    let mut bytes = Vec::new();
    let read = match path {
        "-" => io::stdin().take(BODY + 1).read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(BODY + 1).read_to_end(&mut bytes)),
    };
    match read {
        Ok(_) if bytes.len() as u64 > BODY => Err(format!("{path}: more than {BODY} bytes")),
        Ok(_) => Ok(bytes),
        Err(_) => Err(format!("Failed to open {path}")),
    }
}

/// A text as a query holds it.
fn encoded(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::{Output, read};

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read() {
        let wish =
            read(words("-sSfL -o out -XPUT -H A:b --data a=1 -d b=2 -u me:pw https://x.example/")).unwrap_or_default();
        assert!(wish.silent && wish.show_errors && wish.fail && wish.follow);
        assert_eq!(wish.outputs, [Output::File("out".to_owned())]);
        assert_eq!(wish.method.as_deref(), Some("PUT"));
        assert_eq!(wish.body.as_deref(), Some(b"a=1&b=2".as_slice()));
        let header = |name: &str| wish.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        assert_eq!((header("A"), header("Authorization")), (Some("b"), Some("Basic bWU6cHc=")));
    }

    #[test]
    fn data_goes_into_the_address() {
        let wish = read(words("-G --data-urlencode q=a&b -d x=1 https://x.example/?p=0")).unwrap_or_default();
        assert_eq!(wish.addresses, ["https://x.example/?p=0&q=a%26b&x=1"]);
        assert_eq!(wish.body, None);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for text in ["-s", "--nope x", "-o", "-m x https://x.example/"] {
            assert!(read(words(text)).is_err(), "{text}");
        }
    }
}
