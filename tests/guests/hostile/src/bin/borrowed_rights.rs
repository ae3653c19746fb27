//! Starts a plugin that has more rights than itself, to use them: `borrowed_rights PLUGIN ARGUMENT…`.

fn main() {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match hostile::start(Some(&hostile::argument(1)), &arguments, None, None) {
        Ok(child) => println!("{}", hostile::exit_word(&child.wait().expect("it ends"))),
        Err(error) => println!("{}", hostile::spawn_word(&error)),
    }
}
