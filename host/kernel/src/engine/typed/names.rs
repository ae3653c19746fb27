//! What typed functions are called as tools: as short as it can be told apart.

use std::{collections::HashMap, fmt};

/// Where a function is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The interface, as `calc`, or as `local:math/calc@1.0.0`; none for a function of its own.
    pub(super) interface: Option<String>,
    /// The function, as `add`, or as `[static]counter.zero`.
    pub(super) function: String,
}

/// What the name of a constructor begins with.
pub(super) const CONSTRUCTOR: &str = "[constructor]";

/// Bytes of a tool's name, as MCP has it.
pub(super) const NAME: usize = 128;

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interface {
            Some(interface) => write!(f, "{interface}#{}", self.function),
            None => f.write_str(&self.function),
        }
    }
}

impl Path {
    /// The function's own name: what is in brackets says what kind of function of a resource it is.
    pub(super) fn plain(&self) -> &str {
        self.function.rsplit(']').next().unwrap_or_default()
    }

    /// Where a method's resource is made.
    pub(super) fn constructor(&self) -> Option<Path> {
        let (resource, _) = self.function.strip_prefix("[method]")?.split_once('.')?;
        Some(Self { interface: self.interface.clone(), function: format!("{CONSTRUCTOR}{resource}") })
    }

    /// Its names from the shortest to the longest: `calc.add`, `math.calc.add`, `local.math.calc.add`,
    /// `local.math.calc.1.0.0.add`.
    fn names(&self) -> Vec<String> {
        let function = self.plain();
        let Some(interface) = &self.interface else { return vec![function.to_owned()] };
        let (id, version) = interface.split_once('@').map_or((&**interface, None), |(id, version)| (id, Some(version)));
        let parts: Vec<&str> = id.split([':', '/']).collect();
        let from = |first: usize| format!("{}.{function}", parts[first..].join("."));
        let mut names: Vec<String> = (0..parts.len()).rev().map(from).collect();
        if let Some(version) = version {
            // What a version may hold besides is a plus.
            names.push(format!("{}.{}.{function}", parts.join("."), version.replace('+', "-")));
        }
        names
    }
}

/// A name for each: the shortest that no other has. None where all are taken.
pub(super) fn shortest(paths: &[Path]) -> Vec<Option<String>> {
    let names: Vec<Vec<String>> = paths.iter().map(Path::names).collect();
    // How many functions could be meant by a name, and how many have no longer one.
    let (mut meant, mut longest) = (HashMap::<&str, usize>::new(), HashMap::<&str, usize>::new());
    for names in &names {
        names.iter().for_each(|name| *meant.entry(name).or_default() += 1);
        names.last().into_iter().for_each(|name| *longest.entry(name).or_default() += 1);
    }
    let alone = |names: &Vec<String>| {
        let short = names.iter().find(|name| meant[name.as_str()] == 1);
        short.or_else(|| names.last().filter(|name| longest[name.as_str()] == 1)).cloned()
    };
    names.iter().map(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[(&str, &str)]) -> Vec<String> {
        let path = |(interface, function): &(&str, &str)| Path {
            interface: (!interface.is_empty()).then(|| (*interface).to_owned()),
            function: (*function).to_owned(),
        };
        let paths: Vec<Path> = paths.iter().map(path).collect();
        shortest(&paths).into_iter().map(|name| name.unwrap_or_else(|| "-".to_owned())).collect()
    }

    #[test]
    fn names_are_as_short_as_they_can_be_told_apart() {
        assert_eq!(named(&[("", "add"), ("calc", "add")]), ["add", "calc.add"]);
        assert_eq!(named(&[("local:math/calc@1.0.0", "add")]), ["calc.add"]);
        assert_eq!(named(&[("a:x/i", "f"), ("a:y/i", "f"), ("a:y/i", "g")]), ["x.i.f", "y.i.f", "i.g"]);
        assert_eq!(named(&[("a:x/i", "f"), ("b:x/i", "f")]), ["a.x.i.f", "b.x.i.f"]);
        assert_eq!(
            named(&[("a:x/i@1.0.0", "f"), ("a:x/i@2.0.0-rc.1+b", "f")]),
            ["a.x.i.1.0.0.f", "a.x.i.2.0.0-rc.1-b.f"]
        );
        assert_eq!(named(&[("a:x/i", "[static]r.make"), ("", "[static]r.make")]), ["i.r.make", "r.make"]);
        // What has no longer name keeps the one it has.
        assert_eq!(named(&[("i", "f"), ("a:x/i", "f")]), ["i.f", "x.i.f"]);
        assert_eq!(named(&[("r", "[method]r.f"), ("r", "[static]r.f")]), ["-", "-"]);
        assert_eq!(named(&[]), Vec::<String>::new());
    }
}
