//! tmp
use std::io::BufRead;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (folder, text): (String, Option<String>) = match serde_json::from_str::<(String, String)>(&line) { Ok((a, b)) => (a, Some(b)), _ => (line, None) };
        let dir = std::path::Path::new(&folder);
        let text = text.unwrap_or_else(|| {
        let file = ["SKILL.md", "skill.md"].iter().map(|n| dir.join(n)).find(|p| p.exists()).unwrap();
        String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()});
        let name = dir.file_name().unwrap().to_string_lossy();
        let errors: Vec<String> = holm_skills::strict::validate(&text, &name).iter().map(|f| f.to_string()).collect();
        let props = holm_skills::strict::Properties::read(&text).map(|p| p.to_json()).map_err(|e| e.to_string());
        println!("{}", serde_json::json!([folder, errors, props.clone().ok(), props.err()]));
    }
}
