//! Reads skills and prints what is read: a line of JSON for each folder that a line of its input names. A
//! line that is a JSON list of a folder's name and a text is read as that folder's `SKILL.md`.
//! `just skills-parity` compares it with the reference.

use std::{
    io::{self, BufRead, Write},
    path::Path,
};

use cap_std::{ambient_authority, fs::Dir};
use holm_skills::{
    Skill, SkillFile,
    strict::{Properties, to_prompt, validate},
};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let read = match serde_json::from_str::<(String, String)>(&line) {
            Ok((folder, text)) => Ok((folder.clone(), folder, text)),
            Err(_) => from_folder(Path::new(&line)),
        };
        let told = match read {
            Ok((folder, place, text)) => tell(&folder, &place, &text),
            Err(error) => json!({ "unread": error }),
        };
        writeln!(out, "{told}")?;
    }
    Ok(())
}

/// The folder's name, where its file is, and its text.
fn from_folder(folder: &Path) -> Result<(String, String, String), String> {
    let told = |error: io::Error| error.to_string();
    let real = folder.canonicalize().map_err(told)?;
    let dir = Dir::open_ambient_dir(&real, ambient_authority()).map_err(told)?;
    let file = SkillFile::read(&dir).map_err(|error| error.to_string())?;
    if !file.is_text() {
        return Err("it is no UTF-8".to_owned());
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, real.join(file.name).display().to_string(), file.text().into_owned()))
}

fn tell(folder: &str, place: &str, text: &str) -> Value {
    let findings: Vec<String> = validate(text, folder).iter().map(ToString::to_string).collect();
    let (properties, prompt) = match Properties::read(text) {
        Ok(properties) => (json!({ "ok": properties.to_json() }), json!(to_prompt(&[(properties, place)]))),
        Err(error) => (json!({ "error": error.to_string() }), Value::Null),
    };
    let lenient = match Skill::load(text, folder) {
        Ok(skill) => {
            let warnings: Vec<String> = skill.warnings.iter().map(ToString::to_string).collect();
            json!({ "name": skill.name, "description": skill.description, "warnings": warnings })
        }
        Err(error) => json!({ "error": error.to_string() }),
    };
    json!({ "findings": findings, "properties": properties, "prompt": prompt, "lenient": lenient })
}
