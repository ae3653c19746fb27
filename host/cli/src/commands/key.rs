//! `holm key`: whose signatures are trusted.

use std::{io::Read, path::PathBuf};

use holm_adapters::control::{KeyChange, Reply, Request};

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, unexpected},
    ui,
};

const EXAMPLES: &str = "\
Which plugins have to be signed, and by whom, is written in config.toml:

  [signatures]
  require = true                          # by any key that was added
  [signatures.from]
  \"oci://ghcr.io/acme/*\" = [\"acme\"]     # by this one

What `cosign generate-key-pair` and `cosign sign --key cosign.key REFERENCE` make is understood:

  holm key add acme cosign.pub

A folder is signed by a file `plugin.sig` in it: Ed25519 or ECDSA over the text
`holm plugin sha256:DIGEST`, in base64. `holm inspect FOLDER` shows the digest.";

/// Add and remove public keys that plugins may be signed by
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Add a public key
    Add {
        /// What to call it
        name: String,
        /// Its file: PEM, ECDSA P-256 (cosign.pub) or Ed25519
        file: PathBuf,
    },
    /// List the keys
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a key; what it signed stays installed
    Remove {
        /// Its name
        name: String,
    },
}

/// More than any key has.
const MAXIMUM_BYTES: u64 = 16 << 10;

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let (json, done) = match &self.command {
            Command::List { json } => (*json, None),
            Command::Add { name, .. } => (false, Some(format!("signatures of {} are known", ui::bold(name)))),
            Command::Remove { name } => (false, Some(format!("signatures of {} are known no longer", ui::bold(name)))),
        };
        let change = match self.command {
            Command::List { .. } => KeyChange::List,
            Command::Add { name, file } => KeyChange::Add { name, pem: read(&file)? },
            Command::Remove { name } => KeyChange::Remove { name },
        };
        let keys = match session.ask(&Request::Keys(change)).await? {
            Reply::Keys(keys) => keys,
            reply => return unexpected(&reply),
        };
        match done {
            Some(done) => ui::talk(done),
            None if json => return ui::json(&keys),
            None if keys.is_empty() => ui::talk("no key is known"),
            None => {
                let rows: Vec<_> = keys.into_iter().map(|key| vec![key.name, key.kind, key.fingerprint]).collect();
                return ui::table(&["KEY", "KIND", "FINGERPRINT"], &rows);
            }
        }
        Ok(())
    }
}

fn read(file: &std::path::Path) -> Result<String> {
    let failed = |error| CommandError::new(NOT_FOUND, format!("`{}`: {error}", file.display()));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    opened.take(MAXIMUM_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
