//! Text that grows no further than its bound.

use crate::limits::OUTPUT;
use holm::{Error, Result};

#[derive(Default)]
pub(crate) struct Output(String);

impl Output {
    pub(crate) fn push(&mut self, text: &str) -> Result<()> {
        if self.0.len() + text.len() > OUTPUT {
            return Err(Error::new(format!(
                "refused (too-many-bytes): the document becomes over {OUTPUT} bytes of text"
            )));
        }
        self.0.push_str(text);
        Ok(())
    }

    /// Ends what stands there, so that a new block begins.
    pub(crate) fn blank_line(&mut self) -> Result<()> {
        match self.0.trim_end_matches(' ') {
            "" => Ok(()),
            text if text.ends_with("\n\n") => Ok(()),
            text if text.ends_with('\n') => self.push("\n"),
            _ => self.push("\n\n"),
        }
    }

    pub(crate) fn finish(self) -> String {
        let mut text = self.0;
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}
