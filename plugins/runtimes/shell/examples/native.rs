//! The shell on the developer's own machine, to be compared with bash: `native [-c TEXT | FILE] [ARGUMENTS…]`.

fn main() {
    let mut arguments = std::env::args();
    let _ = arguments.next();
    std::process::exit(i32::from(bash::run("bash", arguments.collect())));
}
