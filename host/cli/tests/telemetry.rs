//! Telemetry on the wire: a collector that decodes what it gets, and a scraper that parses.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::Holm;
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
    trace::v1::Span,
};
use prometheus_parse::{Scrape, Value as Figure};
use prost::Message;

/// What a collector was sent.
#[derive(Default)]
struct Sent {
    spans: Vec<Span>,
    /// The latest of each name.
    metrics: std::collections::BTreeMap<String, Metric>,
    services: Vec<String>,
    keys: Vec<Option<String>>,
}

/// A collector on a port of its own.
struct Receiver {
    url: String,
    sent: Arc<Mutex<Sent>>,
}

impl Receiver {
    fn start() -> Self {
        Self::start_at(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn start_at(listener: TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::<Mutex<Sent>>::default();
        let receiver = Self { url, sent: sent.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let sent = sent.clone();
                std::thread::spawn(move || while request(stream.as_ref().unwrap(), &sent).is_some() {});
            }
        });
        receiver
    }

    fn until<T>(&self, what: &str, found: impl Fn(&Sent) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = found(&self.sent.lock().unwrap()) {
                return found;
            }
            let sent = self.sent.lock().unwrap();
            let names: Vec<_> = sent.spans.iter().map(|span| &span.name).collect();
            assert!(start.elapsed() < Duration::from_secs(20), "no {what} came: {names:?}");
            drop(sent);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Reads a request, keeps what is in it, and answers; none at the connection's end.
fn request(mut stream: &TcpStream, sent: &Mutex<Sent>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)? > 2 {
        head.push_str(&std::mem::take(&mut line));
    }
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
        Some(line.split_once(": ").unwrap().1.to_owned())
    };
    assert_eq!(header("content-type").as_deref(), Some("application/x-protobuf"), "{head}");
    let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let mut sent = sent.lock().unwrap();
    sent.keys.push(header("x-key"));
    if head.starts_with("POST /v1/traces ") {
        for resource in ExportTraceServiceRequest::decode(&*body).unwrap().resource_spans {
            sent.services.extend(text(&resource.resource.unwrap().attributes, "service.name"));
            sent.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    } else {
        assert!(head.starts_with("POST /v1/metrics "), "{head}");
        for resource in ExportMetricsServiceRequest::decode(&*body).unwrap().resource_metrics {
            sent.services.extend(text(&resource.resource.unwrap().attributes, "service.name"));
            let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            sent.metrics.extend(metrics.map(|metric| (metric.name.clone(), metric)));
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

const REPLIES: &str = r#"
[[reply]]
turn = 0
contains = "harbour"
text = "I look. "
tool-calls = [
    { name = "files__read", arguments = { path = "./notes/a.md" } },
    { name = "files__read", arguments = { path = "./secret" } },
]

[[reply]]
turn = 1
contains = "harbour"
text = "Found."
"#;

const SECRET: &str = "hunter2-in-a-header";

/// A home with an agent at work on a script, watched as `telemetry` says.
fn holm(telemetry: &str) -> Holm {
    let holm = Holm::new();
    holm.configure(&format!(
        "[kernel]\nidle-shutdown = \"20s\"\n[providers.script]\nkind = \"scripted\"\nscript = \"replies.toml\"\n\
         [models.smart]\ntargets = [\"script/any\"]\n[telemetry]\n{telemetry}"
    ));
    std::fs::write(holm.home().join("replies.toml"), REPLIES).unwrap();
    std::fs::write(holm.home().join("key"), SECRET).unwrap();
    std::fs::set_permissions(holm.home().join("key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    holm
}

fn at_work(holm: &Holm) {
    holm.file("notes/a.md", "The harbour froze in 1929.\n");
    holm.install_real("files", &["fs=./notes:ro"]);
    holm.install_real("agent", &["llm=smart", "tool=files/*"]);
    let said = holm.run(&["ask", "What about the harbour?"]).succeeds();
    assert!(said.stdout.contains("Found."), "{}", said.transcript());
}

fn log(holm: &Holm) -> String {
    std::fs::read_to_string(holm.home().join("kernel.log")).unwrap()
}

#[test]
fn spans_and_figures_reach_a_collector() {
    let receiver = Receiver::start();
    let url = &receiver.url;
    let holm = holm(&format!(
        "otlp = \"{url}\"\notlp-interval = \"100ms\"\notlp-headers = {{ x-key = {{ file = \"key\" }} }}\n"
    ));
    at_work(&holm);
    holm.run(&["shutdown"]).succeeds();

    let sent = receiver.sent.lock().unwrap();
    let named = |name: &str| sent.spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let status = |span: &Span| text(&span.attributes, "holm.status");
    // The agent's process: a root, named by its plugin, with how it ended.
    let agents: Vec<_> = named("agent").into_iter().filter(|span| span.parent_span_id.is_empty()).collect();
    let agent = agents.iter().find(|agent| {
        sent.spans.iter().any(|span| span.parent_span_id == agent.span_id && span.name.starts_with("llm."))
    });
    let agent = agent.expect("an agent that called a model");
    assert_eq!(status(agent).as_deref(), Some("exit code 0"));
    assert_eq!(text(&agent.attributes, "holm.parent"), None);
    // Its system calls lie below it, within its time.
    let calls: Vec<_> = sent.spans.iter().filter(|span| span.parent_span_id == agent.span_id).collect();
    assert!(calls.iter().all(|call| call.trace_id == agent.trace_id));
    assert!(calls.iter().all(|call| call.start_time_unix_nano >= agent.start_time_unix_nano
        && call.end_time_unix_nano <= agent.end_time_unix_nano));
    let model =
        calls.iter().find(|call| call.name.starts_with("llm.") && text(&call.attributes, "holm.resource").is_some());
    let model = model.expect("a call of a model");
    assert_eq!(text(&model.attributes, "holm.device").as_deref(), Some("llm"));
    assert_eq!(text(&model.attributes, "holm.decision").as_deref(), Some("allowed"));
    // The processes of its tools lie below it too, and what was denied them is an error.
    let tools: Vec<_> = named("files").into_iter().filter(|span| span.parent_span_id == agent.span_id).collect();
    assert_eq!(tools.len(), 2);
    assert_eq!(text(&tools[0].attributes, "holm.parent"), text(&agent.attributes, "holm.pid"));
    let denied = sent.spans.iter().find(|span| {
        let error = span.status.as_ref().is_some_and(|status| status.code == 2);
        error && text(&span.attributes, "holm.resource").is_some_and(|resource| resource.ends_with("/secret:ro"))
    });
    let denied = denied.expect("a denied call");
    assert!(denied.name.starts_with("fs."), "{}", denied.name);
    assert!(tools.iter().any(|tool| tool.span_id == denied.parent_span_id));
    // The figures, as the kernel ended.
    let points = |name: &str| match sent.metrics[name].data.as_ref().unwrap() {
        Data::Sum(sum) => sum.data_points.clone(),
        Data::Gauge(gauge) => gauge.data_points.clone(),
        _ => panic!("{name}"),
    };
    for name in
        ["holm.processes", "holm.process.slots", "holm.memory", "holm.provider.calls", "holm.provider.concurrency"]
    {
        assert!(!points(name).is_empty(), "{name}");
    }
    let of_agent = |name: &str| {
        let point =
            points(name).into_iter().find(|point| text(&point.attributes, "plugin").as_deref() == Some("agent"));
        point.unwrap_or_else(|| panic!("{name}")).value.unwrap()
    };
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::AsInt;
    assert_eq!(of_agent("holm.model.calls"), AsInt(2));
    for name in ["holm.fuel", "holm.system.calls", "holm.model.tokens", "holm.processes.ended"] {
        assert!(matches!(of_agent(name), AsInt(1..)), "{name}");
    }
    let Some(Data::Histogram(turnaround)) = &sent.metrics["holm.model.call.turnaround"].data else { panic!() };
    assert_eq!((turnaround.data_points[0].count, turnaround.data_points[0].bucket_counts.iter().sum::<u64>()), (2, 2));
    assert!(sent.services.iter().all(|service| service == "holm") && !sent.services.is_empty());
    // The header went with each request, and nowhere else.
    assert!(sent.keys.iter().all(|key| key.as_deref() == Some(SECRET)), "{:?}", sent.keys);
    assert!(!log(&holm).contains(SECRET));
}

/// Asks for a path as a client that sends this `Host`.
fn get(address: &str, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn scrape(text: &str) -> Scrape {
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let scrape = Scrape::parse(lines).unwrap();
    // Each line that is no comment is a sample: the parser passes over what it does not understand.
    let samples: usize = scrape
        .samples
        .iter()
        .map(|sample| match &sample.value {
            Figure::Histogram(buckets) => buckets.len(),
            _ => 1,
        })
        .sum();
    assert_eq!(samples, text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count(), "{text}");
    scrape
}

fn figure(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let found = scrape.samples.iter().find(|sample| {
        sample.metric == name && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
    });
    match found.unwrap_or_else(|| panic!("no {name} {labels:?}")).value {
        Figure::Counter(value) | Figure::Gauge(value) | Figure::Untyped(value) => value,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn prometheus_reads_the_figures() {
    let holm = holm("prometheus = \"127.0.0.1:0\"\n");
    assert_eq!(holm.run(&["metrics"]).code, 4, "no kernel is started to be asked");
    at_work(&holm);
    let log = log(&holm);
    let address = log.split("metrics are served at http://").nth(1).unwrap().split('/').next().unwrap();

    let (status, served) = get(address, "/metrics", address);
    assert_eq!(status, 200, "{served}");
    for text in [served, holm.run(&["metrics"]).succeeds().stdout] {
        let scrape = scrape(&text);
        let agent = [("plugin", "agent")];
        assert_eq!(figure(&scrape, "holm_model_calls_total", &agent), 2.0, "{text}");
        assert_eq!(figure(&scrape, "holm_processes", &[("state", "running")]), 0.0);
        assert!(figure(&scrape, "holm_fuel_total", &agent) > 1000.0);
        assert!(figure(&scrape, "holm_process_slots", &[]) > 10.0);
        assert_eq!(figure(&scrape, "holm_provider_calls_waiting", &[("provider", "script")]), 0.0);
        assert!(
            figure(&scrape, "holm_refusals_total", &[("plugin", "files"), ("device", "fs"), ("reason", "denied")])
                >= 1.0
        );
        assert_eq!(figure(&scrape, "holm_model_call_waiting_seconds_count", &agent), 2.0);
        let histogram =
            scrape.samples.iter().find(|sample| sample.metric == "holm_model_call_turnaround_seconds").unwrap();
        let Figure::Histogram(buckets) = &histogram.value else { panic!("{histogram:?}") };
        assert_eq!(buckets.last().map(|bucket| bucket.count), Some(2.0));
        // What guests name, and may name without end, is no label.
        assert!(!text.contains("secret") && !text.contains("notes"), "{text}");
    }

    // A page whose own name was made to mean this machine learns nothing.
    assert_eq!(get(address, "/metrics", "evil.example").0, 421);
    assert_eq!(get(address, "/", address).0, 404);
    // Who opens connections and says nothing keeps nobody out for ever, and the kernel is not bothered.
    let silent: Vec<_> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    holm.run(&["ps"]).succeeds();
    drop(silent);
    assert_eq!(get(address, "/metrics", address).0, 200);
}

/// Bytes of the kernel that are in memory.
fn resident(holm: &Holm) -> u64 {
    let log = holm.run(&["doctor", "--json"]).json();
    let kernel = log.as_array().unwrap().iter().find(|check| check["name"] == "kernel").unwrap().clone();
    let process =
        kernel["text"].as_str().unwrap().split("process ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_collector_that_is_down_or_stalls_holds_nothing_up() {
    // Nobody listens there any more; and one that takes connections and never answers.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stalled = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [closed, stalled.local_addr().unwrap()] {
        let holm = holm(&format!("otlp = \"http://{address}\"\notlp-interval = \"100ms\"\n"));
        holm.guest("bench_agent");
        holm.run(&["run", "bench_agent.wasm", "calls", "1000"]).succeeds();
        let before = resident(&holm);
        holm.run(&["run", "bench_agent.wasm", "calls", "200000"]).succeeds();
        let grown = resident(&holm).saturating_sub(before);
        // A span takes about a kilobyte: that many would take 200 MB.
        assert!(grown < 60 << 20, "{address}: {grown} bytes");
        holm.run(&["shutdown"]).succeeds();
        let told = log(&holm).matches("does not take what is sent").count();
        assert_eq!(told, usize::from(address == closed), "{}", log(&holm));
    }
}

#[test]
fn a_collector_that_comes_back_is_told_of_what_happens_then() {
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let holm = holm(&format!("otlp = \"http://{address}\"\notlp-interval = \"100ms\"\n"));
    holm.run(&["list"]).succeeds();
    let start = Instant::now();
    while !log(&holm).contains("does not take what is sent") {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", log(&holm));
        std::thread::sleep(Duration::from_millis(20));
    }
    let receiver = Receiver::start_at(TcpListener::bind(address).unwrap());
    holm.guest("bench_agent");
    holm.run(&["run", "bench_agent.wasm"]).succeeds();
    receiver.until("span", |sent| sent.spans.iter().any(|span| span.name.starts_with("bench-agent")).then_some(()));
    assert_eq!(log(&holm).matches("takes again what is sent").count(), 1, "{}", log(&holm));
}
