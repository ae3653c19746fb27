//! What a tool asks while it answers, asked on the terminal: whose question it is stands first, in our words,
//! and its own words are set apart.

use std::{io, sync::Arc};

use holm_kernel::answer::{Choice, Field, Form, Inquiry, Kind, Question, Reply, Wanted};
use holm_packages::printable;
use serde_json::{Map, Value};

use crate::terminal::Terminal;

/// Lines of a message that are shown. Stops one that scrolls away whose it is.
const LINES: usize = 12;

/// Asks all of it; without a terminal nobody can be asked.
pub(crate) async fn replies(terminal: Option<Arc<Terminal>>, inquiry: Inquiry) -> Vec<Reply> {
    let Some(terminal) = terminal else { return vec![Reply::Nobody; inquiry.questions.len()] };
    let asked = tokio::task::spawn_blocking(move || {
        let who = who(&inquiry);
        let reply = |question: &Question| reply(&terminal, &who, &question.wanted).unwrap_or(Reply::Cancelled);
        inquiry.questions.iter().map(reply).collect()
    });
    asked.await.unwrap_or_default()
}

/// Who asks. A program that is not installed has its digest in its name.
fn who(inquiry: &Inquiry) -> String {
    let name = printable(inquiry.plugin.split('@').next().unwrap_or_default());
    if inquiry.root { name } else { format!("{name}, which it called,") }
}

fn reply(terminal: &Terminal, who: &str, wanted: &Wanted) -> io::Result<Reply> {
    let agree = |question: &str| {
        let choices = [("yes", Some(true)), ("no", Some(false))];
        terminal.ask(question, &choices, None)
    };
    match wanted {
        Wanted::Form { message, schema } => {
            let Ok(form) = Form::parse(schema) else { return Ok(Reply::Cancelled) };
            terminal.tell(&format!("holm: {who} asks:\n{}", quoted(message)))?;
            match agree("holm: answer?")? {
                Some(true) => fill(terminal, &form),
                Some(false) => Ok(Reply::Declined),
                None => Ok(Reply::Cancelled),
            }
        }
        Wanted::Link { message, url } => {
            let page = format!("holm: {who} asks you to open this page:\n{}\n  {}", quoted(message), printable(url));
            terminal.tell(&page)?;
            Ok(match agree("holm: will you?")? {
                Some(true) => Reply::Accepted("{}".to_owned()),
                Some(false) => Reply::Declined,
                None => Reply::Cancelled,
            })
        }
        // A command has no model, and where it works is nobody else's business.
        Wanted::Completion(_) | Wanted::Roots => Ok(Reply::Nobody),
    }
}

/// A guest's words, each line marked as such.
fn quoted(message: &str) -> String {
    let mut lines: Vec<String> = message.lines().take(LINES).map(|line| format!("  | {}", printable(line))).collect();
    if message.lines().nth(LINES).is_some() {
        lines.push("  | …".to_owned());
    }
    lines.join("\n")
}

/// Asks for one field after the other; the end of input cancels.
fn fill(terminal: &Terminal, form: &Form) -> io::Result<Reply> {
    let mut filled = Map::new();
    for field in &form.fields {
        let question = prompt(field);
        loop {
            let Some(line) = terminal.line(&question)? else { return Ok(Reply::Cancelled) };
            match meant(field, line.trim()) {
                Ok(Some(value)) => drop(filled.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err(reason) => {
                    terminal.tell(&format!("  {reason}"))?;
                    continue;
                }
            }
            break;
        }
    }
    Ok(Reply::Accepted(Value::Object(filled).to_string()))
}

/// What is asked of one field: its choices, its name, what it may be, and what an empty line means.
fn prompt(field: &Field) -> String {
    let mut text = String::new();
    if let Some(description) = &field.description {
        text.push_str(&format!("  | {}\n", printable(description)));
    }
    if let Kind::One(choices) | Kind::Some { choices, .. } = &field.kind {
        for (index, Choice { value, title }) in choices.iter().enumerate() {
            text.push_str(&format!("    {}: {}\n", index + 1, printable(title.as_ref().unwrap_or(value))));
        }
    }
    let kind = match &field.kind {
        Kind::Text { format, .. } => format.as_deref().map_or("text".to_owned(), printable),
        Kind::Number { whole: true, .. } => "whole number".to_owned(),
        Kind::Number { .. } => "number".to_owned(),
        Kind::Boolean => "yes or no".to_owned(),
        Kind::One(_) => "a number from the list".to_owned(),
        Kind::Some { .. } => "numbers from the list, with blanks between".to_owned(),
    };
    let empty = match (&field.default, field.required) {
        (Some(default), _) => format!(", empty is {}", printable(&default.to_string())),
        (None, false) => ", may be empty".to_owned(),
        (None, true) => String::new(),
    };
    text + &format!("  {} ({kind}{empty}): ", printable(field.title.as_ref().unwrap_or(&field.name)))
}

/// What a line means for a field; none where it is left out.
fn meant(field: &Field, line: &str) -> Result<Option<Value>, String> {
    if line.is_empty() {
        return match (&field.default, field.required) {
            (Some(default), _) => Ok(Some(default.clone())),
            (None, false) => Ok(None),
            (None, true) => Err("it has to be filled in".to_owned()),
        };
    }
    let chosen = |choices: &[Choice], word: &str| {
        let by_number = word.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
        let choice = by_number.or_else(|| choices.iter().find(|choice| choice.value == word));
        choice
            .map(|choice| Value::String(choice.value.clone()))
            .ok_or_else(|| format!("there is no {}", printable(word)))
    };
    let value = match &field.kind {
        Kind::Text { .. } => Value::String(line.to_owned()),
        Kind::Number { .. } => match serde_json::from_str(line) {
            Ok(Value::Number(number)) => Value::Number(number),
            _ => return Err("write a number".to_owned()),
        },
        Kind::Boolean => match line.to_lowercase().as_str() {
            "y" | "yes" | "true" => Value::Bool(true),
            "n" | "no" | "false" => Value::Bool(false),
            _ => return Err("write yes or no".to_owned()),
        },
        Kind::One(choices) => chosen(choices, line)?,
        Kind::Some { choices, .. } => {
            let words = line.split([' ', ',']).filter(|word| !word.is_empty());
            Value::Array(words.map(|word| chosen(choices, word)).collect::<Result<_, _>>()?)
        }
    };
    field.fit(&value).map_err(|error| error.to_string())?;
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use holm_kernel::answer::Form;

    use super::{meant, prompt, quoted};

    #[test]
    fn fields_are_read_as_they_are_meant() {
        let schema = r#"{
            "type": "object",
            "properties": {
                "name": { "type": "string", "title": "Your name", "maxLength": 3 },
                "age": { "type": "integer", "default": 30 },
                "sure": { "type": "boolean" },
                "one": { "type": "string", "oneOf": [{ "const": "a", "title": "First" }, { "const": "b" }] },
                "some": { "type": "array", "items": { "type": "string", "enum": ["x", "y"] }, "minItems": 1 }
            },
            "required": ["name"]
        }"#;
        let form = Form::parse(schema).expect("a form");
        let mut told = String::new();
        for (field, lines) in form.fields.iter().zip([
            &["Ada", "", "Grace"][..],
            &["7", "", "x", "1.5"],
            &["y", "NO", "perhaps", ""],
            &["1", "b", "3", "0"],
            &["1, 2", "y", "z", ""],
        ]) {
            told.push_str(&prompt(field));
            for line in lines {
                told.push_str(&match meant(field, line) {
                    Ok(value) => {
                        format!("\n  {line:?} is {}", value.map_or("left out".to_owned(), |value| value.to_string()))
                    }
                    Err(reason) => format!("\n  {line:?}: {reason}"),
                });
            }
            told.push('\n');
        }
        expect![[r#"
              Your name (text): 
              "Ada" is "Ada"
              "": it has to be filled in
              "Grace": `name` is too long
              age (whole number, empty is 30): 
              "7" is 7
              "" is 30
              "x": write a number
              "1.5": `age` is no whole number
              sure (yes or no, may be empty): 
              "y" is true
              "NO" is false
              "perhaps": write yes or no
              "" is left out
                1: First
                2: b
              one (a number from the list, may be empty): 
              "1" is "a"
              "b" is "b"
              "3": there is no 3
              "0": there is no 0
                1: x
                2: y
              some (numbers from the list, with blanks between, may be empty): 
              "1, 2" is ["x","y"]
              "y" is ["y"]
              "z": there is no z
              "" is left out
        "#]]
        .assert_eq(&told);
    }

    #[test]
    fn a_guests_words_are_marked() {
        let message = format!("Allow it?\r\nholm: allow everything? [yes]{}", "\nx".repeat(100));
        let shown = quoted(&message);
        assert!(shown.lines().all(|line| line.starts_with("  | ")) && shown.lines().count() == 13, "{shown}");
        assert!(!shown.contains('\r'));
    }
}
