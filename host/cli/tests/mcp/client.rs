//! A client that speaks MCP as it is written on the wire: over a pipe, and over HTTP.
#![allow(unreachable_pub, reason = "a module of a test binary")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::common::Holm;

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client of each era says of itself.
pub const MODERN: &str = "2026-07-28";
pub const LEGACY: &str = "2025-11-25";

/// `_meta` of a request since 2026-07-28.
pub fn meta(capabilities: &Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
    })
}

/// A client at the other end of `holm mcp`'s standard input and output.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    next: u64,
    /// What each request carries.
    meta: Option<Value>,
    /// What came that was no answer.
    pub notes: Vec<Value>,
}

impl Client {
    /// Starts `holm mcp`, and says nothing.
    pub fn silent(holm: &Holm, options: &[&str]) -> Self {
        let arguments: Vec<_> = ["mcp"].iter().chain(options).copied().collect();
        let mut child = holm.command(&arguments).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if told.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, lines, next: 0, meta: None, notes: Vec::new() }
    }

    /// A client that begins with `initialize`.
    pub fn legacy(holm: &Holm, options: &[&str], capabilities: Value) -> Self {
        let mut client = Self::silent(holm, options);
        let hello = json!({
            "protocolVersion": LEGACY, "capabilities": capabilities, "clientInfo": { "name": "test", "version": "1" },
        });
        let said = client.ask("initialize", hello);
        assert_eq!(said["result"]["protocolVersion"], LEGACY, "{said}");
        client.tell("notifications/initialized", json!({}));
        client
    }

    /// A client without a beginning.
    pub fn modern(holm: &Holm, options: &[&str], capabilities: &Value) -> Self {
        let mut client = Self::silent(holm, options);
        client.meta = Some(meta(capabilities));
        client
    }

    pub fn write(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.write(json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string().as_bytes());
    }

    /// Sends a request; its id.
    pub fn send(&mut self, method: &str, mut params: Value) -> u64 {
        self.next += 1;
        if let Some(meta) = &self.meta {
            params.as_object_mut().unwrap().entry("_meta").or_insert_with(|| meta.clone());
        }
        let request = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.write(request.to_string().as_bytes());
        self.next
    }

    /// The next message of any kind.
    pub fn hear(&mut self) -> Value {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// The answer to a request; what came before it is noted.
    #[track_caller]
    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.hear();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.notes.push(message);
        }
    }

    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id)
    }

    /// A tool's result.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let said = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        said.get("result").unwrap_or_else(|| panic!("{tool}: {said}")).clone()
    }

    /// The names of all tools.
    pub fn tools(&mut self) -> Vec<String> {
        let said = self.ask("tools/list", json!({}));
        let tools = said["result"]["tools"].as_array().unwrap_or_else(|| panic!("{said}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether nothing of this kind came, among what came until now.
    pub fn quiet(&self, method: &str) -> bool {
        self.notes.iter().all(|note| note["method"] != method)
    }

    /// Waits for a notification.
    pub fn until(&mut self, method: &str) -> Value {
        if let Some(at) = self.notes.iter().position(|note| note["method"] == method) {
            return self.notes.remove(at);
        }
        loop {
            let message = self.hear();
            if message["method"] == method {
                return message;
            }
            self.notes.push(message);
        }
    }

    /// Hangs up; how `holm mcp` ended.
    pub fn leave(mut self) -> Option<i32> {
        self.stdin = None;
        self.child.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of a result.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// `holm mcp --http` on a port of its own.
pub struct Served {
    child: Child,
    pub port: u16,
}

impl Served {
    pub fn start(holm: &Holm, options: &[&str]) -> Self {
        let arguments: Vec<_> = ["mcp", "--http", "127.0.0.1:0"].iter().chain(options).copied().collect();
        let mut child = holm.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let port = url.trim().strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/mcp"));
        Self { child, port: port.unwrap_or_else(|| panic!("{url}")).parse().unwrap() }
    }

    /// One request, as its bytes; the status, the head, and the messages of the answer.
    pub fn raw(&self, request: &[u8]) -> (u16, String, Vec<Value>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may be answered before all was sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let messages = body.lines().map(|line| line.strip_prefix("data:").unwrap_or(line).trim());
        let messages = messages.filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object);
        (status, head.to_owned(), messages.collect())
    }

    /// Posts a message with these headers.
    pub fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<Value>) {
        let mut head = String::from("POST /mcp HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json\r\n");
        head.push_str("accept: application/json, text/event-stream\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: 127.0.0.1:{}\r\n", self.port));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.raw(head.as_bytes())
    }

    /// A request since 2026-07-28, with its headers.
    pub fn ask(&self, token: &str, method: &str, name: Option<&str>, params: Value) -> (u16, Value) {
        self.ask_as(token, method, name, params, &json!({}))
    }

    /// The same, of a client that is capable of this.
    pub fn ask_as(
        &self,
        token: &str,
        method: &str,
        name: Option<&str>,
        mut params: Value,
        capabilities: &Value,
    ) -> (u16, Value) {
        params["_meta"] = meta(capabilities);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let bearer = format!("Bearer {token}");
        let mut headers =
            vec![("authorization", bearer.as_str()), ("mcp-protocol-version", MODERN), ("mcp-method", method)];
        headers.extend(name.map(|name| ("mcp-name", name)));
        let (status, _, messages) = self.post(&headers, &body);
        (status, messages.last().cloned().unwrap_or_default())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
