//! `holm mcp token`: who is let in over HTTP.

use holm_packages::{Tokens, TokensError, printable};

use crate::{
    error::{CONFLICT, CommandError, NOT_FOUND, Result},
    session::Session,
    settings::{PROFILE, Settings},
    ui,
};

/// Make and end the tokens by which clients are let in over HTTP
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make a token and print it; it is told this once
    New {
        /// Whose it is, like `laptop`
        name: String,
        /// What its holder is offered [default: `default`]
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
    },
    /// List the tokens
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token; requests with it are refused from now on
    Revoke {
        /// Whose
        name: String,
    },
}

impl Arguments {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let home = session.open_home()?;
        let tokens = Tokens::new(home.path());
        match self.verb {
            Verb::New { name, profile } => {
                if let Some(profile) = &profile {
                    Settings::read(home.path())?.profile(profile)?;
                }
                let offered = profile.clone().unwrap_or_else(|| PROFILE.to_owned());
                let text = tokens.make(&name, profile).map_err(failed)?;
                ui::talk(format_args!(
                    "{} has a token; and is offered what the profile `{}` says; it is told this once:",
                    ui::bold(&name),
                    printable(&offered)
                ));
                ui::data(&*text)
            }
            Verb::List { json } => list(&tokens, json),
            Verb::Revoke { name } => {
                tokens.revoke(&name).map_err(failed)?;
                ui::talk(format_args!("{} is let in no longer", ui::bold(&name)));
                Ok(())
            }
        }
    }
}

fn list(tokens: &Tokens, json: bool) -> Result<()> {
    let tokens = tokens.list().map_err(failed)?;
    if json {
        let told = tokens
            .iter()
            .map(|(name, token)| serde_json::json!({ "name": name, "profile": token.profile, "made": token.made }));
        return ui::json(&told.collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        ui::talk("nobody has a token");
        return Ok(());
    }
    let rows = tokens.iter().map(|(name, token)| {
        let profile = token.profile.as_deref().map_or_else(|| "default".to_owned(), printable);
        vec![name.clone(), profile, printable(&token.made)]
    });
    ui::table(&["NAME", "PROFILE", "MADE"], &rows.collect::<Vec<_>>())
}

fn failed(error: TokensError) -> CommandError {
    match error {
        TokensError::NotFound(_) => CommandError::new(NOT_FOUND, error),
        TokensError::Taken(_) | TokensError::Exposed(_) => CommandError::new(CONFLICT, error),
        TokensError::Name | TokensError::TooMany | TokensError::Malformed { .. } => CommandError::usage(error),
        TokensError::Io { .. } => CommandError::internal(error),
    }
}
