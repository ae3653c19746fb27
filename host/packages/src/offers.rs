//! What a component told of beside its tools when it was installed: what may be kept of it.

use std::collections::BTreeSet;

use holm_kernel::program::Offers;

use crate::{
    text::{is_hidden, printable},
    tools::is_name,
};

/// Resources, templates and prompts of one plugin, each. Stops lists that nobody reads.
const MAXIMUM_OFFERS: usize = 256;
/// Arguments of one prompt.
const MAXIMUM_ARGUMENTS: usize = 32;
/// Bytes of one URI. Stops texts that pass for names.
const MAXIMUM_URI_BYTES: usize = 2 << 10;
/// Bytes of one text.
const MAXIMUM_TEXT_BYTES: usize = 16 << 10;
/// Bytes of all of them.
const MAXIMUM_BYTES: usize = 1 << 20;

/// Why what a plugin offers is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffersError {
    /// There is more than is kept.
    #[error("the plugin tells of too much: {0}")]
    TooMuch(&'static str),
    /// Something is not described as it has to be.
    #[error("the plugin's {kind} `{name}` {reason}")]
    Offer {
        /// What it is.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// One offer, its name among others, and all its texts.
struct Offer<'a> {
    kind: &'static str,
    name: &'a str,
    named: bool,
    texts: Vec<&'a str>,
}

/// Checks what a component offers.
///
/// # Errors
/// A name, a text, or the amount of it is not acceptable.
pub fn check_offers(offers: &Offers) -> Result<(), OffersError> {
    let Offers { resources, templates, prompts } = offers;
    if resources.len().max(templates.len()).max(prompts.len()) > MAXIMUM_OFFERS {
        return Err(OffersError::TooMuch("over 256 of one kind"));
    }
    let (mut names, mut bytes) = (BTreeSet::new(), 0);
    for offer in all(offers) {
        let Offer { kind, name, named, texts } = &offer;
        let refuse = |reason| Err(OffersError::Offer { kind, name: printable(name), reason });
        bytes += texts.iter().map(|text| text.len()).sum::<usize>();
        match () {
            () if *kind == "prompt" && !is_name(name) => {
                return refuse("has a name that is not 1 to 64 of a-z, 0-9, _ and -");
            }
            () if *kind != "prompt" && (name.len() > MAXIMUM_URI_BYTES || !is_uri(name)) => {
                return refuse("has no URI of at most 2 KiB, like notes://today");
            }
            // What Holm itself calls things of several plugins that have one address.
            () if *kind != "prompt" && name.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("holm:")) => {
                return refuse("has a URI that begins with holm:");
            }
            () if !named => return refuse("has no name"),
            () if !names.insert((*kind, *name)) => return refuse("is told of twice"),
            () if texts.iter().any(|text| text.len() > MAXIMUM_TEXT_BYTES) => {
                return refuse("has a text of over 16 KiB");
            }
            () if texts.iter().any(|text| hides(text)) => return refuse("holds hidden characters in its texts"),
            () => {}
        }
    }
    if let Some(prompt) = prompts.iter().find(|prompt| prompt.arguments.len() > MAXIMUM_ARGUMENTS) {
        let name = printable(&prompt.name);
        return Err(OffersError::Offer { kind: "prompt", name, reason: "has over 32 arguments" });
    }
    match bytes > MAXIMUM_BYTES {
        true => Err(OffersError::TooMuch("over 1 MiB of texts")),
        false => Ok(()),
    }
}

fn all(offers: &Offers) -> impl Iterator<Item = Offer<'_>> {
    let resources = offers.resources.iter().map(|it| Offer {
        kind: "resource",
        name: &it.uri,
        named: !it.name.is_empty(),
        texts: [
            Some(it.uri.as_str()),
            Some(it.name.as_str()),
            it.title.as_deref(),
            it.description.as_deref(),
            it.mime_type.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect(),
    });
    let templates = offers.templates.iter().map(|it| Offer {
        kind: "template",
        name: &it.uri_template,
        named: !it.name.is_empty(),
        texts: [
            Some(it.uri_template.as_str()),
            Some(it.name.as_str()),
            it.title.as_deref(),
            it.description.as_deref(),
            it.mime_type.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect(),
    });
    let prompts = offers.prompts.iter().map(|it| {
        let own = [Some(it.name.as_str()), it.title.as_deref(), it.description.as_deref()];
        let arguments = it.arguments.iter().flat_map(|argument| {
            [Some(argument.name.as_str()), argument.title.as_deref(), argument.description.as_deref()]
        });
        let named = it.arguments.iter().all(|argument| !argument.name.is_empty());
        Offer { kind: "prompt", name: &it.name, named, texts: own.into_iter().chain(arguments).flatten().collect() }
    });
    resources.chain(templates).chain(prompts)
}

fn hides(text: &str) -> bool {
    text.chars().any(|char| is_hidden(char) && !matches!(char, '\n' | '\t'))
}

/// A scheme, a colon, and something without blanks; what it means is its plugin's business.
fn is_uri(text: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
    };
    text.split_once(':').is_some_and(|(before, rest)| scheme(before) && !rest.is_empty())
        && !text.chars().any(char::is_whitespace)
}
