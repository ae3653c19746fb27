//! Seals that a provider puts on its reasoning: marked with their maker, and shown to no other.
//!
//! A conversation may move from one provider to another between two calls; a foreign seal would
//! be refused there.

use holm_kernel::llm::{Attempt, Event, Part, Request};

/// Between a seal's maker and the seal.
const MARK: char = ':';

/// An event whose seal says who made it.
pub(super) fn stamp(event: Event, maker: &str) -> Event {
    let marked = |seal: String| format!("{maker}{MARK}{seal}");
    match event {
        Event::ThinkingSignature(seal) => Event::ThinkingSignature(marked(seal)),
        Event::ToolCall { index, id, name, signature } => {
            Event::ToolCall { index, id, name, signature: signature.map(marked) }
        }
        other => other,
    }
}

/// The attempt with the maker's own seals as it made them, and without all others.
pub(super) fn own(mut attempt: Attempt, maker: &str) -> Attempt {
    let sealed = |part: &Part| match part {
        Part::Thinking { signature, .. } => signature.is_some(),
        Part::ToolCall(call) => call.signature.is_some(),
        _ => false,
    };
    if attempt.request.messages.iter().flat_map(|message| &message.content).any(sealed) {
        let mut request = Request::clone(&attempt.request);
        let own = |signature: &mut Option<String>| {
            let seal = signature.take();
            *signature = seal.and_then(|seal| Some(seal.strip_prefix(maker)?.strip_prefix(MARK)?.to_owned()));
        };
        for part in request.messages.iter_mut().flat_map(|message| &mut message.content) {
            match part {
                Part::Thinking { signature, .. } => own(signature),
                Part::ToolCall(call) => own(&mut call.signature),
                _ => {}
            }
        }
        attempt.request = request.into();
    }
    attempt
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_kernel::llm::{Message, Role, Traits};

    #[test]
    fn a_seal_comes_back_to_its_maker_alone() {
        let Event::ThinkingSignature(seal) = stamp(Event::ThinkingSignature("a:b".into()), "anthropic") else {
            panic!("a seal stays one")
        };
        let part = Part::Thinking { text: "hm".into(), signature: Some(seal) };
        let messages = vec![Message { role: Role::Assistant, content: vec![part] }];
        let request = Request { messages, ..Request::default() };
        let attempt = Attempt { model: "m".into(), request: request.into(), traits: Traits::default() };
        let seal = |maker: &str| match &own(attempt.clone(), maker).request.messages[0].content[0] {
            Part::Thinking { signature, .. } => signature.clone(),
            _ => None,
        };
        assert_eq!(seal("anthropic"), Some("a:b".into()));
        assert_eq!(seal("gemini"), None);
        assert_eq!(seal("anthro"), None);
    }
}
