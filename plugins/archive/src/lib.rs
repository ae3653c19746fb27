//! archive: lists and extracts zip and tar archives, hostile ones included. A command and two tools.

mod command;
mod destination;
mod extract;
mod format;
mod limits;
mod listing;
mod name;
mod refusal;
mod tar_walk;
mod walk;
mod zip_walk;

pub use extract::Extracted;
pub use limits::Limits;
pub use listing::Listing;

use holm::Result;

/// Lists what a zip, tar or tar.gz archive holds, without writing anything. Entries that `extract`
/// would refuse say why.
#[holm::tool]
pub fn list(
    /// Path of the archive.
    archive: String,
    /// How much the archive may hold.
    #[serde(default)]
    limits: Limits,
) -> Result<Listing> {
    listing::list(&archive, limits)
}

/// Extracts a zip, tar or tar.gz archive into a directory.
///
/// The whole archive is checked before the first byte is written, and refused if an entry would
/// leave the directory (`..`, absolute names), is a link or a device, comes twice, or if the whole
/// is larger than the limits. Permissions and times of the archive are not kept.
#[holm::tool]
pub fn extract(
    /// Path of the archive.
    archive: String,
    /// Path of the directory to extract into. It is made if it is missing.
    into: String,
    /// Extracts only these entries, and all below them.
    #[serde(default)]
    only: Vec<String>,
    /// Replaces files that are already there.
    #[serde(default)]
    overwrite: bool,
    /// Leaves out links and devices, instead of refusing the archive for them.
    #[serde(default)]
    skip_links: bool,
    /// How much the archive may hold.
    #[serde(default)]
    limits: Limits,
) -> Result<Extracted> {
    let wanted = extract::Wanted { only, overwrite, skip_links };
    extract::extract(&archive, &into, &wanted, limits)
}

holm::export_tools![list, extract];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
