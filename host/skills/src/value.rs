//! A value of a head: text, a list, or a map.

use crate::python;

/// A value as the strict reading has it: every scalar is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A scalar.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order it is written.
    Map(Vec<(String, Value)>),
    /// A lone `=` or `<<`, which the reference takes for something else.
    Odd,
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Map(pairs) => pairs.is_empty(),
            Self::Odd => false,
        }
    }

    /// `str(value)`, as Python writes it.
    pub(crate) fn to_python(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            _ => self.repr(),
        }
    }

    fn repr(&self) -> String {
        match self {
            Self::Text(text) => python::repr(text),
            Self::List(values) => {
                format!("[{}]", values.iter().map(Self::repr).collect::<Vec<_>>().join(", "))
            }
            Self::Map(pairs) => {
                let pair = |(key, value): &(String, Self)| format!("{}: {}", python::repr(key), value.repr());
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
            Self::Odd => "<odd>".to_owned(),
        }
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(pairs) => serializer.collect_map(pairs.iter().map(|(key, value)| (key, value))),
            Self::Odd => serializer.serialize_none(),
        }
    }
}
