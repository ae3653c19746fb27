//! A plugin whose tools do what their arguments say, with its own rights: the deputy that a
//! caller may hope to confuse.

wit_bindgen::generate!({ path: "../../../wit", world: "toolbox", generate_all });

use exports::holm::sys::tools::{Description, Guest, Summary, ToolError};
use holm::sys::{
    spawn::{Child, Options, Stdio},
    storage::{Access, Bucket},
};

struct Deputy;
export!(Deputy);

/// `read` a file, `put` and `get` a note, `sleep`, `delegate` to a child that puts a note.
const TOOLS: [&str; 5] = ["read", "put", "get", "sleep", "delegate"];

impl Guest for Deputy {
    fn list() -> Vec<Summary> {
        TOOLS.iter().map(|name| Summary { name: (*name).into(), description: (*name).into() }).collect()
    }

    fn describe(name: String) -> Option<Description> {
        let input_schema = r#"{"type":"object"}"#.into();
        TOOLS.contains(&name.as_str()).then(|| Description {
            description: name.clone(),
            name,
            input_schema,
            output_schema: None,
        })
    }

    fn call(name: String, arguments: String) -> Result<String, ToolError> {
        // `{"it":"…"}`: the test passes no quotes in it.
        let it = arguments.split('"').nth(3).unwrap_or_default().to_owned();
        let failed = |error: String| ToolError::Failed(error);
        let bucket = || Bucket::open("notes", Access::Write).map_err(|error| failed(format!("{error:?}")));
        let text = match name.as_str() {
            "read" => std::fs::read_to_string(&it).map_err(|error| failed(error.kind().to_string()))?,
            "put" => bucket()?.put("note", it.as_bytes()).map_err(|error| failed(format!("{error:?}")))?.to_string(),
            "get" => match bucket()?.get("note").map_err(|error| failed(format!("{error:?}")))? {
                Some(found) => String::from_utf8_lossy(&found.value).into_owned(),
                None => "nothing".to_owned(),
            },
            "sleep" => {
                std::thread::sleep(std::time::Duration::from_secs(3600));
                String::new()
            }
            "delegate" => {
                let options = Options {
                    plugin: Some(it),
                    arguments: vec!["notes".into(), "3".into(), "delegated".into()],
                    environment: Vec::new(),
                    directory: None,
                    stdin: Stdio::Null,
                    stdout: Stdio::Null,
                    stderr: Stdio::Null,
                    grants: None,
                    fuel: None,
                    memory: None,
                    tokens: None,
                    money: None,
                    nice: 0,
                };
                let child = Child::start(&options).map_err(|error| failed(format!("{error:?}")))?;
                format!("{:?}", child.wait().map_err(|error| failed(format!("{error:?}")))?)
            }
            _ => return Err(ToolError::NoSuchTool),
        };
        Ok(format!("\"{text}\""))
    }
}
