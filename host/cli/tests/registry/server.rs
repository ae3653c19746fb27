//! A registry that gives what a test wants: what was put there, or worse.
#![allow(unreachable_pub, reason = "a module of a test binary")]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use holm_kernel::program::Digest;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};

/// What lies at a path.
#[derive(Clone)]
pub enum Answer {
    Bytes(Vec<u8>),
    /// This many zeroes, and as many more as are taken.
    Endless,
    Redirect(String),
    /// Only to who shows this header.
    Guarded(String, Vec<u8>),
}

type Answers = Arc<Mutex<HashMap<String, Answer>>>;

/// A registry on this machine.
pub struct Server {
    pub host: String,
    answers: Answers,
    /// What was asked, with its authorization.
    pub asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (answers, asked) = (Answers::default(), Arc::<Mutex<Vec<(String, String)>>>::default());
        let (known, log, own) = (answers.clone(), asked.clone(), host.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (known, log, own) = (known.clone(), log.clone(), own.clone());
                // Who hangs up meanwhile is no failure.
                std::thread::spawn(move || drop(serve(stream, &known, &log, &own)));
            }
        });
        Self { host, answers, asked }
    }

    pub fn put(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Puts bytes there, under their digest.
    pub fn blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = format!("sha256:{}", Digest::of(bytes));
        self.put(&format!("/v2/{repository}/blobs/{digest}"), Answer::Bytes(bytes.to_vec()));
        digest
    }

    /// Puts a manifest there, under its digest and a tag.
    pub fn manifest(&self, repository: &str, tag: &str, manifest: &str) -> String {
        let digest = format!("sha256:{}", Digest::of(manifest.as_bytes()));
        for version in [tag, &digest] {
            self.put(&format!("/v2/{repository}/manifests/{version}"), Answer::Bytes(manifest.as_bytes().to_vec()));
        }
        digest
    }

    /// Puts a component there as CNCF's wasm artifacts lie; the digest of its manifest.
    pub fn component(&self, repository: &str, tag: &str, component: &[u8]) -> String {
        let digest = self.blob(repository, component);
        self.manifest(repository, tag, &image(&[layer("application/wasm", &digest, component.len(), &[])]))
    }

    /// Puts a plugin's folder there.
    pub fn folder(&self, repository: &str, tag: &str, files: &[(&str, &[u8])]) -> String {
        let layers: Vec<String> = files
            .iter()
            .map(|(name, bytes)| {
                let media = if name.ends_with(".wasm") { "application/wasm" } else { "application/octet-stream" };
                let digest = self.blob(repository, bytes);
                layer(media, &digest, bytes.len(), &[("org.opencontainers.image.title", name)])
            })
            .collect();
        self.manifest(repository, tag, &image(&layers))
    }

    /// Puts a signature beside an image, as cosign does.
    pub fn sign(&self, repository: &str, digest: &str, payload: &str, signature: &str) {
        let media = "application/vnd.dev.cosign.simplesigning.v1+json";
        let blob = self.blob(repository, payload.as_bytes());
        let layer = layer(media, &blob, payload.len(), &[("dev.cosignproject.cosign/signature", signature)]);
        self.manifest(repository, &format!("{}.sig", digest.replace(':', "-")), &image(&[layer]));
    }
}

pub fn layer(media: &str, digest: &str, size: usize, annotations: &[(&str, &str)]) -> String {
    let annotations: Vec<String> = annotations.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    let annotations = annotations.join(",");
    format!(r#"{{"mediaType":"{media}","digest":"{digest}","size":{size},"annotations":{{{annotations}}}}}"#)
}

pub fn image(layers: &[String]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:{}","size":2}},"layers":[{}]}}"#,
        Digest::of(b"{}"),
        layers.join(",")
    )
}

/// What cosign signs.
pub fn payload(reference: &str, digest: &str) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    )
}

/// A key as `cosign generate-key-pair` makes it: ECDSA on P-256.
pub struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    pub fn new() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
        let secret = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, secret.as_ref(), &random).unwrap(), random }
    }

    pub fn pem(&self) -> String {
        let mut der = vec![
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        der.extend_from_slice(self.pair.public_key().as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.pair.sign(&self.random, text.as_bytes()).unwrap())
    }
}

fn serve(
    mut stream: TcpStream,
    answers: &Answers,
    asked: &Mutex<Vec<(String, String)>>,
    own: &str,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut authorization = String::new();
    for line in lines {
        let line = line?;
        if let Some((_, value)) = line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            authorization = value.to_owned();
        }
        if line.is_empty() {
            break;
        }
    }
    asked.lock().unwrap().push((path.clone(), authorization.clone()));
    let answer = answers.lock().unwrap().get(&path).cloned();
    match answer {
        None => write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
        Some(Answer::Redirect(to)) => {
            write!(stream, "HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Some(Answer::Guarded(wanted, _)) if wanted != authorization => write!(
            stream,
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"http://{own}/token\",service=\"test\",scope=\"pull\"\r\ncontent-length: 0\r\n\r\n"
        ),
        Some(Answer::Bytes(bytes) | Answer::Guarded(_, bytes)) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len())?;
            stream.write_all(&bytes)
        }
        Some(Answer::Endless) => {
            write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            let zeroes = vec![0; 64 << 10];
            loop {
                write!(stream, "{:x}\r\n", zeroes.len())?;
                stream.write_all(&zeroes)?;
                stream.write_all(b"\r\n")?;
            }
        }
    }
}

/// Asks a server; its status and all that it says.
pub fn ask(host: &str, method: &str, path: &str, media: &str, body: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    )
    .unwrap();
    stream.write_all(body).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    (said.split(' ').nth(1).unwrap_or_default().to_owned(), said)
}
