//! What the standard asks of the fields of a head, in the order of the reference.

use unicode_normalization::UnicodeNormalization;

use super::Finding;
use crate::{python, value::Value};

/// Characters of a name.
const MAXIMUM_NAME: usize = 64;
/// Characters of a description, untrimmed.
const MAXIMUM_DESCRIPTION: usize = 1024;
/// Characters of what is said of compatibility.
const MAXIMUM_COMPATIBILITY: usize = 500;
const FIELDS: [&str; 6] = ["name", "description", "license", "allowed-tools", "metadata", "compatibility"];

pub(super) fn check(fields: &[(String, Value)], folder: &str) -> Vec<Finding> {
    let field = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let mut findings = Vec::new();
    let mut unexpected: Vec<String> =
        fields.iter().map(|(key, _)| key.clone()).filter(|key| !FIELDS.contains(&key.as_str())).collect();
    if !unexpected.is_empty() {
        unexpected.sort_unstable();
        findings.push(Finding::Unexpected(unexpected));
    }
    match field("name") {
        None => findings.push(Finding::Missing("name")),
        Some(value) => name(value, folder, &mut findings),
    }
    match field("description") {
        None => findings.push(Finding::Missing("description")),
        Some(value) => match value.text().filter(|text| !python::strip(text).is_empty()).map(length) {
            None => findings.push(Finding::Empty("description")),
            Some(chars) if chars > MAXIMUM_DESCRIPTION => findings.push(Finding::LongDescription(chars)),
            Some(_) => {}
        },
    }
    match field("compatibility").map(|value| value.text().map(length)) {
        Some(None) => findings.push(Finding::Compatibility),
        Some(Some(chars)) if chars > MAXIMUM_COMPATIBILITY => findings.push(Finding::LongCompatibility(chars)),
        _ => {}
    }
    findings
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn name(value: &Value, folder: &str, findings: &mut Vec<Finding>) {
    let Some(name) = value.text().map(python::strip).filter(|name| !name.is_empty()) else {
        findings.push(Finding::Empty("name"));
        return;
    };
    let name: String = name.nfkc().collect();
    let chars = length(&name);
    if chars > MAXIMUM_NAME {
        findings.push(Finding::LongName { name: name.clone(), chars });
    }
    if name != name.to_lowercase() {
        findings.push(Finding::Capitals(name.clone()));
    }
    if name.starts_with('-') || name.ends_with('-') {
        findings.push(Finding::OuterHyphen);
    }
    if name.contains("--") {
        findings.push(Finding::DoubleHyphen);
    }
    if !name.chars().all(|char| char == '-' || python::is_alphanumeric(char)) {
        findings.push(Finding::Characters(name.clone()));
    }
    if folder.nfkc().ne(name.chars()) {
        findings.push(Finding::Folder { folder: folder.to_owned(), name });
    }
}
