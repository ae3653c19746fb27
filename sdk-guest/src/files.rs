//! Files of the standard library, with errors that say which path and which grant.
//!
//! `std::fs` works as it is; but its errors carry neither the path nor the reason.

use crate::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// The path, and for a denial the grant that would allow it.
pub fn open(path: impl AsRef<Path>) -> Result<File> {
    let path = path.as_ref();
    File::open(path).map_err(|error| failure("read", path, &error))
}

/// Creates a file for writing, or empties it.
///
/// # Errors
/// The path, and for a denial the grant that would allow it.
pub fn create(path: impl AsRef<Path>) -> Result<File> {
    let path = path.as_ref();
    File::create(path).map_err(|error| failure("write", path, &error))
}

/// Reads a whole file.
///
/// # Errors
/// The path, and for a denial the grant that would allow it.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|error| failure("read", path, &error))?;
    Ok(bytes)
}

/// Reads a whole file of UTF-8.
///
/// # Errors
/// The path, and for a denial the grant that would allow it.
pub fn read_to_string(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map_err(|error| failure("read", path, &error))?;
    Ok(text)
}

/// Writes a whole file.
///
/// # Errors
/// The path, and for a denial the grant that would allow it.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    std::fs::write(path, bytes).map_err(|error| failure("write", path, &error))
}

/// The error of an operation (`read`, `write`, `list`, …) on a path, as the functions above give it.
#[must_use]
pub fn failure(operation: &str, path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    if error.kind() == io::ErrorKind::PermissionDenied {
        let access = if operation == "read" || operation == "list" { "ro" } else { "rw" };
        return Error::new(format!("cannot {operation} {path}: denied; a grant of fs={path}:{access} would allow it"));
    }
    Error::new(format!("cannot {operation} {path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{failure, open};
    use std::io::{Error, ErrorKind};
    use std::path::Path;

    #[test]
    fn errors_name_the_path() {
        let missing = open("/no/such/file").map(drop);
        let text = missing.err().map(|error| error.to_string());
        assert!(text.is_some_and(|text| text.starts_with("cannot read /no/such/file: ")));
    }

    #[test]
    fn a_denial_names_the_grant() {
        let denied = Error::from(ErrorKind::PermissionDenied);
        assert_eq!(
            failure("read", Path::new("./a"), &denied).to_string(),
            "cannot read ./a: denied; a grant of fs=./a:ro would allow it"
        );
    }
}
