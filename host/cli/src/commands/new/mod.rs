//! `holm new`: a skill that builds at once.

use std::path::{Path, PathBuf};

use holm_packages::Manifest;

use crate::{
    denial::words,
    error::{CONFLICT, CommandError, Result},
    ui,
};

/// The checkout that this program was built from, if it is still there.
const CHECKOUT_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk-guest");

/// The skill's files; `{name}` and the like are filled in.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("Cargo.toml.in")),
    ("plugin.toml", include_str!("plugin.toml.in")),
    ("SKILL.md", include_str!("SKILL.md.in")),
    (".gitignore", include_str!("gitignore.in")),
    ("src/lib.rs", include_str!("lib.rs.in")),
];

/// Make a new skill in Rust, which builds at once
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The skill's folder; its last part is the skill's name
    #[arg(value_name = "NAME|DIR")]
    folder: PathBuf,
    /// The folder of the guest SDK [default: the checkout this program was built from, or the registry]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<()> {
        let folder = std::path::absolute(&self.folder).map_err(CommandError::usage)?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let sdk = sdk(self.sdk.as_deref())?;
        let fill = |template: &str| {
            template.replace("{name}", &name).replace("{sdk}", &sdk).replace("{version}", env!("CARGO_PKG_VERSION"))
        };
        let manifest = Manifest::parse(&fill(include_str!("plugin.toml.in")), "plugin.toml");
        manifest.map_err(|_| {
            CommandError::usage(format!("`{}` is no name for a skill", holm_packages::printable(&name)))
                .hint("write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends")
        })?;
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
            return Err(CommandError::new(CONFLICT, format!("`{}` exists already", self.folder.display())));
        }
        for (path, template) in FILES {
            write(&folder.join(path), &fill(template))?;
        }
        let shown = self.folder.to_string_lossy();
        ui::talk(format_args!("{} {} in {shown}", ui::good("made"), ui::bold(&name)));
        ui::hint(format!(
            "{} && {} && {}",
            words(&["holm", "build", &shown]),
            words(&["holm", "install", &shown]),
            words(&["holm", "run", &name, &format!("{shown}/SKILL.md")])
        ));
        Ok(())
    }
}

/// The dependency on the guest SDK, as Cargo.toml has it.
fn sdk(given: Option<&Path>) -> Result<String> {
    let found = match given {
        Some(folder) => Some(
            folder
                .canonicalize()
                .map_err(|error| CommandError::usage(format!("the SDK `{}`: {error}", folder.display())))?,
        ),
        None => Path::new(CHECKOUT_SDK).canonicalize().ok(),
    };
    Ok(match found {
        // A debug string is a TOML string for any path in UTF-8.
        Some(folder) => format!("{{ path = {:?} }}", folder.to_string_lossy()),
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    })
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
