//! Tries to read each of its arguments, and says what came of it and why.

fn main() {
    for path in std::env::args().skip(1) {
        match std::fs::read_to_string(&path) {
            Ok(text) => println!("{path}: read {} bytes", text.len()),
            Err(error) => println!("{path}: {:?}, {:?}", error.kind(), guests::log::last_denial()),
        }
    }
}
