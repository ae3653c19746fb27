//! What may be asked, and what a reply may be. Pure.

use std::collections::BTreeSet;

use serde_json::Value;
use url::{Host, Url};

use super::{
    Question, Reply, Wanted,
    form::{Form, hides},
};
use crate::bindings::holm::sys::answer as wit;

/// Questions of one call. Stops a question of a million lines.
const QUESTIONS: usize = 16;
/// Bytes of all of them.
const BYTES: usize = 1 << 20;
/// Bytes of what one says to people. Stops a message that scrolls away what stood before it.
const MESSAGE_BYTES: usize = 8 << 10;
/// Bytes of all replies: as much as a call may pass to the host.
const REPLY_BYTES: usize = 4 << 20;

/// A question, and what its reply has to fit.
pub(super) struct Checked {
    pub(super) question: Question,
    form: Option<Form>,
}

/// Bytes that were moved for these questions.
pub(super) fn bytes(questions: &[wit::Question]) -> usize {
    let of = |wanted: &wit::Wanted| match wanted {
        wit::Wanted::Form(form) => form.message.len() + form.schema.len(),
        wit::Wanted::Link(link) => link.message.len() + link.url.len(),
        wit::Wanted::Completion(text) => text.len(),
        wit::Wanted::Roots => 0,
    };
    questions.iter().map(|question| question.name.len() + of(&question.wanted)).sum()
}

/// Checks what is asked.
pub(super) fn questions(asked: Vec<wit::Question>) -> Result<Vec<Checked>, String> {
    if !(1..=QUESTIONS).contains(&asked.len()) {
        return Err(format!("1 to {QUESTIONS} questions are asked at once"));
    }
    if bytes(&asked) > BYTES {
        return Err(format!("the questions have over {BYTES} bytes"));
    }
    let mut names = BTreeSet::new();
    if let Some(asked) = asked.iter().find(|asked| !is_name(&asked.name) || !names.insert(asked.name.clone())) {
        let name: String = asked.name.chars().take(64).collect();
        return Err(format!("{name:?} is no name, or stands twice: 1 to 64 of a-z, A-Z, 0-9, _, . and -"));
    }
    asked.into_iter().map(question).collect()
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

fn question(asked: wit::Question) -> Result<Checked, String> {
    let wit::Question { name, wanted } = asked;
    let at = |reason: &dyn std::fmt::Display| format!("{name}: {reason}");
    let message = |text: String| match text.len() <= MESSAGE_BYTES && !hides(&text) {
        true => Ok(text),
        false => Err(at(&format_args!("its message has over {MESSAGE_BYTES} bytes, or hidden characters"))),
    };
    let (wanted, form) = match wanted {
        wit::Wanted::Form(wit::Form { message: text, schema }) => {
            let form = Form::parse(&schema).map_err(|error| at(&error))?;
            // What was not understood of it is not told either.
            (Wanted::Form { message: message(text)?, schema: form.schema() }, Some(form))
        }
        wit::Wanted::Link(wit::Link { message: text, url }) => {
            let url = page(&url).ok_or_else(|| at(&"its url is neither https, nor http of this machine"))?;
            (Wanted::Link { message: message(text)?, url }, None)
        }
        wit::Wanted::Completion(text) => match is_completion(&text) {
            true => (Wanted::Completion(text), None),
            false => return Err(at(&"a completion is an object with `messages` and `maxTokens`")),
        },
        wit::Wanted::Roots => (Wanted::Roots, None),
    };
    Ok(Checked { question: Question { name, wanted }, form })
}

/// A page that people may be sent to, in the one spelling that a browser gives it.
fn page(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let own = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    // A user before the host is there to be read as the host.
    let honest = url.username().is_empty() && url.password().is_none();
    (honest && (url.scheme() == "https" || url.scheme() == "http" && own)).then(|| url.to_string())
}

fn is_completion(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| {
        value.get("messages").and_then(Value::as_array).is_some_and(|messages| !messages.is_empty())
            && value.get("maxTokens").and_then(Value::as_u64).is_some_and(|tokens| tokens > 0)
    })
}

/// Checks what came of it. A listener that says too little is one that is gone.
pub(super) fn replies(asked: &[Checked], mut replies: Vec<Reply>) -> Result<Vec<Reply>, String> {
    replies.resize(asked.len(), Reply::Cancelled);
    let mut bytes = 0;
    let fitting = asked.iter().zip(replies).map(|(asked, reply)| {
        let Reply::Accepted(text) = reply else { return Ok(reply) };
        bytes += text.len();
        if bytes > REPLY_BYTES {
            return Err(format!("the replies have over {REPLY_BYTES} bytes"));
        }
        let at = |reason: &dyn std::fmt::Display| format!("the reply does not fit: {}: {reason}", asked.question.name);
        let value: Value = serde_json::from_str(&text).map_err(|_| at(&"it is no JSON"))?;
        Ok(Reply::Accepted(match (&asked.question.wanted, &asked.form) {
            (_, Some(form)) => Value::Object(form.fit(&value).map_err(|error| at(&error))?).to_string(),
            (Wanted::Roots, _) if !value.get("roots").is_some_and(Value::is_array) => return Err(at(&"no roots")),
            (Wanted::Link { .. }, _) => "{}".to_owned(),
            _ if !value.is_object() => return Err(at(&"it is no object")),
            _ => text,
        }))
    });
    fitting.collect()
}

#[cfg(test)]
mod tests {
    use super::{Reply, Wanted, is_completion, page, questions, replies, wit};

    fn form(name: &str, message: &str) -> wit::Question {
        let schema = r#"{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"]}"#.to_owned();
        wit::Question {
            name: name.to_owned(),
            wanted: wit::Wanted::Form(wit::Form { message: message.to_owned(), schema }),
        }
    }

    #[test]
    fn what_is_asked_is_bounded_and_hides_nothing() {
        assert!(questions(vec![form("a", "x\ny"), form("b.c-D_1", "")]).is_ok());
        let refused = [
            vec![],
            vec![form("a", "x"); 17],
            vec![form("a", "x"), form("a", "x")],
            vec![form("", "x")],
            vec![form("a b", "x")],
            vec![form(&"a".repeat(65), "x")],
            vec![form("a", "x\u{1b}[2J")],
            vec![form("a", &"x".repeat(9_000))],
            vec![form("a", &"x".repeat(2 << 20))],
        ];
        for asked in refused {
            assert!(questions(asked.clone()).is_err(), "{:?}", asked.first());
        }
        assert!(is_completion(r#"{"messages":[{"role":"user"}],"maxTokens":1}"#));
        assert!(!is_completion(r#"{"messages":[],"maxTokens":1}"#) && !is_completion("[]"));
    }

    #[test]
    fn a_form_is_told_as_it_was_understood() {
        let schema = r#"{"type":"object","x":"y","properties":{
            "z":{"type":"string","title":"Z","format":"spell","pattern":"<b>","minLength":2,"maxLength":9},
            "a":{"type":"integer","minimum":1,"maximum":3,"default":2},
            "b":{"type":"string","enum":["x","y"],"enumNames":["X","Y"]},
            "c":{"type":"array","items":{"anyOf":[{"const":"k","title":"K","$comment":"q"}]},"minItems":1},
            "d":{"type":"string","enum":["x"]}},"required":["a"]}"#;
        let question = |schema: &str| wit::Question {
            name: "q".to_owned(),
            wanted: wit::Wanted::Form(wit::Form { message: String::new(), schema: schema.to_owned() }),
        };
        let asked = questions(vec![question(schema)]).expect("it may be asked");
        let Wanted::Form { schema: told, .. } = &asked[0].question.wanted else { panic!("a form") };
        for gone in ["spell", "pattern", "$comment", "\"x\":\"y\""] {
            assert!(!told.contains(gone), "{told}");
        }
        let at = |name: &str| told.find(&format!("\"{name}\":{{")).expect("a field");
        assert!(at("z") < at("a") && at("a") < at("b"), "{told}");
        // What is told means the same.
        let (told, meant) = (super::Form::parse(told).expect("a form"), super::Form::parse(schema).expect("a form"));
        assert_eq!(told, meant);
        let long = schema.replace("\"Z\"", &format!("{:?}", "Z".repeat(1025)));
        assert!(questions(vec![question(&long)]).is_err());
    }

    #[test]
    fn links_lead_where_they_say() {
        assert_eq!(page("https://EXAMPLE.com/a").as_deref(), Some("https://example.com/a"));
        assert_eq!(page("https://ex\u{430}mple.com/").as_deref(), Some("https://xn--exmple-4nf.com/"));
        assert!(page("http://127.0.0.1:80/").is_some() && page("http://[::1]/").is_some());
        for text in ["http://example.com", "https://paypal.com@evil.example", "javascript:alert(1)", "file:///etc", "x"]
        {
            assert_eq!(page(text), None, "{text}");
        }
    }

    #[test]
    fn replies_fit_what_was_asked() {
        let link = wit::Wanted::Link(wit::Link { message: String::new(), url: "https://example.com".to_owned() });
        let asked = vec![
            form("form", "x"),
            wit::Question { name: "link".to_owned(), wanted: link },
            wit::Question { name: "roots".to_owned(), wanted: wit::Wanted::Roots },
        ];
        let asked = questions(asked).expect("it may be asked");
        assert!(matches!(asked[2].question.wanted, Wanted::Roots));
        let accepted = |text: &str| Reply::Accepted(text.to_owned());
        let good = vec![accepted(r#"{"a":true,"b":1}"#), accepted("{}"), accepted(r#"{"roots":[]}"#)];
        let kept = replies(&asked, good).expect("they fit");
        assert_eq!(kept, [accepted(r#"{"a":true}"#), accepted("{}"), accepted(r#"{"roots":[]}"#)]);
        // What is missing is cancelled.
        assert_eq!(
            replies(&asked, vec![Reply::Declined]),
            Ok(vec![Reply::Declined, Reply::Cancelled, Reply::Cancelled])
        );
        for text in ["", "[]", r#"{"a":1}"#, "{}"] {
            assert!(replies(&asked, vec![accepted(text)]).is_err(), "{text}");
        }
        assert!(replies(&asked, vec![Reply::Declined, Reply::Declined, accepted("{}")]).is_err());
        assert!(replies(&asked, vec![accepted(&format!("{{\"a\":true,\"b\":{:?}}}", "x".repeat(5 << 20)))]).is_err());
    }
}
