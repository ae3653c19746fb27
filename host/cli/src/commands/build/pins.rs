//! Python packages by version and hash: the part of pip's requirements files that pins, and nothing else.
//!
//! What pip would heed besides (options, addresses, folders, other files) could have it build a package, which runs
//! its author's code before anything is confined.

use std::fmt::Write;

use crate::error::{CommandError, Result};

/// Reads a list, and writes it anew for pip.
///
/// # Errors
/// A line is no pin.
pub(super) fn pins(file: &str, text: &str) -> Result<String> {
    let mut checked = String::new();
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(pinned) = words.next() else { continue };
        let refused = || {
            let error = CommandError::usage(format!("{file}: `{}` is no pin", holm_packages::printable(line.trim())));
            error.hint("write `NAME==VERSION --hash=sha256:…`, as `pip hash` and pip-compile --generate-hashes do")
        };
        let (name, version) = pinned.split_once("==").ok_or_else(refused)?;
        let plain = |text: &str, others: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
        };
        if !plain(name, b"._-") || name.starts_with('-') || !plain(version, b".+!_-") {
            return Err(refused());
        }
        let hashes: Vec<&str> = words.collect();
        let is_hash = |word: &&str| {
            let hash = word.strip_prefix("--hash=sha256:").unwrap_or_default();
            hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if hashes.is_empty() || !hashes.iter().all(is_hash) {
            return Err(refused());
        }
        // A string takes all that is written.
        let _ = writeln!(checked, "{name}=={version} {}", hashes.join(" "));
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::pins;

    #[test]
    fn a_pin_is_a_version_and_a_hash_and_never_a_place() {
        let hash = format!("--hash=sha256:{}", "ab".repeat(32));
        let kept = pins("packages.txt", &format!("# a list\nsix==1.17.0 \\\n    {hash}\n\n")).expect("a pin");
        assert_eq!(kept, format!("six==1.17.0 {hash}\n"));
        assert_eq!(pins("packages.txt", "# nothing\n").expect("no pin"), "");
        let refused = [
            "six".to_owned(),
            "six==1.17.0".to_owned(),
            format!("six>=1 {hash}"),
            format!("-e . {hash}"),
            format!("--no-binary==:all: {hash}"),
            format!("six==1.17.0 {hash} --config-settings=x"),
            format!("six==1.17.0;python_version>'3' {hash}"),
            format!("./six==1 {hash}"),
            format!("six@https://example.com/six.whl {hash}"),
            "-r other.txt".to_owned(),
            "--index-url https://example.com".to_owned(),
            "six==1 --hash=md5:ab".to_owned(),
        ];
        refused.iter().for_each(|text| assert!(pins("packages.txt", text).is_err(), "{text}"));
    }
}
