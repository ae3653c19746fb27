//! What no file grant reaches: Holm's own home, its configuration, and all that is installed.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The places that are Holm's own.
#[derive(Clone, Debug)]
pub struct Protected {
    places: Vec<PathBuf>,
}

impl Protected {
    /// Protects these places and all below them, whether they exist yet or not.
    pub fn new(places: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { places: places.into_iter().collect() }
    }

    /// Whether a path lies in a protected place, symlinks resolved. Ask it at each open.
    pub fn holds(&self, path: &Path) -> bool {
        let path = resolved(path);
        let places: Vec<_> = self.places.iter().map(|place| (resolved(place), identity(place))).collect();
        // By name for what does not exist; by identity for what is mounted in two places.
        places.iter().any(|(place, _)| path.starts_with(place))
            || path.ancestors().any(|above| {
                identity(above).is_some_and(|above| places.iter().any(|(_, place)| *place == Some(above)))
            })
    }

    /// The protected place that a grant of this path would touch: it lies in it, or contains it.
    pub fn touched_by(&self, path: &Path) -> Option<&Path> {
        let target = resolved(path);
        let contains = |place: &&PathBuf| resolved(place).starts_with(&target);
        let touched = self.places.iter().find(contains);
        touched.or_else(|| self.places.iter().find(|_| self.holds(&target))).map(PathBuf::as_path)
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The path with its symlinks resolved, also those that lead to what does not exist yet.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as the system itself would follow.
    for _ in 0..40 {
        let Some((above, real)) = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?))) else {
            return path;
        };
        let mut rest = path.strip_prefix(above).unwrap_or(Path::new("")).components();
        let Some(next) = rest.next() else { return real };
        let next = real.join(next);
        match next.read_link() {
            Ok(target) => path = real.join(target).join(rest.as_path()),
            Err(_) if rest.as_path().as_os_str().is_empty() => return next,
            Err(_) => return next.join(rest.as_path()),
        }
    }
    path
}
