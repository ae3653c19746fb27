//! Writes single bytes to a pipe that nobody reads: each may cost the host more than its byte.

use hostile::{cli::stdout::get_stdout, spawn};

fn main() {
    if hostile::argument(1) == "child" {
        let out = get_stdout();
        let mut writes: u64 = 0;
        while out.check_write().expect("it is open") > 0 {
            out.write(b"x").expect("there is room");
            writes += 1;
        }
        eprintln!("{writes} writes");
        return;
    }
    let options = spawn::Options { stdout: spawn::Stdio::Piped, ..hostile::options(&["child"]) };
    let child = spawn::Child::start(&options).expect("a child");
    println!("{}", hostile::exit_word(&child.wait().expect("it ends")));
}
