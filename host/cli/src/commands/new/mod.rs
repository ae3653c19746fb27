//! `holm new`: a skill that builds at once.

mod template;

use std::path::{Path, PathBuf};

use holm_packages::Manifest;

use super::build::Language;
use crate::{
    denial::words,
    error::{CONFLICT, CommandError, Result},
    ui,
};

/// The checkout that this program was built from, if it is still there.
const CHECKOUT_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk-guest");

/// Make a new skill, which builds at once
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The skill's folder; its last part is the skill's name
    #[arg(value_name = "NAME|DIR")]
    folder: PathBuf,
    /// What it is written in; `go` is a recipe that is not tested
    #[arg(long, value_enum, default_value = "rust", value_name = "LANGUAGE")]
    lang: Language,
    /// For Rust, the folder of the guest SDK [default: the checkout this program was built from, or the registry]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<()> {
        let folder = std::path::absolute(&self.folder).map_err(CommandError::usage)?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let template = template::of(self.lang);
        let sdk = match self.lang {
            Language::Rust => sdk(self.sdk.as_deref())?,
            // The others' is in this program.
            _ if self.sdk.is_some() => {
                return Err(CommandError::usage("--sdk is for Rust: other languages have theirs from `holm build`"));
            }
            _ => String::new(),
        };
        let fill = |text: &str| {
            let text = text.replace("{name}", &name).replace("{sdk}", &sdk).replace("{tool}", template.tool);
            text.replace("{memory}", template.memory).replace("{version}", env!("CARGO_PKG_VERSION"))
        };
        let manifest = Manifest::parse(&fill(template::MANIFEST), "plugin.toml");
        manifest.map_err(|_| {
            CommandError::usage(format!("`{}` is no name for a skill", holm_packages::printable(&name)))
                .hint("write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends")
        })?;
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
            return Err(CommandError::new(CONFLICT, format!("`{}` exists already", self.folder.display())));
        }
        for (path, text) in template.files {
            write(&folder.join(path), &fill(text))?;
        }
        let shown = self.folder.to_string_lossy();
        ui::talk(format_args!("{} {} in {shown}", ui::good("made"), ui::bold(&name)));
        if self.lang == Language::Go {
            ui::warn("the recipe for Go is not tested; README.md in the folder has its commands");
            return Ok(());
        }
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
