//! `[providers]` and `[models]` of `config.toml`: who answers for which model, and on what terms.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use holm_drivers::llm::{self as drivers, Key, KeyError, OpenError};
use holm_kernel::{
    account::{Bytes, Money},
    llm::{Attempt, Choice, Config, Driver, Events, Failure, ModelConfig, Prices, Provider, Target, Traits},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};

/// Who can be asked, by the names their user gave them.
pub(crate) type Providers = BTreeMap<String, ProviderSettings>;

/// What can be granted, by the names their user gave them.
pub(crate) type Models = BTreeMap<String, ModelSettings>;

/// `[providers.NAME]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProviderSettings {
    /// What it speaks: see [`drivers::KINDS`].
    pub(crate) kind: String,
    /// Where it listens; the vendor's own address where it is not given.
    pub(crate) base_url: Option<String>,
    /// The environment variable that holds its key.
    pub(crate) key_env: Option<String>,
    /// The file of mode 0600 that holds its key.
    pub(crate) key_file: Option<PathBuf>,
    /// Sent with each request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Calls under way at once.
    #[serde(default = "concurrency")]
    pub(crate) concurrency: u32,
    pub(crate) requests_per_minute: Option<u64>,
    pub(crate) tokens_per_minute: Option<u64>,
    #[serde(default, with = "humantime_serde::option")]
    pub(crate) connect_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde::option")]
    pub(crate) first_byte_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde::option")]
    pub(crate) idle_timeout: Option<Duration>,
    /// What `scripted` replays.
    pub(crate) script: Option<PathBuf>,
}

fn concurrency() -> u32 {
    8
}

/// `[models.NAME]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ModelSettings {
    /// Who serves it: `"provider/model"`, or a table with more to say.
    pub(crate) targets: Vec<TargetSettings>,
    /// `ordered` or `weighted`.
    #[serde(default)]
    pub(crate) choice: ChoiceSettings,
    /// Until a call is given up.
    #[serde(default = "deadline", with = "humantime_serde")]
    pub(crate) deadline: Duration,
    /// Attempts at one call, all targets together.
    #[serde(default = "attempts")]
    pub(crate) attempts: u32,
    /// A second target is asked too where the first has not begun to answer by then.
    #[serde(default, with = "humantime_serde::option")]
    pub(crate) hedge: Option<Duration>,
    /// Replies are kept, and given to the same request again.
    #[serde(default)]
    pub(crate) cache: bool,
}

fn deadline() -> Duration {
    Duration::from_secs(300)
}

fn attempts() -> u32 {
    4
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChoiceSettings {
    #[default]
    Ordered,
    Weighted,
}

/// One of a model's targets.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "TargetForm")]
pub(crate) struct TargetSettings {
    pub(crate) provider: String,
    pub(crate) model: String,
    terms: TargetTerms,
}

enum TargetForm {
    Name(String),
    Table(Box<TargetTable>),
}

impl<'de> Deserialize<'de> for TargetForm {
    // Not untagged: what is wrong in the table is to be named.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = TargetForm;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"provider/model\", or { target = \"provider/model\", … }")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<TargetForm, E> {
                Ok(TargetForm::Name(name.to_owned()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TargetForm, A::Error> {
                TargetTable::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(TargetForm::Table)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A price, in US dollars: `3`, `0.25`, `"0.25"`.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    struct Visitor;
    impl de::Visitor<'_> for Visitor {
        type Value = Money;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("US dollars, like 3 or 0.25")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
            text.parse().map_err(E::custom)
        }
        fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Money, E> {
            self.visit_str(&whole.to_string())
        }
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Money, E> {
            self.visit_str(&number.to_string())
        }
    }
    deserializer.deserialize_any(Visitor)
}

fn some_dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    dollars(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TargetTable {
    target: String,
    #[serde(default = "weight")]
    weight: u32,
    context_window: Option<u32>,
    #[serde(default = "max_output")]
    max_output: u32,
    #[serde(default)]
    images: bool,
    /// US dollars for a million tokens.
    #[serde(default, deserialize_with = "dollars")]
    input_price: Money,
    #[serde(default, deserialize_with = "dollars")]
    output_price: Money,
    #[serde(default, deserialize_with = "some_dollars")]
    cached_price: Option<Money>,
    #[serde(default, deserialize_with = "some_dollars")]
    cache_write_price: Option<Money>,
    #[serde(default = "yes")]
    tools: bool,
    #[serde(default = "yes")]
    temperature: bool,
    #[serde(default)]
    effort: bool,
    #[serde(default = "yes")]
    prompt_cache: bool,
}

#[derive(Clone, Debug)]
struct TargetTerms {
    weight: u32,
    context_window: Option<u32>,
    max_output: u32,
    images: bool,
    prices: Prices,
    traits: Traits,
}

fn weight() -> u32 {
    1
}

fn max_output() -> u32 {
    4096
}

fn yes() -> bool {
    true
}

impl From<TargetForm> for TargetSettings {
    fn from(form: TargetForm) -> Self {
        let table = match form {
            TargetForm::Table(table) => *table,
            TargetForm::Name(target) => TargetTable {
                target,
                weight: weight(),
                context_window: None,
                max_output: max_output(),
                images: false,
                input_price: Money(0),
                output_price: Money(0),
                cached_price: None,
                cache_write_price: None,
                tools: true,
                temperature: true,
                effort: false,
                prompt_cache: true,
            },
        };
        // Without a slash there is no such provider, which is said when the models are opened.
        let (provider, model) = table.target.split_once('/').unwrap_or((&table.target, ""));
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            terms: TargetTerms {
                weight: table.weight,
                context_window: table.context_window,
                max_output: table.max_output,
                images: table.images,
                prices: Prices {
                    input: table.input_price,
                    output: table.output_price,
                    cached: table.cached_price.unwrap_or(table.input_price),
                    // Anthropic's, the only one that bills it and tells of it.
                    cache_write: table.cache_write_price.unwrap_or(Money(table.input_price.0.saturating_mul(5) / 4)),
                },
                traits: Traits {
                    sampling: table.temperature,
                    native_tools: table.tools,
                    effort: table.effort,
                    prompt_cache: table.prompt_cache,
                },
            },
        }
    }
}

impl TargetSettings {
    /// What drivers are told of it.
    pub(crate) fn traits(&self) -> Traits {
        self.terms.traits.clone()
    }
}

/// The models cannot be opened as they are configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelsError {
    #[error("[providers.{name}]: {error}")]
    Provider { name: String, error: OpenError },
    #[error("[providers.{0}]: name `key-env` or `key-file`, not both")]
    TwoKeys(String),
    #[error("[models.{model}]: `{target}` is no target: write \"provider/model\"")]
    Target { model: String, target: String },
}

impl ProviderSettings {
    /// Its key; none where it needs none.
    ///
    /// # Errors
    /// There is none where its settings say.
    pub(crate) fn key(&self, home: &Path) -> Result<Option<Key>, KeyError> {
        match (&self.key_env, &self.key_file) {
            (Some(variable), _) => Key::from_environment(variable).map(Some),
            (None, Some(file)) => Key::from_file(&home.join(file)).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// What speaks to it. Paths are read by Holm's home. A key that is missing now is a refusal of
    /// each call, not of the kernel: what needs no model runs without.
    ///
    /// # Errors
    /// An address, a header or a script that cannot be used.
    pub(crate) fn open(&self, name: &str, home: &Path) -> Result<Arc<dyn Driver>, ModelsError> {
        if self.key_env.is_some() && self.key_file.is_some() {
            return Err(ModelsError::TwoKeys(name.to_owned()));
        }
        let (key, missing) = match self.key(home) {
            Ok(key) => (key, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let defaults = drivers::Provider::default();
        let provider = drivers::Provider {
            kind: self.kind.clone(),
            base_url: self.base_url.clone(),
            key,
            headers: self.headers.clone().into_iter().collect(),
            connect_timeout: self.connect_timeout.unwrap_or(defaults.connect_timeout),
            first_byte_timeout: self.first_byte_timeout.unwrap_or(defaults.first_byte_timeout),
            idle_timeout: self.idle_timeout.unwrap_or(defaults.idle_timeout),
            script: self.script.as_ref().map(|script| home.join(script)),
        };
        let driver = drivers::open(&provider);
        let driver = driver.map_err(|error| ModelsError::Provider { name: name.to_owned(), error })?;
        Ok(match missing {
            None => driver,
            Some(why) => Arc::new(Keyless(why)),
        })
    }
}

/// Stands where a provider's key is missing.
struct Keyless(String);

impl Driver for Keyless {
    fn attempt(&self, _: Attempt) -> futures_core::future::BoxFuture<'static, Result<Events, Failure>> {
        let failure = Failure::Unauthorized(self.0.clone());
        Box::pin(async move { Err(failure) })
    }
}

/// All of them, as the kernel takes them.
///
/// # Errors
/// A provider or a target that cannot be used.
pub(crate) fn open(providers: &Providers, models: &Models, home: &Path) -> Result<Config, ModelsError> {
    let provider = |(name, settings): (&String, &ProviderSettings)| {
        Ok(Provider {
            name: name.clone(),
            driver: settings.open(name, home)?,
            concurrency: settings.concurrency,
            requests_per_minute: settings.requests_per_minute,
            tokens_per_minute: settings.tokens_per_minute,
        })
    };
    let model = |(name, settings): (&String, &ModelSettings)| {
        let target = |target: &TargetSettings| {
            if target.model.is_empty() {
                return Err(ModelsError::Target { model: name.clone(), target: target.provider.clone() });
            }
            Ok(Target {
                provider: target.provider.clone(),
                model: target.model.as_str().into(),
                weight: target.terms.weight,
                context_window: target.terms.context_window,
                max_output: target.terms.max_output,
                images: target.terms.images,
                prices: target.terms.prices,
                traits: target.terms.traits.clone(),
            })
        };
        Ok(ModelConfig {
            name: name.as_str().into(),
            targets: settings.targets.iter().map(target).collect::<Result<_, _>>()?,
            choice: match settings.choice {
                ChoiceSettings::Ordered => Choice::Ordered,
                ChoiceSettings::Weighted => Choice::Weighted,
            },
            deadline: settings.deadline,
            attempts: settings.attempts,
            hedge: settings.hedge,
            cache: settings.cache,
        })
    };
    Ok(Config {
        providers: providers.iter().map(provider).collect::<Result<_, _>>()?,
        models: models.iter().map(model).collect::<Result<_, _>>()?,
        ..Config::default()
    })
}

/// `[model-cache]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct CacheSettings {
    /// Replies that are kept to be given again, in all.
    pub(crate) size: Bytes,
    /// For how long.
    #[serde(with = "humantime_serde")]
    pub(crate) time: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        let defaults = Config::default();
        Self { size: defaults.cache_size, time: defaults.cache_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const SETTINGS: &str = r#"
        [providers.claude]
        kind = "anthropic"
        key-env = "HOLM_TEST_NO_SUCH_KEY"
        requests-per-minute = 50

        [providers.local]
        kind = "openai"
        base-url = "http://localhost:8080/v1"
        first-byte-timeout = "5s"

        [models.smart]
        targets = [
            { target = "claude/claude-sonnet-4-5", context-window = 200000, input-price = 3, output-price = 15.0 },
            "local/org/model",
        ]
        hedge = "2s"
    "#;

    #[test]
    fn models_are_read_as_they_are_written() {
        let settings: Settings = toml::from_str(SETTINGS).expect("settings");
        let config = open(&settings.providers, &settings.models, Path::new("/")).expect("a configuration");
        let model = &config.models[0];
        assert_eq!((&*model.name, model.targets.len(), model.hedge), ("smart", 2, Some(Duration::from_secs(2))));
        assert_eq!(model.targets[0].prices.output, Money(15_000_000));
        assert_eq!(model.targets[0].prices.cached, Money(3_000_000), "no discount that was not told");
        assert_eq!(model.targets[0].prices.cache_write, Money(3_750_000));
        assert_eq!((model.targets[1].provider.as_str(), &*model.targets[1].model), ("local", "org/model"));
    }

    #[tokio::test]
    async fn a_missing_key_refuses_calls_and_not_the_kernel() {
        let settings: Settings = toml::from_str(SETTINGS).expect("settings");
        let driver = settings.providers["claude"].open("claude", Path::new("/")).expect("a driver");
        let attempt = Attempt { model: "m".into(), request: Arc::default(), traits: Traits::default() };
        let Err(Failure::Unauthorized(why)) = driver.attempt(attempt).await else { panic!("it needs a key") };
        assert!(why.contains("HOLM_TEST_NO_SUCH_KEY"), "{why}");
    }

    #[test]
    fn what_a_newcomer_copies_is_read() {
        let readme = include_str!("../../../README.md").split("```toml\n").skip(1);
        for example in readme.filter_map(|text| text.split("```").next()) {
            let settings: Settings = toml::from_str(example).expect("the README's example");
            open(&settings.providers, &settings.models, Path::new("/")).expect("a configuration");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let wrong = |text: &str| toml::from_str::<Settings>(text).expect_err("refused").to_string();
        assert!(wrong("[models.a]\ntargets = [1]").contains("provider/model"));
        assert!(wrong("[models.a]\ntargets = [{ target = \"a/b\", prise = 1 }]").contains("prise"));
        assert!(wrong("[models.a]\ntargets = [{ target = \"a/b\", input-price = -1 }]").contains("US dollars"));
        assert!(wrong("[providers.a]\nkind = \"openai\"\nkey = \"sk-1\"").contains("unknown field"));
        let settings: Settings =
            toml::from_str("[providers.a]\nkind = \"opnai\"\n[models.b]\ntargets = [\"a\"]").expect("settings");
        let Err(error) = open(&settings.providers, &settings.models, Path::new("/")) else { panic!("no such kind") };
        assert!(error.to_string().starts_with("[providers.a]: there is no kind of provider `opnai`"), "{error}");
    }
}
