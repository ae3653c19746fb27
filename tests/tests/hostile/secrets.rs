//! Secrets that requests carry: where they go, and that no guest, record or other server learns one.

use holm_tests::{Authority, Guest, Report, Web, guest, machine};

use crate::run;

const SECRET: &str = "tok-9f8e7d6c5b4a/XYZ+0";

fn asks(web: &Web, name: &str, arguments: &[String]) -> Guest {
    guest("requests").named(name).grant(&web.grant()).arguments(arguments.iter().cloned())
}

/// Nobody inside was told.
fn knows_nothing(report: &Report) {
    let records: Vec<String> = report.records.iter().map(|record| format!("{record:?}")).collect();
    for (place, text) in [("stdout", &report.stdout), ("stderr", &report.stderr), ("records", &records.join("\n"))] {
        assert!(!text.contains("9f8e7d6c5b4a"), "{place}: {text}");
    }
}

#[test]
fn certificates_are_checked() {
    run(async {
        let (own, stranger) = (Authority::trusted(), Authority::new());
        let trusted = Web::secure().await;
        asks(&trusted, "trusted", &[trusted.at("/text")]).attack().await.exits(0).prints("200 hello\n");
        for acceptor in [own.acceptor("other.example"), own.acceptor("127.0.0.2"), stranger.acceptor("127.0.0.1")] {
            let web = Web::secured(acceptor).await;
            let report = asks(&web, "untrusted", &[web.at("/text")]).attack().await;
            assert!(report.exits(0).stdout.starts_with("TlsCertificateError"), "{report:#?}");
            assert!(web.seen().is_empty());
        }
    });
}

#[test]
fn a_secret_goes_where_it_is_bound() {
    run(async {
        let (web, other, plain) = (Web::secure().await, Web::secure().await, Web::start().await);
        let bound = format!("https://{}/*:get", web.address);
        machine().keyring.bind("bound", &bound, SECRET);
        machine().keyring.bind("bound", &format!("https://{}/said-back", other.address), SECRET);
        let stars = "*".repeat(SECRET.len());
        // In the place of what the guest says there.
        let arguments = ["echo".to_owned(), web.at("/said-back"), "get".to_owned(), web.at("/text")];
        let report = asks(&web, "bound", &arguments).attack().await;
        assert!(report.exits(0).stdout.ends_with(&format!("200 Bearer {stars}\n200 hello\n")), "{report:#?}");
        knows_nothing(&report);
        // Which one went is recorded by its name.
        let requests = report.records.iter().filter(|record| record.operation == "request");
        let requests: Vec<&str> = requests.map(|record| record.resource.as_str()).collect();
        let told = |path: &str| format!("{}:get with secret bound-token", web.at(path));
        assert_eq!(requests, [told("/said-back"), told("/text")]);
        let seen = web.seen();
        assert_eq!(seen.len(), 2);
        for head in &seen {
            assert_eq!(head.matches("authorization:").count(), 1, "{head}");
            assert!(head.contains(&format!("authorization: Bearer {SECRET}\r\n")), "{head}");
        }
        // Not by another method, to another path, server or scheme, by a redirect, or for somebody else.
        let led = web.at(&format!("/redirect?{}", other.at("/text")));
        let arguments = ["post".to_owned(), web.at("/text"), "get".to_owned(), other.at("/text"), plain.at("/text")];
        let arguments = arguments.into_iter().chain(["follow".to_owned(), led]).collect::<Vec<_>>();
        let report = asks(&web, "bound", &arguments).grant(&other.grant()).grant(&plain.grant()).attack().await;
        knows_nothing(report.exits(0));
        let posted = report.records.iter().find(|record| record.resource.ends_with(":post"));
        assert!(posted.is_some(), "a request without a secret says of none: {report:#?}");
        assert!(!web.seen()[2].contains(SECRET) && web.seen()[3].contains(SECRET), "{:#?}", web.seen());
        assert_eq!((other.seen().len(), plain.seen().len()), (2, 1));
        assert!(!format!("{:?}{:?}", other.seen(), plain.seen()).contains("9f8e7d6c5b4a"));
        asks(&web, "unbound", &[web.at("/text")]).attack().await.exits(0);
        assert!(!web.seen()[4].contains(SECRET), "{:#?}", web.seen());
    });
}

#[test]
fn what_a_server_says_back_is_stars() {
    run(async {
        let web = Web::secure().await;
        machine().keyring.bind("told", &format!("https://{}", web.address), SECRET);
        let stars = "*".repeat(SECRET.len());
        for path in ["/head", "/pieces"] {
            let report = asks(&web, "told", &[web.at(path)]).attack().await;
            assert!(report.exits(0).stdout.contains(&format!("Bearer {stars}")), "{report:#?}");
            knows_nothing(&report);
        }
        // In a header, where the guest would follow it.
        let report = asks(&web, "told", &["follow".to_owned(), web.at("/said-back")]).attack().await;
        assert!(report.exits(0).stdout.contains(&format!("200 to Bearer {stars}")), "{report:#?}");
        knows_nothing(&report);
        // What is packed cannot be looked through, and does not come.
        let report = asks(&web, "told", &[web.at("/packed")]).attack().await;
        assert!(report.exits(0).stdout.starts_with("HttpResponseContentCoding"), "{report:#?}");
    });
}
