//! An ordinary program: arguments, stdin, stdout, stderr, environment, exit code.

use std::io::Read;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).expect("stdin is readable");
    println!("arguments {arguments:?}");
    println!("stdin {input:?}");
    println!("environment {:?}", std::env::vars().collect::<Vec<_>>());
    println!("directory {:?}", std::env::current_dir());
    eprintln!("to stderr");
    std::process::exit(arguments.len() as i32);
}
