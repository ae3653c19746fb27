//! From a command line to a script's end.

use crate::builtins;
use crate::limits::SCRIPT;
use crate::parse;
use crate::shell::{Frame, Outcome, Shell, Stop};

/// The status of a script that is no script, as bash has it.
const BROKEN: i32 = 2;

/// What to run.
enum Script {
    Text(String),
    File(String),
    Input,
}

/// Runs a shell as its command line says; its exit code.
pub fn run(name: &str, arguments: Vec<String>) -> u8 {
    let mut shell = Shell::new(name, directory(), std::env::vars());
    shell.options.posix = name.rsplit('/').next() == Some("sh");
    let script = match read_options(&mut shell, arguments) {
        Ok(script) => script,
        Err(status) => return status,
    };
    let (text, whole) = match script {
        Script::Text(text) => (text, true),
        Script::Input => match input(&shell) {
            Ok(text) => (text, false),
            Err(status) => return status,
        },
        Script::File(path) => match builtins::script(&shell, &path) {
            Ok(text) => {
                shell.name.clone_from(&path);
                shell.frames.push(Frame { function: String::new(), source: path, line: 0 });
                (text, false)
            }
            Err(text) => {
                shell.write_to(2, format!("{name}: {path}: {text}\n").as_bytes());
                return if text.starts_with("No such") { 127 } else { 126 };
            }
        },
    };
    run_text(&mut shell, &text, whole)
}

fn run_text(shell: &mut Shell, text: &str, whole: bool) -> u8 {
    let name = shell.name.clone();
    let say = |shell: &Shell, broken: &parse::Broken| {
        let place = if whole { format!("{name}: -c") } else { name.clone() };
        let source = text.lines().nth(broken.line.saturating_sub(1)).filter(|_| broken.text.contains("near"));
        let mut lines = format!("{place}: line {}: {}\n", broken.line, broken.text);
        if let Some(source) = source {
            lines.push_str(&format!("{place}: line {}: `{source}'\n", broken.line));
        }
        shell.write_to(2, lines.as_bytes());
    };
    let outcome = match parse::parse(text) {
        Ok(_) if shell.options.noexec => Ok(0),
        Ok(program) => shell.program(&program, whole),
        Err(broken) => {
            let before = parse::before(text, broken.line).filter(|_| !shell.options.noexec);
            let ran = before.map_or(Ok(0), |program| shell.program(&program, whole));
            match ran {
                Ok(_) => {
                    say(shell, &broken);
                    Ok(BROKEN)
                }
                stopped => stopped,
            }
        }
    };
    let outcome: Outcome = match outcome {
        Err(Stop::Return(status)) => Ok(status),
        outcome => outcome,
    };
    let status = shell.end(outcome);
    u8::try_from(status).unwrap_or(1)
}

/// The command line: options, then what to run, then its arguments.
fn read_options(shell: &mut Shell, arguments: Vec<String>) -> Result<Script, u8> {
    let mut words = arguments.into_iter().peekable();
    let (mut text, mut input) = (false, false);
    while let Some(word) = words.next_if(|word| word.len() > 1 && word.starts_with(['-', '+'])) {
        let on = word.starts_with('-');
        match word.as_str() {
            "--" => break,
            "--version" => {
                shell
                    .print("GNU bash, version 5.2.15(1)-release (wasm32-holm)\nA shell of Holm's own; not GNU bash.\n");
                return Err(0);
            }
            "--help" => {
                shell.print("Usage: bash [-abefhnuvxBCEHPT] [-o option] [-c text | file] [arguments …]\n");
                return Err(0);
            }
            "--posix" => shell.options.posix = true,
            "--rcfile" | "--init-file" => drop(words.next()),
            long if long.starts_with("--") => {}
            letters => {
                for letter in letters.chars().skip(1) {
                    match letter {
                        'c' if on => text = true,
                        's' if on => input = true,
                        'i' | 'l' | 'r' | 'D' => {}
                        'o' | 'O' => {
                            let Some(name) = words.next() else { continue };
                            if letter == 'O' {
                                shell.options.shopt.insert(name);
                            } else if !shell.options.switch(&name, on) {
                                shell.write_to(2, format!("{}: {name}: invalid option name\n", shell.name).as_bytes());
                                return Err(2);
                            }
                        }
                        letter if shell.options.switch_letter(letter, on) => {}
                        letter => {
                            shell.write_to(2, format!("{}: -{letter}: invalid option\n", shell.name).as_bytes());
                            return Err(2);
                        }
                    }
                }
            }
        }
    }
    let first = if input { None } else { words.next() };
    let script = match (text, first) {
        (true, Some(script)) => {
            if let Some(name) = words.next() {
                shell.name = name;
            }
            Script::Text(script)
        }
        (true, None) => {
            shell.write_to(2, format!("{}: -c: option requires an argument\n", shell.name).as_bytes());
            return Err(2);
        }
        (false, Some(path)) => Script::File(path),
        (false, None) => Script::Input,
    };
    shell.positional = words.collect();
    Ok(script)
}

fn input(shell: &Shell) -> Result<String, u8> {
    let Some(stream) = shell.descriptor(0) else { return Ok(String::new()) };
    let bytes = stream.borrow_mut().rest(usize::try_from(SCRIPT).unwrap_or(usize::MAX));
    match bytes {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => {
            shell.write_to(2, format!("{}: more than {SCRIPT} bytes of script\n", shell.name).as_bytes());
            Err(126)
        }
    }
}

#[cfg(target_family = "wasm")]
fn directory() -> String {
    wasi_process::directory().filter(|path| path.starts_with('/')).unwrap_or_else(|| "/work".to_owned())
}

#[cfg(not(target_family = "wasm"))]
fn directory() -> String {
    let own = std::env::current_dir().ok().and_then(|path| path.into_os_string().into_string().ok());
    own.unwrap_or_else(|| "/".to_owned())
}
