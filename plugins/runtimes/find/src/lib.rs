//! `find`, of uutils. The crate starts commands by the operating system, which WASI has none of: `-exec` and its kind
//! become `-printf` of a mark, a number and a path; where the output shows that mark, the command is run by the
//! kernel, in its place. So a command's status does not decide what follows it on the line, as it would with GNU's.

mod commands;
mod output;

use commands::Commands;
use findutils::find::{Dependencies, find_main};
use output::Output;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::time::SystemTime;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let _ = uucore::locale::setup_localization("find");
    let (commands, arguments) = match Commands::read(arguments) {
        Ok(read) => read,
        Err(text) => {
            eprintln!("find: {text}");
            return 1;
        }
    };
    let commands = Rc::new(RefCell::new(commands));
    let surroundings = Surroundings { output: RefCell::new(Output::new(commands.clone())), now: SystemTime::now() };
    let words: Vec<&str> = std::iter::once("find").chain(arguments.iter().map(String::as_str)).collect();
    let code = find_main(&words, &surroundings);
    let flushed = surroundings.output.borrow_mut().flush();
    let failed = commands.borrow_mut().finish() || flushed.is_err();
    match code {
        0 => u8::from(failed),
        code => code as u8,
    }
}

struct Surroundings {
    output: RefCell<Output>,
    now: SystemTime,
}

impl Dependencies for Surroundings {
    fn get_output(&self) -> &RefCell<dyn Write> {
        &self.output
    }

    fn now(&self) -> SystemTime {
        self.now
    }

    /// Nobody is there to be asked.
    fn confirm(&self, _prompt: &str) -> bool {
        false
    }
}
