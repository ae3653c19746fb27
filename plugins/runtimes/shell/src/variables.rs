//! Variables: their values, attributes and scopes.

use std::collections::{BTreeMap, HashMap};

/// A variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) value: Value,
    pub(crate) exported: bool,
    pub(crate) readonly: bool,
    pub(crate) integer: bool,
    pub(crate) lower: bool,
    pub(crate) upper: bool,
    /// It stands for the variable that its value names.
    pub(crate) reference: bool,
}

/// What a variable holds.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Unset,
    Scalar(String),
    Indexed(BTreeMap<i64, String>),
    Associative(Map),
}

/// An associative array, in the order in which bash tells it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Vec<(String, String)>);

impl Map {
    pub(crate) fn get(&self, key: &str) -> Option<&String> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: &str, value: String) {
        match self.0.iter_mut().find(|(own, _)| own == key) {
            Some((_, own)) => *own = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.0.retain(|(own, _)| own != key);
    }

    /// By bash's table: 1,024 buckets of an FNV hash, in each the newest first.
    pub(crate) fn ordered(&self) -> Vec<(&String, &String)> {
        let mut buckets = 1024;
        while self.0.len() >= buckets * 2 {
            buckets *= 4;
        }
        let hash = |key: &str| {
            let step = |hash: u32, byte: u8| hash.wrapping_mul(16_777_619) ^ u32::from(byte);
            key.bytes().fold(2_166_136_261, step) as usize & (buckets - 1)
        };
        let mut entries: Vec<_> =
            self.0.iter().enumerate().map(|(age, (key, value))| (hash(key), age, key, value)).collect();
        entries.sort_by_key(|(bucket, age, ..)| (*bucket, std::cmp::Reverse(*age)));
        entries.into_iter().map(|(_, _, key, value)| (key, value)).collect()
    }
}

impl Value {
    /// What `$name` is: of an array, element 0.
    pub(crate) fn scalar(&self) -> Option<&String> {
        match self {
            Self::Unset => None,
            Self::Scalar(text) => Some(text),
            Self::Indexed(elements) => elements.get(&0),
            Self::Associative(elements) => elements.get("0"),
        }
    }

    /// All its values.
    pub(crate) fn all(&self) -> Vec<String> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(text) => vec![text.clone()],
            Self::Indexed(elements) => elements.values().cloned().collect(),
            Self::Associative(elements) => elements.ordered().into_iter().map(|(_, value)| value.clone()).collect(),
        }
    }

    /// All its keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(_) => vec!["0".to_owned()],
            Self::Indexed(elements) => elements.keys().map(i64::to_string).collect(),
            Self::Associative(elements) => elements.ordered().into_iter().map(|(key, _)| key.clone()).collect(),
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Indexed(_) | Self::Associative(_))
    }
}

impl Variable {
    /// The letters of `${name@a}` and `declare -p`.
    pub(crate) fn flags(&self) -> String {
        let kind = match self.value {
            Value::Indexed(_) => "a",
            Value::Associative(_) => "A",
            _ => "",
        };
        let flags = [
            (self.integer, 'i'),
            (self.lower, 'l'),
            (self.reference, 'n'),
            (self.readonly, 'r'),
            (self.upper, 'u'),
            (self.exported, 'x'),
        ];
        kind.chars().chain(flags.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter)).collect()
    }
}

/// The global variables, and those of each function that was called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    globals: HashMap<String, Variable>,
    locals: Vec<HashMap<String, Variable>>,
}

impl Scopes {
    pub(crate) fn enter(&mut self) {
        self.locals.push(HashMap::new());
    }

    pub(crate) fn leave(&mut self) {
        self.locals.pop();
    }

    pub(crate) fn is_local(&self) -> bool {
        !self.locals.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.locals.iter().rev().find_map(|scope| scope.get(name)).or_else(|| self.globals.get(name))
    }

    /// The variable, made globally where there is none.
    pub(crate) fn entry(&mut self, name: &str) -> &mut Variable {
        match self.locals.iter().rposition(|scope| scope.contains_key(name)) {
            Some(scope) => self.locals[scope].entry(name.to_owned()).or_default(),
            None => self.global(name),
        }
    }

    pub(crate) fn global(&mut self, name: &str) -> &mut Variable {
        self.globals.entry(name.to_owned()).or_default()
    }

    /// The variable of the innermost function, made where it has none; globally outside of functions.
    pub(crate) fn local(&mut self, name: &str) -> &mut Variable {
        let scope = self.locals.last_mut().unwrap_or(&mut self.globals);
        scope.entry(name.to_owned()).or_default()
    }

    /// Takes the variable out of the innermost scope that has it.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Variable> {
        match self.locals.iter_mut().rev().find(|scope| scope.contains_key(name)) {
            Some(scope) => {
                // It stays local, and unset.
                scope.insert(name.to_owned(), Variable::default())
            }
            None => self.globals.remove(name),
        }
    }

    /// Puts back what stood in the innermost scope that has it.
    pub(crate) fn restore(&mut self, name: &str, variable: Option<Variable>) {
        match variable {
            Some(variable) => *self.entry(name) = variable,
            None => {
                self.remove(name);
            }
        }
    }

    /// All names that are set, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let scopes = self.locals.iter().chain([&self.globals]);
        let mut names: Vec<_> = scopes.flat_map(|scope| scope.keys().cloned()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| self.get(name).is_some_and(|variable| !matches!(variable.value, Value::Unset)));
        names
    }

    /// What children are given.
    pub(crate) fn exported(&self) -> Vec<(String, String)> {
        let names = self.names().into_iter();
        let variable = |name: String| {
            let variable = self.get(&name).filter(|variable| variable.exported)?;
            Some((name, variable.value.scalar()?.clone()))
        };
        names.filter_map(variable).collect()
    }
}
