//! Forms, as MCP restricts them: an object of strings, numbers, booleans and choices. Pure.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

use crate::syscall::is_hidden;

/// Fields of one form. Stops forms that nobody fills in.
const FIELDS: usize = 64;
/// Choices of one field.
const CHOICES: usize = 256;
/// Bytes of each text in it. Stops labels that are letters.
const TEXT_BYTES: usize = 1 << 10;
/// Formats that are checked; another is not told to whoever fills the form in.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// A form that was read from its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Its fields, in the order in which they are written.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What it holds where nobody says otherwise.
    pub default: Option<Value>,
    /// What it may hold.
    pub kind: Kind,
    /// Whether its choices' titles are written beside them (`enumNames`), as before 2025-11-25.
    pub beside: bool,
}

/// What a field may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A text.
    Text {
        /// At least so many characters.
        least: u64,
        /// At most so many.
        most: u64,
        /// `email`, `uri`, `date` or `date-time`.
        format: Option<String>,
    },
    /// A number.
    Number {
        /// Without a fraction.
        whole: bool,
        /// At least this.
        least: f64,
        /// At most this.
        most: f64,
    },
    /// Yes or no.
    Boolean,
    /// One of these.
    One(Vec<Choice>),
    /// Some of these.
    Some {
        /// Which there are.
        choices: Vec<Choice>,
        /// At least so many of them.
        least: u64,
        /// At most so many.
        most: u64,
    },
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What a reply says.
    pub value: String,
    /// What people call it.
    pub title: Option<String>,
}

/// A schema is no form, or a value does not fit one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is no JSON object that describes one.
    #[error("a form is `{{\"type\":\"object\",\"properties\":{{…}}}}`")]
    Form,
    /// A text is longer than any label.
    #[error("a form has texts of at most {TEXT_BYTES} bytes: `{0}`")]
    Long(String),
    /// More than anybody fills in.
    #[error("a form has 1 to {FIELDS} fields of at most {CHOICES} choices")]
    TooMuch,
    /// It holds control characters, or such that hide or reorder text.
    #[error("hidden characters in `{0}`")]
    Hidden(String),
    /// A field.
    #[error("`{field}` {reason}")]
    Field {
        /// Its name.
        field: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// What is read of a form's schema.
#[derive(Deserialize)]
struct Schema {
    #[serde(rename = "type")]
    kind: String,
    properties: Properties,
    #[serde(default)]
    required: Vec<String>,
}

/// Fields in the order in which they are written: a JSON object keeps none.
struct Properties(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a form")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut properties = Vec::new();
                while let Some(field) = map.next_entry()? {
                    properties.push(field);
                    if properties.len() > FIELDS {
                        break;
                    }
                }
                // What is left is read, or the text would not end here.
                while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
                Ok(Properties(properties))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

fn wrong(field: &str, reason: &'static str) -> FormError {
    FormError::Field { field: field.to_owned(), reason }
}

/// Whether a text holds what people do not see; lines and tabs they do.
pub(super) fn hides(text: &str) -> bool {
    text.chars().any(|char| is_hidden(char) && !matches!(char, '\n' | '\t'))
}

impl Form {
    /// Reads a schema.
    ///
    /// # Errors
    /// It is no form, or a hidden character is in it.
    pub fn parse(schema: &str) -> Result<Self, FormError> {
        let Schema { kind, properties: Properties(properties), required } =
            serde_json::from_str(schema).map_err(|_| FormError::Form)?;
        if kind != "object" {
            return Err(FormError::Form);
        }
        if !(1..=FIELDS).contains(&properties.len()) {
            return Err(FormError::TooMuch);
        }
        let mut names = BTreeSet::new();
        if let Some((name, _)) = properties.iter().find(|(name, _)| !names.insert(name)) {
            return Err(wrong(&shown(name), "is described twice"));
        }
        if let Some(name) = required.iter().find(|name| !names.contains(name)) {
            return Err(wrong(&shown(name), "is required and not described"));
        }
        let field = |(name, schema): &(String, Value)| Field::parse(name, schema, required.contains(name));
        Ok(Self { fields: properties.iter().map(field).collect::<Result<_, _>>()? })
    }

    /// The form as a schema: what was understood of it, and nothing else.
    pub fn schema(&self) -> String {
        let fields = self.fields.iter().map(|field| format!("{}:{}", json!(field.name), field.schema()));
        let required: Vec<_> = self.fields.iter().filter(|field| field.required).map(|field| &field.name).collect();
        // Written by hand: the order of its fields is the order in which they are asked.
        let fields = fields.collect::<Vec<_>>().join(",");
        format!("{{\"type\":\"object\",\"properties\":{{{fields}}},\"required\":{}}}", json!(required))
    }

    /// What is kept of a reply: the fields of this form, and nothing else.
    ///
    /// # Errors
    /// It is no object, or a field is missing or does not fit.
    pub fn fit(&self, reply: &Value) -> Result<Map<String, Value>, FormError> {
        let reply = reply.as_object().ok_or(FormError::Form)?;
        let mut kept = Map::new();
        for field in &self.fields {
            match reply.get(&field.name) {
                Some(Value::Null) | None if !field.required => {}
                Some(value) => {
                    field.fit(value)?;
                    kept.insert(field.name.clone(), value.clone());
                }
                None => return Err(wrong(&field.name, "is missing")),
            }
        }
        Ok(kept)
    }
}

/// A name in an error, without what it hides.
fn shown(name: &str) -> String {
    name.chars().take(64).map(|char| if is_hidden(char) { '\u{fffd}' } else { char }).collect()
}

/// A list of texts; none is an empty one.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect(),
    }
}

impl Field {
    fn parse(name: &str, schema: &Value, required: bool) -> Result<Self, FormError> {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
        let (title, description) = (text("title"), text("description"));
        let choices = match text("type").as_deref() {
            Some("array") => schema.get("items").map(|items| choices(name, items)),
            _ => Some(choices(name, schema)),
        };
        let choices = choices.transpose()?.flatten();
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let kind = match (text("type").as_deref(), choices) {
            (Some("string"), Some(choices)) => Kind::One(choices),
            (Some("string"), None) => Kind::Text {
                least: count("minLength").unwrap_or(0),
                most: count("maxLength").unwrap_or(u64::MAX),
                format: text("format").filter(|format| FORMATS.contains(&format.as_str())),
            },
            (Some(kind @ ("number" | "integer")), _) => Kind::Number {
                whole: kind == "integer",
                least: number("minimum").unwrap_or(f64::NEG_INFINITY),
                most: number("maximum").unwrap_or(f64::INFINITY),
            },
            (Some("boolean"), _) => Kind::Boolean,
            (Some("array"), Some(choices)) => Kind::Some {
                choices,
                least: count("minItems").unwrap_or(0),
                most: count("maxItems").unwrap_or(u64::MAX),
            },
            _ => {
                return Err(wrong(&shown(name), "is neither a string, a number, a boolean, nor choices among strings"));
            }
        };
        let field = Self {
            name: name.to_owned(),
            title,
            description,
            required,
            default: schema.get("default").cloned(),
            kind,
            beside: schema.get("enumNames").is_some(),
        };
        if field.read().any(|text| text.len() > TEXT_BYTES) {
            return Err(FormError::Long(shown(name)));
        }
        if field.read().any(hides) {
            return Err(FormError::Hidden(shown(name)));
        }
        match &field.default {
            Some(default) => field.fit(default).map(|()| field.clone()),
            None => Ok(field),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = Map::new();
        let mut set = |key: &str, value: Option<Value>| drop(value.map(|value| schema.insert(key.to_owned(), value)));
        set("title", self.title.clone().map(Value::String));
        set("description", self.description.clone().map(Value::String));
        set("default", self.default.clone());
        let from = |least: u64| (least > 0).then(|| json!(least));
        // More than this nobody writes, and some clients do not read.
        let to = |most: u64| u32::try_from(most).ok().map(|most| json!(most));
        match &self.kind {
            Kind::Text { least, most, format } => {
                set("type", Some(json!("string")));
                set("minLength", from(*least));
                set("maxLength", to(*most));
                set("format", format.clone().map(Value::String));
            }
            Kind::Number { whole, least, most } => {
                let bound = |bound: f64| match *whole {
                    _ if !bound.is_finite() => None,
                    true => Some(json!(bound as i64)),
                    false => Some(json!(bound)),
                };
                set("type", Some(json!(if *whole { "integer" } else { "number" })));
                set("minimum", bound(*least));
                set("maximum", bound(*most));
            }
            Kind::Boolean => set("type", Some(json!("boolean"))),
            Kind::One(choices) => {
                set("type", Some(json!("string")));
                written(choices, self.beside, "oneOf").into_iter().for_each(|(key, value)| set(key, Some(value)));
            }
            Kind::Some { choices, least, most } => {
                let items = written(choices, false, "anyOf").into_iter().map(|(key, value)| (key.to_owned(), value));
                let mut items: Map<_, _> = items.collect();
                if items.contains_key("enum") {
                    items.insert("type".to_owned(), json!("string"));
                }
                set("type", Some(json!("array")));
                set("items", Some(Value::Object(items)));
                set("minItems", from(*least));
                set("maxItems", to(*most));
            }
        }
        Value::Object(schema)
    }

    /// All of it that people read.
    fn read(&self) -> impl Iterator<Item = &str> {
        let choices = match &self.kind {
            Kind::One(choices) | Kind::Some { choices, .. } => choices.as_slice(),
            _ => &[],
        };
        let choices = choices.iter().flat_map(|choice| [Some(choice.value.as_str()), choice.title.as_deref()]);
        let own = [Some(self.name.as_str()), self.title.as_deref(), self.description.as_deref()];
        let default = self.default.as_ref().and_then(Value::as_str);
        own.into_iter().chain([default]).chain(choices).flatten()
    }

    /// Whether it may hold this value.
    ///
    /// # Errors
    /// It may not, and why.
    pub fn fit(&self, value: &Value) -> Result<(), FormError> {
        let refuse = |reason| Err(wrong(&self.name, reason));
        match &self.kind {
            Kind::Text { least, most, format } => {
                let Some(text) = value.as_str() else { return refuse("is no text") };
                let length = text.chars().count() as u64;
                match () {
                    () if length < *least => refuse("is too short"),
                    () if length > *most => refuse("is too long"),
                    () if !format.as_deref().is_none_or(|format| is_of(format, text)) => refuse("has another format"),
                    () => Ok(()),
                }
            }
            Kind::Number { whole, least, most } => match value.as_f64() {
                None => refuse("is no number"),
                Some(number) if *whole && number.fract() != 0.0 => refuse("is no whole number"),
                Some(number) if number < *least => refuse("is too small"),
                Some(number) if number > *most => refuse("is too large"),
                Some(_) => Ok(()),
            },
            Kind::Boolean if value.is_boolean() => Ok(()),
            Kind::Boolean => refuse("is neither true nor false"),
            Kind::One(choices) => match value.as_str() {
                Some(value) if choices.iter().any(|choice| choice.value == value) => Ok(()),
                _ => refuse("is none of the choices"),
            },
            Kind::Some { choices, least, most } => {
                let Some(values) = texts(Some(value)) else { return refuse("is no list of choices") };
                let (count, known) =
                    (values.len() as u64, |value: &String| choices.iter().any(|choice| choice.value == *value));
                match () {
                    () if !values.iter().all(known) => refuse("is none of the choices"),
                    () if count < *least => refuse("has too few choices"),
                    () if count > *most || values.len() > CHOICES => refuse("has too many choices"),
                    () => Ok(()),
                }
            }
        }
    }
}

/// Choices as a schema writes them: with their titles beside them, or each with its own.
fn written(choices: &[Choice], beside: bool, each: &'static str) -> Vec<(&'static str, Value)> {
    let values = || json!(choices.iter().map(|choice| &choice.value).collect::<Vec<_>>());
    let title = |choice: &Choice| choice.title.clone().unwrap_or_else(|| choice.value.clone());
    if choices.iter().all(|choice| choice.title.is_none()) {
        return vec![("enum", values())];
    }
    if beside {
        return vec![("enum", values()), ("enumNames", json!(choices.iter().map(title).collect::<Vec<_>>()))];
    }
    let constant = |choice: &Choice| json!({ "const": choice.value, "title": title(choice) });
    vec![(each, json!(choices.iter().map(constant).collect::<Vec<_>>()))]
}

/// The choices of a field: an `enum`, with `enumNames` or without, or titled constants.
fn choices(name: &str, schema: &Value) -> Result<Option<Vec<Choice>>, FormError> {
    let no_choices = || wrong(&shown(name), "has choices that are no texts");
    let titled = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    let choices: Vec<Choice> = match (schema.get("enum"), titled) {
        (Some(values), _) => {
            let titles = texts(schema.get("enumNames")).ok_or_else(no_choices)?;
            let values = texts(Some(values)).ok_or_else(no_choices)?.into_iter().enumerate();
            values.map(|(index, value)| Choice { value, title: titles.get(index).cloned() }).collect()
        }
        (None, Some(constants)) => {
            let text = |constant: &Value, key: &str| constant.get(key).and_then(Value::as_str).map(str::to_owned);
            let choice =
                |constant: &Value| Some(Choice { value: text(constant, "const")?, title: text(constant, "title") });
            constants.as_array().and_then(|all| all.iter().map(choice).collect()).ok_or_else(no_choices)?
        }
        (None, None) => return Ok(None),
    };
    if choices.is_empty() || choices.iter().map(|choice| &choice.value).collect::<BTreeSet<_>>().len() < choices.len() {
        return Err(wrong(&shown(name), "has no choices, or one twice"));
    }
    match choices.len() > CHOICES {
        true => Err(FormError::TooMuch),
        false => Ok(Some(choices)),
    }
}

/// Whether a text looks like what it is said to be. Whoever needs to know more, checks more.
fn is_of(format: &str, text: &str) -> bool {
    let date = |text: &str| {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
        bytes.len() == 10 && digits(0..4) && bytes[4] == b'-' && digits(5..7) && bytes[7] == b'-' && digits(8..10)
    };
    match format {
        "email" => text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')),
        "uri" => url::Url::parse(text).is_ok(),
        "date" => date(text),
        "date-time" => text.split_once('T').is_some_and(|(day, time)| date(day) && time.len() >= 5),
        _ => true,
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
