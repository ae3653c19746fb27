//! `holm secret`: kept, bound, listed, forgotten, and told by no command.

mod common;

use common::Holm;
use expect_test::expect;

const SECRET: &str = "tok-0123456789";

#[test]
fn a_secret_is_kept_and_bound_and_never_told() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "net = [\"https://*:*\"]");
    let set = holm.feed(&["secret", "set", "token"], format!("{SECRET}\n").as_bytes()).succeeds().transcript();
    assert!(!set.contains(SECRET), "{set}");
    holm.feed(&["secret", "set", "short"], b"short\n").ends(2);
    holm.feed(&["secret", "set", "two"], b"two lines\nof text\n").ends(2);
    holm.check(
        &[
            &["secret", "list"],
            &["secret", "bind", "token", "reader", "https://a.example/v1/*:get"],
            &["secret", "bind", "token", "reader", "https://b.example", "--header", "X-Key: {}"],
            &["secret", "bind", "token", "raeder", "https://a.example"],
            &["secret", "bind", "tocken", "reader", "https://a.example"],
            &["secret", "bind", "token", "reader", "http://a.example"],
            &["secret", "bind", "token", "reader", "https://a.example", "--header", "host: {}"],
            &["secret", "list"],
            &["secret", "list", "--json"],
            &["secret", "unbind", "token", "reader", "https://b.example"],
            &["secret", "list"],
            &["uninstall", "reader"],
            &["secret", "list"],
            &["secret", "delete", "token"],
            &["secret", "delete", "token"],
            &["secret", "list"],
        ],
        expect![[r#"
            $ holm secret list
            token

            $ holm secret bind token reader https://a.example/v1/*:get
            ! token goes with requests of reader

            $ holm secret bind token reader https://b.example --header X-Key: {}
            ! token goes with requests of reader

            $ holm secret bind token raeder https://a.example
            ! error: no plugin `raeder` is installed
            ! hint: did you mean `reader`?
            ? 4

            $ holm secret bind tocken reader https://a.example
            ! error: there is no secret `tocken`
            ? 4

            $ holm secret bind token reader http://a.example
            ! error: `http://a.example` is no place for a secret: name one host over https, like `https://api.example.com/v1/*:get`
            ? 2

            $ holm secret bind token reader https://a.example --header host: {}
            ! error: the header `host` is not a request's own
            ? 2

            $ holm secret list
            token
              reader  https://a.example/v1/*:get  authorization: Bearer {}
              reader  https://b.example  x-key: {}

            $ holm secret list --json
            [
              {
                "name": "token",
                "bindings": [
                  {
                    "plugin": "reader",
                    "rule": "https://a.example/v1/*:get",
                    "header": "authorization: Bearer {}"
                  },
                  {
                    "plugin": "reader",
                    "rule": "https://b.example",
                    "header": "x-key: {}"
                  }
                ],
                "servers": []
              }
            ]

            $ holm secret unbind token reader https://b.example
            ! token goes with requests of reader no longer

            $ holm secret list
            token
              reader  https://a.example/v1/*:get  authorization: Bearer {}

            $ holm uninstall reader
            ! uninstalled reader

            $ holm secret list
            token

            $ holm secret delete token
            ! forgot token

            $ holm secret delete token
            ! error: there is no secret `token`
            ? 4

            $ holm secret list
            ! no secret is kept
        "#]],
    );
    for file in ["secrets", "secrets.key"] {
        use std::os::unix::fs::PermissionsExt;
        let path = holm.home().join(file);
        let mode = std::fs::metadata(&path).map(|found| found.permissions().mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o600), "{file}");
    }
}

#[test]
fn a_passphrase_locks_them_until_it_is_given() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "net = [\"https://*:*\"]");
    holm.feed(&["secret", "set", "token"], SECRET.as_bytes()).succeeds();
    holm.run(&["secret", "bind", "token", "reader", "https://a.example"]).succeeds();
    let doctor = |text: &str| {
        let said = holm.run(&["doctor"]).transcript();
        assert!(said.contains(text), "{said}");
    };
    doctor("a key that lies beside them");
    holm.feed(&["secret", "protect"], b"short\n").ends(2);
    holm.feed(&["secret", "protect"], b"a long passphrase\n").succeeds();
    doctor("sealed under a passphrase");
    // As long as this kernel lives, they are open.
    holm.run(&["secret", "list"]).succeeds();
    holm.run(&["shutdown"]).succeeds();
    let locked = holm.run(&["secret", "list"]).ends(6).transcript();
    assert!(locked.contains("`holm secret unlock`"), "{locked}");
    holm.feed(&["secret", "unlock"], b"a wrong passphrase\n").ends(3);
    holm.feed(&["secret", "unlock"], b"a long passphrase\n").succeeds();
    assert!(holm.run(&["secret", "list"]).succeeds().stdout.contains("token"));
    holm.feed(&["secret", "unprotect"], b"a wrong passphrase\n").ends(3);
    holm.feed(&["secret", "unprotect"], b"a long passphrase\n").succeeds();
    doctor("a key that lies beside them");
    holm.feed(&["secret", "unlock"], b"a long passphrase\n").ends(2);
}
