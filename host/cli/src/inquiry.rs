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
            terminal.tell(&format!("holm: {who} asks:\n{}", quoted(message, terminal.width())))?;
            match agree("holm: answer?")? {
                Some(true) => fill(terminal, who, &form),
                Some(false) => Ok(Reply::Declined),
                None => Ok(Reply::Cancelled),
            }
        }
        Wanted::Link { message, url } => {
            let (width, asks) = (terminal.width(), "asks you to open the page below");
            let page =
                format!("holm: {who} {asks}:\n{}\nholm: the page:\n{}", quoted(message, width), rows(url, width));
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

/// Before each row of what a guest wrote.
const MARK: &str = "  | ";

/// What is typed follows this, whatever is asked.
const PROMPT: &str = "holm: answer> ";

/// A guest's message, each row marked as such.
fn quoted(message: &str, width: usize) -> String {
    let all = rows(message, width);
    let mut lines: Vec<&str> = all.lines().take(LINES).collect();
    if all.lines().nth(LINES).is_some() {
        lines.push("  | …");
    }
    lines.join("\n")
}

/// A guest's words in rows that the terminal does not break: each has its mark, and none passes for Holm's.
fn rows(text: &str, width: usize) -> String {
    let most = width.saturating_sub(MARK.len() + 1).max(8);
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut row, mut taken) = (String::new(), 0);
        for char in printable(line).chars() {
            // What is not ASCII takes two columns at most; a tab takes one here.
            let (char, columns) = if char == '\t' { (' ', 1) } else { (char, if char.is_ascii() { 1 } else { 2 }) };
            if taken + columns > most {
                rows.push(format!("{MARK}{}", std::mem::take(&mut row)));
                taken = 0;
            }
            row.push(char);
            taken += columns;
        }
        rows.push(format!("{MARK}{row}"));
    }
    rows.join("\n")
}

/// Asks for one field after the other; the end of input cancels.
fn fill(terminal: &Terminal, who: &str, form: &Form) -> io::Result<Reply> {
    let mut filled = Map::new();
    for field in &form.fields {
        let question = prompt(who, field, terminal.width());
        loop {
            let Some(line) = terminal.line(&question)? else { return Ok(Reply::Cancelled) };
            match meant(field, line.trim()) {
                Ok(Some(value)) => drop(filled.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err(reason) => {
                    terminal.tell(&format!("holm: that does not fit:\n{}", rows(&reason, terminal.width())))?;
                    continue;
                }
            }
            break;
        }
    }
    Ok(Reply::Accepted(Value::Object(filled).to_string()))
}

/// What is asked of one field: whose it is, its name, its choices, what it may be, and what an empty line means.
fn prompt(who: &str, field: &Field, width: usize) -> String {
    let mut told = vec![format!("holm: {who} wants to know:")];
    told.push(rows(field.title.as_ref().unwrap_or(&field.name), width));
    told.extend(field.description.as_ref().map(|description| quoted(description, width)));
    if let Kind::One(choices) | Kind::Some { choices, .. } = &field.kind {
        let choices = choices.iter().enumerate();
        told.extend(choices.map(|(index, Choice { value, title })| {
            rows(&format!("{}: {}", index + 1, title.as_ref().unwrap_or(value)), width)
        }));
    }
    let kind = match &field.kind {
        Kind::Text { format, .. } => format.as_deref().map_or("text".to_owned(), printable),
        Kind::Number { whole: true, .. } => "a whole number".to_owned(),
        Kind::Number { .. } => "a number".to_owned(),
        Kind::Boolean => "yes or no".to_owned(),
        Kind::One(_) => "a number from the list".to_owned(),
        Kind::Some { .. } => "numbers from the list, with blanks between".to_owned(),
    };
    match (&field.default, field.required) {
        (Some(default), _) => {
            told.push(format!("holm: write {kind}; an empty line means:\n{}", rows(&default.to_string(), width)));
        }
        (None, false) => told.push(format!("holm: write {kind}; it may be empty")),
        (None, true) => told.push(format!("holm: write {kind}")),
    }
    told.push(PROMPT.to_owned());
    told.join("\n")
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

    use super::{meant, prompt, quoted, rows};

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
            told.push_str(&prompt("clipper", field, 80));
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
            holm: clipper wants to know:
              | Your name
            holm: write text
            holm: answer> 
              "Ada" is "Ada"
              "": it has to be filled in
              "Grace": `name` is too long
            holm: clipper wants to know:
              | age
            holm: write a whole number; an empty line means:
              | 30
            holm: answer> 
              "7" is 7
              "" is 30
              "x": write a number
              "1.5": `age` is no whole number
            holm: clipper wants to know:
              | sure
            holm: write yes or no; it may be empty
            holm: answer> 
              "y" is true
              "NO" is false
              "perhaps": write yes or no
              "" is left out
            holm: clipper wants to know:
              | one
              | 1: First
              | 2: b
            holm: write a number from the list; it may be empty
            holm: answer> 
              "1" is "a"
              "b" is "b"
              "3": there is no 3
              "0": there is no 0
            holm: clipper wants to know:
              | some
              | 1: x
              | 2: y
            holm: write numbers from the list, with blanks between; it may be empty
            holm: answer> 
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
        let shown = quoted(&message, 80);
        assert!(shown.lines().all(|line| line.starts_with("  | ")) && shown.lines().count() == 13, "{shown}");
        assert!(!shown.contains('\r'));
        // What would be broken by the terminal is broken here.
        for (width, text) in [(20, "x".repeat(100)), (20, "\u{4e2d}".repeat(100)), (3, "y\tz".repeat(9))] {
            for row in rows(&text, width).lines() {
                let columns: usize = row.chars().map(|char| if char.is_ascii() { 1 } else { 2 }).sum();
                assert!(row.starts_with("  | ") && columns < width.max(14), "{row:?}");
            }
        }
    }
}
