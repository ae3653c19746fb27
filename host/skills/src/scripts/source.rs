//! A script's text without its comments, and without what stands in its strings: of the same length, so
//! that places stay what they are.

/// A text seen twice.
pub(super) struct Masked {
    /// Without comments and strings.
    pub(super) code: String,
    /// Without comments.
    pub(super) text: String,
}

struct Mask<'a> {
    bytes: &'a [u8],
    code: Vec<u8>,
    text: Vec<u8>,
}

impl<'a> Mask<'a> {
    fn new(source: &'a str) -> Self {
        let bytes = source.as_bytes();
        Self { bytes, code: bytes.to_vec(), text: bytes.to_vec() }
    }

    fn at(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or(0)
    }

    fn blank(bytes: &mut [u8], from: usize, to: usize) {
        let to = to.min(bytes.len());
        for byte in bytes.get_mut(from..to).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }

    fn comment(&mut self, from: usize, to: usize) {
        Self::blank(&mut self.code, from, to);
        Self::blank(&mut self.text, from, to);
    }

    fn string(&mut self, from: usize, to: usize) {
        Self::blank(&mut self.code, from, to);
    }

    fn line_end(&self, from: usize) -> usize {
        self.bytes[from..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |length| from + length)
    }

    /// Where a string ends whose first byte is at `from`: at its quote, or at the end of the line where it
    /// may not go on.
    fn string_end(&self, from: usize, quote: u8, lines: bool) -> usize {
        let mut index = from;
        while index < self.bytes.len() {
            match self.bytes[index] {
                b'\\' => index += 1,
                b'\n' if !lines => return index,
                byte if byte == quote => return index,
                _ => {}
            }
            index += 1;
        }
        self.bytes.len()
    }

    fn done(self) -> Masked {
        // Only whole characters are blanked, byte by byte.
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Masked { code: text(&self.code), text: text(&self.text) }
    }
}

/// Python: texts that stand for themselves say what something is for, and count as comments.
pub(super) fn python(source: &str) -> Masked {
    let mut mask = Mask::new(source);
    let (mut index, mut last, mut line_start) = (0, 0_u8, true);
    while index < mask.bytes.len() {
        let byte = mask.bytes[index];
        match byte {
            b'#' => {
                let end = mask.line_end(index);
                mask.comment(index, end);
                index = end;
                continue;
            }
            b'\'' | b'"' => {
                let triple = mask.at(index + 1) == byte && mask.at(index + 2) == byte;
                let inner = index + if triple { 3 } else { 1 };
                let mut end = mask.string_end(inner, byte, triple);
                while triple && end < mask.bytes.len() && !(mask.at(end + 1) == byte && mask.at(end + 2) == byte) {
                    end = mask.string_end(end + 1, byte, true);
                }
                if triple && line_start && !b"(,=[{+%".contains(&last) {
                    mask.comment(inner, end);
                } else {
                    mask.string(inner, end);
                }
                index = end + if triple { 3 } else { 1 };
                (last, line_start) = (byte, false);
                continue;
            }
            b'\n' => line_start = true,
            b' ' | b'\t' | b'\r' => {}
            // What may stand before the quote.
            b'r' | b'R' | b'b' | b'B' | b'u' | b'U' | b'f' | b'F' => last = byte,
            _ => (last, line_start) = (byte, false),
        }
        index += 1;
    }
    mask.done()
}

/// JavaScript and TypeScript.
pub(super) fn javascript(source: &str) -> Masked {
    let mut mask = Mask::new(source);
    let (mut index, mut last) = (0, b'\n');
    while index < mask.bytes.len() {
        let byte = mask.bytes[index];
        match (byte, mask.at(index + 1)) {
            (b'/', b'/') => {
                let end = mask.line_end(index);
                mask.comment(index, end);
                index = end;
                continue;
            }
            (b'/', b'*') => {
                let inner = index + 2;
                let found = mask.bytes[inner..].windows(2).position(|two| two == b"*/");
                let end = found.map_or(mask.bytes.len(), |length| inner + length + 2);
                mask.comment(index, end);
                index = end;
                continue;
            }
            (b'#', b'!') if index == 0 => {
                let end = mask.line_end(index);
                mask.comment(index, end);
                index = end;
                continue;
            }
            // Where a value begins, it is an expression between slashes.
            (b'/', _) if b"(,=:[!&|?{};\n".contains(&last) => {
                let end = mask.string_end(index + 1, b'/', false);
                mask.string(index + 1, end);
                index = end;
            }
            (b'\'' | b'"' | b'`', _) => {
                let end = mask.string_end(index + 1, byte, byte == b'`');
                mask.string(index + 1, end);
                index = end;
            }
            _ => {}
        }
        if byte == b'\n' || !byte.is_ascii_whitespace() {
            last = byte;
        }
        index += 1;
    }
    mask.done()
}

/// A shell's: whole lines of comments.
pub(super) fn shell_comments(source: &str) -> String {
    let mut mask = Mask::new(source);
    let mut start = 0;
    while start < mask.bytes.len() {
        let end = mask.line_end(start);
        if source[start..end].trim_start().starts_with('#') {
            mask.comment(start, end);
        }
        start = end + 1;
    }
    mask.done().text
}
