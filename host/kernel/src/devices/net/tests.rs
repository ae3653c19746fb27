//! The law as data: what rules mean, and a table of tricks.

use proptest::{prelude::*, sample::select};

use super::{
    NetRule, NetWant,
    law::{Class, Host, Target, TargetError, Unreachable, class, reachable},
};
use crate::syscall::grant::Rule;

fn rule(text: &str) -> NetRule {
    text.parse().expect(text)
}

fn want(method: &str, address: &str) -> NetWant {
    NetWant { target: Target::parse(address).expect(address), method: method.to_owned() }
}

fn admits(text: &str, address: &str) -> bool {
    rule(text).admits(&want("GET", address))
}

#[test]
fn a_rule_reads_as_it_is_written() {
    for text in [
        "*://*",
        "https://*",
        "https://api.github.com",
        "https://api.github.com/repos/*",
        "https://api.github.com/repos/*:get,post",
        "https://*.example.com:8443:get",
        "http://127.0.0.1:8080/*",
        "http://[::1]:8080/a:delete",
        "http://[::abcd]",
        "https://example.com:*",
        "https://api.github.com/repos/*:get,calls=100/hour",
        "https://*.example.com:calls=5/day,calls=1/run",
        "https://a.example/x:get,calls=5/day,bytes=10MiB/day,bytes=1000001/run",
        "tcp://db.local:5432",
        "https://xn--bcher-kva.example/a%3Ab",
    ] {
        assert_eq!(rule(text).to_string(), text);
    }
    for (text, read) in [
        ("https://EXAMPLE.com:443/", "https://example.com/"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://0x7f.1:80", "http://127.0.0.1"),
        ("https://example.com.", "https://example.com"),
        ("https://a.example/v1/x:run:post", "https://a.example/v1/x%3Arun:post"),
        ("https://a.example:POST,get,get", "https://a.example:get,post"),
    ] {
        assert_eq!(rule(text).to_string(), read);
    }
    for text in [
        "",
        "https://a.example:calls=5/week",
        "https://a.example:bytes=5MiB/day,bytes=5GiB/day",
        "https://a.example:tokens=5/day",
        "https://a.example:tokens=5/day",
        "https://a.example/x:calls=1/run,calls=2/run",
        "https://a.example/x:get,calls=/run",
        "example.com",
        "https://",
        "ftp://a.example",
        "https://a@b.example",
        "https://a b.example",
        "https://a*.example",
        "https://*.*.example",
        "https://*.127.0.0.1",
        "https://a.example:99999",
        "https://a.example:+80",
        "https://a.example/../b",
        "https://a.example/%2e%2e/b",
        "https://a.example/%2f",
        "https://a.example/?q=1",
        "https://a.example/#a",
        "https://a.example/b:",
        "https://a.example/b:g t",
        "https://a.example/b:get,,post",
        "https://[::1",
        "https://a..example",
    ] {
        assert!(text.parse::<NetRule>().is_err(), "{text}");
    }
}

#[test]
fn a_rule_means_what_it_says() {
    for (text, yes, no) in [
        (
            "https://api.github.com/repos/*",
            "https://api.github.com/repos/a https://API.GitHub.com:443/repos/a/b?q=1 https://api.github.com./repos/",
            "http://api.github.com/repos/a https://api.github.com:8443/repos/a https://api.github.com/user \
             https://api.github.com/repos https://evil.example/repos/a",
        ),
        (
            "https://*.example.com",
            "https://a.example.com https://a.b.example.com/x",
            "https://example.com https://xexample.com https://.example.com.evil.example https://example.com.evil.example",
        ),
        ("https://*", "https://a.example/b https://1.1.1.1", "http://a.example https://a.example:8443"),
        ("*://*", "http://a.example:8080 https://b.example", "http://127.0.0.1 http://[::1] http://10.1.1.1"),
        (
            "http://127.0.0.1:8080/*",
            "http://127.1:8080/x http://2130706433:8080/",
            "http://127.0.0.1/ http://127.0.0.2:8080/",
        ),
        (
            "https://a.example/v1/x:run:get",
            "https://a.example/v1/x:run https://a.example/v1/x%3arun",
            "https://a.example/v1/x",
        ),
        ("https://a.example/%2A", "https://a.example/* https://a.example/%2a", "https://a.example/b"),
    ] {
        for address in yes.split_whitespace() {
            assert!(admits(text, address), "{text} admits {address}");
        }
        for address in no.split_whitespace().filter(|address| Target::parse(address).is_ok()) {
            assert!(!admits(text, address), "{text} does not admit {address}");
        }
    }
}

#[test]
fn methods_are_granted_by_name() {
    let rule = rule("https://a.example/*:get,head");
    let asks = |method| rule.admits(&want(method, "https://a.example/x"));
    assert!(asks("GET") && asks("HEAD"));
    assert!(!asks("POST") && !asks("") && !asks("get"));
}

/// Every spelling of an inner address that peers' checks have let through, under the widest grant.
#[test]
fn no_spelling_of_an_inner_address_passes() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7F.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "１２７.０.０.１",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "0x0",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "10.0.0.1",
        "012.1",
        "172.16.0.1",
        "192.168.0.1",
        "3232235521",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:a9fe:a9fe::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[fec0::1]",
        "[::ffff:0:127.0.0.1]",
    ] {
        let Ok(target) = Target::parse(&format!("http://{host}/")) else { panic!("{host} is read by clients") };
        assert!(matches!(target.host, Host::Address(address) if class(address) != Class::Public), "{host}: {target}");
        let want = NetWant { target, method: "GET".to_owned() };
        assert!(!rule("*://*").admits(&want), "{host}");
        // What is granted is the address, in any spelling.
        assert!(rule(&want.to_string()).admits(&want), "{host}");
    }
}

#[test]
fn tricks_of_spelling_are_refused() {
    for (address, error) in [
        ("http://a@localhost", TargetError::User),
        ("http://good.example@evil.example/", TargetError::User),
        ("http://@evil.example/", TargetError::User),
        ("http://good.example:80@evil.example/", TargetError::User),
        ("http://good.example\\@evil.example/", TargetError::Malformed),
        ("http:evil.example", TargetError::Malformed),
        ("http:/evil.example", TargetError::Malformed),
        ("http:///evil.example", TargetError::Malformed),
        ("ht\ntp://evil.example", TargetError::Malformed),
        ("http://evil.exam\tple/", TargetError::Malformed),
        (" http://evil.example", TargetError::Malformed),
        ("http://evil.example/\r\nHost: good.example", TargetError::Malformed),
        ("file:///etc/passwd", TargetError::Scheme),
        ("gopher://evil.example/", TargetError::Scheme),
        ("ftp://evil.example/", TargetError::Scheme),
        ("data:text/plain,x", TargetError::Scheme),
        ("http://a.example/b%2fc", TargetError::HiddenSlash),
        ("http://a.example/b%5Cc", TargetError::HiddenSlash),
        ("http://a.example/b%00c", TargetError::HiddenSlash),
        ("http://a.example/b%252fc", TargetError::HiddenSlash),
        ("http://a.example/b%255Cc", TargetError::HiddenSlash),
        ("http://a.example/b/%252e%252E/c", TargetError::HiddenStep),
        ("http://a.example/b/%25252e/c", TargetError::HiddenStep),
        ("http://a.example/b/..;/c", TargetError::HiddenStep),
        ("http://a.example/b/.;a=b", TargetError::HiddenStep),
        ("http://a.example/b/%2e%2e;/c", TargetError::HiddenStep),
        ("http://a.example/b/..%3ba/c", TargetError::HiddenStep),
        ("http://a.example/%zz", TargetError::Malformed),
        ("http://a.example/%4", TargetError::Malformed),
        ("http://a.example:99999/", TargetError::Malformed),
        ("http://1.2.3.4.5/", TargetError::Malformed),
        ("http://256.1.1.1/", TargetError::Malformed),
        ("http://[::1/", TargetError::Malformed),
        ("http://[fe80::1%25eth0]/", TargetError::Malformed),
        ("http://exa%00mple.com/", TargetError::Malformed),
        ("http://a..example/", TargetError::Malformed),
        ("http://*.example/", TargetError::Malformed),
        ("", TargetError::Malformed),
    ] {
        assert_eq!(Target::parse(address).map(|target| target.to_string()), Err(error), "{address:?}");
    }
    assert_eq!(Target::parse(&format!("http://a.example/{}", "a".repeat(9_000))), Err(TargetError::Length));
}

#[test]
fn paths_are_matched_as_servers_read_them() {
    for (path, read) in [
        ("/repos/../user", "/user"),
        ("/repos/%2e%2e/user", "/user"),
        ("/repos/.%2E/user", "/user"),
        ("/repos/./a", "/repos/a"),
        ("/repos/%2e/a", "/repos/a"),
        ("/../../etc", "/etc"),
        ("/a/..", "/"),
        ("/a/b/%2e%2e", "/a/"),
        ("/%72epos/a", "/repos/a"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/é", "/%C3%A9"),
        ("/a;b=c/d", "/a;b=c/d"),
        ("/a//b", "/a//b"),
        ("/..a;b/..a", "/..a;b/..a"),
        ("/100%25/a", "/100%25/a"),
        ("", "/"),
    ] {
        assert_eq!(Target::parse(&format!("https://a.example{path}")).expect(path).path, read, "{path}");
    }
    for path in ["/repos/../user", "/repos/%2e%2e/user", "/repos/a/%2E%2e/../user"] {
        assert!(!admits("https://a.example/repos/*", &format!("https://a.example{path}")), "{path}");
    }
}

#[test]
fn a_name_leads_outside_or_nowhere() {
    let name = Host::Name("a.example".to_owned());
    let at = |list: &str| reachable(&name, &list.split_whitespace().map(|a| a.parse().expect(a)).collect::<Vec<_>>());
    assert_eq!(at(""), Err(Unreachable::Nowhere));
    assert_eq!(at("1.1.1.1 2606:4700::1"), Ok(()));
    for inner in ["127.0.0.1", "1.1.1.1 10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a9fe:a9fe", "::ffff:1.1.1.1"] {
        assert!(matches!(at(inner), Err(Unreachable::Inside { .. })), "{inner}");
    }
    let local = "127.0.0.1".parse().expect("an address");
    assert_eq!(reachable(&Host::Address(local), &[local]), Ok(()));
    assert!(reachable(&Host::Address(local), &["127.0.0.2".parse().expect("an address")]).is_err());
}

fn line() -> impl Strategy<Value = String> {
    let scheme = select(vec!["https", "http", "*"]);
    let host =
        select(vec!["*", "*.a.example", "*.b.a.example", "a.example", "b.a.example", "127.0.0.1", "[::1]", "1.1.1.1"]);
    let port = select(vec!["", ":*", ":8080", ":443"]);
    let path = select(vec!["", "/", "/*", "/a/*", "/a/b", "/a*"]);
    let methods = select(vec!["", ":get", ":get,post"]);
    (scheme, host, port, path, methods).prop_map(|(a, b, c, d, e)| format!("{a}://{b}{c}{d}{e}"))
}

fn some_want() -> impl Strategy<Value = NetWant> {
    let scheme = select(vec!["https", "http"]);
    let host = select(vec!["a.example", "b.a.example", "c.b.a.example", "127.0.0.1", "[::1]", "1.1.1.1"]);
    let port = select(vec!["", ":8080", ":443"]);
    let path = select(vec!["", "/a", "/a/b", "/a/b/c", "/b/../a/x", "/a:b"]);
    let address = (scheme, host, port, path).prop_map(|(a, b, c, d)| format!("{a}://{b}{c}{d}"));
    (select(vec!["GET", "POST", "PUT"]), address).prop_map(|(method, address)| want(method, &address))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// What one rule covers of another, it means; where it does not admit it, the address is an
    /// inner one that it does not name.
    #[test]
    fn covering_is_never_wrongly_yes(wide in line(), narrow in line(), want in some_want()) {
        let (wide, narrow) = (rule(&wide), rule(&narrow));
        if wide.covers(&narrow) && narrow.admits(&want) {
            prop_assert!(wide.bounds(&want), "{wide} {narrow} {want}");
            let inner = matches!(want.target.host, Host::Address(address) if class(address) != Class::Public);
            prop_assert!(wide.admits(&want) || inner, "{wide} {narrow} {want}");
        }
    }

    /// What a denial tells the operator to grant admits what was denied, and nothing else.
    #[test]
    fn a_want_is_the_rule_that_admits_it(one in some_want(), other in some_want()) {
        let rule = rule(&one.to_string());
        prop_assert!(rule.admits(&one));
        prop_assert_eq!(rule.admits(&other), one.to_string() == other.to_string());
    }

    /// Whatever a guest writes is refused, or reads again as what it was read as.
    #[test]
    fn what_was_read_reads_the_same(text in "(https?://)?[a-z0-9.%/:@\\\\*?#\\[\\]é0x-]{0,40}") {
        if let Ok(target) = Target::parse(&text) {
            prop_assert_eq!(Target::parse(&target.to_string()).map(|again| again.to_string()), Ok(target.to_string()));
            prop_assert!(!target.path.split('/').any(|segment| segment == "." || segment == ".."));
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let _ = Target::parse(&text);
        let _ = Target::parse(&format!("http://{text}"));
        let _ = text.parse::<NetRule>();
    }
}

#[test]
fn a_wider_budget_is_never_covered() {
    let covers = |wide: &str, narrow: &str| rule(wide).covers(&rule(narrow));
    assert!(covers("https://*", "https://a.example:calls=5/day"));
    assert!(covers("https://*:calls=5/day", "https://a.example/x:get,calls=5/day,calls=1/run"));
    assert!(!covers("https://*:calls=5/day", "https://a.example"));
    assert!(!covers("https://*:calls=5/day", "https://a.example:calls=6/day"));
    assert!(!covers("https://*:calls=5/day", "https://a.example:calls=5/run"));
    assert!(!covers("https://*:bytes=1MiB/day", "https://a.example:calls=5/day"));
    assert!(covers("https://*:bytes=1MiB/day", "https://a.example:bytes=1000KiB/day"));
}
