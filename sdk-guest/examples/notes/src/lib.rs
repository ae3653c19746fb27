//! Notes that last: one component that is both a command and a toolbox.

use holm::storage::Bucket;

/// Keeps a note under a title.
#[holm::tool]
fn keep(
    /// What the note is called.
    title: String,
    /// The note itself.
    text: String,
) -> holm::Result<u64> {
    Ok(Bucket::open("notes")?.write(&title, text)?)
}

/// The note of that title, if there is one.
#[holm::tool]
fn recall(
    /// What the note is called.
    title: String,
) -> holm::Result<Option<String>> {
    let entry = Bucket::open_read_only("notes")?.read(&title)?;
    Ok(entry.map(|entry| String::from_utf8_lossy(&entry.value).into_owned()))
}

holm::export_tools![keep, recall];

#[holm::main]
fn main(arguments: Vec<String>) -> holm::Result<()> {
    match arguments.as_slice() {
        [title, text] => {
            keep(title.clone(), text.clone())?;
        }
        [title] => print_note(recall(title.clone())?),
        _ => return Err(holm::Error::new("usage: notes TITLE [TEXT]")),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a note is what was asked for")]
fn print_note(note: Option<String>) {
    println!("{}", note.unwrap_or_default());
}
