//! JSON to the values of a typed function. What does not fit is named by its place: `points[3].x`.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

use super::shape::{EXACT, Int, Shape};

/// Why arguments are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// They do not fit the types.
    #[error("{0}")]
    Wrong(String),
    /// They take more memory than there is.
    #[error("its arguments take more memory than is left")]
    TooLarge,
}

/// What the values may take, in bytes. A few bytes of JSON make a value of many: stops arguments that
/// grow fortyfold.
pub(super) struct Lower {
    room: u64,
    taken: u64,
    path: String,
}

type Result<T> = std::result::Result<T, Unfit>;

/// What an object's keys in one place may be, so that messages stay short.
const SHOWN: usize = 16;

impl Lower {
    /// A conversion that may take so many bytes.
    pub(super) fn new(room: u64) -> Self {
        Self { room, taken: 0, path: String::new() }
    }

    /// How many bytes the values take.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The arguments of a function, in their order, from an object of them by name.
    pub(super) fn arguments(&mut self, shapes: &[(String, Shape)], given: Map<String, Value>) -> Result<Vec<Val>> {
        let fields = self.fields(shapes, given, "there is no parameter", "it takes")?;
        Ok(fields.into_iter().map(|(_, value)| value).collect())
    }

    fn take(&mut self, bytes: usize) -> Result<()> {
        let taken = self.taken.saturating_add(bytes as u64);
        if taken > self.room {
            return Err(Unfit::TooLarge);
        }
        self.taken = taken;
        Ok(())
    }

    fn many(&mut self, count: usize) -> Result<()> {
        self.take(count.saturating_mul(size_of::<Val>()))
    }

    /// An error at this place.
    fn wrong<T>(&self, reason: impl std::fmt::Display) -> Result<T> {
        let place = self.path.trim_start_matches('.');
        Err(Unfit::Wrong(if place.is_empty() { reason.to_string() } else { format!("{place}: {reason}") }))
    }

    fn expected<T>(&self, what: impl std::fmt::Display, found: &Value) -> Result<T> {
        self.wrong(format_args!("expected {what}, found {}", shown(found)))
    }

    /// Does this a level deeper.
    fn at<T>(&mut self, place: std::fmt::Arguments<'_>, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let length = self.path.len();
        let _ = self.path.write_fmt(place);
        let done = inner(self);
        if done.is_ok() {
            self.path.truncate(length);
        }
        done
    }

    fn fields(
        &mut self,
        shapes: &[(String, Shape)],
        mut given: Map<String, Value>,
        unknown: &str,
        takes: &str,
    ) -> Result<Vec<(String, Val)>> {
        self.take(shapes.len().saturating_mul(size_of::<(String, Val)>()))?;
        let mut fields = Vec::with_capacity(shapes.len());
        for (name, shape) in shapes {
            self.take(name.len())?;
            let value = self.at(format_args!(".{name}"), |lower| match (given.remove(name), shape) {
                (Some(value), shape) => lower.value(shape, value),
                (None, Shape::Option(_)) => Ok(Val::Option(None)),
                (None, _) => lower.wrong("is missing"),
            })?;
            fields.push((name.clone(), value));
        }
        match given.keys().next() {
            None => Ok(fields),
            Some(key) => {
                let known: Vec<&str> = shapes.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                self.wrong(format_args!("{unknown} `{}`; {takes} {known}", short(key)))
            }
        }
    }

    /// One value.
    pub(super) fn value(&mut self, shape: &Shape, given: Value) -> Result<Val> {
        match (shape, given) {
            (Shape::Bool, Value::Bool(value)) => Ok(Val::Bool(value)),
            (Shape::Bool, other) => self.expected("true or false", &other),
            (Shape::Int(int), other) => self.integer(*int, &other),
            (Shape::F32, other) => {
                let value = self.float(&other)?;
                #[expect(clippy::cast_possible_truncation, reason = "what is too large for it is refused")]
                let narrow = value as f32;
                match narrow.is_infinite() && value.is_finite() {
                    true => self.expected("a number that fits 32 bits", &other),
                    false => Ok(Val::Float32(narrow)),
                }
            }
            (Shape::F64, other) => self.float(&other).map(Val::Float64),
            (Shape::Char, Value::String(text)) => {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(char), None) => Ok(Val::Char(char)),
                    _ => self.expected("one character", &Value::String(text)),
                }
            }
            (Shape::Char, other) => self.expected("one character", &other),
            (Shape::Text, Value::String(text)) => {
                self.take(text.len())?;
                Ok(Val::String(text))
            }
            (Shape::Text, other) => self.expected("a string", &other),
            (Shape::Bytes, Value::String(text)) => self.bytes(&text),
            (Shape::Bytes, Value::Array(items)) => self.list(&Shape::Int(Int::U8), items).map(Val::List),
            (Shape::Bytes, other) => self.expected("Base64, or an array of bytes", &other),
            (Shape::List(element), Value::Array(items)) => self.list(element, items).map(Val::List),
            (Shape::Fixed(element, length), Value::Array(items)) if items.len() as u64 == u64::from(*length) => {
                self.list(element, items).map(Val::FixedLengthList)
            }
            (Shape::Fixed(_, length), other) => self.expected(format_args!("an array of {length}"), &other),
            (Shape::List(_), other) => self.expected("an array", &other),
            (Shape::Map(key, value), other) => self.map(key, value, other),
            (Shape::Record(shapes), Value::Object(given)) => {
                self.fields(shapes, given, "there is no field", "there are").map(Val::Record)
            }
            (Shape::Record(_), other) => self.expected("an object", &other),
            (Shape::Tuple(shapes), Value::Array(items)) if items.len() == shapes.len() => {
                self.many(items.len())?;
                let values = shapes.iter().zip(items).enumerate();
                let values = values
                    .map(|(index, (shape, item))| self.at(format_args!("[{index}]"), |lower| lower.value(shape, item)));
                values.collect::<Result<_>>().map(Val::Tuple)
            }
            (Shape::Tuple(shapes), other) => self.expected(format_args!("an array of {}", shapes.len()), &other),
            (Shape::Variant(cases), other) => self.variant(cases, other),
            (Shape::Enum(names), Value::String(name)) if names.contains(&name) => {
                self.take(name.len())?;
                Ok(Val::Enum(name))
            }
            (Shape::Enum(names), other) => self.expected(one_of(names.iter()), &other),
            (Shape::Option(_), Value::Null) => Ok(Val::Option(None)),
            (Shape::Option(some), given) => {
                self.many(1)?;
                let some = match some.may_be_null() {
                    true => {
                        let given = self.only("some", given)?;
                        self.at(format_args!(".some"), |lower| lower.value(some, given))?
                    }
                    false => self.value(some, given)?,
                };
                Ok(Val::Option(Some(Box::new(some))))
            }
            (Shape::Result(ok, err), given) => {
                let Value::Object(sides) = &given else { return self.expected("an object with `ok` or `err`", &given) };
                let is_ok = sides.contains_key("ok");
                let (name, shape) = if is_ok { ("ok", ok) } else { ("err", err) };
                let given = self.only(name, given)?;
                let value = self.at(format_args!(".{name}"), |lower| lower.payload(shape.as_deref(), given))?;
                Ok(Val::Result(if is_ok { Ok(value) } else { Err(value) }))
            }
            (Shape::Flags(names), Value::Array(items)) => self.flags(names, items),
            (Shape::Flags(_), other) => self.expected("an array of names", &other),
        }
    }

    fn integer(&self, int: Int, given: &Value) -> Result<Val> {
        let (least, greatest) = int.range();
        let value = match given {
            Value::Number(number) => whole(number),
            Value::String(text) if int.is_wide() && text.len() <= 20 => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                text.parse::<i128>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
            }
            _ => None,
        };
        let Some(value) = value.filter(|value| (least..=greatest).contains(value)) else {
            return self.expected(format_args!("an integer from {least} to {greatest}"), given);
        };
        // It lies within the range.
        macro_rules! narrow {
            ($($int:ident: $ty:ty,)*) => {
                match int { $(Int::$int => Val::$int(<$ty>::try_from(value).unwrap_or_default()),)* }
            };
        }
        Ok(narrow! { S8: i8, U8: u8, S16: i16, U16: u16, S32: i32, U32: u32, S64: i64, U64: u64, })
    }

    fn float(&self, given: &Value) -> Result<f64> {
        match given {
            Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) if text == "NaN" => Ok(f64::NAN),
            Value::String(text) if text == "Infinity" => Ok(f64::INFINITY),
            Value::String(text) if text == "-Infinity" => Ok(f64::NEG_INFINITY),
            other => self.expected("a number, or one of \"NaN\", \"Infinity\" and \"-Infinity\"", other),
        }
    }

    fn bytes(&mut self, text: &str) -> Result<Val> {
        self.many(text.len() / 4 * 3)?;
        let bytes = general_purpose::STANDARD
            .decode(text)
            .or_else(|_| general_purpose::STANDARD_NO_PAD.decode(text))
            .or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')));
        match bytes {
            Ok(bytes) => Ok(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(error) => self.wrong(format_args!("is no Base64 ({error})")),
        }
    }

    fn list(&mut self, element: &Shape, items: Vec<Value>) -> Result<Vec<Val>> {
        self.many(items.len())?;
        let items = items.into_iter().enumerate();
        items.map(|(index, item)| self.at(format_args!("[{index}]"), |lower| lower.value(element, item))).collect()
    }

    fn map(&mut self, key: &Shape, value: &Shape, given: Value) -> Result<Val> {
        let entry = size_of::<(Val, Val)>();
        match given {
            Value::Object(entries) if *key == Shape::Text => {
                self.take(entries.len().saturating_mul(entry))?;
                let entries = entries.into_iter().map(|(name, item)| {
                    self.take(name.len())?;
                    let item = self.at(format_args!("[{:?}]", short(&name)), |lower| lower.value(value, item))?;
                    Ok((Val::String(name), item))
                });
                entries.collect::<Result<_>>().map(Val::Map)
            }
            Value::Array(pairs) if *key != Shape::Text => {
                self.take(pairs.len().saturating_mul(entry))?;
                let pairs = pairs.into_iter().enumerate().map(|(index, pair)| {
                    self.at(format_args!("[{index}]"), |lower| match pair {
                        Value::Array(pair) if pair.len() == 2 => {
                            let mut pair = pair.into_iter();
                            let (first, second) = (pair.next().unwrap_or_default(), pair.next().unwrap_or_default());
                            let first = lower.at(format_args!("[0]"), |lower| lower.value(key, first))?;
                            Ok((first, lower.at(format_args!("[1]"), |lower| lower.value(value, second))?))
                        }
                        other => lower.expected("a pair of key and value", &other),
                    })
                });
                pairs.collect::<Result<_>>().map(Val::Map)
            }
            other if *key == Shape::Text => self.expected("an object", &other),
            other => self.expected("an array of pairs", &other),
        }
    }

    fn variant(&mut self, cases: &IndexMap<String, Option<Shape>>, given: Value) -> Result<Val> {
        let Value::Object(mut object) = given else {
            return self.expected("an object with `tag`", &given);
        };
        let tag = object.remove("tag").unwrap_or_default();
        let Some((name, payload)) = tag.as_str().and_then(|tag| cases.get_key_value(tag)) else {
            return self.at(format_args!(".tag"), |lower| lower.expected(one_of(cases.keys()), &tag));
        };
        let value = object.remove("val");
        if let Some(key) = object.keys().next() {
            return self.wrong(format_args!("there is no field `{}`; there are tag and val", short(key)));
        }
        self.take(name.len())?;
        let value = self.at(format_args!(".val"), |lower| match (value, payload) {
            (None, Some(Shape::Option(_))) => lower.payload(payload.as_ref(), Value::Null),
            (None, Some(_)) => lower.wrong("is missing"),
            (Some(value), None) => lower.expected("nothing", &value),
            (value, payload) => lower.payload(payload.as_ref(), value.unwrap_or_default()),
        })?;
        Ok(Val::Variant(name.clone(), value))
    }

    /// What a case or a side carries; null where it carries nothing.
    fn payload(&mut self, shape: Option<&Shape>, given: Value) -> Result<Option<Box<Val>>> {
        self.many(1)?;
        match (shape, given) {
            (Some(shape), given) => Ok(Some(Box::new(self.value(shape, given)?))),
            (None, Value::Null) => Ok(None),
            (None, other) => self.expected("nothing", &other),
        }
    }

    /// The one value of an object of one key.
    fn only(&self, key: &str, given: Value) -> Result<Value> {
        match given {
            Value::Object(mut object) if object.len() == 1 && object.contains_key(key) => {
                Ok(object.remove(key).unwrap_or_default())
            }
            other => self.expected(format_args!("an object with `{key}` alone"), &other),
        }
    }

    fn flags(&mut self, names: &IndexSet<String>, items: Vec<Value>) -> Result<Val> {
        let mut set: Vec<String> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            self.at(format_args!("[{index}]"), |lower| match item {
                Value::String(name) if set.contains(&name) => {
                    lower.wrong(format_args!("`{}` stands twice", short(&name)))
                }
                Value::String(name) if names.contains(&name) => {
                    lower.take(size_of::<String>() + name.len())?;
                    set.push(name);
                    Ok(())
                }
                other => lower.expected(one_of(names.iter()), &other),
            })?;
        }
        Ok(Val::Flags(set))
    }
}

/// An integer that a JSON number is, exactly.
fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i128() {
        return Some(value);
    }
    let value = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() <= EXACT as f64)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and of 53 bits")]
    Some(value as i128)
}

fn one_of<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let names: Vec<&str> = names.take(SHOWN).map(String::as_str).collect();
    format!("one of {}{more}", names.join(", "))
}

/// A name as it is shown: short, and without what cannot be seen.
fn short(text: &str) -> String {
    let plain = |char: char| if crate::is_hidden(char) { '\u{fffd}' } else { char };
    text.chars().take(64).map(plain).collect()
}

/// What was found, so that its author knows it again.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(text) => format!("{:?}", short(text)),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}
