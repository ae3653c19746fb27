//! Builtins: the commands that are the shell's own.

mod arguments;
pub(crate) mod declare;
mod flow;
pub(crate) use flow::script;
mod jobs;
mod names;
pub(crate) mod options;
mod place;
mod printf;
mod read;
mod test;
mod text;

use crate::shell::{Outcome, Shell};
use crate::simple::Argument;

/// A builtin; its own name is its first argument.
#[derive(Clone, Copy)]
pub(crate) enum Builtin {
    Plain(fn(&mut Shell, &[String]) -> Outcome),
    /// Its arguments may be assignments.
    Declaring(fn(&mut Shell, &[Argument<'_>]) -> Outcome),
}

const DECLARING: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];

/// Whether arguments of this command may be assignments.
pub(crate) fn declares(name: &str) -> bool {
    DECLARING.contains(&name)
}

/// The builtin of this name.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    if declares(name) {
        return Some(Builtin::Declaring(declare::declare));
    }
    PLAIN.iter().find(|(own, _)| *own == name).map(|(_, run)| Builtin::Plain(*run))
}

type Plain = fn(&mut Shell, &[String]) -> Outcome;

const PLAIN: &[(&str, Plain)] = &[
    (".", flow::source),
    (":", |_, _| Ok(0)),
    ("[", test::test),
    ("alias", names::alias),
    ("break", flow::leave_loop),
    ("builtin", names::builtin),
    ("caller", flow::caller),
    ("cd", place::cd),
    ("command", names::command),
    ("continue", flow::leave_loop),
    ("dirs", place::dirs),
    ("disown", |_, _| Ok(0)),
    ("echo", text::echo),
    ("enable", |_, _| Ok(0)),
    ("eval", flow::eval),
    ("exec", flow::exec),
    ("exit", flow::exit),
    ("false", |_, _| Ok(1)),
    ("getopts", arguments::getopts),
    ("hash", |_, _| Ok(0)),
    ("history", |_, _| Ok(0)),
    ("jobs", jobs::jobs),
    ("kill", jobs::kill),
    ("let", arguments::compute),
    ("mapfile", read::mapfile),
    ("popd", place::popd),
    ("printf", printf::printf),
    ("pushd", place::pushd),
    ("pwd", place::pwd),
    ("read", read::read),
    ("readarray", read::mapfile),
    ("return", flow::leave_function),
    ("set", options::set),
    ("shift", arguments::shift),
    ("shopt", options::shopt),
    ("source", flow::source),
    ("test", test::test),
    ("times", |shell, _| {
        shell.print("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n");
        Ok(0)
    }),
    ("trap", flow::trap),
    ("true", |_, _| Ok(0)),
    ("type", names::kind),
    ("ulimit", place::ulimit),
    ("umask", place::umask),
    ("unalias", names::unalias),
    ("unset", declare::unset),
    ("wait", jobs::wait),
];

impl Shell {
    /// What a builtin printed; 1 where nobody takes it.
    pub(crate) fn printed(&self, name: &str, bytes: impl AsRef<[u8]>) -> i32 {
        match self.print(bytes) {
            true => 0,
            // The shell is about to end, as if by a signal: nothing is said.
            false if self.broken.get() => crate::run::CLOSED,
            false => {
                self.complain(format_args!("{name}: write error: Bad file descriptor"));
                1
            }
        }
    }

    /// A builtin was used wrongly.
    pub(crate) fn misused(&self, name: &str, text: impl std::fmt::Display) -> Outcome {
        self.complain(format_args!("{name}: {text}"));
        Ok(2)
    }
}
