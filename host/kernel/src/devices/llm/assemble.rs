//! From what a driver tells piece by piece to one reply, checked. Pure.

use super::{
    Event, Failure, Part, StopReason, ToolCall, Usage,
    reply::{Delta, Reply},
};

/// Bounds what one reply may hold: stops a provider that writes for ever.
const REPLY_BYTES: usize = 4 << 20;
/// What a part counts for besides its text.
const PART_BYTES: usize = 64;
/// Tool calls of one reply.
const TOOL_CALLS: usize = 256;

/// A reply so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    parts: Vec<Part>,
    /// Where in `parts` each tool call stands, by the driver's index.
    calls: Vec<(u32, usize)>,
    usage: Option<Usage>,
    bytes: usize,
}

impl Assembly {
    /// Takes a piece in; what of it the caller is shown.
    ///
    /// # Errors
    /// Malformed: too large, or a piece that belongs to nothing.
    pub(super) fn take(&mut self, event: Event) -> Result<Option<Delta>, Failure> {
        let bytes = match &event {
            Event::Text(text) | Event::Thinking(text) | Event::ThinkingSignature(text) => text.len(),
            Event::Arguments { fragment, .. } => fragment.len(),
            Event::ToolCall { id, name, .. } => id.len() + name.len() + 64,
            Event::Usage(_) | Event::Stop(_) => 0,
        };
        // A part takes memory of its own: a letter each of text and thinking, in turn, is not two bytes.
        let begins = match (&event, self.parts.last()) {
            (Event::Text(_), last) => !matches!(last, Some(Part::Text(_))),
            (Event::Thinking(_), last) => !matches!(last, Some(Part::Thinking { signature: None, .. })),
            (Event::ThinkingSignature(_), last) => !matches!(last, Some(Part::Thinking { .. })),
            _ => false,
        };
        let bytes = if begins { bytes + PART_BYTES } else { bytes };
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > REPLY_BYTES {
            return Err(Failure::Malformed(format!("it holds more than {REPLY_BYTES} bytes")));
        }
        match event {
            Event::Text(text) => {
                match self.parts.last_mut() {
                    Some(Part::Text(before)) => before.push_str(&text),
                    _ => self.parts.push(Part::Text(text.clone())),
                }
                Ok(Some(Delta::Text(text)))
            }
            Event::Thinking(more) => {
                match self.parts.last_mut() {
                    Some(Part::Thinking { text, signature: None }) => text.push_str(&more),
                    _ => self.parts.push(Part::Thinking { text: more.clone(), signature: None }),
                }
                Ok(Some(Delta::Thinking(more)))
            }
            Event::ThinkingSignature(seal) => {
                match self.parts.last_mut() {
                    Some(Part::Thinking { signature, .. }) => match signature {
                        Some(before) => before.push_str(&seal),
                        None => *signature = Some(seal),
                    },
                    _ => self.parts.push(Part::Thinking { text: String::new(), signature: Some(seal) }),
                }
                Ok(None)
            }
            Event::ToolCall { index, id, name, signature } => {
                if self.calls.len() == TOOL_CALLS || self.call(index).is_some() {
                    return Err(Failure::Malformed("it calls too many tools, or one twice".to_owned()));
                }
                let number = self.calls.len() as u32;
                self.calls.push((index, self.parts.len()));
                let call = ToolCall { id: id.clone(), name: name.clone(), arguments: String::new(), signature };
                self.parts.push(Part::ToolCall(call));
                Ok(Some(Delta::ToolCall { index: number, id, name }))
            }
            Event::Arguments { index, fragment } => match self.call(index) {
                Some((number, call)) => {
                    call.arguments.push_str(&fragment);
                    Ok(Some(Delta::Arguments { index: number, fragment }))
                }
                None => Err(Failure::Malformed("it gives arguments of a call that it did not begin".to_owned())),
            },
            Event::Usage(usage) => {
                // A provider that tells of nothing used tells nothing: what was reserved is settled then.
                if usage.tokens() > 0 {
                    self.usage = Some(usage);
                }
                Ok(None)
            }
            Event::Stop(_) => Ok(None),
        }
    }

    fn call(&mut self, index: u32) -> Option<(u32, &mut ToolCall)> {
        let (number, place) = self
            .calls
            .iter()
            .enumerate()
            .find(|(_, (own, _))| *own == index)
            .map(|(number, (_, place))| (number, *place))?;
        match &mut self.parts[place] {
            Part::ToolCall(call) => Some((number as u32, call)),
            _ => None,
        }
    }

    /// Tokens so far, where the provider told them.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Bytes of text, thinking and arguments so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The whole reply.
    ///
    /// # Errors
    /// Malformed: arguments that are no JSON object.
    pub(super) fn finish(mut self, stop: StopReason) -> Result<Reply, Failure> {
        let cut = stop == StopReason::MaxTokens;
        let mut names = std::collections::HashSet::new();
        for part in &mut self.parts {
            let Part::ToolCall(call) = part else { continue };
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".to_owned();
            }
            // A reply that was cut in the middle of a call says so by its stop reason.
            let whole = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&call.arguments);
            if let (Err(error), false) = (&whole, cut) {
                let name = super::check::shown(&call.name);
                return Err(Failure::Malformed(format!(
                    "the arguments of its call of `{name}` are no JSON object: {error}"
                )));
            }
            if !names.insert(call.id.clone()) {
                return Err(Failure::Malformed("two of its tool calls have one id".to_owned()));
            }
        }
        if cut {
            self.parts.retain(|part| {
                !matches!(part, Part::ToolCall(call) if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&call.arguments).is_err())
            });
        }
        let calls = self.parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        let stop = if calls && stop == StopReason::End { StopReason::ToolCalls } else { stop };
        Ok(Reply { content: self.parts, stop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(events: Vec<Event>, stop: StopReason) -> Result<Reply, Failure> {
        let mut assembly = Assembly::default();
        for event in events {
            assembly.take(event)?;
        }
        assembly.finish(stop)
    }

    fn call(index: u32, id: &str, fragments: &[&str]) -> Vec<Event> {
        let start = Event::ToolCall { index, id: id.into(), name: "look".into(), signature: None };
        let fragments = fragments.iter().map(|fragment| Event::Arguments { index, fragment: (*fragment).into() });
        std::iter::once(start).chain(fragments).collect()
    }

    #[test]
    fn what_a_provider_tells_is_kept_and_nothing_used_is_not_told() {
        let mut assembly = Assembly::default();
        let used = Usage { input: 3, output: 4, ..Usage::default() };
        assembly.take(Event::Text("much".into())).expect("taken");
        assembly.take(Event::Usage(Usage::default())).expect("taken");
        assert_eq!(assembly.usage(), None);
        assembly.take(Event::Usage(used)).expect("taken");
        assert_eq!(assembly.usage(), Some(used));
    }

    #[test]
    fn pieces_of_one_kind_become_one_part() {
        let events = vec![
            Event::Thinking("a".into()),
            Event::Thinking("b".into()),
            Event::ThinkingSignature("seal".into()),
            Event::Text("x".into()),
            Event::Text("y".into()),
        ];
        let reply = assemble(events, StopReason::End).expect("taken");
        let thinking = Part::Thinking { text: "ab".into(), signature: Some("seal".into()) };
        assert_eq!(reply.content, [thinking, Part::Text("xy".into())]);
    }

    #[test]
    fn interleaved_calls_are_told_apart() {
        let mut events = call(7, "a", &["{\"x\""]);
        events.extend(call(9, "b", &[]));
        events.push(Event::Arguments { index: 7, fragment: ":1}".into() });
        let reply = assemble(events, StopReason::End).expect("taken");
        let arguments = reply.content.iter().map(|part| match part {
            Part::ToolCall(call) => call.arguments.as_str(),
            _ => "",
        });
        assert_eq!(arguments.collect::<Vec<_>>(), ["{\"x\":1}", "{}"]);
        assert_eq!(reply.stop, StopReason::ToolCalls);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wrong = [
            call(0, "a", &["{\"x\":"]),
            call(0, "a", &["[1]"]),
            [call(0, "a", &[]), call(0, "b", &[])].concat(),
            [call(0, "a", &[]), call(1, "a", &[])].concat(),
            vec![Event::Arguments { index: 3, fragment: "{}".into() }],
            (0..300).flat_map(|n| call(n, &n.to_string(), &[])).collect(),
            vec![Event::Text("x".repeat(REPLY_BYTES - PART_BYTES)), Event::Text("y".into())],
            vec![[Event::Text("x".into()), Event::Thinking("y".into())]; REPLY_BYTES / (2 * PART_BYTES)].concat(),
        ];
        for events in wrong {
            assert!(
                matches!(assemble(events.clone(), StopReason::End), Err(Failure::Malformed(_))),
                "{:.200?}",
                events
            );
        }
    }

    #[test]
    fn a_call_that_was_cut_is_left_out() {
        let reply = assemble(call(0, "a", &["{\"x\":"]), StopReason::MaxTokens).expect("taken");
        assert_eq!((reply.content.len(), reply.stop), (0, StopReason::MaxTokens));
    }
}
