//! The lenient reading, as the guide for clients of the standard has it: warn and load. Only a description
//! that is missing, or a head that cannot be made out, keeps a skill out.

use unicode_normalization::UnicodeNormalization;

use crate::{
    MAXIMUM_HEAD_BYTES, MAXIMUM_METADATA,
    quote::quote,
    text::{is_hidden, line, printable, shown},
    value::Value,
    warning::{LoadError, Warning},
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
            let (quoted, mut which) = quote(head);
            which.truncate(MAXIMUM_WARNINGS);
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
