//! Heads that are YAML but for quotes that are missing.

use std::borrow::Cow;

/// Puts values of one line in quotes that YAML takes for something else, like `Use when: asked`, and what
/// YAML does not allow at all is replaced. The keys whose values were changed.
pub(crate) fn quote(head: &str) -> (String, Vec<String>) {
    let (mut out, mut which) = (String::with_capacity(head.len()), Vec::new());
    for line in head.lines() {
        let quoted = line.split_once(": ").and_then(|(key, value)| {
            let value = value.trim();
            let name = key.trim_start().trim_start_matches("- ");
            let is_key = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "-_".contains(char));
            let forbidden = value.contains(|char: char| char.is_control());
            (is_key && (forbidden || !is_whole(value))).then(|| {
                which.push(name.to_owned());
                let allowed = value.replace(|char: char| char.is_control() && char != '\t', "\u{fffd}");
                format!("{key}: '{}'", allowed.replace('\'', "''"))
            })
        });
        out.push_str(&quoted.map_or(Cow::Borrowed(line), Cow::Owned));
        out.push('\n');
    }
    (out, which)
}

/// Whether YAML would take what stands behind a key for one value.
fn is_whole(value: &str) -> bool {
    let mut chars = value.chars();
    let rest = chars.as_str().get(1..).unwrap_or_default();
    match chars.next() {
        None | Some('|' | '>' | '#') => true,
        Some('@' | '`' | '%' | '*' | '&' | '!' | ',' | ']' | '}') => false,
        // Nothing may follow the second quote.
        Some('"') => ends_with_first(&rest.replace("\\\\", "").replace("\\\"", ""), '"'),
        Some('\'') => ends_with_first(&rest.replace("''", ""), '\''),
        Some('[' | '{') => {
            let mut open = 1_usize;
            let ends = rest.char_indices().find(|(_, char)| {
                match char {
                    '[' | '{' => open += 1,
                    ']' | '}' => open -= 1,
                    _ => {}
                }
                open == 0
            });
            ends.is_some_and(|(index, _)| index + 1 == rest.len())
        }
        Some(_) => !value.contains(": ") && !value.ends_with(':'),
    }
}

fn ends_with_first(text: &str, quote: char) -> bool {
    text.find(quote).is_some_and(|index| index + 1 == text.len())
}
