//! The types of a typed function, as plain values: what schemas and conversions are made by.

use std::fmt;

use indexmap::{IndexMap, IndexSet};
use wasmtime::component::Type;

/// The type of a value that can cross into a fresh process, and out of it as JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Bool,
    Int(Int),
    F32,
    F64,
    Char,
    Text,
    /// `list<u8>`.
    Bytes,
    List(Box<Shape>),
    Fixed(Box<Shape>, u32),
    Map(Box<Shape>, Box<Shape>),
    Record(Vec<(String, Shape)>),
    Tuple(Vec<Shape>),
    /// By name: a list of a million cases is looked up as fast as it is long.
    Variant(IndexMap<String, Option<Shape>>),
    Enum(IndexSet<String>),
    Option(Box<Shape>),
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
    Flags(IndexSet<String>),
}

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Int {
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
}

impl Int {
    /// The least and the greatest value.
    pub(super) fn range(self) -> (i128, i128) {
        match self {
            Int::S8 => (i8::MIN.into(), i8::MAX.into()),
            Int::U8 => (0, u8::MAX.into()),
            Int::S16 => (i16::MIN.into(), i16::MAX.into()),
            Int::U16 => (0, u16::MAX.into()),
            Int::S32 => (i32::MIN.into(), i32::MAX.into()),
            Int::U32 => (0, u32::MAX.into()),
            Int::S64 => (i64::MIN.into(), i64::MAX.into()),
            Int::U64 => (0, u64::MAX.into()),
        }
    }

    /// Whether a JSON number may not hold it: readers keep 53 bits.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Int::S64 | Int::U64)
    }
}

/// The greatest integer that every reader of JSON keeps.
pub(super) const EXACT: i128 = (1 << 53) - 1;

/// What types may take to be written out: a type that stands in many places is written in each. Stops
/// types that double with every level.
#[derive(Clone, Copy)]
pub(super) struct Room(pub(super) usize);

/// Room for the types of one function.
pub(super) const FUNCTION: usize = 64 << 10;

/// Types within types. Each makes its schema up to four levels deeper, and JSON ends at 128.
const DEPTH: usize = 24;

/// What a type takes besides its names.
const EACH: usize = 16;

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), String> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| "its types are too large to write out".to_owned())?;
        Ok(())
    }

    fn names<'a>(&mut self, mut names: impl Iterator<Item = &'a String>) -> Result<(), String> {
        names.try_for_each(|name| self.take(EACH + name.len()))
    }
}

impl Shape {
    /// The shape of a type.
    ///
    /// # Errors
    /// Why its values cannot cross.
    pub(super) fn of(ty: &Type, room: &mut Room) -> Result<Self, String> {
        Self::within(ty, room, 0)
    }

    fn within(ty: &Type, room: &mut Room, depth: usize) -> Result<Self, String> {
        room.take(EACH)?;
        if depth > DEPTH {
            return Err(format!("its types lie more than {DEPTH} deep in each other"));
        }
        let mut inner = |ty: &Type| Self::within(ty, &mut *room, depth + 1);
        Ok(match ty {
            Type::Bool => Self::Bool,
            Type::S8 => Self::Int(Int::S8),
            Type::U8 => Self::Int(Int::U8),
            Type::S16 => Self::Int(Int::S16),
            Type::U16 => Self::Int(Int::U16),
            Type::S32 => Self::Int(Int::S32),
            Type::U32 => Self::Int(Int::U32),
            Type::S64 => Self::Int(Int::S64),
            Type::U64 => Self::Int(Int::U64),
            Type::Float32 => Self::F32,
            Type::Float64 => Self::F64,
            Type::Char => Self::Char,
            Type::String => Self::Text,
            Type::List(list) => match list.ty() {
                Type::U8 => Self::Bytes,
                element => Self::List(Box::new(inner(&element)?)),
            },
            Type::FixedLengthList(list) => Self::Fixed(Box::new(inner(&list.ty())?), list.len()),
            Type::Map(map) => Self::Map(Box::new(inner(&map.key())?), Box::new(inner(&map.value())?)),
            Type::Record(record) => {
                let fields = record.fields().map(|field| Ok((field.name.to_owned(), inner(&field.ty)?)));
                let fields: Vec<_> = fields.collect::<Result<_, String>>()?;
                room.names(fields.iter().map(|(name, _)| name))?;
                Self::Record(fields)
            }
            Type::Tuple(tuple) => Self::Tuple(tuple.types().map(|ty| inner(&ty)).collect::<Result<_, _>>()?),
            Type::Variant(variant) => {
                let cases = variant.cases();
                let cases = cases.map(|case| Ok((case.name.to_owned(), case.ty.as_ref().map(&mut inner).transpose()?)));
                let cases: IndexMap<_, _> = cases.collect::<Result<_, String>>()?;
                room.names(cases.keys())?;
                Self::Variant(cases)
            }
            Type::Enum(cases) => {
                let cases: IndexSet<String> = cases.names().map(str::to_owned).collect();
                room.names(cases.iter())?;
                Self::Enum(cases)
            }
            Type::Option(option) => Self::Option(Box::new(inner(&option.ty())?)),
            Type::Result(result) => {
                let mut side = |ty: Option<Type>| ty.map(|ty| inner(&ty).map(Box::new)).transpose();
                let ok = side(result.ok())?;
                Self::Result(ok, side(result.err())?)
            }
            Type::Flags(flags) => {
                let flags: IndexSet<String> = flags.names().map(str::to_owned).collect();
                room.names(flags.iter())?;
                Self::Flags(flags)
            }
            Type::Own(_) | Type::Borrow(_) => {
                return Err("it takes or gives a handle of a resource, and each call is a process of its own".into());
            }
            Type::Future(_) | Type::Stream(_) => {
                return Err("it takes or gives a future or a stream, and a tool answers once".into());
            }
            Type::ErrorContext => return Err("it gives an error-context, which says nothing outside".into()),
        })
    }

    /// Whether its JSON may be `null`: an option of it needs another way to say that there is something.
    pub(super) fn may_be_null(&self) -> bool {
        matches!(self, Self::Option(_))
    }
}

/// As WIT writes it.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int(int) => write!(f, "{}", format!("{int:?}").to_lowercase()),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Char => f.write_str("char"),
            Self::Text => f.write_str("string"),
            Self::Bytes => f.write_str("list<u8>"),
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Fixed(element, length) => write!(f, "list<{element}, {length}>"),
            Self::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Self::Record(fields) => {
                f.write_str("record { ")?;
                all(f, fields, |f, (name, shape)| write!(f, "{name}: {shape}"))?;
                f.write_str(" }")
            }
            Self::Tuple(shapes) => {
                f.write_str("tuple<")?;
                all(f, shapes, |f, shape| write!(f, "{shape}"))?;
                f.write_str(">")
            }
            Self::Variant(cases) => {
                f.write_str("variant { ")?;
                all(f, cases, |f, (name, payload)| match payload {
                    Some(payload) => write!(f, "{name}({payload})"),
                    None => f.write_str(name),
                })?;
                f.write_str(" }")
            }
            Self::Enum(names) => {
                f.write_str("enum { ")?;
                all(f, names, |f, name| f.write_str(name))?;
                f.write_str(" }")
            }
            Self::Option(some) => write!(f, "option<{some}>"),
            Self::Result(None, None) => f.write_str("result"),
            Self::Result(Some(ok), None) => write!(f, "result<{ok}>"),
            Self::Result(None, Some(err)) => write!(f, "result<_, {err}>"),
            Self::Result(Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
            Self::Flags(names) => {
                f.write_str("flags { ")?;
                all(f, names, |f, name| f.write_str(name))?;
                f.write_str(" }")
            }
        }
    }
}

fn all<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    each: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        each(f, item)?;
    }
    Ok(())
}
