//! Prompts and resources, called as the kernel would.

use holm::{Block, Contents, Known, Message, ToolError};

/// Asks for a review.
#[holm::prompt(title = "Review", complete = languages)]
fn review(
    /// The text.
    text: String,
    language: Option<String>,
) -> holm::Result<Vec<Message>> {
    if text.is_empty() {
        return Err(holm::Error::arguments("text: nothing to review"));
    }
    let language = language.unwrap_or_else(|| "English".to_owned());
    Ok(vec![Message::user(format!("Review in {language}: {text}")), Message::assistant("Gladly.")])
}

fn languages(argument: &str, value: &str, known: Known<'_>) -> Vec<String> {
    let all = if argument == "language" { &["German", "Greek"][..] } else { &[] };
    assert!(known.iter().all(|(name, _)| name != argument));
    all.iter().filter(|language| language.starts_with(value)).map(|language| (*language).to_owned()).collect()
}

/// A picture.
#[holm::prompt(name = "look-at")]
fn look() -> Block {
    Block::image("image/png", *b"x")
}

holm::export_prompts![review, look];

/// A note.
#[holm::resource("notes://{day}/{part}", mime_type = "text/plain")]
fn note(day: String, part: String) -> Result<String, String> {
    if part == "none" { Err(format!("nothing of {day}")) } else { Ok(format!("{part} of {day}")) }
}

/// Today's.
#[holm::resource("notes://today/all", name = "today")]
fn today() -> Contents {
    Contents::blob("", *b"bytes").mime_type("application/octet-stream")
}

holm::export_resources![note, today];

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn prompts_are_filled_in() {
    let got = PROMPTS.get("review", &pairs(&[("text", "x"), ("language", "German")])).expect("it is filled in");
    assert_eq!(got, [Message::user("Review in German: x"), Message::assistant("Gladly.")]);
    assert!(PROMPTS.get("look-at", &[]).is_ok());
    let said = |arguments: &[(&str, &str)]| PROMPTS.get("review", &pairs(arguments)).map_err(|error| error.to_string());
    assert_eq!(said(&[]), Err("invalid arguments: missing argument `text`".to_owned()));
    assert_eq!(said(&[("text", "")]), Err("invalid arguments: text: nothing to review".to_owned()));
    assert_eq!(said(&[("text", "x"), ("more", "y")]), Err("invalid arguments: unknown argument `more`".to_owned()));
    assert_eq!(PROMPTS.get("absent", &[]), Err(ToolError::NoSuchTool));
    assert_eq!(PROMPTS.complete("review", "language", "G", &[]), Ok(vec!["German".to_owned(), "Greek".to_owned()]));
    assert_eq!(PROMPTS.complete("look-at", "x", "", &[]), Ok(Vec::new()));
    let review = PROMPTS.0[0];
    assert_eq!((review.title, review.description), ("Review", "Asks for a review."));
    let arguments: Vec<_> = review.arguments.iter().map(|it| (it.name, it.description, it.required)).collect();
    assert_eq!(arguments, [("text", "The text.", true), ("language", "", false)]);
}

#[test]
fn resources_are_read() {
    let note = Contents::text("notes://monday/end", "end of monday").mime_type("text/plain");
    assert_eq!(RESOURCES.read("notes://monday/end"), Ok(note));
    assert_eq!(RESOURCES.read("notes://monday/none"), Err(ToolError::Failed("nothing of monday".to_owned())));
    // Its own address comes before a template's.
    let today = Contents::blob("notes://today/all", *b"bytes").mime_type("application/octet-stream");
    assert_eq!(RESOURCES.read("notes://today/all"), Ok(today));
    for absent in ["notes://monday", "notes://a/b/c", "other://a/b", ""] {
        assert_eq!(RESOURCES.read(absent), Err(ToolError::NoSuchTool), "{absent}");
    }
    assert_eq!((RESOURCES.0[1].name, RESOURCES.0[0].is_template()), ("today", true));
    assert_eq!(RESOURCES.complete("notes://{day}/{part}", "day", "", &[]), Ok(Vec::new()));
}
