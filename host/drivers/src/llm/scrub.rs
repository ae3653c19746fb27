//! A server may repeat what it was sent: keys are taken out of what it says, in the forms they come back in.

use std::collections::{BTreeSet, VecDeque};

use futures_util::{Stream, StreamExt, stream};
use holm_kernel::llm::{Event, Failure};

use crate::forms::{SHORTEST, forms};

/// Characters of a failure's text that are kept.
const TOLD: usize = 400;
const HIDDEN: &str = "[key]";

/// What is taken out, longest first. Does not print.
#[derive(Clone, Default)]
pub(super) struct Scrub {
    words: Vec<String>,
}

impl Scrub {
    /// Takes these secrets out: as they are, percent-encoded, and in base64.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().map(str::trim).filter(|secret| secret.len() >= SHORTEST);
        let words: BTreeSet<String> = secrets.flat_map(forms).filter(|word| word.len() >= SHORTEST).collect();
        let mut words: Vec<String> = words.into_iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self { words }
    }

    /// The text without them.
    pub(super) fn text(&self, text: &str) -> String {
        let found = self.words.iter().filter(|word| text.contains(word.as_str()));
        found.fold(text.to_owned(), |text, word| text.replace(word.as_str(), HIDDEN))
    }

    /// The failure without them, cut only then: half a key is one too.
    pub(super) fn failure(&self, failure: Failure) -> Failure {
        let told = |text: String| self.text(&text).chars().take(TOLD).collect();
        match failure {
            Failure::RateLimited { retry_after } => Failure::RateLimited { retry_after },
            Failure::ContextLength(text) => Failure::ContextLength(told(text)),
            Failure::Refused(text) => Failure::Refused(told(text)),
            Failure::Unavailable(text) => Failure::Unavailable(told(text)),
            Failure::TimedOut(text) => Failure::TimedOut(told(text)),
            Failure::Unauthorized(text) => Failure::Unauthorized(told(text)),
            Failure::BadRequest(text) => Failure::BadRequest(told(text)),
            Failure::Malformed(text) => Failure::Malformed(told(text)),
        }
    }

    /// The events without them, also where one is split over several.
    pub(super) fn events(
        self,
        events: impl Stream<Item = Result<Event, Failure>> + Send + 'static,
    ) -> stream::BoxStream<'static, Result<Event, Failure>> {
        if self.words.is_empty() {
            return events.boxed();
        }
        let state = (events.boxed(), Carry::default(), VecDeque::new(), self);
        let scrubbed = stream::unfold(state, |(mut events, mut carry, mut ready, scrub)| async move {
            loop {
                if let Some(event) = ready.pop_front() {
                    return Some((event, (events, carry, ready, scrub)));
                }
                match events.next().await? {
                    Ok(event) => scrub.take(&mut carry, event, &mut ready),
                    // What is carried is lost with the reply.
                    Err(failure) => ready.push_back(Err(failure)),
                }
            }
        });
        scrubbed.boxed()
    }

    fn take(&self, carry: &mut Carry, event: Event, ready: &mut VecDeque<Result<Event, Failure>>) {
        let (place, text) = match event {
            Event::Text(text) => (Place::Text, text),
            Event::Thinking(text) => (Place::Thinking, text),
            Event::Arguments { index, fragment } => (Place::Arguments(index), fragment),
            Event::ToolCall { index, id, name, signature } => {
                ready.extend(carry.rest(self));
                let (id, name) = (self.text(&id), self.text(&name));
                return ready.push_back(Ok(Event::ToolCall { index, id, name, signature }));
            }
            other => {
                ready.extend(carry.rest(self));
                return ready.push_back(Ok(other));
            }
        };
        if carry.place != place {
            ready.extend(carry.rest(self));
            carry.place = place;
        }
        carry.text.push_str(&text);
        carry.text = self.text(&carry.text);
        let kept = carry.text.len() - self.begun(&carry.text);
        let text: String = carry.text.drain(..kept).collect();
        if !text.is_empty() {
            ready.push_back(Ok(place.event(text)));
        }
    }

    /// Bytes at the end of the text that may be the beginning of a word.
    fn begun(&self, text: &str) -> usize {
        let longest = self.words.first().map_or(0, String::len);
        let starts = (0..text.len()).rev().take(longest.saturating_sub(1)).filter(|at| text.is_char_boundary(*at));
        let mut begun = starts.filter(|at| self.words.iter().any(|word| word.starts_with(&text[*at..])));
        begun.next_back().map_or(0, |at| text.len() - at)
    }
}

/// Text that is held back, since it may be the beginning of a key.
#[derive(Default)]
struct Carry {
    place: Place,
    text: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    Thinking,
    Arguments(u32),
}

impl Place {
    fn event(self, text: String) -> Event {
        match self {
            Place::Text => Event::Text(text),
            Place::Thinking => Event::Thinking(text),
            Place::Arguments(index) => Event::Arguments { index, fragment: text },
        }
    }
}

impl Carry {
    /// It was no key.
    fn rest(&mut self, scrub: &Scrub) -> Option<Result<Event, Failure>> {
        let text = scrub.text(&std::mem::take(&mut self.text));
        (!text.is_empty()).then(|| Ok(self.place.event(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-very/secret+0123";

    async fn scrubbed(events: Vec<Event>) -> Vec<Event> {
        let events = stream::iter(events.into_iter().map(Ok));
        Scrub::new([KEY]).events(events).map(|event| event.expect("an event")).collect().await
    }

    fn text(events: &[Event]) -> String {
        let texts = events.iter().map(|event| match event {
            Event::Text(text) | Event::Thinking(text) | Event::Arguments { fragment: text, .. } => text.as_str(),
            _ => "|",
        });
        texts.collect()
    }

    #[test]
    fn an_echo_is_found_in_all_its_forms() {
        use base64::Engine;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        let scrub = Scrub::new([KEY, "short"]);
        for before in ["", "a", "ab", "abc", "Bearer "] {
            let all = format!("{before}{KEY} and more");
            let part = STANDARD.encode(KEY).trim_end_matches('=')[..8].to_owned();
            for echo in
                [all.clone(), STANDARD.encode(&all), URL_SAFE.encode(&all), STANDARD.encode(format!("{before}{KEY}"))]
            {
                let told = scrub.text(&echo);
                assert!(told.contains(HIDDEN), "{before}: {echo} became {told}");
                assert!(!told.contains(&part) && !told.contains("secret"), "{told}");
            }
        }
        for echo in [
            "sk-very%2Fsecret%2B0123",
            "sk-very%2fsecret%2b0123",
            "%73%6B%2D%76%65%72%79%2F%73%65%63%72%65%74%2B%30%31%32%33",
        ] {
            assert_eq!(scrub.text(&format!("a {echo} b")), "a [key] b");
        }
        assert_eq!(scrub.text("in short"), "in short");
    }

    #[tokio::test]
    async fn an_echo_is_found_however_it_is_cut() {
        let whole = format!("sk-very {KEY}, ä{KEY}sk-ve");
        let expected = "sk-very [key], ä[key]sk-ve|";
        for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            let pieces = [&whole[..at], &whole[at..]].map(|text| Event::Text(text.to_owned()));
            let end = Event::Stop(holm_kernel::llm::StopReason::End);
            let told = scrubbed(pieces.into_iter().chain([end]).collect()).await;
            assert_eq!(text(&told), expected, "cut at {at}");
        }
        let letters = whole.chars().map(|letter| Event::Thinking(letter.to_string()));
        let told = scrubbed(letters.chain([Event::Stop(holm_kernel::llm::StopReason::End)]).collect()).await;
        assert_eq!(text(&told), expected);
    }

    #[tokio::test]
    async fn what_is_no_key_keeps_its_place() {
        let events = vec![
            Event::Text("sk-very".into()),
            Event::Arguments { index: 1, fragment: "sk-".into() },
            Event::Arguments { index: 2, fragment: "very/secret+0123".into() },
            Event::Stop(holm_kernel::llm::StopReason::End),
        ];
        assert_eq!(scrubbed(events.clone()).await, events);
    }

    #[test]
    fn a_key_at_the_cut_of_a_failure() {
        let long = format!("{}{KEY}", "x".repeat(TOLD - 4));
        let Failure::BadRequest(told) = Scrub::new([KEY]).failure(Failure::BadRequest(long)) else {
            panic!("the same")
        };
        assert!(told.ends_with("x[key"), "{told}");
    }
}
