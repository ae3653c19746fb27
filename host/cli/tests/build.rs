//! From nothing to a running skill, and what a build may see.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
    process::Command,
};

use common::{Holm, Said};

/// How a client greets and asks for the plugins: MessagePack, each with its length before it.
const LIST: &[u8] =
    b"\0\0\0\x2b\x84\xa8protocol\x0a\xa7version\xa10\xa5build\xa0\xa6intent\xa7command\0\0\0\x05\xa4List";

/// Built things are kept from run to run.
fn build(holm: &Holm, arguments: &[&str]) -> Command {
    let mut command = holm.command(arguments);
    command.env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR").to_owned() + "/skills");
    command
}

fn said(output: std::process::Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn landlock(holm: &Holm) -> bool {
    let checks = holm.run(&["doctor", "--json"]).json();
    checks.as_array().unwrap().iter().any(|check| check["name"] == "landlock" && check["state"] == "good")
}

#[test]
fn a_new_skill_is_built_installed_denied_granted_and_run() {
    let holm = Holm::new();
    holm.run(&["new", "counter"]).succeeds();
    holm.run(&["new", "counter"]).ends(6);
    let built = build(&holm, &["build", "counter"]).output().unwrap();
    assert!(built.status.success(), "{}", said(built));
    holm.run(&["install", "--yes", "counter"]).succeeds();
    let denied = holm.run(&["run", "counter", "counter/SKILL.md"]).ends(1).talk;
    let command = denied.lines().find_map(|line| line.split("to allow it: holm ").nth(1)).unwrap();
    assert_eq!(command, "grant counter fs=./counter/SKILL.md:ro");
    holm.run(&command.split(' ').collect::<Vec<_>>()).succeeds();
    let counted: Said = holm.run(&["run", "counter", "counter/SKILL.md"]).succeeds();
    assert!(counted.stdout.ends_with(" counter/SKILL.md\n"), "{}", counted.stdout);
    let called = holm.run(&["tool", "call", "counter/word_count", "--arg", "text=one two three"]).succeeds();
    assert_eq!(called.stdout, "3\n");
    holm.run(&["tool", "call", "counter/word_count", "{\"wrong\": 1}"]).ends(2);
    holm.run(&["tool", "call", "counter/nothing"]).ends(4);
    assert_eq!(holm.run(&["tool", "list", "--json"]).json()[0]["name"], "counter/word_count");
}

#[test]
fn a_build_script_sees_neither_files_nor_network_nor_the_kernel() {
    let holm = Holm::new();
    holm.run(&["list"]).succeeds();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    holm.file("secret", "a secret");
    holm.file(
        "nosy/plugin.toml",
        "name = \"nosy\"\nversion = \"0.1.0\"\ndescription = \"Nosy\"\ncomponent = \"nosy.wasm\"\n",
    );
    holm.file("nosy/Cargo.toml", "[package]\nname = \"nosy\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n");
    holm.file("nosy/src/main.rs", "fn main() {}\n");
    let script = format!(
        r#"
        use std::{{fs, io::Read, net::{{TcpStream, UdpSocket}}, os::unix::net::UnixStream}};
        fn main() {{
            let secret = fs::read({:?});
            let write = fs::write("src/main.rs", "");
            let network = TcpStream::connect({:?});
            let udp = UdpSocket::bind("127.0.0.1:0");
            let mut kernel = Vec::new();
            let _ = UnixStream::connect({:?}).and_then(|mut socket| {{
                use std::io::Write;
                socket.write_all(&{LIST:?})?;
                socket.read_to_end(&mut kernel)
            }});
            let listed = kernel.windows(7).any(|word| word == b"Plugins");
            let (secret, write, network, udp) = (secret.is_ok(), write.is_ok(), network.is_ok(), udp.is_ok());
            panic!("secret {{secret}} write {{write}} network {{network}} udp {{udp}} kernel {{listed}}");
        }}"#,
        holm.work().join("secret"),
        listener.local_addr().unwrap().to_string(),
        holm.home().join("kernel.sock"),
    );
    holm.file("nosy/build.rs", script);
    // Who is not confined is answered.
    let mut socket = UnixStream::connect(holm.home().join("kernel.sock")).unwrap();
    let mut answer = Vec::new();
    socket.write_all(LIST).unwrap();
    socket.read_to_end(&mut answer).unwrap();
    assert!(answer.windows(7).any(|word| word == b"Plugins"));
    let output = build(&holm, &["build", "nosy"]).output().unwrap();
    assert!(!output.status.success());
    let text = said(output);
    match landlock(&holm) {
        true => assert!(text.contains("secret false write false network false udp false kernel false"), "{text}"),
        false => assert!(text.contains("build scripts run unconfined") || text.contains("network true"), "{text}"),
    }
}

/// What a folder's settings name would run before anything is confined, if they were heeded.
#[test]
fn settings_of_a_folder_run_nothing_unconfined() {
    use std::os::unix::fs::PermissionsExt;

    let holm = Holm::new();
    let manifest = "name = \"sly\"\nversion = \"0.1.0\"\ndescription = \"Sly\"\ncomponent = \"sly.wasm\"\n";
    holm.file("sly/plugin.toml", manifest);
    holm.file("sly/Cargo.toml", "[package]\nname = \"sly\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n");
    holm.file("sly/src/main.rs", "fn main() {}\n");
    let mark = holm.work().join("mark");
    let wrapper = holm.work().join("sly/wrapper.sh");
    holm.file("sly/wrapper.sh", format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", mark.display()));
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    holm.file("sly/.cargo/config.toml", format!("[build]\nrustc-wrapper = {:?}\n", wrapper.display().to_string()));
    let built = build(&holm, &["build", "sly"]).output().unwrap();
    // Confined it may run, and does no harm.
    if landlock(&holm) {
        assert!(!mark.exists(), "{}", said(built));
    }
    std::fs::remove_file(holm.work().join("sly/.cargo/config.toml")).unwrap();
    let _ = std::fs::remove_file(&mark);
    // A toolchain of the folder's own is refused in any case.
    holm.file("sly/mine/bin/rustc", std::fs::read(&wrapper).unwrap());
    holm.file("sly/mine/bin/cargo", std::fs::read(&wrapper).unwrap());
    holm.file("sly/rust-toolchain.toml", "[toolchain]\npath = \"./mine\"\n");
    let refused = build(&holm, &["build", "sly"]).env_remove("RUSTUP_TOOLCHAIN").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(!mark.exists() && said(refused).contains("name a channel"));
}
