//! Counts words: a whole skill in ten lines.

/// Counts the words of a text. Words are what blanks separate.
#[holm::tool]
fn word_count(
    /// The text to count.
    text: String,
) -> usize {
    text.split_whitespace().count()
}

holm::export_tools![word_count];
