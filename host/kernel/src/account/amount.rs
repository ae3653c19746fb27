//! Amounts are types: fuel is never added to bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Work: one unit for each WebAssembly instruction (more for bulk operations), and
/// for host work by the price list beside each operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fuel(pub u64);

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// Money, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub u64);

/// The text is no amount.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no amount of {unit}: write it like {example}")]
pub struct ParseAmountError {
    text: String,
    unit: &'static str,
    example: &'static str,
}

impl FromStr for Fuel {
    type Err = ParseAmountError;

    /// A number, or one with `k`, `M`, `G` or `T` behind it (powers of a thousand).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SUFFIXES: [(&str, u64); 4] =
            [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)];
        let (digits, unit) =
            SUFFIXES.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit))).unwrap_or((text, 1));
        let parsed = digits.trim().replace('_', "").parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
        parsed.map(Fuel).ok_or_else(|| ParseAmountError { text: text.to_owned(), unit: "fuel", example: "200M" })
    }
}

impl fmt::Display for Fuel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] =
            [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
        match UNITS.iter().find(|(unit, _)| self.0 >= *unit) {
            None => f.pad(&self.0.to_string()),
            Some((unit, suffix)) if self.0.is_multiple_of(*unit) => f.pad(&format!("{}{suffix}", self.0 / unit)),
            Some((unit, suffix)) => f.pad(&format!("{:.1}{suffix}", self.0 as f64 / *unit as f64)),
        }
    }
}

impl FromStr for Bytes {
    type Err = ParseAmountError;

    /// A number, or one with a unit: `64MiB` (powers of 1,024), `64MB` (powers of a thousand).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<bytesize::ByteSize>() {
            Ok(size) => Ok(Bytes(size.as_u64())),
            Err(_) => Err(ParseAmountError { text: text.to_owned(), unit: "bytes", example: "64MiB" }),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&bytesize::ByteSize(self.0).display().iec().to_string().replace(".0 ", " ").replace(' ', ""))
    }
}

impl FromStr for Money {
    type Err = ParseAmountError;

    /// US dollars with at most six decimals: `2`, `0.25`, `$1.50`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (whole, decimals) = text
                .strip_prefix('$')
                .unwrap_or(text)
                .split_once('.')
                .unwrap_or((text.strip_prefix('$').unwrap_or(text), ""));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
                return None;
            }
            let millionths: u64 = format!("{decimals:0<6}").parse().ok()?;
            whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(millionths)
        };
        parse().map(Money).ok_or_else(|| ParseAmountError {
            text: text.to_owned(),
            unit: "US dollars",
            example: "0.25",
        })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, millionths) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let decimals = format!("{millionths:06}");
        let kept = decimals.trim_end_matches('0').len().max(2);
        f.pad(&format!("{whole}.{}", &decimals[..kept]))
    }
}

/// Written and read as text, since a number would leave open whether it is dollars or millionths.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Amounts are written as plain numbers, and read from those or from text (`"200M"`).
macro_rules! serde_amount {
    ($($amount:ident),*) => {$(
        impl Serialize for $amount {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $amount {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $amount;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an amount, like 1000 or \"64M\"")
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$amount, E> {
                        Ok($amount(number))
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$amount, E> {
                        u64::try_from(number).map($amount).map_err(E::custom)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$amount, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
    )*};
}
serde_amount!(Fuel, Bytes);
