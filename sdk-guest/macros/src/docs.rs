//! Doc comments: the text of a tool, as its author wrote it.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment among the attributes, its lines stripped of the blank after `///`.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    lines.join("\n").trim().to_owned()
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else {
        return None;
    };
    let text = text.value();
    pair.path.is_ident("doc").then(|| text.strip_prefix(' ').unwrap_or(&text).to_owned())
}

/// The first sentence, on one line: up to a full stop before a blank or a capital's line, or the first paragraph.
pub(crate) fn first_sentence(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let end = words.iter().enumerate().position(|(index, word)| ends_sentence(word, words.get(index + 1)));
    words[..end.map_or(words.len(), |index| index + 1)].join(" ")
}

/// A full stop ends a sentence unless it belongs to an abbreviation (`e.g. this`).
fn ends_sentence(word: &str, next: Option<&&str>) -> bool {
    let stops = word.ends_with(['.', '!', '?']);
    stops && next.is_none_or(|next| !next.starts_with(char::is_lowercase))
}

#[cfg(test)]
mod tests {
    use super::{first_sentence, text};

    #[test]
    fn first_sentence_ends_at_the_stop() {
        assert_eq!(first_sentence("Counts words. Slowly."), "Counts words.");
        assert_eq!(first_sentence("Counts\nwords, e.g. these\n\nMore."), "Counts words, e.g. these");
        assert_eq!(first_sentence("No stop"), "No stop");
    }

    #[test]
    fn text_joins_lines() {
        let function: syn::ItemFn = syn::parse_quote! {
            /// One.
            ///
            /// Two.
            fn f() {}
        };
        assert_eq!(text(&function.attrs), "One.\n\nTwo.");
    }
}
