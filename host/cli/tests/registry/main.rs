//! Plugins from registries: fetched, pinned, signed; and registries that lie.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../common/mod.rs"]
mod common;
mod debian;
mod server;

use common::{Holm, component};
use server::{Answer, Server, Signer, image, layer, payload};

/// The deputy, whose tools tell that it is there.
fn deputy() -> Vec<u8> {
    component("deputy")
}

fn manifest(version: &str, ceiling: &str) -> String {
    format!(
        "name = \"clerk\"\nversion = \"{version}\"\ndescription = \"A clerk\"\ncomponent = \"clerk.wasm\"\n\n[ceiling]\n{ceiling}\n"
    )
}

const CEILING: &str = "spawn = [\"*\"]\nstorage = [\"*:rw\"]";

#[test]
fn a_component_is_installed_by_its_reference() {
    let (holm, server) = (Holm::new(), Server::start());
    let digest = server.component("tools/clerk", "v1.2.0", &deputy());
    let reference = format!("oci://{}/tools/clerk:v1.2.0", server.host);
    let said = holm.run(&["install", &reference]).succeeds();
    assert!(
        said.talk.contains("clerk 1.2.0") && said.talk.contains("may ask for  fs=*:rw, storage=*:rw"),
        "{}",
        said.transcript()
    );
    // Nothing is granted, and what holds is the digest, not the tag.
    let listed = holm.run(&["list", "--json"]).succeeds().json();
    assert_eq!(listed[0]["source"], format!("{reference}@{digest}"));
    assert_eq!(listed[0]["grants"].as_array().unwrap().len(), 0);
    let said = holm.run(&["tool", "call", "clerk/get", "--arg", "it=x", "--no-ask"]).ends(1);
    assert!(said.talk.contains("holm grant clerk storage=notes:rw"), "{}", said.transcript());
    // What its user was shown is what was installed: nothing was asked a second time, when the tag may have moved.
    let asked: Vec<String> = server.asked.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(asked.iter().filter(|path| path.ends_with("/manifests/v1.2.0")).count(), 1, "{asked:?}");
    assert_eq!(asked.iter().filter(|path| path.contains("/blobs/")).count(), 1, "{asked:?}");
    // By its digest alone it is the same plugin.
    let pinned = format!("oci://{}/tools/clerk@{digest}", server.host);
    let said = holm.run(&["install", &pinned]);
    // Its version is another: no tag says one.
    assert!(said.talk.contains("another `clerk` (1.2.0) is installed"), "{}", said.transcript());
    // Nothing is left of what was fetched.
    let left = std::fs::read_dir(holm.home().join("plugins")).unwrap().flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with(".incoming")));
    let said = holm.run(&["install", &format!("oci://{}/tools/absent:1", server.host)]).ends(4);
    assert!(said.talk.contains("it has no"), "{}", said.transcript());
    for wrong in ["oci://tools/clerk", "oci://127.0.0.1:1/Clerk", "oci://user:pass@ghcr.io/x"] {
        holm.run(&["install", wrong]).ends(2);
    }
}

#[test]
fn a_tag_that_moved_is_an_update_with_its_difference() {
    let (holm, server) = (Holm::new(), Server::start());
    let files = |text: &str| [("clerk.wasm", deputy()), ("plugin.toml", text.as_bytes().to_vec())];
    let put = |text: &str| {
        let files = files(text);
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        server.folder("clerk", "stable", &files)
    };
    let first = put(&manifest("0.1.0", CEILING));
    let reference = format!("oci://{}/clerk:stable", server.host);
    holm.run(&["install", &reference, "--grant", "storage=notes:rw"]).succeeds();
    let said = holm.run(&["update", "clerk"]).succeeds();
    assert!(said.talk.contains("installed already"), "{}", said.transcript());
    let second = put(&manifest("0.2.0", &format!("{CEILING}\nllm = [\"*\"]")));
    assert_ne!(first, second);
    // No terminal: it is shown, and nothing changes.
    let said = holm.run(&["update", "clerk"]).ends(6);
    assert!(said.talk.contains("newly asks   llm=*") && said.talk.contains("(now 0.1.0)"), "{}", said.transcript());
    let said = holm.run(&["update", "clerk", "--yes", "--keep-grants"]).succeeds();
    assert!(said.talk.contains("updated clerk 0.2.0"), "{}", said.transcript());
    let inspected = holm.run(&["inspect", "clerk", "--json"]).succeeds().json();
    assert_eq!(inspected["source"], format!("{reference}@{second}"));
    assert_eq!(inspected["grants"][0], "storage=notes:rw");
    // The old one is still what its digest says.
    let pinned = format!("oci://{}/clerk@{first}", server.host);
    let said = holm.run(&["update", &pinned, "--yes"]).succeeds();
    assert!(said.talk.contains("updated clerk 0.1.0"), "{}", said.transcript());
    // Where there is no tag, nothing moves.
    let said = holm.run(&["update", "clerk"]).succeeds();
    assert!(said.talk.contains("installed already"), "{}", said.transcript());
}

/// What a registry may do to whoever installs from it; nothing of it is installed.
#[test]
fn registries_that_lie_install_nothing() {
    let (holm, server, elsewhere) = (Holm::new(), Server::start(), Server::start());
    let wasm = deputy();
    let of = |name: &str, layers: &[String]| drop(server.manifest(name, "1", &image(layers)));
    let good = server.blob("good", &wasm);
    let one = |digest: &str, size: usize| [layer("application/wasm", digest, size, &[])];
    let blob = |name: &str, digest: &str, answer: Answer| server.put(&format!("/v2/{name}/blobs/{digest}"), answer);

    // Other bytes than the digest says.
    of("other", &one(&good, 4));
    blob("other", &good, Answer::Bytes(b"\0asm".to_vec()));
    // More than was said, without end.
    of("endless", &one(&good, wasm.len()));
    blob("endless", &good, Answer::Endless);
    server.put("/v2/huge/manifests/1", Answer::Endless);
    of("claims", &one(&good, 1 << 40));
    // Where nobody follows.
    for (name, to) in [
        ("metadata", "http://169.254.169.254/latest/meta-data".to_owned()),
        ("metadata-tls", "https://169.254.169.254/latest/meta-data".to_owned()),
        ("inner", "https://10.0.0.1/x".to_owned()),
        ("neighbour", format!("http://{}/x", elsewhere.host)),
        ("name", "http://example.com/x".to_owned()),
        ("odd", "gopher://example.com/x".to_owned()),
        ("resolves", "https://localhost/x".to_owned()),
    ] {
        of(name, &one(&good, wasm.len()));
        blob(name, &good, Answer::Redirect(to));
    }
    of("circle", &one(&good, wasm.len()));
    blob("circle", &good, Answer::Redirect(format!("/v2/circle/blobs/{good}")));
    // What is no component.
    let text = server.blob("text", b"hello");
    of("text", &one(&text, 5));
    of("none", &[layer("application/vnd.oci.image.layer.v1.tar+gzip", &text, 5, &[])]);
    server.manifest("list", "1", r#"{"schemaVersion":2,"manifests":[]}"#);
    server.manifest("nonsense", "1", "<html>");
    // A manifest that reaches out of its folder.
    let title = "org.opencontainers.image.title";
    of(
        "escape",
        &[
            layer("application/wasm", &good, wasm.len(), &[(title, "clerk.wasm")]),
            layer("x", &text, 5, &[(title, "plugin.toml")]),
            layer("x", &text, 5, &[(title, "../../escaped")]),
        ],
    );
    for (name, why) in [
        ("other", "gave other bytes than it named"),
        ("endless", "longer than"),
        ("huge", "longer than 1048576 bytes"),
        ("claims", "layers with too many bytes"),
        ("metadata", "which is not encrypted"),
        ("metadata-tls", "an address without a name"),
        ("inner", "an address without a name"),
        ("neighbour", "which is not encrypted"),
        ("name", "which is not encrypted"),
        ("odd", "which is no address of the web"),
        ("resolves", "the name leads to"),
        ("circle", "after too many others"),
        ("text", "no WebAssembly file"),
        ("none", "0 of its layers are WebAssembly components"),
        ("list", "images of several platforms"),
        ("nonsense", "its manifest makes no sense"),
        ("escape", "which is no name of a file in a folder"),
    ] {
        let said = holm.run(&["install", "--yes", &format!("oci://{}/{name}:1", server.host)]);
        assert!(said.code != 0 && said.talk.contains(why), "{name}: {}", said.transcript());
    }
    // Another manifest than the digest that was asked for.
    let digest = server.component("moved", "1", &wasm);
    server.put(&format!("/v2/moved/manifests/{digest}"), Answer::Bytes(image(&one(&text, 5)).into_bytes()));
    let said = holm.run(&["install", &format!("oci://{}/moved@{digest}", server.host)]).ends(6);
    assert!(said.talk.contains("gave other bytes than it named"), "{}", said.transcript());
    assert_eq!(holm.run(&["list", "--json"]).succeeds().json().as_array().unwrap().len(), 0);
    assert!(elsewhere.asked.lock().unwrap().is_empty());
    assert!(!holm.home().join("escaped").exists() && !holm.home().parent().unwrap().join("escaped").exists());
}

#[test]
fn a_login_goes_to_its_registry_alone() {
    let (holm, server, elsewhere) = (Holm::new(), Server::start(), Server::start());
    let wasm = deputy();
    server.component("mine", "1", &wasm);
    let image = server.manifest("mine", "2", &image(&[]));
    let manifest = format!("/v2/mine/manifests/{image}");
    server.put("/v2/mine/manifests/1", Answer::Redirect(format!("https://elsewhere.invalid{manifest}")));
    let reference = format!("oci://{}/mine:1", server.host);
    let docker = holm.work().join("docker");
    holm.file("docker/config.json", format!(r#"{{"auths":{{"{}":{{"auth":"YW5uOnNlY3JldA=="}}}}}}"#, server.host));
    let run = |reference: &str| {
        let mut command = holm.command(&["install", reference]);
        command.env("DOCKER_CONFIG", &docker).output().unwrap()
    };
    assert!(!run(&reference).status.success());
    // A registry that asks for a token, and gives one to who knows the password.
    let guarded = |token: &str, bytes: &[u8]| Answer::Guarded(format!("Bearer {token}"), bytes.to_vec());
    let files = server.component("guarded", "1", &wasm);
    let stored = format!("/v2/guarded/manifests/{files}");
    let bytes = server::ask(&server.host, "GET", &stored, "", b"").1;
    let body = bytes.split_once("\r\n\r\n").unwrap().1.to_owned();
    server.put("/v2/guarded/manifests/1", guarded("t0ken", body.as_bytes()));
    server.put(
        "/token?service=test&scope=pull",
        Answer::Guarded("Basic YW5uOnNlY3JldA==".to_owned(), br#"{"token":"t0ken"}"#.to_vec()),
    );
    let output = run(&format!("oci://{}/guarded:1", server.host));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let asked = server.asked.lock().unwrap().clone();
    for (path, authorization) in &asked {
        let password = authorization.starts_with("Basic ");
        assert_eq!(password, path.starts_with("/token"), "{path} {authorization}");
    }
    assert!(elsewhere.asked.lock().unwrap().is_empty());
    // Nobody's token: it says so.
    let said = holm.run(&["install", &format!("oci://{}/guarded:1", server.host)]);
    assert!(said.code != 0 && said.talk.contains("it does not give it to"), "{}", said.transcript());
}

#[test]
fn what_has_to_be_signed_is_signed_or_refused() {
    let (holm, server, ann, eve) = (Holm::new(), Server::start(), Signer::new(), Signer::new());
    holm.configure(&format!(
        "[kernel]\nidle-shutdown = \"20s\"\n[signatures.from]\n\"oci://{}/acme/*\" = [\"ann\"]\nlocal = [\"ann\"]\n",
        server.host
    ));
    holm.file("ann.pub", ann.pem());
    holm.run(&["key", "add", "ann", "ann.pub"]).succeeds();
    let wasm = deputy();
    let name = |name: &str| format!("{}/acme/{name}", server.host);
    let digest_of = |repository: &str| server.component(&format!("acme/{repository}"), "1", &wasm);
    let sign = |repository: &str, text: &str, signer: &Signer| {
        let digest = digest_of(repository);
        server.sign(&format!("acme/{repository}"), &digest, text, &signer.sign(text));
    };
    let (unsigned, other) = (digest_of("unsigned"), format!("sha256:{}", "0".repeat(64)));
    sign("wrong-key", &payload(&name("wrong-key"), &digest_of("wrong-key")), &eve);
    sign("other-digest", &payload(&name("other-digest"), &other), &ann);
    sign("other-name", &payload(&name("unsigned"), &unsigned), &ann);
    sign("no-payload", "{}", &ann);
    server.manifest("acme/broken", &format!("{}.sig", digest_of("broken").replace(':', "-")), "<html>");
    for repository in ["unsigned", "wrong-key", "other-digest", "other-name", "no-payload", "broken"] {
        let said = holm.run(&["install", "--yes", &format!("oci://{}:1", name(repository))]).ends(3);
        assert!(said.talk.contains("is not signed by ann"), "{}", said.transcript());
    }
    sign("clerk", &payload(&name("clerk"), &digest_of("clerk")), &ann);
    let said = holm.run(&["install", &format!("oci://{}:1", name("clerk"))]).succeeds();
    assert!(said.talk.contains("signed by    ann"), "{}", said.transcript());
    let said = holm.run(&["inspect", "clerk"]).succeeds();
    assert!(said.stdout.contains("signed by  ann\n"), "{}", said.transcript());
    // Where no rule is, none is needed.
    server.component("free/unsigned", "1", &wasm);
    holm.run(&["install", &format!("oci://{}/free/unsigned:1", server.host)]).succeeds();
    // A folder, by a file in it.
    holm.plugin("local", "deputy", CEILING);
    let said = holm.run(&["install", "local"]).ends(3);
    assert!(said.talk.contains("holm key add"), "{}", said.transcript());
    let digest = holm.run(&["inspect", "--json", "./local"]).succeeds().json()["digest"].as_str().unwrap().to_owned();
    holm.file("local/plugin.sig", ann.sign(&format!("holm plugin sha256:{digest}")));
    let said = holm.run(&["install", "local"]).succeeds();
    assert!(!said.talk.contains("left out"), "{}", said.transcript());
    // Changed after it was signed.
    holm.file("local/README.md", "Changed.");
    holm.run(&["update", "--yes", "./local"]).ends(3);
    // Who is trusted no longer signs nothing more; what is installed stays.
    holm.run(&["key", "remove", "ann"]).succeeds();
    holm.run(&["update", "--yes", &format!("oci://{}:1", name("clerk"))]).ends(3);
    holm.run(&["tool", "list", "clerk"]).succeeds();
}

#[test]
fn keys_are_added_and_removed() {
    let holm = Holm::new();
    holm.file("ann.pub", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n");
    holm.file("secret.pem", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n");
    holm.check(
        &[
            &["key", "list"],
            &["key", "add", "ann", "ann.pub"],
            &["key", "add", "ann", "ann.pub"],
            &["key", "add", "Ann", "ann.pub"],
            &["key", "add", "ann", "secret.pem"],
            &["key", "add", "bob", "absent.pub"],
            &["key", "list"],
            &["key", "remove", "ann"],
            &["key", "remove", "ann"],
        ],
        expect_test::expect![[r#"
            $ holm key list
            ! no key is known

            $ holm key add ann ann.pub
            ! signatures of ann are known

            $ holm key add ann ann.pub
            ! signatures of ann are known

            $ holm key add Ann ann.pub
            ! error: `Ann` is no name of a key: write 1 to 64 of a-z, 0-9 and -
            ? 2

            $ holm key add ann secret.pem
            ! error: this is a private key: keep it to yourself, and add the public one
            ? 2

            $ holm key add bob absent.pub
            ! error: `absent.pub`: No such file or directory (os error 2)
            ? 4

            $ holm key list
            KEY  KIND     FINGERPRINT
            ann  ed25519  [DIGEST]

            $ holm key remove ann
            ! signatures of ann are known no longer

            $ holm key remove ann
            ! error: there is no key `ann`; `holm key list` shows them
            ? 4
        "#]],
    );
}
