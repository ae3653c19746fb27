//! Opens a file once its bytes have been looked at, and hands it to whoever reads it.

use crate::bomb;
use crate::limits::{FILE, PAGES};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use holm::{Error, Result, files};
use std::io::Read;
use std::path::Path;

/// An open file.
pub(crate) struct Document {
    pub(crate) pdf: Pdf,
    pub(crate) encrypted: bool,
}

/// Opens a file and calls back with it; errors say which file.
pub(crate) fn with<T>(path: &str, password: Option<&str>, read: impl FnOnce(&Document) -> Result<T>) -> Result<T> {
    open(path, password).and_then(|document| read(&document).map_err(|error| about(error, path)))
}

pub(crate) fn open(path: &str, password: Option<&str>) -> Result<Document> {
    let mut bytes = Vec::new();
    let read = files::open(path)?.take(FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| files::failure("read", Path::new(path), &error))?;
    parse(bytes, password).map_err(|error| about(error, path))
}

/// Wrong arguments stay what they are.
fn about(error: Error, path: &str) -> Error {
    if error.is_of_arguments() { error } else { error.during(format!("{path:?}")) }
}

fn parse(bytes: Vec<u8>, password: Option<&str>) -> Result<Document> {
    if bytes.len() as u64 > FILE {
        return Err(Error::new(format!("refused (too-large): over {FILE} bytes")));
    }
    if bomb::find(&bytes[..bytes.len().min(1024)], b"%PDF-").is_none() {
        return Err(Error::new("refused (unsupported): it is no PDF file"));
    }
    bomb::check_bytes(&bytes)?;
    let encrypted = is_encrypted(&bytes);
    let pdf = Pdf::new_with_password(bytes, password.unwrap_or_default()).map_err(|error| {
        Error::new(match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) if password.is_none() => {
                "refused (encrypted): it needs a password"
            }
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
                "refused (encrypted): the password is wrong"
            }
            LoadPdfError::Decryption(_) => "refused (encrypted): its encryption is broken, or of an unknown kind",
            LoadPdfError::Invalid => "refused (broken): it cannot be read as a PDF file",
        })
    })?;
    if pdf.pages().len() > PAGES {
        return Err(Error::new(format!("refused (too-many-pages): over {PAGES} pages")));
    }
    bomb::check_streams(&pdf)?;
    Ok(Document { pdf, encrypted })
}

/// Whether a trailer names an encryption; `EncryptMetadata` is a word within one.
fn is_encrypted(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = bomb::find(rest, b"/Encrypt") {
        rest = &rest[at + b"/Encrypt".len()..];
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return true;
        }
    }
    false
}
