//! What no file grant reaches: Holm's own home, its configuration, and all that is installed.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The places that are Holm's own.
#[derive(Clone, Debug)]
pub struct Protected {
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    /// The same with symlinks resolved, as they were at the start: asked at each open, it has to be quick.
    real: PathBuf,
}

impl Protected {
    /// Protects these places and all below them, whether they exist yet or not.
    pub fn new(places: impl IntoIterator<Item = PathBuf>) -> Self {
        let place = |path: PathBuf| Place { real: resolved(&path), path };
        Self { places: places.into_iter().map(place).collect() }
    }

    /// Whether a path lies in a protected place, symlinks resolved. Ask it at each open.
    pub fn holds(&self, path: &Path) -> bool {
        self.holder(&resolved(path)).is_some()
    }

    fn holder(&self, path: &Path) -> Option<&Place> {
        // By name for what does not exist; by identity for what moved, or is mounted in two places.
        let above: Vec<_> = path.ancestors().filter_map(identity).collect();
        let holds = |place: &&Place| {
            path.starts_with(&place.real) || identity(&place.path).is_some_and(|place| above.contains(&place))
        };
        self.places.iter().find(holds)
    }

    /// The protected place that a grant of this path would touch: it lies in it, or contains it.
    pub fn touched_by(&self, path: &Path) -> Option<&Path> {
        let target = resolved(path);
        let itself = identity(&target);
        let contained = self.places.iter().find(|place| {
            let place = resolved(&place.path);
            // By identity too: what is mounted in two places has two names.
            place.starts_with(&target) || itself.is_some() && place.ancestors().any(|above| identity(above) == itself)
        });
        contained.or_else(|| self.holder(&target)).map(|place| place.path.as_path())
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
