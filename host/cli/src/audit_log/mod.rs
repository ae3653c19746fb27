//! The audit log: `$HOLM_HOME/audit/`, one record a line as JSON, the oldest file removed first.

mod read;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::AuditLog;

/// Files of the log, oldest first: `000001.jsonl`, `000002.jsonl`, …
fn files(folder: &std::path::Path) -> std::io::Result<Vec<(u64, std::path::PathBuf)>> {
    let mut files = Vec::new();
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jsonl")?.parse().ok());
        files.extend(number.map(|number| (number, path)));
    }
    files.sort();
    Ok(files)
}
