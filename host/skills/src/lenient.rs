//! The lenient reading, as the guide for clients of the standard has it: warn and load. Only a description
//! that is missing, or a head that cannot be made out, keeps a skill out.

use std::{borrow::Cow, fmt};

use unicode_normalization::UnicodeNormalization;

use crate::{
    MAXIMUM_HEAD_BYTES, MAXIMUM_METADATA,
    text::{is_hidden, line, printable, shown},
    value::Value,
    yaml,
};

/// Characters of a description that are kept. Stops one skill from filling what an agent reads of all.
const MAXIMUM_DESCRIPTION: usize = 4096;
/// Characters of the other fields.
const MAXIMUM_FIELD: usize = 4096;
/// Warnings that are kept. Stops heads of thousands of fields.
const MAXIMUM_WARNINGS: usize = 32;
/// Characters of a skill's name.
pub(crate) const MAXIMUM_NAME: usize = 64;
/// The standard's limit, beyond which a description is warned of.
const STANDARD_DESCRIPTION: usize = 1024;

/// A skill that was loaded, and what there was to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// Its name for the system: 1 to 64 of `a-z`, `0-9` and `-`.
    pub name: String,
    /// What it is for, and when; on one line, with hidden characters written out.
    pub description: String,
    /// Its licence.
    pub license: Option<String>,
    /// What it needs, in words.
    pub compatibility: Option<String>,
    /// The tools it wants to use without being asked about, each like `Bash(git:*)`.
    pub allowed_tools: Vec<String>,
    /// Whatever else the head says, `metadata` included.
    pub others: Vec<(String, Value)>,
    /// The instructions: what follows the head.
    pub body: String,
    /// On which line of the file the body begins, counted from one.
    pub body_line: usize,
    /// What is not as it should be.
    pub warnings: Vec<Warning>,
}

/// What is not as the standard wants it, and was taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The name is not what the system calls it.
    Renamed {
        /// As it is written; empty where it is missing.
        written: String,
        /// What it is called instead.
        name: String,
    },
    /// The folder has another name.
    Folder(String),
    /// The description is longer than the standard's 1,024 characters.
    LongDescription(usize),
    /// Characters that hide or reorder text, written out in what is shown.
    Hidden(&'static str),
    /// Fields that the standard does not know.
    Unknown(Vec<String>),
    /// A field that is written more than once; the last one counts.
    Twice(String),
    /// A field is of another kind than the standard wants.
    Kind(&'static str),
    /// The YAML was made out only once these values stood in quotes.
    Quoted(Vec<String>),
    /// The file begins with something else than `---`: a byte order mark or empty lines.
    Beginning,
    /// The file is no UTF-8; what could not be read is shown as `\u{fffd}`.
    Encoding,
    /// More than is told here.
    More,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed { written, name } if written.is_empty() => {
                write!(f, "it has no name; it is called `{name}` after its folder")
            }
            Self::Renamed { written, name } => write!(f, "its name `{}` is used as `{name}`", shown(written)),
            Self::Folder(folder) => {
                write!(f, "its folder is called `{}`, and should be called as it is", shown(folder))
            }
            Self::LongDescription(chars) => {
                write!(f, "its description has {chars} characters; 1,024 are the standard's limit")
            }
            Self::Hidden(field) => {
                write!(f, "its {field} has characters that hide or reorder text; they are written out")
            }
            Self::Unknown(fields) => {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", shown(field))).collect();
                write!(f, "the standard knows no {}; put them under `metadata`", fields.join(", "))
            }
            Self::Twice(field) => write!(f, "`{}` is written more than once; the last one counts", shown(field)),
            Self::Kind(field) => write!(f, "`{field}` should be one text"),
            Self::Quoted(fields) => {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", shown(field))).collect();
                write!(
                    f,
                    "the head is YAML only with quotes around what stands under {}: write them",
                    fields.join(", ")
                )
            }
            Self::Beginning => f.write_str("the file should begin with `---`, without anything before it"),
            Self::Encoding => f.write_str("the file should be UTF-8; parts of it cannot be read"),
            Self::More => f.write_str("and more"),
        }
    }
}

/// Why a skill is not loaded, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no head.
    #[error("it has no head: begin the file with a line `---`, `name:` and `description:`, and another line `---`")]
    NoHead,
    /// The head does not end.
    #[error("its head does not end: put a line `---` behind the last field")]
    Unclosed,
    /// The head is too long.
    #[error("its head has more than {MAXIMUM_HEAD_BYTES} bytes: move what is long below it")]
    LongHead,
    /// The head is no YAML.
    #[error("line {line} of its head: {message}; put values with `:` or other signs in quotes")]
    Yaml {
        /// Of the file, counted from one.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The head is a list or a text.
    #[error("its head has no fields: write `name: …` and `description: …`")]
    NoFields,
    /// It does not say what it is for.
    #[error("it has no description: say in `description:` what it does and when to use it")]
    NoDescription,
}

impl Skill {
    /// Reads a `SKILL.md` that lies in a folder of this name.
    pub fn load(text: &str, folder: &str) -> Result<Self, LoadError> {
        let mut warnings = Vec::new();
        let Parts { head, head_line, body, body_line } = split(text, &mut warnings)?;
        let fields = fields(head, head_line, &mut warnings)?;
        let (mut name, mut description, mut license, mut compatibility, mut tools) = (None, None, None, None, None);
        let (mut others, mut unknown) = (Vec::new(), Vec::new());
        for (key, value) in fields {
            match key.as_str() {
                "name" => name = Some(value),
                "description" => description = Some(value),
                "license" => license = Some(value),
                "compatibility" => compatibility = Some(value),
                "allowed-tools" => tools = Some(value),
                _ => {
                    if key != "metadata" {
                        unknown.push(key.clone());
                    }
                    others.push((key, value));
                }
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(MAXIMUM_WARNINGS);
            warnings.push(Warning::Unknown(unknown));
        }
        others.truncate(MAXIMUM_METADATA);
        let mut read = |value: Option<Value>, field| value.and_then(|value| text_of(value, field, &mut warnings));
        let written = read(name, "name").unwrap_or_default();
        let description = read(description, "description").ok_or(LoadError::NoDescription)?;
        let license = read(license, "license");
        let compatibility = read(compatibility, "compatibility");
        let allowed_tools = tools.map_or_else(Vec::new, |value| tools_of(&value, &mut warnings));
        let name = name_of(&written, folder, &mut warnings);
        let chars = description.chars().count();
        if chars > STANDARD_DESCRIPTION {
            warnings.push(Warning::LongDescription(chars));
        }
        if warnings.len() > MAXIMUM_WARNINGS {
            warnings.truncate(MAXIMUM_WARNINGS);
            warnings.push(Warning::More);
        }
        let field = |text: String| printable(&text, MAXIMUM_FIELD);
        Ok(Self {
            name,
            description: printable(&description, MAXIMUM_DESCRIPTION),
            license: license.map(field),
            compatibility: compatibility.map(field),
            allowed_tools,
            others,
            body: body.to_owned(),
            body_line,
            warnings,
        })
    }
}

struct Parts<'a> {
    head: &'a str,
    /// Where it begins in the file, counted from one.
    head_line: usize,
    body: &'a str,
    body_line: usize,
}

/// The head ends at the first line that is `---`, and at no other.
fn split<'a>(text: &'a str, warnings: &mut Vec<Warning>) -> Result<Parts<'a>, LoadError> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.len() != text.len() {
        warnings.push(Warning::Beginning);
    }
    let above = text[..text.len() - start.len()].matches('\n').count();
    let rest = start.strip_prefix("---").ok_or(LoadError::NoHead)?;
    let (rest_of_line, rest) = rest.split_once('\n').ok_or(LoadError::Unclosed)?;
    if !rest_of_line.trim().is_empty() {
        return Err(LoadError::NoHead);
    }
    let (mut bytes, mut lines) = (0, 0);
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let (head, body) = (&rest[..bytes], &rest[bytes + line.len()..]);
            return Ok(Parts { head, head_line: above + 2, body, body_line: above + lines + 3 });
        }
        bytes += line.len();
        lines += 1;
        if bytes > MAXIMUM_HEAD_BYTES {
            return Err(LoadError::LongHead);
        }
    }
    Err(LoadError::Unclosed)
}

/// The fields; where that is no YAML, the fields once more with values in quotes.
fn fields(head: &str, head_line: usize, warnings: &mut Vec<Warning>) -> Result<Vec<(String, Value)>, LoadError> {
    let (value, twice) = match yaml::read(head) {
        Ok(read) => read,
        Err(error) => {
            let (quoted, which) = quote(head);
            let read = if which.is_empty() { None } else { yaml::read(&quoted).ok() };
            let failed = || LoadError::Yaml { line: error.line + head_line - 1, message: shown(&line(&error.message)) };
            let read = read.ok_or_else(failed)?;
            warnings.push(Warning::Quoted(which));
            read
        }
    };
    warnings.extend(twice.into_iter().take(MAXIMUM_WARNINGS).map(Warning::Twice));
    match value {
        Value::Map(fields) => Ok(fields),
        Value::Text(text) if text.is_empty() => Err(LoadError::NoDescription),
        _ => Err(LoadError::NoFields),
    }
}

/// Puts values of one line in quotes that YAML takes for something else, like `Use when: asked`, and what
/// YAML does not allow at all is replaced.
fn quote(head: &str) -> (String, Vec<String>) {
    let (mut out, mut which) = (String::with_capacity(head.len()), Vec::new());
    for line in head.lines() {
        let quoted = line.split_once(": ").and_then(|(key, value)| {
            let value = value.trim();
            let name = key.trim_start().trim_start_matches("- ");
            let is_key = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "-_".contains(char));
            let forbidden = value.contains(|char: char| char.is_control());
            (is_key && (forbidden || !is_whole(value))).then(|| {
                which.push(name.to_owned());
                let allowed = value.replace(|char: char| char.is_control() && char != '\t', "\u{fffd}");
                format!("{key}: '{}'", allowed.replace('\'', "''"))
            })
        });
        out.push_str(&quoted.map_or(Cow::Borrowed(line), Cow::Owned));
        out.push('\n');
    }
    which.truncate(MAXIMUM_WARNINGS);
    (out, which)
}

/// Whether YAML would take what stands behind a key for one value.
fn is_whole(value: &str) -> bool {
    let mut chars = value.chars();
    let rest = chars.as_str().get(1..).unwrap_or_default();
    match chars.next() {
        None | Some('|' | '>' | '#') => true,
        Some('@' | '`' | '%' | '*' | '&' | '!' | ',' | ']' | '}') => false,
        // Nothing may follow the second quote.
        Some('"') => ends_with_first(&rest.replace("\\\\", "").replace("\\\"", ""), '"'),
        Some('\'') => ends_with_first(&rest.replace("''", ""), '\''),
        Some('[' | '{') => {
            let mut open = 1_usize;
            let ends = rest.char_indices().find(|(_, char)| {
                match char {
                    '[' | '{' => open += 1,
                    ']' | '}' => open -= 1,
                    _ => {}
                }
                open == 0
            });
            ends.is_some_and(|(index, _)| index + 1 == rest.len())
        }
        Some(_) => !value.contains(": ") && !value.ends_with(':'),
    }
}

fn ends_with_first(text: &str, quote: char) -> bool {
    text.find(quote).is_some_and(|index| index + 1 == text.len())
}

/// One text, on one line; none where there is nothing.
fn text_of(value: Value, field: &'static str, warnings: &mut Vec<Warning>) -> Option<String> {
    let text = match value {
        Value::Text(text) => text,
        Value::List(values) => {
            warnings.push(Warning::Kind(field));
            values.iter().map(Value::to_python).collect::<Vec<_>>().join(", ")
        }
        other => {
            warnings.push(Warning::Kind(field));
            other.to_python()
        }
    };
    let text = line(&text);
    if text.chars().any(is_hidden) {
        warnings.push(Warning::Hidden(field));
    }
    (!text.is_empty()).then_some(text)
}

/// `Bash(git:*) Read`, also with commas between, also as a list.
fn tools_of(value: &Value, warnings: &mut Vec<Warning>) -> Vec<String> {
    const MAXIMUM_TOOLS: usize = 256;
    let texts: Vec<&str> = match value {
        Value::Text(text) => vec![text],
        Value::List(values) => {
            warnings.push(Warning::Kind("allowed-tools"));
            values.iter().filter_map(Value::text).collect()
        }
        _ => {
            warnings.push(Warning::Kind("allowed-tools"));
            Vec::new()
        }
    };
    let mut tools = Vec::new();
    for text in texts {
        let (mut tool, mut open) = (String::new(), 0_usize);
        for char in text.chars().chain([' ']) {
            match char {
                '(' => open += 1,
                ')' => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 && (char == ',' || char.is_whitespace()) {
                if !tool.is_empty() && tools.len() < MAXIMUM_TOOLS {
                    tools.push(printable(&std::mem::take(&mut tool), MAXIMUM_FIELD));
                }
                tool.clear();
            } else {
                tool.push(char);
            }
        }
        // A parenthesis that does not close takes the rest with it.
        if !tool.is_empty() && tools.len() < MAXIMUM_TOOLS {
            tools.push(printable(tool.trim(), MAXIMUM_FIELD));
        }
    }
    tools
}

/// What the system calls a skill of this name in this folder.
fn name_of(written: &str, folder: &str, warnings: &mut Vec<Warning>) -> String {
    let name = slug(written).or_else(|| slug(folder)).unwrap_or_else(|| {
        let text = if written.is_empty() { folder } else { written };
        // Of names without a letter it knows, it makes one that is always the same.
        let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("skill-{hash:08x}")
    });
    if name != written {
        warnings.push(Warning::Renamed { written: written.to_owned(), name: name.clone() });
    }
    if folder != name && folder != written && !written.is_empty() {
        warnings.push(Warning::Folder(folder.to_owned()));
    }
    name
}

/// The letters and digits of a text, in words joined by `-`. None if there are none.
fn slug(text: &str) -> Option<String> {
    let mut out = String::new();
    let marks = |char: &char| !unicode_normalization::char::is_combining_mark(*char);
    for char in text.nfkd().filter(marks).flat_map(char::to_lowercase) {
        match char {
            'a'..='z' | '0'..='9' => out.push(char),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
        if out.len() == MAXIMUM_NAME {
            break;
        }
    }
    let out = out.trim_end_matches('-');
    (!out.is_empty()).then(|| out.to_owned())
}
