//! Addresses as browsers read them, by the `url` crate.

use crate::values::{Text, failed};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use url::{Url, quirks};

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("urlParse", Func::from(parse))?;
    native.set("urlSet", Func::from(set))?;
    native.set("domainToAscii", Func::from(|text: Text| quirks::domain_to_ascii(&text.0)))?;
    native.set("domainToUnicode", Func::from(|text: Text| quirks::domain_to_unicode(&text.0)))?;
    Ok(())
}

/// href, origin, protocol, username, password, host, hostname, port, pathname, search, hash.
fn parts(url: &Url) -> Vec<String> {
    let borrowed = [
        quirks::protocol(url),
        quirks::username(url),
        quirks::password(url),
        quirks::host(url),
        quirks::hostname(url),
        quirks::port(url),
        quirks::pathname(url),
        quirks::search(url),
        quirks::hash(url),
    ];
    [quirks::href(url).to_owned(), quirks::origin(url)].into_iter().chain(borrowed.map(str::to_owned)).collect()
}

/// The parts of an address; none if it is none.
fn parse(address: Text, base: Option<Text>) -> Vec<String> {
    let url = match base {
        Some(base) => Url::parse(&base.0).and_then(|base| base.join(&address.0)),
        None => Url::parse(&address.0),
    };
    url.map(|url| parts(&url)).unwrap_or_default()
}

/// The parts after one of them was set. What cannot be set stays as it is.
fn set(ctx: Ctx<'_>, href: String, part: String, value: Text) -> Result<Vec<String>> {
    let mut url = Url::parse(&href).map_err(|error| failed(&ctx, "ERR_INVALID_URL", &error.to_string()))?;
    let value = value.0.as_str();
    let _ = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, value),
        "username" => quirks::set_username(&mut url, value),
        "password" => quirks::set_password(&mut url, value),
        "host" => quirks::set_host(&mut url, value),
        "hostname" => quirks::set_hostname(&mut url, value),
        "port" => quirks::set_port(&mut url, value),
        "pathname" => {
            quirks::set_pathname(&mut url, value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, value);
            Ok(())
        }
    };
    Ok(parts(&url))
}
