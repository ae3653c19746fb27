//! One address: its request, those that redirects lead to, and what is written of the response.

use crate::options::{BOUNDARY, Output, Wish};
use holm::http::{Error, Request, Response};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::time::Instant;

/// Why it failed, with curl's exit code.
pub(crate) struct Failed {
    pub(crate) code: u8,
    pub(crate) text: String,
}

impl Failed {
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// What `--write-out` tells of.
struct Told {
    status: u16,
    address: String,
    redirects: usize,
    bytes: u64,
    kind: String,
    seconds: f64,
    redirect_to: String,
}

pub(crate) fn fetch(wish: &Wish, address: &str, output: Option<&Output>) -> Result<(), Failed> {
    let start = Instant::now();
    let mut address = with_scheme(address)?;
    let mut method = method(wish);
    let mut body = body(wish);
    let mut redirects = 0;
    let mut heads = Vec::new();
    let mut response = loop {
        let response = send(wish, &method, &address, body.as_deref())?;
        heads.extend(head(&response));
        let target = response.header("location").filter(|_| (300..400).contains(&response.status())).map(str::to_owned);
        let Some(target) = target.filter(|_| wish.follow) else { break response };
        if redirects >= wish.redirects {
            return Err(Failed::new(47, format!("Maximum ({}) redirects followed", wish.redirects)));
        }
        redirects += 1;
        let status = response.status();
        if wish.method.is_none() && (status == 303 || (matches!(status, 301 | 302) && method == "POST")) {
            "GET".clone_into(&mut method);
            body = None;
        }
        address = joined(&address, &target);
    };
    let status = response.status();
    let mut told = Told {
        status,
        redirects,
        bytes: 0,
        kind: response.header("content-type").unwrap_or_default().to_owned(),
        seconds: 0.0,
        redirect_to: response.header("location").map(|target| joined(&address, target)).unwrap_or_default(),
        address,
    };
    let refused = status >= 400 && (wish.fail || wish.fail_with_body);
    if let Some(path) = &wish.dump_headers {
        written(path, &heads)?;
    }
    let outcome = match refused && !wish.fail_with_body {
        true => Ok(0),
        false => write(wish, &heads, &mut response, output, &told.address),
    };
    told.seconds = start.elapsed().as_secs_f64();
    told.bytes = *outcome.as_ref().unwrap_or(&0);
    if let Some(format) = &wish.write_out {
        let text = write_out(format, &told);
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }
    outcome?;
    match refused {
        true => Err(Failed::new(22, format!("The requested URL returned error: {status}"))),
        false => Ok(()),
    }
}

fn written(path: &str, bytes: &[u8]) -> Result<(), Failed> {
    let written = match path {
        "-" => io::stdout().write_all(bytes),
        path => fs::write(path, bytes),
    };
    written.map_err(|error| Failed::new(23, format!("Failure writing output to destination: {path}: {error}")))
}

fn with_scheme(address: &str) -> Result<String, Failed> {
    match address.split_once("://") {
        None => Ok(format!("http://{address}")),
        Some((scheme, _)) if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") => Ok(address.to_owned()),
        Some((scheme, _)) => Err(Failed::new(1, format!("Protocol \"{scheme}\" not supported"))),
    }
}

fn method(wish: &Wish) -> String {
    let usual = match (wish.head, wish.body.is_some() || !wish.form.is_empty()) {
        (true, _) => "HEAD",
        (_, true) => "POST",
        _ => "GET",
    };
    wish.method.clone().unwrap_or_else(|| usual.to_owned())
}

fn body(wish: &Wish) -> Option<Vec<u8>> {
    if wish.form.is_empty() {
        return wish.body.clone();
    }
    let mut body = wish.form.clone();
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    Some(body)
}

fn send(wish: &Wish, method: &str, address: &str, body: Option<&[u8]>) -> Result<Response, Failed> {
    let mut tries = 0;
    loop {
        let outcome = request(wish, method, address, body).send();
        let again = match &outcome {
            Ok(response) => matches!(response.status(), 408 | 429 | 500 | 502 | 503 | 504),
            Err(Error::Failed(_)) => true,
            Err(_) => false,
        };
        if !again || tries >= wish.retries {
            return outcome.map_err(|error| failed(error, address));
        }
        tries += 1;
        holm::poll::after(std::time::Duration::from_secs(1 << tries.min(5))).wait();
    }
}

fn request(wish: &Wish, method: &str, address: &str, body: Option<&[u8]>) -> Request {
    let mut request = Request::new(method, address);
    let given = |name: &str| wish.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    for (name, value) in wish.headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(name.to_ascii_lowercase(), value.as_bytes());
    }
    for (name, value) in [("user-agent", "curl/8.0.0"), ("accept", "*/*")] {
        if !given(name) {
            request = request.header(name, value);
        }
    }
    if let Some(body) = body {
        if !given("content-type") {
            let kind = match wish.form.is_empty() {
                true => "application/x-www-form-urlencoded".to_owned(),
                false => format!("multipart/form-data; boundary={BOUNDARY}"),
            };
            request = request.header("content-type", kind);
        }
        request = request.body(body);
    }
    if let Some(time) = wish.time {
        request = request.timeout(time);
    }
    if wish.verbose {
        eprintln!("> {method} {address}");
    }
    request
}

fn failed(error: Error, address: &str) -> Failed {
    let host = address.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    match error {
        Error::Denied(denial) => {
            let origin = format!("{}://{host}", address.split("://").next().unwrap_or_default());
            Failed::new(7, format!("Failed to connect to {host}: {denial}; the grant that it takes: net={origin}/*"))
        }
        Error::Malformed(text) => Failed::new(3, format!("URL rejected: {text}")),
        Error::Failed(text) => {
            let lower = text.to_lowercase();
            let code = match () {
                () if lower.contains("dns") || lower.contains("resolve") => 6,
                () if lower.contains("timeout") || lower.contains("timed") => 28,
                () if lower.contains("tls") || lower.contains("certificate") => 60,
                () if lower.contains("refused") || lower.contains("connect") || lower.contains("destination") => 7,
                () => 56,
            };
            Failed::new(code, text)
        }
    }
}

fn head(response: &Response) -> Vec<u8> {
    let mut all = format!("HTTP/1.1 {} \r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        all.extend(name.bytes());
        all.extend(b": ");
        all.extend(value);
        all.extend(b"\r\n");
    }
    all.extend(b"\r\n");
    all
}

/// Writes the response; how many bytes of it.
fn write(
    wish: &Wish,
    heads: &[u8],
    response: &mut Response,
    output: Option<&Output>,
    address: &str,
) -> Result<u64, Failed> {
    let path = match output {
        None => None,
        Some(Output::File(path)) if path == "-" => None,
        Some(Output::File(path)) => Some(path.clone()),
        Some(Output::Remote) => {
            let rest = address.split("://").nth(1).unwrap_or_default();
            let name = rest.split(['?', '#']).next().and_then(|path| path.split_once('/')).map(|(_, path)| path);
            let name = name.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty() && *name != "..");
            Some(name.ok_or_else(|| Failed::new(23, "Remote file name has no length"))?.to_owned())
        }
    };
    let unwritten = |error: io::Error| Failed::new(23, format!("Failure writing output to destination: {error}"));
    if let (Some(path), true) = (&path, wish.create_folders)
        && let Some((folder, _)) = path.rsplit_once('/')
    {
        fs::create_dir_all(folder).map_err(unwritten)?;
    }
    let mut target: Box<dyn Write> = match &path {
        Some(path) => Box::new(File::create(path).map_err(unwritten)?),
        None => Box::new(io::stdout().lock()),
    };
    if wish.include || wish.head {
        target.write_all(heads).map_err(unwritten)?;
    }
    let mut bytes = 0;
    let mut buffer = vec![0; 64 << 10];
    if wish.head {
        target.flush().map_err(unwritten)?;
        return Ok(0);
    }
    loop {
        let length = response.read(&mut buffer).map_err(|error| Failed::new(56, error.to_string()))?;
        if length == 0 {
            break;
        }
        bytes += length as u64;
        target.write_all(&buffer[..length]).map_err(unwritten)?;
    }
    target.flush().map_err(unwritten)?;
    Ok(bytes)
}

/// The text of `--write-out`.
fn write_out(format: &str, told: &Told) -> String {
    let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let mut all = String::new();
    let mut rest = format.as_str();
    while let Some((before, after)) = rest.split_once("%{") {
        all.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            all.push_str("%{");
            rest = after;
            continue;
        };
        match name {
            "http_code" | "response_code" => all.push_str(&format!("{:03}", told.status)),
            "url_effective" => all.push_str(&told.address),
            "num_redirects" => all.push_str(&told.redirects.to_string()),
            "redirect_url" => all.push_str(&told.redirect_to),
            "size_download" => all.push_str(&told.bytes.to_string()),
            "content_type" => all.push_str(&told.kind),
            "time_total" | "time_starttransfer" => all.push_str(&format!("{:.6}", told.seconds)),
            "exitcode" => all.push('0'),
            _ => {}
        }
        rest = after;
    }
    all + &rest.replace("%%", "%")
}

/// An address as another one means it.
fn joined(base: &str, target: &str) -> String {
    if target.contains("://") {
        return target.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", base));
    if let Some(other) = target.strip_prefix("//") {
        return format!("{scheme}://{other}");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if target.starts_with('/') {
        return format!("{scheme}://{host}{target}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{host}{folder}/{target}")
}

#[cfg(test)]
mod tests {
    use super::{Told, joined, write_out};

    #[test]
    fn redirects_lead_somewhere() {
        assert_eq!(joined("https://a.example/b/c?d", "e"), "https://a.example/b/e");
        assert_eq!(joined("https://a.example", "/e"), "https://a.example/e");
        assert_eq!(joined("https://a.example/b", "//c.example/d"), "https://c.example/d");
        assert_eq!(joined("https://a.example/b", "http://c.example/"), "http://c.example/");
    }

    #[test]
    fn what_is_asked_is_told() {
        let told = Told {
            status: 404,
            address: "https://a.example/".to_owned(),
            redirects: 1,
            bytes: 5,
            kind: "text/plain".to_owned(),
            seconds: 0.5,
            redirect_to: String::new(),
        };
        assert_eq!(write_out("%{http_code} %{num_redirects}\\n%{nope}%", &told), "404 1\n%");
    }
}
