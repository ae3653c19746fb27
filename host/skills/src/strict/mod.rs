//! The strict reading: the same verdict and the same words as the reference validator, `skills-ref` 0.1.1.
//!
//! The reference reads YAML with strictyaml: blocks and scalars alone, every scalar a text. No library
//! of ours agrees with it to the word about what is wrong where, so the few rules are written out here.

mod parser;
mod properties;
mod rules;
mod scalars;
mod scanner;
mod source;
mod token;

use cap_std::fs::Dir;
use serde::ser::SerializeMap;

use self::{scanner::Scanner, source::Source};
use crate::{
    folder::{ReadError, SkillFile},
    python,
    value::Value,
};

/// What is wrong with a `SKILL.md`, in the words of the reference. They quote the skill as it is: what
/// shows them to a person makes them [`crate::printable`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// There is no file.
    #[error("Missing required file: SKILL.md")]
    NoFile,
    /// The file cannot be read, or not as text. The reference follows links, and fails on what is no text.
    #[error("{0}")]
    Unread(String),
    /// The file does not begin with `---`.
    #[error("SKILL.md must start with YAML frontmatter (---)")]
    Unopened,
    /// There is no second `---`.
    #[error("SKILL.md frontmatter not properly closed with ---")]
    Unclosed,
    /// The head is no YAML, or YAML of a kind that skills may not use.
    #[error("Invalid YAML in frontmatter: {0}")]
    Yaml(String),
    /// The head is a list, a text, or empty.
    #[error("SKILL.md frontmatter must be a YAML mapping")]
    NoMapping,
    /// There are fields that the standard does not know.
    #[error(
        "Unexpected fields in frontmatter: {}. Only ['allowed-tools', 'compatibility', 'description', 'license', 'metadata', 'name'] are allowed.",
        .0.join(", ")
    )]
    Unexpected(Vec<String>),
    /// A field is missing.
    #[error("Missing required field in frontmatter: {0}")]
    Missing(&'static str),
    /// A field is empty or no text.
    #[error("Field '{0}' must be a non-empty string")]
    Empty(&'static str),
    /// The name is too long.
    #[error("Skill name '{name}' exceeds 64 character limit ({chars} chars)")]
    LongName {
        /// The name.
        name: String,
        /// Its length.
        chars: usize,
    },
    /// The name has capitals.
    #[error("Skill name '{0}' must be lowercase")]
    Capitals(String),
    /// The name begins or ends with a hyphen.
    #[error("Skill name cannot start or end with a hyphen")]
    OuterHyphen,
    /// The name has two hyphens in a row.
    #[error("Skill name cannot contain consecutive hyphens")]
    DoubleHyphen,
    /// The name has other characters than letters, digits and hyphens.
    #[error("Skill name '{0}' contains invalid characters. Only letters, digits, and hyphens are allowed.")]
    Characters(String),
    /// The folder is called otherwise.
    #[error("Directory name '{folder}' must match skill name '{name}'")]
    Folder {
        /// What the folder is called.
        folder: String,
        /// The skill's name.
        name: String,
    },
    /// The description is too long.
    #[error("Description exceeds 1024 character limit ({0} chars)")]
    LongDescription(usize),
    /// The field `compatibility` is no text.
    #[error("Field 'compatibility' must be a string")]
    Compatibility,
    /// The field `compatibility` is too long.
    #[error("Compatibility exceeds 500 character limit ({0} chars)")]
    LongCompatibility(usize),
}

/// What a `SKILL.md` says of itself, read strictly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Its name.
    pub name: String,
    /// What it is for, and when.
    pub description: String,
    /// Whatever stands under `license`.
    pub license: Option<Value>,
    /// Whatever stands under `compatibility`.
    pub compatibility: Option<Value>,
    /// Whatever stands under `allowed-tools`.
    pub allowed_tools: Option<Value>,
    /// Whatever stands under `metadata`; the values of a map are texts.
    pub metadata: Option<Value>,
}

impl serde::Serialize for Properties {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("description", &self.description)?;
        let fields = [
            ("license", &self.license),
            ("compatibility", &self.compatibility),
            ("allowed-tools", &self.allowed_tools),
        ];
        for (key, value) in fields {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        if let Some(metadata) = self.metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
            map.serialize_entry("metadata", metadata)?;
        }
        map.end()
    }
}

impl Properties {
    /// Reads them, as `agentskills read-properties` does: without the rules of names and lengths.
    pub fn read(text: &str) -> Result<Self, Finding> {
        let mut fields = head(text)?;
        let mut take = |key: &str| {
            let index = fields.iter().position(|(name, _)| name == key)?;
            Some(fields.swap_remove(index).1)
        };
        let (name, description) = (take("name"), take("description"));
        let name = name.ok_or(Finding::Missing("name"))?;
        let description = description.ok_or(Finding::Missing("description"))?;
        let text = |value: &Value, field| match value.text().map(python::strip) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(Finding::Empty(field)),
        };
        let metadata = take("metadata").map(|metadata| match metadata {
            Value::Map(pairs) => {
                Value::Map(pairs.into_iter().map(|(key, value)| (key, Value::Text(value.to_python()))).collect())
            }
            other => other,
        });
        Ok(Self {
            name: text(&name, "name")?,
            description: text(&description, "description")?,
            license: take("license"),
            compatibility: take("compatibility"),
            allowed_tools: take("allowed-tools"),
            metadata,
        })
    }

    /// As `agentskills read-properties` prints them.
    pub fn to_json(&self) -> String {
        python::json(self)
    }
}

/// All that is wrong with a `SKILL.md` in a folder of this name, as `agentskills validate` tells it:
/// in its order, and what makes the head unreadable alone. Empty where it is valid.
pub fn validate(text: &str, folder: &str) -> Vec<Finding> {
    match head(text) {
        Ok(fields) => rules::check(&fields, folder),
        Err(finding) => vec![finding],
    }
}

/// As [`validate`], of what lies in a folder.
pub fn validate_folder(dir: &Dir, folder: &str) -> Vec<Finding> {
    match SkillFile::read(dir) {
        Ok(file) if file.is_text() => validate(&file.text(), folder),
        Ok(_) => vec![Finding::Unread("its SKILL.md is no UTF-8: save it as UTF-8".to_owned())],
        Err(ReadError::Missing) => vec![Finding::NoFile],
        Err(error) => vec![Finding::Unread(error.to_string())],
    }
}

/// The fields of the head. Where it ends is found as the reference does: at the next `---`, wherever
/// that stands.
fn head(text: &str) -> Result<Vec<(String, Value)>, Finding> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let rest = text.strip_prefix("---").ok_or(Finding::Unopened)?;
    let (head, _) = rest.split_once("---").ok_or(Finding::Unclosed)?;
    if head.len() > crate::MAXIMUM_HEAD_BYTES {
        let maximum = crate::MAXIMUM_HEAD_BYTES;
        return Err(Finding::Yaml(format!("it has more than {maximum} bytes: move what is long below it")));
    }
    let source = Source::new(head).map_err(|fault| Finding::Yaml(fault.problem))?;
    let (scanner, read) = parser::read(Scanner::new(source));
    match read.map_err(|fault| Finding::Yaml(scanner.source.explain(&fault)))? {
        Some(Value::Map(fields)) => Ok(fields),
        _ => Err(Finding::NoMapping),
    }
}

/// As `agentskills to-prompt` prints skills, each with where its `SKILL.md` is. Places are written as they
/// are: what agents are told is [`crate::available_skills`].
pub fn to_prompt(skills: &[(Properties, &str)]) -> String {
    let escape = python::escape;
    crate::disclosure::prompt(
        skills.iter().map(|(skill, place)| [escape(&skill.name), escape(&skill.description), (*place).to_owned()]),
    )
}
