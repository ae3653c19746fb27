//! What guests write: as it is to files and pipes, without control sequences to a terminal.

use std::io::{self, IsTerminal, Write};

use anstream::adapter::StripBytes;

/// One output stream of a guest.
pub(crate) struct GuestOutput<W> {
    to: W,
    filter: Option<Filter>,
    fresh_line: bool,
}

impl GuestOutput<io::Stdout> {
    /// The guest's stdout.
    pub(crate) fn stdout() -> Self {
        Self::new(io::stdout(), io::stdout().is_terminal())
    }
}

impl GuestOutput<io::Stderr> {
    /// The guest's stderr.
    pub(crate) fn stderr() -> Self {
        Self::new(io::stderr(), io::stderr().is_terminal())
    }
}

impl<W: Write> GuestOutput<W> {
    fn new(to: W, terminal: bool) -> Self {
        Self { to, filter: terminal.then(Filter::default), fresh_line: true }
    }

    /// Writes what a guest wrote.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.filter {
            None => self.to.write_all(bytes)?,
            Some(filter) => {
                let text = filter.text(bytes);
                if let Some(last) = text.chars().next_back() {
                    self.fresh_line = last == '\n';
                }
                self.to.write_all(text.as_bytes())?;
            }
        }
        self.to.flush()
    }

    /// Begins a new line before something else is said, on a terminal.
    pub(crate) fn fresh_line(&mut self) {
        if !self.fresh_line {
            self.fresh_line = true;
            let _ = self.to.write_all(b"\n");
        }
    }
}

/// Takes out of a stream of bytes what a terminal would act upon: it could set the title, read the
/// screen, write the clipboard or answer a question. Sequences may be cut anywhere.
#[derive(Default)]
struct Filter {
    strip: StripBytes,
    /// The beginning of a character whose end has not come.
    rest: Vec<u8>,
}

impl Filter {
    fn text(&mut self, bytes: &[u8]) -> String {
        for part in self.strip.strip_next(bytes) {
            self.rest.extend_from_slice(part);
        }
        let mut text = String::new();
        let mut kept = 0;
        for chunk in self.rest.utf8_chunks() {
            // The second half of the control characters lies in two bytes, which the stripping leaves.
            text.extend(chunk.valid().chars().filter(|char| !char.is_control() || char.is_ascii_whitespace()));
            kept += chunk.valid().len();
            let broken = chunk.invalid();
            let cut_off = kept + broken.len() == self.rest.len() && is_beginning(broken);
            if !broken.is_empty() && !cut_off {
                text.push('\u{fffd}');
                kept += broken.len();
            }
        }
        self.rest.drain(..kept);
        text
    }
}

/// Whether more bytes could make a character of these.
fn is_beginning(bytes: &[u8]) -> bool {
    let length = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return false,
    };
    bytes.len() < length
}

#[cfg(test)]
mod tests {
    use super::GuestOutput;

    fn shown(parts: &[&[u8]], terminal: bool) -> Vec<u8> {
        let mut written = Vec::new();
        let mut output = GuestOutput::new(&mut written, terminal);
        parts.iter().for_each(|part| output.write(part).expect("memory"));
        written
    }

    #[test]
    fn a_terminal_is_not_driven_by_guests() {
        let hostile: [(&[u8], &str); 8] = [
            (b"plain\ttext\n", "plain\ttext\n"),
            (b"\x1b]0;title\x07after", "after"),
            (b"\x1b]52;c;aGk=\x1b\\after", "after"),
            (b"\x1b[2J\x1b[31mred\x1b[0m", "red"),
            (b"\x1bP+q544e\x1b\\after", "after"),
            ("\u{9b}2Jafter".as_bytes(), "2Jafter"),
            (b"bell\x07 back\x08 del\x7f", "bell back del"),
            ("gr\u{fc}\u{df}e \u{1f980}".as_bytes(), "grüße 🦀"),
        ];
        for (bytes, expected) in hostile {
            assert_eq!(String::from_utf8_lossy(&shown(&[bytes], true)), expected);
            // Cut into single bytes, it is the same.
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(String::from_utf8_lossy(&shown(&single, true)), expected);
            assert_eq!(shown(&[bytes], false), bytes);
        }
    }
}
