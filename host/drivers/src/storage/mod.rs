//! Where buckets are kept: one file per engine, one line each in the table below.

mod engine;
mod forget;
mod layout;
mod memory;
mod open;
mod plan;
mod redb;
mod sled;
mod store;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use holm_kernel::storage::Driver;

use self::engine::{Engine, View, Writes};
pub use self::open::OpenError;
use self::store::Store;

/// The drivers that [`open`] knows.
pub const NAMES: &[&str] = &["redb", "sled", "memory"];

/// The driver for who names none: redb, which orders its writes by syncs, so that no cut loses
/// what was acknowledged. sled does not; see its file.
pub const DEFAULT: &str = "redb";

/// Opens the store in `dir`, which is made if need be, with the driver of that name.
pub fn open(name: &str, dir: &Path) -> Result<Arc<dyn Driver>, OpenError> {
    match name {
        "redb" => on_disk("redb", dir, redb::Redb::open),
        "sled" => on_disk("sled", dir, sled::Sled::open),
        "memory" => start(memory::Memory::default(), dir, true),
        _ => Err(OpenError::UnknownDriver { name: name.to_owned() }),
    }
}

/// Opens a store of the driver `redb` on something that is not a file.
pub fn open_on(backend: impl ::redb::StorageBackend) -> Result<Arc<dyn Driver>, OpenError> {
    start(redb::Redb::on(backend)?, Path::new("the given backend"), true)
}

fn on_disk<E: Engine>(
    name: &'static str,
    dir: &Path,
    open: impl FnOnce(&Path, File) -> Result<E, OpenError>,
) -> Result<Arc<dyn Driver>, OpenError> {
    let mut mark = open::lock(dir)?;
    for (found, entry) in [("redb", redb::FILE), ("sled", sled::FOLDER)] {
        if found != name && dir.join(entry).exists() {
            return Err(OpenError::OtherDriver { dir: dir.to_owned(), found });
        }
    }
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    let lock = mark.try_clone().map_err(io)?;
    let engine = open(dir, lock)?;
    let fresh = open::is_unmarked(&mut mark).map_err(io)?;
    let store = start(engine, dir, fresh)?;
    if fresh {
        open::mark(&mut mark, name).map_err(io)?;
    }
    Ok(store)
}

fn start<E: Engine>(engine: E, dir: &Path, fresh: bool) -> Result<Arc<dyn Driver>, OpenError> {
    check_format(&engine, dir, fresh)?;
    let store = Store::new(engine).map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
    Ok(Arc::new(store))
}

fn check_format(engine: &impl Engine, dir: &Path, fresh: bool) -> Result<(), OpenError> {
    open::guarded(dir, || {
        let damaged = |error| OpenError::damaged(dir, error);
        let row = engine.view().map_err(damaged)?.get(&layout::format_row()).map_err(damaged)?;
        let format = layout::FORMAT.to_be_bytes().to_vec();
        match row {
            Some(found) if found == format => Ok(()),
            Some(_) => Err(OpenError::OtherFormat { path: dir.to_owned() }),
            None if fresh => {
                let writes = Writes::from([(layout::format_row(), Some(format))]);
                engine.write(&writes).map_err(damaged)
            }
            // Engines take files of which nothing is left for new ones.
            None => Err(OpenError::damaged(dir, "it had data and is empty")),
        }
    })
}
