//! The values of a typed function to JSON, written as they are met and no longer than they may be.

use std::fmt::Write;

use base64::{display::Base64Display, engine::general_purpose};
use wasmtime::component::Val;

use super::shape::{EXACT, Shape};

/// Why a value is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// It would be longer than an answer may be.
    TooLong,
    /// It is not of its type: the host's mistake.
    Mistyped,
}

type Result = std::result::Result<(), Unwritten>;

/// JSON that is being written.
pub(super) struct Lift {
    text: String,
    maximum: usize,
}

impl Lift {
    /// The JSON of a value, of at most `maximum` bytes.
    pub(super) fn json(shape: &Shape, value: &Val, maximum: usize) -> std::result::Result<String, Unwritten> {
        let mut lift = Self { text: String::new(), maximum };
        lift.value(shape, value)?;
        Ok(lift.text)
    }

    fn put(&mut self, text: &str) -> Result {
        if self.text.len() + text.len() > self.maximum {
            return Err(Unwritten::TooLong);
        }
        self.text.push_str(text);
        Ok(())
    }

    fn number(&mut self, number: impl std::fmt::Display) -> Result {
        self.put(&number.to_string())
    }

    fn string(&mut self, text: &str) -> Result {
        // Written out it is no shorter.
        if self.text.len() + text.len() > self.maximum {
            return Err(Unwritten::TooLong);
        }
        self.put(&serde_json::to_string(text).map_err(|_| Unwritten::Mistyped)?)
    }

    fn wide(&mut self, value: i128) -> Result {
        match (-EXACT..=EXACT).contains(&value) {
            true => self.number(value),
            false => self.string(&value.to_string()),
        }
    }

    fn float(&mut self, value: f64) -> Result {
        match value {
            value if value.is_nan() => self.put("\"NaN\""),
            f64::INFINITY => self.put("\"Infinity\""),
            f64::NEG_INFINITY => self.put("\"-Infinity\""),
            value => self.put(&serde_json::to_string(&value).map_err(|_| Unwritten::Mistyped)?),
        }
    }

    /// Items between brackets.
    fn items<T>(
        &mut self,
        brackets: [&str; 2],
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Result,
    ) -> Result {
        self.put(brackets[0])?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.put(",")?;
            }
            each(self, item)?;
        }
        self.put(brackets[1])
    }

    fn value(&mut self, shape: &Shape, value: &Val) -> Result {
        match (shape, value) {
            (Shape::Bool, Val::Bool(value)) => self.put(if *value { "true" } else { "false" }),
            (Shape::Int(_), Val::S8(value)) => self.number(value),
            (Shape::Int(_), Val::U8(value)) => self.number(value),
            (Shape::Int(_), Val::S16(value)) => self.number(value),
            (Shape::Int(_), Val::U16(value)) => self.number(value),
            (Shape::Int(_), Val::S32(value)) => self.number(value),
            (Shape::Int(_), Val::U32(value)) => self.number(value),
            (Shape::Int(_), Val::S64(value)) => self.wide((*value).into()),
            (Shape::Int(_), Val::U64(value)) => self.wide((*value).into()),
            (Shape::F32, Val::Float32(value)) => self.float(widened(*value)),
            (Shape::F64, Val::Float64(value)) => self.float(*value),
            (Shape::Char, Val::Char(value)) => self.string(value.encode_utf8(&mut [0; 4])),
            (Shape::Text, Val::String(value)) => self.string(value),
            (Shape::Bytes, Val::List(items)) => self.bytes(items),
            (Shape::List(element), Val::List(items)) | (Shape::Fixed(element, _), Val::FixedLengthList(items)) => {
                self.items(["[", "]"], items, |lift, item| lift.value(element, item))
            }
            (Shape::Map(key, each), Val::Map(entries)) => self.map(key, each, entries),
            (Shape::Record(shapes), Val::Record(fields)) => {
                self.items(["{", "}"], shapes.iter().zip(fields), |lift, ((name, shape), (_, value))| {
                    lift.named(name, shape, value)
                })
            }
            (Shape::Tuple(shapes), Val::Tuple(items)) => {
                self.items(["[", "]"], shapes.iter().zip(items), |lift, (shape, item)| lift.value(shape, item))
            }
            (Shape::Variant(cases), Val::Variant(name, payload)) => {
                self.put("{\"tag\":")?;
                self.string(name)?;
                if let (Some(Some(shape)), Some(payload)) = (cases.get(name), payload) {
                    self.put(",")?;
                    self.named("val", shape, payload)?;
                }
                self.put("}")
            }
            (Shape::Enum(_), Val::Enum(name)) => self.string(name),
            (Shape::Option(_), Val::Option(None)) => self.put("null"),
            (Shape::Option(shape), Val::Option(Some(some))) if shape.may_be_null() => {
                self.items(["{", "}"], [some], |lift, some| lift.named("some", shape, some))
            }
            (Shape::Option(shape), Val::Option(Some(some))) => self.value(shape, some),
            (Shape::Result(ok, _), Val::Result(Ok(value))) => self.side("ok", ok.as_deref(), value.as_deref()),
            (Shape::Result(_, err), Val::Result(Err(value))) => self.side("err", err.as_deref(), value.as_deref()),
            (Shape::Flags(_), Val::Flags(names)) => self.items(["[", "]"], names, |lift, name| lift.string(name)),
            _ => Err(Unwritten::Mistyped),
        }
    }

    fn named(&mut self, name: &str, shape: &Shape, value: &Val) -> Result {
        self.string(name)?;
        self.put(":")?;
        self.value(shape, value)
    }

    fn side(&mut self, name: &str, shape: Option<&Shape>, value: Option<&Val>) -> Result {
        match (shape, value) {
            (Some(shape), Some(value)) => self.items(["{", "}"], [value], |lift, value| lift.named(name, shape, value)),
            _ => self.put(&format!("{{\"{name}\":null}}")),
        }
    }

    fn bytes(&mut self, items: &[Val]) -> Result {
        if self.text.len() + items.len().div_ceil(3) * 4 + 2 > self.maximum {
            return Err(Unwritten::TooLong);
        }
        let byte = |item: &Val| match item {
            Val::U8(byte) => Ok(*byte),
            _ => Err(Unwritten::Mistyped),
        };
        let bytes = items.iter().map(byte).collect::<std::result::Result<Vec<u8>, _>>()?;
        let _ = write!(self.text, "\"{}\"", Base64Display::new(&bytes, &general_purpose::STANDARD));
        Ok(())
    }

    fn map(&mut self, key: &Shape, each: &Shape, entries: &[(Val, Val)]) -> Result {
        if *key != Shape::Text {
            return self.items(["[", "]"], entries, |lift, (first, second)| {
                lift.put("[")?;
                lift.value(key, first)?;
                lift.put(",")?;
                lift.value(each, second)?;
                lift.put("]")
            });
        }
        // The last of a key counts, and no name stands twice in an object.
        let last: indexmap::IndexMap<&str, &Val> = entries
            .iter()
            .filter_map(|(name, value)| match name {
                Val::String(name) => Some((name.as_str(), value)),
                _ => None,
            })
            .collect();
        self.items(["{", "}"], last, |lift, (name, value)| lift.named(name, each, value))
    }
}

/// The double that is written as shortly as this float is, where it is read as the same float again.
fn widened(value: f32) -> f64 {
    let short: f64 = value.to_string().parse().unwrap_or(f64::NAN);
    #[expect(clippy::cast_possible_truncation, reason = "it is compared")]
    let same = (short as f32).to_bits() == value.to_bits();
    if same { short } else { value.into() }
}
