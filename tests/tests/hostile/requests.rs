//! Requests to the network: where they may go, what servers do to them, and what is left of them.

use holm_kernel::account::Bytes;
use holm_tests::{Guest, OVERSHOOT, Web, guest, machine};

use crate::run;

/// A guest that asks for these, with everything of this server granted.
fn asks(web: &Web, name: &str, arguments: &[&str]) -> Guest {
    guest("requests").named(name).grant(&web.grant()).arguments(arguments.iter().copied())
}

#[test]
fn requests() {
    run(async {
        let web = Web::start().await;
        let report = asks(&web, "requests", &[&web.at("/text"), "post", &web.at("/text")]).attack().await;
        report.exits(0).prints("200 hello\n200 hello\n");
        let effects: Vec<_> = report.records.iter().filter(|record| record.operation == "request").collect();
        let resources: Vec<&str> = effects.iter().map(|record| record.resource.as_str()).collect();
        assert_eq!(resources, [format!("{}:get", web.at("/text")), format!("{}:post", web.at("/text"))]);
    });
}

#[test]
fn nothing_granted() {
    run(async {
        let web = Web::start().await;
        let report = guest("requests").named("ungranted").arguments([web.at("/text")]).attack().await;
        let because = format!("HttpRequestDenied, because net={}:get: not granted\n", web.at("/text"));
        report.exits(0).denied("net", "not granted").prints(&because);
        assert!(web.seen().is_empty());
    });
}

#[test]
fn a_widest_grant_holds_no_inner_address() {
    run(async {
        let web = Web::start().await;
        let port = web.address.port();
        let spellings = ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1."];
        let inner =
            ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "169.254.169.254", "[64:ff9b::7f00:1]"];
        let addresses = spellings.iter().chain(&inner).map(|host| format!("http://{host}:{port}/text"));
        let wide = guest("requests").named("wide").grant("net=*://*");
        let report = wide.arguments(addresses).attack().await;
        assert_eq!(report.exits(0).stdout.matches("HttpRequestDenied, because net=http://").count(), 12, "{report:#?}");
        assert!(web.seen().is_empty());
        // What is granted is the address, however it is written.
        let addresses: Vec<String> = spellings.iter().map(|host| format!("http://{host}:{port}/text")).collect();
        let report = asks(&web, "spelled", &addresses.iter().map(String::as_str).collect::<Vec<_>>()).attack().await;
        report.exits(0).prints(&"200 hello\n".repeat(6));
    });
}

#[test]
fn names_lead_where_they_may_or_nowhere() {
    run(async {
        let (web, names) = (Web::start().await, &machine().names);
        let port = web.address.port();
        names.tell("inside.example", &[&["127.0.0.1"]]);
        names.tell("metadata.example", &[&["169.254.169.254"]]);
        names.tell("both.example", &[&["2d00::1", "10.0.0.1"]]);
        names.tell("hidden.example", &[&["::ffff:127.0.0.1"]]);
        names.tell("nat64.example", &[&["64:ff9b::7f00:1"]]);
        let hosts = ["inside", "metadata", "both", "hidden", "nat64", "unknown"];
        let addresses = hosts.map(|host| format!("http://{host}.example:{port}/text"));
        let report = guest("requests").named("names").grant("net=http://*:*").arguments(addresses).attack().await;
        report.exits(0).denied("net", "the name leads to 127.0.0.1, a loopback address");
        for why in [
            "the name leads to 169.254.169.254, a link-local address",
            "the name leads to 10.0.0.1, a private address",
            "the name leads to ::ffff:127.0.0.1, an address that hides another",
            "the name leads to 64:ff9b::7f00:1, an address that hides another",
            "the name has no address",
        ] {
            report.denied("net", why);
        }
        // The guest learns what kind of address it is, and not which.
        assert!(
            report.stdout.contains("inside.example") && report.stdout.contains("the name leads to a loopback address")
        );
        for inner in ["127.0.0.1", "169.254", "10.0.0.1", "7f00:1"] {
            assert!(!report.stdout.contains(inner), "{report:#?}");
        }
        assert_eq!(report.stdout.matches("DestinationIpProhibited, because").count(), 6, "{report:#?}");
        assert!(web.seen().is_empty());
    });
}

/// Asked a second time the name would lead inside. It is not.
#[test]
fn a_name_that_changes_its_mind() {
    run(async {
        let (web, names) = (Web::start().await, &machine().names);
        // An address of the internet that nobody has.
        names.tell("rebind.example", &[&["2d00::1"], &["127.0.0.1"]]);
        let address = format!("http://rebind.example:{}/text", web.address.port());
        let report = guest("requests").named("rebind").grant("net=http://*:*").arguments([address]).attack().await;
        assert!(!report.exits(0).stdout.starts_with("200"), "{report:#?}");
        assert_eq!(names.asked("rebind.example"), 1);
        assert!(web.seen().is_empty());
    });
}

#[test]
fn redirects_are_requests() {
    run(async {
        let (web, other) = (Web::start().await, Web::start().await);
        let to = |address: &str| web.at(&format!("/redirect?{address}"));
        let (metadata, elsewhere) = (to("http://169.254.169.254/latest/"), to(&other.at("/text")));
        let (down, within) = (to("file:///etc/passwd"), to(&web.at("/text")));
        let report = asks(&web, "redirects", &["follow", &metadata, &elsewhere, &down, &within]).attack().await;
        report.exits(0).denied("net", "not granted");
        assert!(report.stdout.ends_with(&format!("302 to {}\n200 hello\n", web.at("/text"))), "{report:#?}");
        assert_eq!(report.stdout.matches("HttpRequestDenied").count(), 2, "{report:#?}");
        assert!(report.stdout.contains("302 to file:///etc/passwd\nmalformed"), "{report:#?}");
        assert!(other.seen().is_empty());
        // Nothing is followed behind the guest's back.
        let report = asks(&web, "unfollowed", &[&elsewhere]).attack().await;
        report.exits(0).prints("302 \n");
        assert!(other.seen().is_empty());
    });
}

#[test]
fn paths_and_methods_are_granted() {
    run(async {
        let web = Web::start().await;
        let grant = format!("net=http://{}/repos/*:get", web.address);
        let hidden = ["/repos/..;/text", "/repos/..;a=b/text", "/repos/..%3b/text", "/repos/%252e%252e/text"];
        let paths = ["/repos/../text", "/repos/%2e%2e/text", "/repos/%2E./text", "/text", "/repos%2f..%2ftext"];
        let mut arguments: Vec<String> = paths.iter().chain(&hidden).map(|path| web.at(path)).collect();
        arguments.extend(["post".to_owned(), web.at("/repos/a")]);
        let report = guest("requests").named("paths").grant(&grant).arguments(arguments).attack().await;
        assert_eq!(report.exits(0).stdout.matches("HttpRequestDenied").count(), 10, "{report:#?}");
        assert!(web.seen().is_empty());
        let report = guest("requests").named("path").grant(&grant).arguments([web.at("/repos/./%61/../b?q=1")]);
        report.attack().await.exits(0).prints("404 \n");
        // What was checked is what arrives.
        assert!(web.seen()[0].starts_with("GET /repos/b?q=1 HTTP/1.1\r\n"), "{:?}", web.seen());
    });
}

#[test]
fn the_host_is_not_the_guests_to_say() {
    run(async {
        let web = Web::start().await;
        let report = asks(&web, "own-headers", &["echo", &web.at("/head")]).attack().await;
        report.exits(0);
        let head = web.seen().remove(0).to_ascii_lowercase();
        assert_eq!(head.matches("host:").count(), 1, "{head}");
        assert!(head.contains(&format!("host: {}\r\n", web.address)) && head.contains("x-own: kept\r\n"), "{head}");
        for gone in ["other.example", "upgrade", "proxy-authorization", "x-secret", "chunked"] {
            assert!(!head.contains(gone), "{gone} in {head}");
        }
        // A body that nobody told of is read by nobody as the next request.
        assert!(head.matches("connection:").count() == 1 && head.contains("connection: close\r\n"), "{head}");
        let user = format!("http://a@{}/text", web.address);
        let report = asks(&web, "users", &[&user]).attack().await;
        assert!(!report.exits(0).stdout.starts_with("200"), "{report:#?}");
        assert_eq!(web.seen().len(), 1);
    });
}

#[test]
fn servers_that_never_end_their_heads() {
    run(async {
        let web = Web::start().await;
        let paths = ["/many-headers", "/long-header", "/short", "/nonsense", "/packed"].map(|path| web.at(path));
        let slow = ["/dripping-head", "/silent", "/stalling"].map(|path| web.at(path));
        let mut arguments: Vec<&str> = paths.iter().map(String::as_str).collect();
        arguments.push("hasty");
        arguments.extend(slow.iter().map(String::as_str));
        let report = asks(&web, "heads", &arguments).attack().await;
        let lines: Vec<&str> = report.exits(0).stdout.lines().collect();
        assert!(lines[0].starts_with("HttpResponseHeaderSectionSize"), "{report:#?}");
        assert!(lines[1].starts_with("HttpResponseHeaderSectionSize"), "{report:#?}");
        assert!(lines[2].starts_with("200 broken off"), "{report:#?}");
        assert!(lines[3].starts_with("HttpProtocolError"), "{report:#?}");
        assert_eq!(lines[4], "200 not unpacked", "{report:#?}");
        assert!(lines[5].starts_with("ConnectionReadTimeout"), "{report:#?}");
        assert!(lines[6].starts_with("ConnectionReadTimeout"), "{report:#?}");
        assert!(lines[7].starts_with("200 broken off"), "{report:#?}");
    });
}

#[test]
fn a_server_that_reads_nothing() {
    run(async {
        let web = Web::start().await;
        // It has begun to answer, and takes no more of the upload than sockets hold.
        let report = asks(&web, "unread", &["unread", &web.at("/stalling")]).attack().await;
        report.exits(0).prints("ready\nthe upload ended\n");
    });
}

#[test]
fn thousands_of_headers() {
    run(async {
        let web = Web::start().await;
        let report = asks(&web, "headers", &["headers", &web.at("/text")]).attack().await;
        report.faults("limit");
        assert!(web.seen().is_empty());
    });
}

/// Nothing is granted: all this is done to values that are never sent.
#[test]
fn request_values() {
    run(async {
        let report = guest("request_values").named("values-long").arguments(["long"]).attack().await;
        report.exits(0).prints("method true false false\nauthority true false\nscheme false\npath false\n");
        // What is denied takes no handles.
        let denied = guest("request_values").named("values-denied").arguments(["denied"]);
        denied.limit(|limits| limits.handles = 100).attack().await.exits(0).prints("300 denied\n");
        for kind in ["fields", "requests"] {
            let guest = guest("request_values").named(&format!("values-{kind}")).arguments([kind]);
            let report = guest.limit(|limits| limits.memory = Bytes(16 << 20)).attack().await;
            report.faults("limit").over("memory");
        }
    });
}

/// Their interface cannot wait in the door. They are paid for all the same, and each ends its slice in time.
#[test]
fn values_that_keep_a_worker() {
    const BUDGET: u64 = 20_000_000;
    for call in ["method", "has", "append"] {
        run(async move {
            let guest = guest("request_values").named(&format!("values-{call}")).arguments(["spin", call]);
            let report = guest.limit(|limits| limits.fuel.0 = BUDGET).attack().await;
            // Three megabytes are 393,216 fuel.
            assert!(report.exit.syscalls < BUDGET / 393_216 + 20, "{report:#?}");
            report.faults("out-of-fuel");
            assert!(report.exit.fuel.0 <= BUDGET + OVERSHOOT, "{report:#?}");
        });
    }
}

#[test]
fn a_body_that_never_ends() {
    run(async {
        let web = Web::start().await;
        let guest = asks(&web, "endless", &[&web.at("/endless")]);
        let report = guest.limit(|limits| limits.network = Bytes(8 << 20)).attack().await;
        assert!(report.exits(0).stdout.starts_with("200 broken off"), "{report:#?}");
        report.over("network");
        // What fits comes whole, and is held nowhere.
        asks(&web, "large", &[&web.at("/large")]).attack().await.exits(0).prints("200 100000000 bytes\n");
    });
}

#[test]
fn requests_are_counted_as_granted() {
    run(async {
        let web = Web::start().await;
        let grant = format!("net=http://{}/text:get,calls=3/run", web.address);
        let addresses = vec![web.at("/text"); 5];
        let report = guest("requests").named("counted").grant(&grant).arguments(addresses).attack().await;
        report.exits(0).over("calls/run");
        assert!(report.stdout.starts_with(&"200 hello\n".repeat(3)), "{report:#?}");
        assert_eq!(report.stdout.matches("limit reached: calls/run = 3").count(), 2, "{report:#?}");
        assert_eq!(web.seen().len(), 3);
    });
}

#[test]
fn bytes_are_counted_as_granted() {
    run(async {
        let web = Web::start().await;
        let endless = format!("net=http://{}/endless:get,bytes=4MiB/run", web.address);
        let text = format!("net=http://{}/text:get,bytes=4MiB/run", web.address);
        let addresses = [web.at("/endless"), web.at("/endless"), web.at("/text")];
        let report =
            guest("requests").named("weighed").grant(&endless).grant(&text).arguments(addresses).attack().await;
        report.exits(0).over("bytes");
        let lines: Vec<&str> = report.stdout.lines().collect();
        // What is left is less than a piece: a head fits, and no body.
        assert!(lines[0].starts_with("200 broken off") && lines[1].starts_with("200 broken off"), "{report:#?}");
        assert!(lines[2].starts_with("200 hello"), "another grant's: {report:#?}");
    });
}

#[test]
fn requests_that_nobody_reads() {
    run(async {
        let web = Web::start().await;
        let endless = web.at("/endless");
        let mut arguments = vec!["hold"];
        arguments.extend([endless.as_str(); 6]);
        let guest = asks(&web, "held", &arguments).limit(|limits| limits.requests = 5);
        let report = guest.attack().await;
        report.exits(0).over("requests");
        assert!(report.stdout.starts_with(&"held\n".repeat(5)), "{report:#?}");
        assert!(report.stdout.contains("limit reached: requests = 5"), "{report:#?}");
    });
}

#[test]
fn revoked_while_under_way() {
    run(async {
        let web = Web::start().await;
        for (name, path, shown) in [("silent", "/silent", None), ("stalled", "/stalling", Some("ready"))] {
            let name = format!("revoked-{name}");
            let denied = format!("HttpRequestDenied, because net={}:get: not granted\n", web.at("/text"));
            let guest = asks(&web, &name, &["wait", &web.at(path), &web.at("/text")]);
            let report = guest
                .attack_with(async |started| {
                    match shown {
                        Some(shown) => started.shows(shown).await,
                        None => holm_tests::eventually(|| !web.seen().is_empty(), || "a request".to_owned()).await,
                    }
                    started.revoke("net");
                })
                .await;
            report.exits(0).prints(&match shown {
                Some(_) => format!(
                    "ready\n200 broken off: HTTP request denied, because net=a response under way: revoked\n{denied}"
                ),
                None => format!("HttpRequestDenied, because net={}:get: revoked\n{denied}", web.at(path)),
            });
        }
    });
}

/// The server has answered and reads on; nobody reads its answer.
#[test]
fn revoked_while_it_sends() {
    run(async {
        let web = Web::start().await;
        let guest = asks(&web, "revoked-upload", &["upload", &web.at("/early")]);
        let report = guest
            .attack_with(async |started| {
                started.shows("ready").await;
                started.revoke("net");
                let ended = || web.seen().iter().any(|line| line == "the upload ended");
                holm_tests::eventually(ended, || "the upload goes on".to_owned()).await;
            })
            .await;
        report.exits(0).prints("ready\nthe upload ended\n");
    });
}

#[test]
fn uploads_that_pause_for_ever() {
    run(async {
        let web = Web::start().await;
        let report = asks(&web, "idle-upload", &["idle", &web.at("/early")]).attack().await;
        report.exits(0).prints("ready\nthe upload ended\n");
    });
}

#[test]
fn requests_within_requests() {
    run(async {
        let web = Web::start().await;
        let arguments = ["bodied", &web.at("/repos/a"), "trace", &web.at("/head")];
        let report = asks(&web, "bodied", &arguments).attack().await;
        report.exits(0).denied("net", "GET and HEAD have no body");
        report.denied("net", "no tunnels, and nothing said back");
        assert_eq!(report.stdout.matches("HttpRequestDenied").count(), 2, "{report:#?}");
        assert!(web.seen().is_empty());
    });
}

#[test]
fn heads_are_counted_and_do_not_go_on_for_ever() {
    run(async {
        let web = Web::start().await;
        let report = asks(&web, "informational", &[&web.at("/informational")]).attack().await;
        assert!(report.exits(0).stdout.starts_with("HttpProtocolError"), "{report:#?}");
        let long = web.at(&format!("/text?{}", "q".repeat(4_000)));
        let guest = asks(&web, "queries", &[&long, &long, &long]).limit(|limits| limits.network = Bytes(10_000));
        let report = guest.attack().await;
        report.exits(0).over("network");
        assert!(
            report.stdout.starts_with("200 hello\n200 hello\nInternalError(Some(\"limit reached: network = 10000"),
            "{report:#?}"
        );
    });
}

/// The guest never looks at what came of its requests.
#[test]
fn refusals_that_nobody_looks_at() {
    run(async {
        let (web, names) = (Web::start().await, &machine().names);
        names.tell("unseen.example", &[&["10.0.0.1"]]);
        let address = format!("http://a:b@unseen.example:{}/x?token=hidden", web.address.port());
        let unseen = format!("http://unseen.example:{}/x?token=hidden", web.address.port());
        let guest = guest("requests").named("unseen").grant("net=http://*:*").keep_stdin();
        let arguments = [&address, "probe", &unseen];
        let report = guest.arguments(arguments).attack_with(async |started| {
            started.shows("ready").await;
            holm_tests::eventually(|| names.asked("unseen.example") == 1, || "a look-up".to_owned()).await;
            started.say("go").await;
        });
        let report = report.await;
        report.exits(0).denied("net", "the name leads to 10.0.0.1, a private address");
        // Who they say they are and what they ask is nobody's to read.
        let told = format!("{:?}", report.records);
        assert!(!told.contains("hidden") && !told.contains("a:b@"), "{told}");
    });
}

#[test]
fn killed_while_under_way() {
    run(async {
        let web = Web::start().await;
        let guest = asks(&web, "killed-request", &["wait", &web.at("/stalling")]);
        let report = guest
            .attack_with(async |started| {
                started.shows("ready").await;
                started.kill();
            })
            .await;
        report.killed(holm_kernel::process::KilledBy::Operator);
    });
}
