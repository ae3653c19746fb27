//! About how many tokens a text is, for models whose tokenizer nobody has here.

/// An estimate that rather says too much: a token for each five letters or digits of a word begun, one for each other
/// sign, one for each character beyond ASCII, none for a single space.
pub(crate) fn of(text: &str) -> u64 {
    let (mut tokens, mut word, mut blank) = (0, 0, 0);
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            tokens += u64::from(word % 5 == 0);
            (word, blank) = (word + 1, 0);
            continue;
        }
        word = 0;
        match character {
            // Runs of blanks are a token for each sixteen.
            ' ' => {
                tokens += u64::from(blank % 16 == 1);
                blank += 1;
            }
            _ => {
                tokens += 1;
                blank = 0;
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_is_counted() {
        for (text, tokens) in
            [("", 0), ("cat", 1), ("the cat sat", 3), ("internationalisation", 4), ("a, b.", 4), ("日本", 2)]
        {
            assert_eq!(of(text), tokens, "{text}");
        }
    }
}
