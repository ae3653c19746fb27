//! The registry that Debian ships: what others publish with is what is installed from.

use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use holm_kernel::program::Digest;

use crate::{
    common::{Holm, component},
    server::{Signer, ask, image, layer, payload},
};

/// The program; unpacked without being installed. Nothing where it cannot be had.
static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../servers/docker-registry");
    let program = place.join("usr/bin/docker-registry");
    if !program.exists() {
        std::fs::create_dir_all(&place).unwrap();
        let script =
            "apt-get download docker-registry && dpkg-deb -x docker-registry_*.deb . && rm docker-registry_*.deb";
        let output = Command::new("sh").args(["-c", script]).current_dir(&place).stdin(Stdio::null()).output().unwrap();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            assert!(std::env::var_os("HOLM_TEST_SERVERS").is_none_or(|value| value != "required"), "{why}");
            // Not by a macro: the harness would keep it to itself.
            let told = format!("SKIPPED: docker-registry is not there, its test did not run: {why}\n");
            std::io::stderr().write_all(told.as_bytes()).unwrap();
            return None;
        }
    }
    Some(program)
});

/// A registry, its own folder, killed when it is dropped.
struct Running(Child, String, #[allow(dead_code, reason = "what it keeps lies there")] tempfile::TempDir);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &Path) -> Running {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (folder, host) = (tempfile::tempdir().unwrap(), format!("127.0.0.1:{port}"));
    let config = format!(
        "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"{host}\" }}\n",
        folder.path().join("kept").display()
    );
    std::fs::write(folder.path().join("config.yml"), config).unwrap();
    let mut command = Command::new(program);
    command.arg("serve").arg(folder.path().join("config.yml"));
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let running = Running(child, host, folder);
    let begun = Instant::now();
    while std::net::TcpStream::connect(&running.1).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the registry never answers");
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

fn upload(host: &str, repository: &str, bytes: &[u8]) -> String {
    let digest = format!("sha256:{}", Digest::of(bytes));
    let (status, said) = ask(host, "POST", &format!("/v2/{repository}/blobs/uploads/"), "text/plain", b"");
    assert_eq!(status, "202", "{said}");
    let location = said.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    let path = location.split_once(host).map_or(location, |(_, path)| path);
    let (status, said) = ask(host, "PUT", &format!("{path}&digest={digest}"), "application/octet-stream", bytes);
    assert_eq!(status, "201", "{said}");
    digest
}

fn publish(host: &str, repository: &str, tag: &str, manifest: &str) -> String {
    let media = "application/vnd.oci.image.manifest.v1+json";
    let path = format!("/v2/{repository}/manifests/{tag}");
    let (status, said) = ask(host, "PUT", &path, media, manifest.as_bytes());
    assert_eq!(status, "201", "{said}");
    format!("sha256:{}", Digest::of(manifest.as_bytes()))
}

#[test]
fn what_lies_in_debians_registry_is_installed() {
    let Some(program) = PROGRAM.as_ref() else { return };
    let (holm, running, ann) = (Holm::new(), start(program), Signer::new());
    let host = running.1.as_str();
    holm.configure("[kernel]\nidle-shutdown = \"20s\"\n[signatures]\nrequire = true\n");
    holm.file("ann.pub", ann.pem());
    holm.run(&["key", "add", "ann", "ann.pub"]).succeeds();
    let wasm = component("deputy");
    upload(host, "acme/clerk", b"{}");
    let blob = upload(host, "acme/clerk", &wasm);
    let digest = publish(host, "acme/clerk", "1.0.0", &image(&[layer("application/wasm", &blob, wasm.len(), &[])]));
    let reference = format!("oci://{host}/acme/clerk:1.0.0");
    holm.run(&["install", &reference]).ends(3);
    let text = payload(&format!("{host}/acme/clerk"), &digest);
    let signed = upload(host, "acme/clerk", text.as_bytes());
    let media = "application/vnd.dev.cosign.simplesigning.v1+json";
    let signature = ann.sign(&text);
    let signature = layer(media, &signed, text.len(), &[("dev.cosignproject.cosign/signature", &signature)]);
    publish(host, "acme/clerk", &format!("{}.sig", digest.replace(':', "-")), &image(&[signature]));
    let said = holm.run(&["install", &reference]).succeeds();
    assert!(said.talk.contains("signed by    ann"), "{}", said.transcript());
    let source = holm.run(&["inspect", "--json", "clerk"]).succeeds().json()["source"].clone();
    assert_eq!(source, format!("{reference}@{digest}"));
    holm.run(&["install", &format!("oci://{host}/acme/absent:1")]).ends(4);
}
