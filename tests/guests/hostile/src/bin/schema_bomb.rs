//! Asks for replies in the form of schemas that multiply: its first argument says how.

use hostile::{argument, llm::Model, llm_word, say};

fn main() {
    let model = Model::open("fast").expect("it is granted");
    // What the provider says: one that any of these would fit.
    let (schema, reply) = match argument(1).as_str() {
        // Each definition names the next one twice: 2^40 ways to the last.
        "doubling" => (doubling(40, ""), "1".to_owned()),
        // As above, and what was looked at is looked for.
        "unevaluated" => (doubling(40, ",\"unevaluatedProperties\":false"), "{}".to_owned()),
        // Each level of the reply is looked at twice as often as the one above it.
        "nested" => {
            let schema = r##"{"items":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}"##.to_owned();
            (schema, format!("{}{}", "[".repeat(60), "]".repeat(60)))
        }
        // A chain that ends the stack of who follows it.
        "chain" => {
            let next = |at: usize| format!("\"a{at}\":{{\"$ref\":\"#/$defs/a{}\"}}", at + 1);
            let mut definitions: Vec<String> = (0..1_500).map(next).collect();
            definitions.push("\"a1500\":true".to_owned());
            (format!("{{\"$ref\":\"#/$defs/a0\",\"$defs\":{{{}}}}}", definitions.join(",")), "1".to_owned())
        }
        // A pattern whose every state is looked at for each letter.
        "pattern" => {
            let schema = r#"{"pattern":"^((a|a){60}){40}$"}"#.to_owned();
            (schema, format!("\"{}\"", "a".repeat(400_000)))
        }
        // More patterns than memory.
        "patterns" => {
            let pattern = |at: usize| format!("\"p{at}\":{{\"pattern\":\"\\\\w{{90}}\"}}");
            let properties: Vec<String> = (0..1_500).map(pattern).collect();
            (format!("{{\"properties\":{{{}}}}}", properties.join(",")), "{}".to_owned())
        }
        other => panic!("no such schema: {other}"),
    };
    let mut request = say(&format!("tell {reply}"));
    request.output_schema = Some(schema);
    // Many at once, as many as a call may hold.
    let requests = vec![request; 8];
    match model.complete(&requests) {
        Ok(replies) => replies.into_iter().for_each(|reply| match reply {
            Ok(_) => println!("a reply"),
            Err(error) => println!("{}", llm_word(&error)),
        }),
        Err(error) => println!("{}", llm_word(&error)),
    }
}

fn doubling(levels: usize, also: &str) -> String {
    let level = |at: usize| {
        let next = format!("{{\"$ref\":\"#/$defs/a{}\"}}", at + 1);
        format!("\"a{at}\":{{\"allOf\":[{next},{next}]{also}}}")
    };
    let mut definitions: Vec<String> = (0..levels).map(level).collect();
    definitions.push(format!("\"a{levels}\":true"));
    format!("{{\"$ref\":\"#/$defs/a0\",\"$defs\":{{{}}}}}", definitions.join(","))
}
