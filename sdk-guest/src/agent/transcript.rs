//! What was said so far, and how it is kept within bounds. Pure.

use crate::llm::{Message, Part, Role};

/// Bytes of one tool's result that the model sees: about 4,000 tokens.
pub(super) const RESULT_BYTES: usize = 16 << 10;
/// Bytes that a result which was shortened afterwards keeps.
const SHORTENED: usize = 200;
/// The last messages, which are never shortened.
const RECENT: usize = 4;

/// A result, no longer than the model should see; where it is cut, it says so.
pub(super) fn bounded(text: String) -> String {
    if text.len() <= RESULT_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(RESULT_BYTES);
    format!("{}\n[cut: {} of {} bytes; ask for a narrower part]", &text[..end], text.len() - end, text.len())
}

/// Shortens the oldest results of tools until about half of what they hold is gone. Whether it found any.
pub(super) fn shorten(messages: &mut [Message]) -> bool {
    let last = messages.len().saturating_sub(RECENT);
    let mut results: Vec<&mut String> = messages[..last]
        .iter_mut()
        .flat_map(|message| &mut message.content)
        .filter_map(|part| match part {
            Part::ToolResult { content, .. } if content.len() > 2 * SHORTENED => Some(content),
            _ => None,
        })
        .collect();
    let total: usize = results.iter().map(|content| content.len()).sum();
    let mut left = total / 2;
    for content in &mut results {
        let end = content.floor_char_boundary(SHORTENED);
        left = left.saturating_sub(content.len());
        **content = format!("{}\n[shortened to save room; call the tool again if it is needed]", &content[..end]);
        if left == 0 {
            break;
        }
    }
    total > 0
}

/// Adds what the user says: to their last turn, where the model has not spoken since.
pub(super) fn say(messages: &mut Vec<Message>, text: String) {
    match messages.last_mut() {
        Some(last) if last.role == Role::User => last.content.push(Part::Text(text)),
        _ => messages.push(Message::text(Role::User, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(messages: &[Message]) -> usize {
        let part = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Image { data, .. } => data.len(),
            Part::Thinking { text, .. } => text.len(),
            Part::ToolCall(call) => call.name.len() + call.arguments.len(),
            Part::ToolResult { content, .. } => content.len(),
        };
        messages.iter().flat_map(|message| &message.content).map(part).sum()
    }

    fn result(bytes: usize) -> Message {
        let content = "é".repeat(bytes / 2);
        let part = Part::ToolResult { id: "a".into(), name: "t".into(), content, is_error: false };
        Message { role: Role::User, content: vec![part] }
    }

    #[test]
    fn a_long_result_is_cut_between_characters_and_says_so() {
        let cut = bounded("é".repeat(RESULT_BYTES));
        assert!(cut.len() < RESULT_BYTES + 100);
        assert!(
            cut.ends_with(&format!("[cut: {RESULT_BYTES} of {} bytes; ask for a narrower part]", 2 * RESULT_BYTES))
        );
        assert_eq!(bounded("short".into()), "short");
    }

    #[test]
    fn the_oldest_results_are_shortened_and_the_latest_never() {
        let mut messages: Vec<_> = (0..8).map(|_| result(4_000)).collect();
        assert!(shorten(&mut messages));
        let lengths: Vec<_> = messages.iter().map(|message| bytes(std::slice::from_ref(message))).collect();
        assert!(lengths[0] < 400 && lengths[1] < 400, "{lengths:?}");
        assert_eq!(lengths[2..], [4_000; 6]);
        while shorten(&mut messages) {}
        assert_eq!(bytes(&messages[4..]), 16_000);
    }

    #[test]
    fn two_words_of_the_user_are_one_turn() {
        let mut messages = vec![result(10)];
        say(&mut messages, "and".into());
        assert_eq!(messages.len(), 1);
        messages.push(Message::text(Role::Assistant, "yes"));
        say(&mut messages, "then".into());
        assert_eq!(messages.len(), 3);
    }
}
