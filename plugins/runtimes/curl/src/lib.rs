//! `curl`: fetches from the web, over the kernel's network. What it may reach is granted (`net`); the host speaks
//! TLS, so certificates are not its to accept or refuse.

mod fetch;
mod options;

use options::Wish;

/// The exit code of a command line that is wrong.
const WRONG: u8 = 2;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let wish = match options::read(arguments) {
        Ok(wish) => wish,
        Err(text) => {
            eprintln!("curl: {text}\ncurl: try 'curl --help' for more information");
            return WRONG;
        }
    };
    if wish.help {
        println!("Usage: curl [options...] <url>\n{}", options::HELP);
        return 0;
    }
    if wish.version {
        println!("curl 8.0.0 (of Holm's runtimes)\nProtocols: http https");
        return 0;
    }
    run(&wish)
}

fn run(wish: &Wish) -> u8 {
    let mut code = 0;
    for (place, address) in wish.addresses.iter().enumerate() {
        if let Err(failed) = fetch::fetch(wish, address, wish.outputs.get(place)) {
            if !wish.silent || wish.show_errors {
                eprintln!("curl: ({}) {}", failed.code, failed.text);
            }
            code = failed.code;
        }
    }
    code
}
