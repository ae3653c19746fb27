//! Word splitting: values fall apart at the characters of IFS.

use super::Part;

/// A word to be, its quoted runs marked.
pub(crate) type Field = Vec<(String, bool)>;

/// The fields that the parts of one word make.
pub(crate) fn fields(parts: Vec<Part>, separators: &str) -> Vec<Field> {
    let mut splitter = Splitter { separators, fields: Vec::new(), current: None, after_space: false };
    for part in parts {
        match part {
            Part::Text { text, quoted } => splitter.push(&text, quoted),
            Part::Value(text) => splitter.value(&text),
            Part::Break => splitter.end(),
        }
    }
    splitter.end();
    splitter.fields
}

struct Splitter<'a> {
    separators: &'a str,
    fields: Vec<Field>,
    current: Option<Field>,
    /// The last field ended at white space, to which one other separator still belongs.
    after_space: bool,
}

impl Splitter<'_> {
    fn push(&mut self, text: &str, quoted: bool) {
        self.after_space = false;
        let field = self.current.get_or_insert_with(Vec::new);
        match field.last_mut() {
            Some((last, same)) if *same == quoted => last.push_str(text),
            _ => field.push((text.to_owned(), quoted)),
        }
    }

    fn end(&mut self) {
        self.fields.extend(self.current.take());
    }

    fn value(&mut self, text: &str) {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let length = rest.find(|next| self.separators.contains(next)).unwrap_or(rest.len());
            if length > 0 {
                self.push(&rest[..length], false);
                rest = &rest[length..];
                continue;
            }
            rest = &rest[character.len_utf8()..];
            if matches!(character, ' ' | '\t' | '\n') {
                self.after_space |= self.current.is_some();
                self.end();
            } else if self.after_space {
                self.after_space = false;
            } else {
                let field = self.current.take().unwrap_or_else(|| vec![(String::new(), false)]);
                self.fields.push(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, fields};

    fn split(parts: Vec<Part>, separators: &str) -> Vec<String> {
        fields(parts, separators).into_iter().map(|field| field.into_iter().map(|(text, _)| text).collect()).collect()
    }

    #[test]
    fn values_fall_apart() {
        let value = |text: &str| vec![Part::Value(text.to_owned())];
        assert_eq!(split(value(" a  b "), " \t\n"), ["a", "b"]);
        assert_eq!(split(value("a::b:"), ":"), ["a", "", "b"]);
        assert_eq!(split(value(":a"), ":"), ["", "a"]);
        assert_eq!(split(value("a : b"), " :"), ["a", "b"]);
        assert_eq!(split(value("a b"), ""), ["a b"]);
        assert_eq!(split(value(""), " "), [""; 0]);
    }

    #[test]
    fn what_is_quoted_stays() {
        let parts = vec![Part::quoted("x y"), Part::Value(" b".to_owned()), Part::Break, Part::quoted("")];
        assert_eq!(split(parts, " "), ["x y", "b", ""]);
    }
}
