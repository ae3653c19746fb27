//! Grants for one run, as a person types them: made absolute, within the ceiling, never Holm's own.

use std::path::Path;

use holm_kernel::devices::Grants;
use holm_packages::Protected;

use super::failure::{Failure, Kind};

/// The rules of these lines, for a program of this name and ceiling.
pub(crate) fn settle(
    name: &str,
    lines: &[String],
    directory: &Path,
    ceiling: &Grants,
    protected: &Protected,
) -> Result<Grants, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::new(Kind::Usage, error);
    let mut grants = Grants::default();
    lines.iter().try_for_each(|line| grants.add(line)).map_err(|error| usage(&error))?;
    let grants = grants.anchored(directory).map_err(|error| usage(&error))?;
    for rule in grants.fs.iter() {
        let Some(path) = rule.path() else {
            let message = format!("`fs={rule}` would grant every file there is");
            return Err(Failure::new(Kind::Usage, message).hint("name a file or folder, like `fs=./data:ro`"));
        };
        if let Some(place) = protected.touched_by(path) {
            let place = place.display();
            let message = format!("`fs={rule}` reaches `{place}`, which is Holm's own and granted to nobody");
            return Err(Failure::new(Kind::Denied, message));
        }
    }
    let ceiling = ceiling.clone().anchored(Path::new("/")).unwrap_or_else(|_| ceiling.clone());
    let beyond = ceiling.beyond(&grants);
    if beyond.is_empty() {
        return Ok(grants);
    }
    let ceiling = match ceiling.lines() {
        lines if lines.is_empty() => "nothing".to_owned(),
        lines => lines.join(", "),
    };
    let message = format!("`{name}` does not ask for {}; its ceiling is {ceiling}", beyond.join(", "));
    Err(Failure::new(Kind::Denied, message))
}
