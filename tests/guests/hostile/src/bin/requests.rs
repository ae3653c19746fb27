//! Asks for what its arguments name, one after the other, and prints what came: `requests [MODE] URL…`.
//! A mode holds for what follows: `get`, `post`, `follow`, `hold`, `wait`, `headers`, `echo`,
//! `hasty`, `upload`, `unread`, `idle`, `bodied`, `trace`, `probe`.

use hostile::{
    http::{
        outgoing_handler::handle,
        types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme},
    },
    io::streams::StreamError,
};

fn main() {
    let (mut mode, mut held) = ("get".to_owned(), Vec::new());
    for argument in std::env::args().skip(1) {
        if !argument.contains(':') {
            mode = argument;
            continue;
        }
        let answer = match mode.as_str() {
            "hold" => send(&Method::Get, &argument, &Fields::new()).map(|response| {
                held.push(response);
                "held".to_owned()
            }),
            "follow" => follow(argument.clone()),
            "wait" => send(&Method::Get, &argument, &Fields::new()).and_then(|response| {
                println!("ready");
                read(&response)
            }),
            "headers" => headers(&argument),
            "post" => send(&Method::Post, &argument, &Fields::new()).and_then(|response| read(&response)),
            "upload" => upload(&argument, None, false),
            "unread" => upload(&argument, Some(hasty()), false),
            "idle" => upload(&argument, Some(hasty()), true),
            "probe" => written(&Method::Get, &argument, &Fields::new()).and_then(|request| {
                let sent = handle(request, None).map_err(word)?;
                println!("ready");
                std::io::stdin().read_line(&mut String::new()).map_err(|error| error.to_string())?;
                drop(sent);
                std::process::exit(0)
            }),
            "bodied" => bodied(&argument),
            "trace" => send(&Method::Trace, &argument, &Fields::new()).and_then(|response| read(&response)),
            "echo" => own(&argument).and_then(|response| read(&response)),
            "hasty" => {
                sent(&Method::Get, &argument, &Fields::new(), Some(hasty())).and_then(|response| read(&response))
            }
            _ => send(&Method::Get, &argument, &Fields::new()).and_then(|response| read(&response)),
        };
        match answer {
            Ok(text) => println!("{text}"),
            Err(error) => println!("{error}, because {}", hostile::last_denial()),
        }
    }
}

type Result<T> = std::result::Result<T, String>;

fn send(method: &Method, address: &str, fields: &Fields) -> Result<IncomingResponse> {
    sent(method, address, fields, None)
}

/// Waits for nothing longer than a fifth of a second.
fn hasty() -> RequestOptions {
    let options = RequestOptions::new();
    for set in [RequestOptions::set_first_byte_timeout, RequestOptions::set_between_bytes_timeout] {
        set(&options, Some(200_000_000)).expect("it can be set");
    }
    options
}

/// Sends what is written, unread and unchecked.
fn sent(method: &Method, address: &str, fields: &Fields, options: Option<RequestOptions>) -> Result<IncomingResponse> {
    let request = written(method, address, fields)?;
    let body = request.body().map_err(|()| "no body")?;
    let response = handle(request, options).map_err(word)?;
    OutgoingBody::finish(body, None).map_err(word)?;
    loop {
        if let Some(answer) = response.get() {
            return answer.map_err(|()| "taken".to_owned())?.map_err(word);
        }
        response.subscribe().block();
    }
}

fn written(method: &Method, address: &str, fields: &Fields) -> Result<OutgoingRequest> {
    let (scheme, rest) = address.split_once(':').unwrap_or(("", address));
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let scheme = match scheme {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => Scheme::Other(other.to_owned()),
    };
    let request = OutgoingRequest::new(fields.clone());
    let set = [
        request.set_method(method),
        request.set_scheme(Some(&scheme)),
        request.set_authority(Some(&rest[..end])),
        request.set_path_with_query(Some(&rest[end..]).filter(|path| !path.is_empty())),
    ];
    if set.iter().any(|set| set.is_err()) {
        return Err("malformed".to_owned());
    }
    Ok(request)
}

/// The status, and how much came or what broke it off; a short text itself.
fn read(response: &IncomingResponse) -> Result<String> {
    let status = response.status();
    let body = response.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "taken")?;
    let (mut all, mut start) = (0, Vec::new());
    let broken = loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => {
                all += bytes.len();
                if start.len() < 400 {
                    start.extend(bytes);
                }
            }
            Err(StreamError::Closed) => break None,
            Err(StreamError::LastOperationFailed(error)) => break Some(error.to_debug_string()),
        }
    };
    match broken {
        Some(why) => Err(format!("{status} broken off: {why}")),
        None if all < 400 => Ok(format!("{status} {}", String::from_utf8_lossy(&start))),
        None => Ok(format!("{status} {all} bytes")),
    }
}

/// Follows redirects itself, with its credentials.
fn follow(mut address: String) -> Result<String> {
    for _ in 0..5 {
        let response = send(&Method::Get, &address, &Fields::new())?;
        let headers = response.headers();
        let Some(location) = headers.get("location").pop() else { return read(&response) };
        address = String::from_utf8_lossy(&location).into_owned();
        println!("{} to {address}", response.status());
    }
    Err("it leads round".to_owned())
}

/// As many headers as fit.
fn headers(address: &str) -> Result<String> {
    let fields = Fields::new();
    let mut count = 0;
    let refused = loop {
        match fields.append(&format!("x-{count}"), b"x") {
            Ok(()) => count += 1,
            Err(error) => break error,
        }
    };
    println!("{count} headers, then {refused:?}");
    send(&Method::Get, address, &fields).and_then(|response| read(&response))
}

/// Says of itself what is not its to say.
fn own(address: &str) -> Result<IncomingResponse> {
    let fields = Fields::new();
    for (name, value) in [
        ("host", "other.example"),
        ("connection", "close, x-secret"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("x-split", "a\r\nhost: other.example"),
        ("proxy-authorization", "Basic x"),
        ("x-own", "kept"),
        ("authorization", "mine"),
    ] {
        if let Err(error) = fields.append(name, value.as_bytes()) {
            println!("{name} {error:?}");
        }
    }
    send(&Method::Get, address, &fields)
}

/// Goes on sending after its answer has begun, or pauses instead.
fn upload(address: &str, options: Option<RequestOptions>, idle: bool) -> Result<String> {
    let request = written(&Method::Post, address, &Fields::new())?;
    let body = request.body().map_err(|()| "no body")?;
    let stream = body.write().map_err(|()| "taken")?;
    let response = handle(request, options).map_err(word)?;
    while response.get().is_none() {
        response.subscribe().block();
    }
    println!("ready");
    if idle {
        // The one who ends it is the host.
        while stream.check_write().is_ok() {
            hostile::clocks::monotonic_clock::subscribe_duration(10_000_000).block();
        }
    }
    while stream.blocking_write_and_flush(&[b'x'; 4096]).is_ok() {}
    Ok("the upload ended".to_owned())
}

/// Hides another request in the body of one that has none.
fn bodied(address: &str) -> Result<String> {
    let fields = Fields::new();
    fields.set("content-length", &[b"27".to_vec()]).map_err(|error| format!("{error:?}"))?;
    let request = written(&Method::Get, address, &fields)?;
    let body = request.body().map_err(|()| "no body")?;
    let stream = body.write().map_err(|()| "taken")?;
    stream.blocking_write_and_flush(b"DELETE /repos/a HTTP/1.1\r\n\r").map_err(|error| format!("{error:?}"))?;
    handle(request, None).map(|_| "sent".to_owned()).map_err(word)
}

fn word(error: ErrorCode) -> String {
    format!("{error:?}").trim_start_matches("ErrorCode::").to_owned()
}
