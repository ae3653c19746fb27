//! Calls tools with arguments that name what it may not reach itself: `confused_deputy (TOOL IT)…`.

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for call in arguments.chunks(2) {
        match hostile::tool::call(&call[0], &format!("{{\"it\":\"{}\"}}", call[1])) {
            Ok(result) => println!("{} {result}", call[0]),
            Err(error) => println!("{} {}", call[0], hostile::tool_word(&error)),
        }
    }
}
